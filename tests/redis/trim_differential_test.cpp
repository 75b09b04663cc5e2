#include <gtest/gtest.h>

#include <cstdlib>

#include "redis/random_commands.h"
#include "redis/rehearsal.h"
#include "redis/trimmed_gateway.h"

/// A gateway that comes up from a snapshot and what is left of the stream is the one that has read
/// along: random histories, cut while they happen; at random moments a fresh gateway joins, and
/// everything that can be asked of both is compared, the packed states byte by byte; then it sells,
/// and the other one reads along. In the end both states are given the same commands: what is left
/// out of the packed state shows in what comes of them. DIBS_TRIM_EPISODES=1000 DIBS_SEED=1 runs
/// more of it.
namespace dibs::redis {
namespace {

std::uint64_t from_environment_or(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void expect_same(const sale::SaleView& a, const sale::SaleView& b) {
  ASSERT_EQ(a.spec == nullptr, b.spec == nullptr);
  EXPECT_TRUE(!a.spec || *a.spec == *b.spec);
  EXPECT_EQ(a.state, b.state);
  EXPECT_EQ(a.ever_opened, b.ever_opened);
  EXPECT_EQ(a.seq, b.seq);
  EXPECT_EQ(a.items, b.items);
  EXPECT_EQ(a.waiting, b.waiting);
  EXPECT_EQ(a.orders, b.orders);
  EXPECT_EQ(a.last_winner_arrival, b.last_winner_arrival);
  EXPECT_EQ(a.oldest_hold, b.oldest_hold);
}

constexpr std::uint64_t kAfter = 15;
constexpr std::uint64_t kCommandsAfter = 150;

class Episode {
 public:
  Episode(const RedisServer& server, std::uint64_t seed)
      : server_(server),
        connection_(server.connect()),
        sale_("s" + std::to_string(seed)),
        keep_events_(seed % 4 == 0 ? 2 : 12),
        random_(seed) {
    clock_.advance(random_.start() - clock_.now());
  }

  void run() {
    TrimmingGateway veteran(options(veteran_dir_.path()), clock_);
    ASSERT_TRUE(veteran.run(sale_, random_.first_put()));
    std::size_t done = 0;
    for (int part = 0; part < 3 && !testing::Test::HasFailure(); ++part) {
      for (std::size_t i = 0; i < 150; i += sell(veteran, veteran)) ++done;
      if (!cut(veteran)) continue;
      ++cuts;
      const TempDir dir;
      Store::Options fresh = options(dir.path());
      if (part == 1) fresh.trim.after = 0;
      TrimmingGateway newcomer(fresh, clock_, part == 1 ? "" : "ledger test");
      compare(veteran, newcomer);
      compare_bytes(veteran);
      for (std::size_t i = 0; i < 40; i += sell(newcomer, veteran)) ++done;
      compare(newcomer, veteran);
      compare(veteran, newcomer);
    }
    compare_bytes(veteran);
  }

  int cuts = 0;      ///< newcomers that had to take a snapshot
  int compared = 0;  ///< histories of which the packed states were compared

 private:
  Store::Options options(const std::string& dir) const {
    Store::Options options = options_for(server_, dir);
    options.durability = Promise::relaxed;
    options.own_clock = true;
    options.away_after = Duration(0);
    options.trim = eager_trim(kAfter);
    options.trim.keep_events = keep_events_;
    return options;
  }

  /// A batch; its commands are made for the sale as the witness of `knows` has it.
  std::size_t sell(TrimmingGateway& gateway, TrimmingGateway& knows) {
    clock_.advance(std::max(Duration(0), random_.pause()));
    const std::size_t size = random_.batch_size();
    std::vector<store::Pending<sale::Outcome>> answers;
    for (std::size_t i = 0; i < size; ++i) {
      sale::Command command = knows.witness().with(
          sale_, [&](const sale::Sale& sale) { return random_.next(sale, clock_.now()); });
      gateway.submit(sale_, std::move(command), answers.emplace_back().reply());
    }
    for (auto& answer : answers) {
      const auto outcome = answer.wait();
      EXPECT_TRUE(outcome.has_value()) << outcome.error().what;
    }
    // With so few events kept whole batches would be cut before it looks.
    if (&gateway != &knows && keep_events_ > 2) static_cast<void>(knows.view(sale_));
    return size;
  }

  /// Whether any event has been cut.
  bool cut(TrimmingGateway& veteran) {
    const bool must = veteran.witness().seq(sale_).value() >= kAfter + keep_events_ + 2;
    if (!must) return first() > 1;
    return comes_true([this] { return first() > 1; });
  }
  std::uint64_t first() { return first_event(connection_, sale_); }

  void compare(TrimmingGateway& a, TrimmingGateway& b) {
    const auto view_a = a.view(sale_);
    const auto view_b = b.view(sale_);
    ASSERT_TRUE(view_a.has_value() && view_b.has_value()) << b.warnings();
    ASSERT_EQ(view_a->has_value(), view_b->has_value());
    if (!*view_a) return;
    expect_same(**view_a, **view_b);
    expect_same(**view_a, *b.store().glance(sale_));
    const auto orders_a = a.orders(sale_);
    const auto orders_b = b.orders(sale_);
    ASSERT_TRUE(orders_a && orders_b);
    EXPECT_EQ(*orders_a, *orders_b);
    for (const auto state : {sale::OrderState::waiting, sale::OrderState::held}) {
      sale::Sale::OrderFilter filter;
      filter.state = state;
      EXPECT_EQ(*a.orders(sale_, filter), *b.orders(sale_, filter));
    }
    for (std::size_t i = 0; i < orders_a->size(); i += 7) {
      sale::Sale::OrderFilter filter;
      filter.buyer = orders_a->at(i).buyer;
      EXPECT_EQ(*a.orders(sale_, filter), *b.orders(sale_, filter));
      filter.buyer.reset();
      filter.reference = orders_a->at(i).reference;
      EXPECT_EQ(*a.orders(sale_, filter), *b.orders(sale_, filter));
    }
  }

  /// Nothing is left out that no answer shows yet: the states are the same byte by byte.
  void compare_bytes(TrimmingGateway& veteran) {
    if (first() <= 1 || veteran.witness().came_late()) return;
    Link link(options("").addresses.front(), std::chrono::seconds(5), system_clock());
    const std::atomic<bool> stop{false};
    auto snapshot = read_snapshot(link, sale_, stop);
    ASSERT_TRUE(snapshot.has_value() && snapshot->has_value());
    const Seq seq = veteran.witness().seq(sale_);
    const std::string epoch = (*snapshot)->place.epoch;
    SnapshotPointer pointer;
    pointer.place = (*snapshot)->place;
    const auto made = rehearse(link, {.sale = sale_,
                                      .epoch = epoch,
                                      .upto = seq,
                                      .pointer = &pointer,
                                      .save_live = {},
                                      .stop = stop});
    ASSERT_TRUE(made.has_value()) << made.error().what;
    EXPECT_EQ(made->place.seq(), seq);
    EXPECT_TRUE(made->bytes == veteran.witness().packed(sale_)) << "the states differ";
    auto loaded = sale::Sale::load(sale_, made->bytes);
    ASSERT_TRUE(loaded.has_value()) << loaded.error().what;
    go_on(veteran.witness().folded(sale_), *std::move(loaded));
    ++compared;
  }

  /// What packing leaves out of both alike shows in what either does next.
  void go_on(sale::Sale whole, sale::Sale loaded) {
    Instant now = clock_.now();
    for (std::uint64_t i = 0; i < kCommandsAfter && !testing::Test::HasFailure(); ++i) {
      now += std::max(Duration(0), random_.pause());
      std::vector<sale::Event> of_whole;
      std::vector<sale::Event> of_loaded;
      while (whole.due(now)) whole.step(now, of_whole);
      while (loaded.due(now)) loaded.step(now, of_loaded);
      sale::Command command = random_.next(whole, now);
      if (auto* buy = std::get_if<sale::Buy>(&command.action))
        buy->arrival = Arrival(1'000'000 + i);
      const bool put = std::holds_alternative<sale::Put>(command.action);
      if (!whole.exists() && !put) continue;
      const auto a = whole.apply(command, now, of_whole);
      const auto b = loaded.apply(command, now, of_loaded);
      EXPECT_EQ(a.code, b.code);
      EXPECT_EQ(a.replayed, b.replayed);
      EXPECT_EQ(a.order, b.order);
      EXPECT_EQ(a.live_orders, b.live_orders);
      EXPECT_EQ(a.detail, b.detail);
      EXPECT_EQ(of_whole, of_loaded);
      EXPECT_EQ(whole.next_due(), loaded.next_due());
    }
  }

  const RedisServer& server_;
  Connection connection_;
  SaleId sale_;
  const std::uint64_t keep_events_;  ///< 2: gateways that read along lose their place, too
  RandomCommands random_;
  MovedClock clock_;
  const TempDir veteran_dir_;
};

TEST(TrimDifferential, who_comes_up_from_a_snapshot_is_who_has_read_along) {
  const RedisServer server;
  const std::uint64_t episodes = from_environment_or("DIBS_TRIM_EPISODES", 20);
  const std::uint64_t seed = from_environment_or("DIBS_SEED", 1);
  int cuts = 0;
  int compared = 0;
  for (std::uint64_t i = 0; i < episodes && !testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE("DIBS_TRIM_EPISODES=1 DIBS_SEED=" + std::to_string(seed + i));
    Episode episode(server, seed + i);
    episode.run();
    cuts += episode.cuts;
    compared += episode.compared;
    server.connect().text({"FLUSHALL"});
  }
  EXPECT_GE(cuts, static_cast<int>(episodes)) << "too few histories were cut";
  EXPECT_GE(compared, static_cast<int>(episodes));
}

}  // namespace
}  // namespace dibs::redis
