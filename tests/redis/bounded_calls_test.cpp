#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "redis/changed_library.h"
#include "redis/gateway.h"
#include "redis/names.h"

/// No call of the functions does more work the longer a line is or the more holds end at once. Work
/// is counted where it is done: each command that a function gives Redis, the words of it, and the
/// elements of its reply. DIBS_LINE=100000 says the number of docs/PERFORMANCE.md, and times.
namespace dibs::redis {
namespace {

using std::chrono::seconds;

/// How many wait or hold: DIBS_LINE, or enough for an unbounded call to be beyond kMostWork.
std::size_t people() {
  const char* text = std::getenv("DIBS_LINE");
  return text == nullptr ? 4'000 : std::strtoul(text, nullptr, 10);
}
constexpr std::size_t kBatch = 500;
/// A full call: 512 events of some 20 words, and for each the records of order, buyer, hold and
/// place in the line, read and written.
constexpr std::uint64_t kMostWork = 25'000;
/// Orders that leave an ended line in a call: parts/words.lua.
constexpr std::size_t kLeaving = 128;

/// Functions that count, and answer the sum so far behind everything else.
Library counting(const std::string& name, std::vector<Change> changes = {}) {
  changes.push_back({"local dibs = {}\n",
                     "local dibs = { work = 0 }\n"
                     "local function counted(...)\n"
                     "  local reply = redis.call(...)\n"
                     "  dibs.work = dibs.work + 1 + select('#', ...)\n"
                     "  if type(reply) == 'table' then dibs.work = dibs.work + #reply end\n"
                     "  return reply\n"
                     "end\n"});
  changes.push_back({"first, results, events }\n", "first, results, events, dibs.work }\n"});
  std::string text = changed_library(name, changes).text();
  const std::size_t own = text.find("redis.call(...)");
  const std::string right = "redis.call(";
  for (std::size_t at = text.find(right); at != std::string::npos; at = text.find(right, at + 1)) {
    if (at != own) text.replace(at, right.size(), "counted(");
  }
  return Library(text);
}

/// A sale whose calls are counted.
class Counted {
 public:
  explicit Counted(const Library& library)
      : library_(library),
        server_({"--slowlog-log-slower-than", "0", "--slowlog-max-len", "1000"}),
        gateway_(server_, "spring", library) {
    gateway_.context().now = Instant(seconds(1'000));
    gateway_.context().away_after = Duration(0);
  }

  [[nodiscard]] Gateway& gateway() { return gateway_; }
  void pass(Duration time) { *gateway_.context().now += time; }

  /// The commands in one call, and then calls until nothing is due: the most that one of them did.
  std::uint64_t most_work(const std::vector<sale::Command>& commands) {
    std::uint64_t most = call(commands);
    while (is_due_) most = std::max(most, call({}));
    return most;
  }
  /// One call with the commands; those that it has reached are taken off. What it did.
  std::uint64_t some_work(std::vector<sale::Command>& commands) {
    const std::uint64_t work = call(commands);
    commands.erase(commands.begin(), commands.begin() + static_cast<std::ptrdiff_t>(reached_));
    return work;
  }
  /// Since begin().
  [[nodiscard]] std::size_t calls() const { return calls_; }
  void begin() {
    calls_ = 0;
    gateway_.connection().text({"SLOWLOG", "RESET"});
  }
  void tell(const char* what, std::uint64_t most) {
    std::int64_t longest = 0;
    const Reply log = gateway_.connection().call({"SLOWLOG", "GET", "-1"});
    for (std::size_t i = 0; i < log->elements; ++i) {
      longest = std::max<std::int64_t>(longest, log->element[i]->element[2]->integer);
    }
    std::printf("%s, %zu people: %zu calls, at most %lu commands, words and elements, %ld us\n",
                what, people(), calls_, static_cast<unsigned long>(most),
                static_cast<long>(longest));
  }

 private:
  std::uint64_t call(const std::vector<sale::Command>& commands) {
    const std::uint64_t before = work();
    const BatchResult result = gateway_.all(commands);
    is_due_ = result.next_due && *result.next_due <= result.now && !testing::Test::HasFailure();
    reached_ =
        static_cast<std::size_t>(std::ranges::count(result.results, true, &Applied::reached));
    ++calls_;
    return work() - before;
  }
  std::uint64_t work() {
    const Reply reply = gateway_.connection().call(words_of_look(library_, gateway_.context()));
    return static_cast<std::uint64_t>(reply->element[reply->elements - 1]->integer);
  }

  const Library& library_;
  RedisServer server_;
  Gateway gateway_;
  bool is_due_ = false;
  std::size_t reached_ = 0;
  std::size_t calls_ = 0;
};

sale::Put sale_of(std::int64_t jackets, std::int64_t hats) {
  sale::Put put = put_of(jackets);
  put.spec.items.push_back({SkuId("hat"), "", 1'000, hats});
  put.spec.limit_per_buyer = 2;
  put.spec.payment = sale::PaymentMode::shop;
  put.spec.line_limit = 1'000'000;
  put.spec.hold_seconds = 60;
  put.spec.test = true;
  return put;
}

/// Everybody presses for a jacket, or for both; the most work of a call.
std::uint64_t press_all(Counted& sale, bool for_both) {
  std::uint64_t most = 0;
  std::vector<sale::Command> presses;
  for (std::size_t i = 0; i < people(); ++i) {
    sale::Buy buy = sale.gateway().press("b" + std::to_string(i));
    if (for_both) buy.lines.insert(buy.lines.begin(), {SkuId("hat"), 1, 0});
    presses.push_back({.action = std::move(buy)});
    if (presses.size() < kBatch && i + 1 < people()) continue;
    most = std::max(most, sale.most_work(presses));
    presses.clear();
  }
  return most;
}

/// A line of `people()` orders for both, and the order of the last jacket.
OrderKey line_for_both(Counted& sale) {
  sale.gateway().one(sale_of(1, 1'000'000));
  const sale::Buy winner = sale.gateway().press("winner");
  EXPECT_EQ(sale.gateway().one(winner).code, sale::Code::ok);
  EXPECT_LT(press_all(sale, true), kMostWork);
  sale.begin();
  return winner.order;
}

TEST(BoundedCalls, a_line_of_orders_for_several_skus_that_ends_is_left_over_many) {
  const Library library = counting("counting");
  Counted sale(library);
  const OrderKey last = line_for_both(sale);
  const std::uint64_t most = sale.most_work({{.action = sale::PaymentSucceeded{last, true}}});
  sale.tell("a line for two SKUs ended", most);
  EXPECT_LT(most, kMostWork);
  EXPECT_EQ(sale.calls(), (people() + kLeaving - 1) / kLeaving);
  const std::string line = keys_of(SaleId("spring"))[5];
  EXPECT_EQ(sale.gateway().connection().text({"ZCARD", line}), "0");
  EXPECT_EQ(sale.gateway().one(sale.gateway().press("late", "hat")).code, sale::Code::ok);
}

TEST(BoundedCalls, the_measure_sees_an_unbounded_one) {
  const Library library =
      counting("unbounded", {{"LEAVING_PER_CALL = 128", "LEAVING_PER_CALL = 1e9"}});
  Counted sale(library);
  const OrderKey last = line_for_both(sale);
  const std::uint64_t most = sale.most_work({{.action = sale::PaymentSucceeded{last, true}}});
  EXPECT_EQ(sale.calls(), 1U);
  EXPECT_GT(most, kMostWork);
}

TEST(BoundedCalls, a_sale_with_such_a_line_closes_over_many) {
  const Library library = counting("counting");
  Counted sale(library);
  line_for_both(sale);
  const std::uint64_t most = sale.most_work({{.action = sale::Close{}}});
  sale.tell("a sale closed", most);
  EXPECT_LT(most, kMostWork);
  EXPECT_GE(sale.calls(), people() / kLeaving);
  const Applied again = sale.gateway().one(sale::Close{});
  EXPECT_EQ(again.code, sale::Code::ok);
  const BatchResult removed = sale.gateway().all({{.action = sale::Remove{}}});
  ASSERT_EQ(removed.events.size(), 1U) << "the sale was not closed before";
}

TEST(BoundedCalls, holds_that_end_at_one_moment_and_who_is_promoted_then) {
  const Library library = counting("counting");
  Counted sale(library);
  sale.gateway().one(sale_of(static_cast<std::int64_t>(people()) / 2, 1));
  EXPECT_LT(press_all(sale, false), kMostWork);
  sale.begin();
  sale.pass(seconds(61));
  const std::uint64_t most = sale.most_work({});
  sale.tell("half of them held, and half were promoted", most);
  EXPECT_LT(most, kMostWork);
  EXPECT_GT(sale.calls(), people() / 600);
}

TEST(BoundedCalls, a_restock_that_serves_a_whole_line) {
  const Library library = counting("counting");
  Counted sale(library);
  sale.gateway().one(sale_of(1, 1'000'000));
  EXPECT_LT(press_all(sale, true), kMostWork);
  sale.begin();
  const std::uint64_t most =
      sale.most_work({{.action = sale::Restock{SkuId("jacket"), 1'000'000, {}}}});
  sale.tell("a restock served a line for two SKUs", most);
  EXPECT_LT(most, kMostWork);
}

TEST(BoundedCalls, orders_for_sixteen_skus) {
  const Library library = counting("counting");
  Counted sale(library);
  sale::Put put = sale_of(1, 1);
  put.spec.limit_per_buyer = 100;
  std::vector<sale::OrderLine> lines;
  for (char c = 'a'; c < 'a' + 16; ++c) {
    put.spec.items.push_back({SkuId(std::string(1, c)), "", 1, 3});
    lines.push_back({SkuId(std::string(1, c)), 1, 0});
  }
  sale.gateway().one(put);
  std::vector<sale::Command> presses;
  for (std::size_t i = 0; i < kCommandsPerCall; ++i) {
    sale::Buy buy = sale.gateway().press("b" + std::to_string(i));
    buy.lines = lines;
    presses.push_back({.action = std::move(buy)});
  }
  sale.begin();
  std::uint64_t most = 0;
  while (!presses.empty()) most = std::max(most, sale.some_work(presses));
  sale.tell("512 pressed for sixteen SKUs", most);
  EXPECT_LT(most, kMostWork);
  EXPECT_EQ(sale.calls(), 4U);
}

}  // namespace
}  // namespace dibs::redis
