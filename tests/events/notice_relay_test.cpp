#include "events/notice_relay.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <thread>

#include "base/temp_dir.h"
#include "events/fake_feed.h"
#include "events/notice_cursor.h"

// The relay between a feed and shops that are told how to answer. Each of these was seen to fail
// with the fault planted that it is there for: a second call before the answer to the first, the
// file written ahead of the answer, a signature over another body, one queue for all sales.

namespace dibs::events {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 20s;

/// Some shops, one a sale. Notes what each was sent, and answers as it is told.
class Shops {
 public:
  /// What a shop answers to the n-th call (from 1); nothing: it never does.
  using Answers = std::function<std::optional<std::uint16_t>(std::size_t call)>;

  void answer(const std::string& url, Answers answers) { answers_[url] = std::move(answers); }

  [[nodiscard]] NoticeRelay::Send send() {
    return [this](client::HttpCall call, NoticeRelay::Answered done) {
      std::unique_lock lock(mutex_);
      auto& calls = calls_[call.url];
      calls.push_back(call);
      overlaps_ += open_[call.url];
      const auto status = answers_.at(call.url)(calls.size());
      open_[call.url] = status ? 0 : 1;
      called_.notify_all();
      lock.unlock();
      if (status) done(client::HttpAnswer{*status, {}});
    };
  }

  /// The ids that a shop was sent, once there are `count`.
  std::vector<std::string> ids(const std::string& url, std::size_t count) {
    std::unique_lock lock(mutex_);
    called_.wait_for(lock, kPatience, [&] { return calls_[url].size() >= count; });
    std::vector<std::string> ids;
    for (const auto& call : calls_[url]) ids.push_back(header(call, "webhook-id"));
    return ids;
  }
  std::vector<client::HttpCall> calls(const std::string& url) {
    const std::lock_guard lock(mutex_);
    return calls_[url];
  }
  /// Calls that were made while the one before had no answer.
  std::size_t overlaps() {
    const std::lock_guard lock(mutex_);
    return overlaps_;
  }

  static std::string header(const client::HttpCall& call, std::string_view name) {
    for (const auto& [key, value] : call.headers) {
      if (key == name) return value;
    }
    return {};
  }

 private:
  std::mutex mutex_;
  std::condition_variable called_;
  std::map<std::string, Answers> answers_;
  std::map<std::string, std::vector<client::HttpCall>> calls_;
  std::map<std::string, std::size_t> open_;
  std::size_t overlaps_ = 0;
};

class NoticeRelayTest : public testing::Test {
 protected:
  static std::string url_of(const std::string& sale) { return "http://127.0.0.1:1/" + sale; }

  void start(const std::vector<std::string>& sales) {
    NoticeRelay::Options options;
    options.cursor_file = directory_ / "notices.cursor";
    options.secrets = {secret_};
    options.body = [](const SaleId& sale, const sale::Event& event, bool) {
      return sale.value() + " " + std::to_string(event.seq.value());
    };
    options.send = shops_.send();
    relay_ = std::make_unique<NoticeRelay>(std::move(options), feed_, system_clock());
    std::vector<sale::SaleView> views;
    for (const auto& sale : sales) views.push_back(*view_of(sale));
    relay_->begin(std::move(views));
  }

  /// The sale as of its last event.
  std::shared_ptr<const sale::SaleView> view_of(const std::string& sale) {
    auto spec = std::make_shared<sale::SaleSpec>();
    spec->notify_url = url_of(sale);
    auto view = std::make_shared<sale::SaleView>();
    view->id = SaleId(sale);
    view->spec = spec;
    view->seq = last_[sale];
    return view;
  }

  /// `count` more durable events of the sale; its first one gives it its notify.
  void happen(const std::string& sale, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      sale::Created created;
      created.spec.notify_url = url_of(sale);
      const bool first = last_[sale] == Seq();
      const auto event = first ? feed_.add(sale, created) : feed_.add(sale);
      last_[sale] = event.seq;
      if (relay_) relay_->on_events(view_of(sale), std::span(&event, 1));
    }
  }

  static std::vector<std::string> ids_of(const std::string& sale, int from, int upto) {
    std::vector<std::string> ids;
    for (int seq = from; seq <= upto; ++seq) ids.push_back(sale + ":" + std::to_string(seq));
    return ids;
  }

  const webhook::Secret secret_ = webhook::Secret::random();
  const TempDir directory_;
  FakeFeed feed_;
  Shops shops_;
  std::map<std::string, Seq> last_;
  std::unique_ptr<NoticeRelay> relay_;
};

const auto kTakes = [](std::size_t) -> std::optional<std::uint16_t> { return 204; };
const auto kRefuses = [](std::size_t) -> std::optional<std::uint16_t> { return 500; };
const auto kIsSilent = [](std::size_t) -> std::optional<std::uint16_t> { return std::nullopt; };

TEST_F(NoticeRelayTest, every_event_is_sent_once_and_in_order_far_beyond_the_window) {
  shops_.answer(url_of("a"), kTakes);
  happen("a", 200);  // before it starts, as after a time without it
  start({"a"});
  happen("a", 400);
  EXPECT_EQ(shops_.ids(url_of("a"), 600), ids_of("a", 1, 600));
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (relay_->state(SaleId("a"))->behind > 0 && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(relay_->state(SaleId("a"))->behind, 0U);
}

TEST_F(NoticeRelayTest, the_next_is_not_sent_before_the_answer) {
  shops_.answer(url_of("a"), kIsSilent);
  start({});
  happen("a", 50);
  EXPECT_EQ(shops_.ids(url_of("a"), 1), ids_of("a", 1, 1));
  std::this_thread::sleep_for(200ms);  // for one too many, had it been sent
  EXPECT_EQ(shops_.ids(url_of("a"), 1).size(), 1U);
  EXPECT_EQ(shops_.overlaps(), 0U);
}

TEST_F(NoticeRelayTest, what_is_refused_is_sent_again_under_the_same_id) {
  shops_.answer(url_of("a"), [](std::size_t call) -> std::optional<std::uint16_t> {
    return call == 2 ? 503 : call == 3 ? 400 : 200;
  });
  start({});
  happen("a", 3);
  const std::vector<std::string> sent{"a:1", "a:2", "a:2", "a:2", "a:3"};
  EXPECT_EQ(shops_.ids(url_of("a"), 5), sent);
  relay_->stop();
  EXPECT_EQ(relay_->state(SaleId("a"))->failed, 2U);
}

TEST_F(NoticeRelayTest, a_shop_that_fails_or_hangs_holds_up_nobody_else) {
  shops_.answer(url_of("failing"), kRefuses);
  shops_.answer(url_of("hanging"), kIsSilent);
  shops_.answer(url_of("well"), kTakes);
  start({});
  for (int i = 0; i < 300; ++i) {
    for (const char* sale : {"failing", "hanging", "well"}) happen(sale, 1);
  }
  EXPECT_EQ(shops_.ids(url_of("well"), 300), ids_of("well", 1, 300));
  EXPECT_EQ(relay_->state(SaleId("failing"))->delivered, Seq());
  EXPECT_EQ(relay_->state(SaleId("hanging"))->delivered, Seq());
}

TEST_F(NoticeRelayTest, it_goes_on_where_the_file_says) {
  shops_.answer(url_of("a"), [](std::size_t call) -> std::optional<std::uint16_t> {
    return call <= 150 ? std::optional<std::uint16_t>(200) : std::nullopt;
  });
  start({});
  happen("a", 200);
  ASSERT_EQ(shops_.ids(url_of("a"), 151).size(), 151U);  // the last of them was not answered
  relay_->stop();
  const auto cursor = read_cursor(directory_ / "notices.cursor");
  ASSERT_TRUE(cursor && *cursor);
  EXPECT_EQ((*cursor)->sales.at(SaleId("a")).delivered.seq, Seq(150))
      << "never ahead of the answer";

  shops_.answer(url_of("a"), kTakes);
  start({"a"});
  const auto ids = shops_.ids(url_of("a"), 201);
  const std::vector<std::string> again(ids.begin() + 151, ids.end());
  EXPECT_EQ(again, ids_of("a", 151, 200));
}

TEST_F(NoticeRelayTest, each_is_signed_over_its_id_time_and_body) {
  shops_.answer(url_of("a"), kTakes);
  start({});
  happen("a", 2);
  ASSERT_EQ(shops_.ids(url_of("a"), 2).size(), 2U);
  for (const auto& call : shops_.calls(url_of("a"))) {
    const webhook::Signature signature{Shops::header(call, "webhook-id"),
                                       Shops::header(call, "webhook-timestamp"),
                                       Shops::header(call, "webhook-signature")};
    EXPECT_EQ(webhook::check(signature, call.body, system_clock().now(), {secret_}),
              webhook::Check::good);
    EXPECT_EQ(call.body, "a " + signature.id.substr(2));
    EXPECT_TRUE(call.loopback_only) << "not encrypted, so to this machine only";
  }
}

}  // namespace
}  // namespace dibs::events
