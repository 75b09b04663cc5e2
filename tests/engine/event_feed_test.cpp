#include "store/event_feed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/temp_dir.h"
#include "engine/manual_clock.h"
#include "engine/running_engine.h"

/// The journal, read beside the server as the relays read it.
namespace dibs::engine {
namespace {

/// What the engine tells its listeners: the account to hold the feed against.
class Heard final : public store::EventListener {
 public:
  void on_events(const std::shared_ptr<const sale::SaleView>& view,
                 std::span<const sale::Event> events) noexcept override {
    for (const auto& event : events) all.push_back({Position(), view->id, event});
  }
  std::vector<store::FedEvent> all;  ///< of the committer; read once the engine has drained
};

/// Everything there is, `limit` at a time.
std::vector<store::FedEvent> read_all(store::EventReader& reader, std::size_t limit) {
  std::vector<store::FedEvent> all;
  while (true) {
    auto batch = reader.next(limit);
    if (!batch) {
      ADD_FAILURE() << batch.error().what;
      return all;
    }
    EXPECT_LE(batch->events.size(), limit);
    for (auto& event : batch->events) all.push_back(std::move(event));
    if (batch->caught_up) return all;
  }
}

void expect_same(const std::vector<store::FedEvent>& read, const std::vector<store::FedEvent>& told,
                 std::size_t from = 0) {
  ASSERT_EQ(read.size(), told.size() - from);
  for (std::size_t i = 0; i < read.size(); ++i) {
    ASSERT_EQ(read[i].sale, told[from + i].sale) << i;
    ASSERT_EQ(read[i].event, told[from + i].event) << i;
    ASSERT_LE(read[i == 0 ? 0 : i - 1].position, read[i].position);
  }
}

class EventFeedOfEngine : public testing::Test {
 protected:
  void buy(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string sale = i % 3 == 0 ? "other" : "concert";
      ASSERT_TRUE(running_.run(buy_of("b" + std::to_string(buyers_++)), sale));
    }
  }
  void SetUp() override {
    ASSERT_TRUE(running_.opened());
    ASSERT_TRUE(running_.run(put_of(1'000)));
    ASSERT_TRUE(running_.run(put_of(1'000), "other"));
  }

  ManualClock clock_;
  TempDir dir_;
  Heard heard_;
  RunningEngine running_{small_options(dir_.path()), clock_, posix_disk(), &heard_};
  int buyers_ = 0;
};

TEST(EpochOfEngine, is_one_for_the_life_of_the_data_and_another_for_other_data) {
  ManualClock clock;
  const TempDir here;
  const TempDir elsewhere;
  const auto life = [&clock](const TempDir& directory) {
    RunningEngine running{small_options(directory.path()), clock, posix_disk()};
    EXPECT_TRUE(running.run(put_of(3)));
    return running.engine().epoch_of(SaleId("concert")).value_or("a fault");
  };
  const std::string first = life(here);
  EXPECT_EQ(first.size(), 32U);
  EXPECT_EQ(life(here), first);
  clock.advance(std::chrono::nanoseconds(1));
  const std::string other = life(elsewhere);
  EXPECT_EQ(other.size(), 32U);
  EXPECT_NE(other, first);
}

TEST_F(EventFeedOfEngine, gives_what_listeners_were_told_over_many_segments) {
  buy(200);
  auto reader = running_.engine().read_events({}, std::nullopt);
  const auto read = read_all(*reader, 7);
  running_.engine().drain();
  expect_same(read, heard_.all);
}

TEST_F(EventFeedOfEngine, a_reader_at_the_end_gives_what_comes_afterwards) {
  auto reader = running_.engine().read_events({}, std::nullopt);
  std::vector<store::FedEvent> read;
  for (int round = 0; round < 60; ++round) {  // over the ends of segments too
    buy(4);
    for (auto& event : read_all(*reader, 100)) read.push_back(std::move(event));
  }
  running_.engine().drain();
  expect_same(read, heard_.all);
}

TEST_F(EventFeedOfEngine, goes_on_behind_any_event_of_its_record_too) {
  buy(150);
  auto whole = running_.engine().read_events({}, std::nullopt);
  const auto all = read_all(*whole, 1'000);
  store::Taken taken;
  for (std::size_t i = 0; i < all.size(); ++i) {
    taken.position = all[i].position;
    taken.sales[all[i].sale] = all[i].event.seq;
    auto reader = running_.engine().read_events(taken, std::nullopt);
    expect_same(read_all(*reader, 64), all, i + 1);
  }
}

TEST_F(EventFeedOfEngine, gives_one_sale_alone_without_a_gap) {
  buy(90);
  auto reader = running_.engine().read_events({}, SaleId("other"));
  const auto read = read_all(*reader, 5);
  ASSERT_FALSE(read.empty());
  for (std::size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].sale, SaleId("other"));
    EXPECT_EQ(read[i].event.seq, Seq(i + 1));
  }
}

TEST_F(EventFeedOfEngine, position_within_a_listener_is_that_of_its_events) {
  class Positions final : public store::EventListener {
   public:
    void on_events(const std::shared_ptr<const sale::SaleView>& view,
                   std::span<const sale::Event> events) noexcept override {
      for (const auto& event : events) all.push_back({feed->durable_position(), view->id, event});
    }
    const store::EventFeed* feed = nullptr;
    std::vector<store::FedEvent> all;
  };
  TempDir directory;
  Positions positions;
  auto opened = Engine::open(small_options(directory.path()), clock_);
  ASSERT_TRUE(opened);
  positions.feed = opened->get();
  (*opened)->add_listener(positions);
  (*opened)->start();
  store::Pending<sale::Outcome> answer;
  (*opened)->submit({clock_.now(), kNoLoop, 1}, SaleId("concert"), {.action = put_of(3)},
                    answer.reply());
  ASSERT_TRUE(answer.wait());
  auto reader = (*opened)->read_events({}, std::nullopt);
  const auto read = read_all(*reader, 10);
  (*opened)->drain();
  expect_same(read, positions.all);
  for (std::size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].position, positions.all[i].position);
  }
}

}  // namespace
}  // namespace dibs::engine
