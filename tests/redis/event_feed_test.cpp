#include "redis/event_feed.h"

#include <mutex>

#include "redis/call.h"
#include "redis/store_fixture.h"

/// What a follower reads of sales on Redis. Planted, each seen: a reader that goes beyond what the
/// store has shown, one that begins at the first event whatever was taken, one that passes over a
/// gap.
namespace dibs::redis {
namespace {

using namespace std::chrono_literals;

/// Reads until `count` events are there.
std::vector<store::FedEvent> read(store::EventReader& reader, std::size_t count,
                                  std::size_t limit = 7) {
  std::vector<store::FedEvent> all;
  for (int i = 0; i < 2'000 && all.size() < count; ++i) {
    auto batch = reader.next(limit);
    if (!batch) {
      ADD_FAILURE() << batch.error().what;
      return all;
    }
    EXPECT_LE(batch->events.size(), limit);
    for (auto& event : batch->events) all.push_back(std::move(event));
    if (batch->caught_up) std::this_thread::sleep_for(10ms);
  }
  return all;
}

std::uint64_t seq_of(const store::FedEvent& fed) { return fed.event.seq.value(); }

TEST(RedisEventFeed, gives_every_event_of_every_sale_in_order_those_of_other_gateways_too) {
  const RedisServer server(strict_settings());
  const TempDir one;
  const TempDir two;
  RunningStore a(server, one.path());
  RunningStore b(server, two.path());
  ASSERT_TRUE(a.started() && b.started());
  for (const char* sale : {"concert", "other"}) {
    store::Pending<sale::Outcome> answer;
    a.store().submit({system_clock().now(), store::kNoLoop, 0}, SaleId(sale),
                     {.action = concert_of(100)}, answer.reply());
    ASSERT_TRUE(answer.wait());
  }
  // Gateway b reads, a sells: b finds sales that it was never asked for.
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(a.run(seat_for("b" + std::to_string(i))));
  const auto reader = b.store().read_events({}, std::nullopt);
  const auto all = read(*reader, 34);  // created, opened, 30 orders; created, opened
  ASSERT_EQ(all.size(), 34U);
  std::map<SaleId, std::uint64_t> last;
  for (const auto& fed : all) EXPECT_EQ(seq_of(fed), ++last[fed.sale]);
  EXPECT_EQ(last.at(SaleId("concert")), 32U);

  // What has come since, and from where another follower is.
  ASSERT_TRUE(a.run(seat_for("late")));
  EXPECT_EQ(seq_of(read(*reader, 1).at(0)), 33U);
  const auto again = b.store().read_events(
      {.position = {}, .sales = {{SaleId("concert"), Seq(30)}}}, SaleId("concert"));
  const auto rest = read(*again, 3);
  ASSERT_EQ(rest.size(), 3U);
  EXPECT_EQ(seq_of(rest.at(0)), 31U);

  const auto epoch = a.store().epoch_of(SaleId("concert"));
  EXPECT_FALSE(epoch->empty());
  EXPECT_EQ(*b.store().epoch_of(SaleId("concert")), *epoch);
  EXPECT_EQ(*b.store().epoch_of(SaleId("none")), "");
}

TEST(RedisEventFeed, gives_nothing_that_the_store_has_not_shown) {
  const RedisServer server(strict_settings());
  Published published;
  published.lies_at(SaleId("concert"), options_for(server, {}).addresses.front());
  StreamEventReader reader(1s, published, {}, std::nullopt);
  const TempDir dir;
  RunningStore store(server, dir.path());
  ASSERT_TRUE(store.started());
  store.run(concert_of(100));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(store.run(seat_for("b" + std::to_string(i))));
  EXPECT_TRUE(reader.next(100)->events.empty());
  published.set(SaleId("concert"), "epoch", Seq(5));
  const auto batch = reader.next(100);
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->events.size(), 5U);
  EXPECT_TRUE(batch->caught_up);
  published.set(SaleId("concert"), "epoch", Seq(10));
  published.fence(SaleId("concert"));
  EXPECT_TRUE(reader.next(100)->events.empty()) << "of a sale that has stopped";
}

TEST(RedisEventFeed, says_which_event_is_missing_and_goes_on_after_a_lost_server) {
  RedisServer server(strict_settings());
  const TempDir dir;
  RunningStore store(server, dir.path());
  ASSERT_TRUE(store.started());
  store.run(concert_of(100));
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(store.run(seat_for("b" + std::to_string(i))));
  const auto reader = store.store().read_events({}, std::nullopt);
  EXPECT_EQ(read(*reader, 3, 3).size(), 3U);
  server.kill();
  const auto away = reader->next(3);
  ASSERT_FALSE(away);
  EXPECT_EQ(away.error().kind, FaultKind::unavailable);
  server.start();
  EXPECT_EQ(seq_of(read(*reader, 1, 1).at(0)), 4U);

  server.connect().text({"XDEL", events_key(SaleId("concert")), "6-0"});
  const auto before = reader->next(100);
  ASSERT_TRUE(before);
  EXPECT_EQ(before->events.size(), 1U);  // number 5
  const auto missing = reader->next(100);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, FaultKind::corrupt);
  EXPECT_NE(missing.error().what.find("Event 6 of sale concert"), std::string::npos);
}

}  // namespace
}  // namespace dibs::redis
