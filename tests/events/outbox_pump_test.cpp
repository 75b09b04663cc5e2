#include "events/outbox_pump.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <map>
#include <optional>
#include <random>
#include <thread>

#include "base/temp_dir.h"
#include "events/cloud_event.h"
#include "events/fake_feed.h"
#include "events/outbox_relay.h"

// The pump between a feed and a sink that is told how to behave, turn by turn. Each of these was
// seen to fail with the fault planted that it is there for: the cursor moved by an acknowledgement
// that came before an earlier one's, the file written ahead of the acknowledgements, what was
// refused passed over, no bound, a cursor of other data taken for its own.

namespace dibs::events {
namespace {

using namespace std::chrono_literals;

class StillClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return from_ns(1'000'000'000) + at; }
  [[nodiscard]] Duration monotonic() const override { return at; }
  Duration at{0};
};

/// What has arrived, which outlives sinks, and how they are to behave.
struct Topic {
  std::vector<ChainedEvent> arrived;
  std::size_t most_open = 0;
  std::size_t room = 1'000'000;
  std::atomic<bool> acks{true};  ///< tells what has arrived; changed beside the relay's thread
  bool newest_first = false;
  int breaks_after = -1;  ///< so many more events are taken, then the sink ends
  bool away = false;      ///< cannot be opened
  std::string trouble;
};

class FakeSink final : public EventSink {
 public:
  explicit FakeSink(Topic& topic) : topic_(topic) {}

  bool send(std::string_view key, std::string_view value, std::uint64_t number) override {
    if (open_.size() >= topic_.room || broken_) return false;
    if (topic_.breaks_after == 0) {
      broken_ = true;
      return false;
    }
    if (topic_.breaks_after > 0) --topic_.breaks_after;
    const auto event = parse_cloud_event(value);
    EXPECT_TRUE(event) << event.error().what;
    EXPECT_EQ(event->sale.view(), key);
    topic_.arrived.push_back(*event);
    open_.push_back(number);
    topic_.most_open = std::max(topic_.most_open, open_.size());
    return true;
  }
  Result<std::vector<std::uint64_t>> acked(Duration /*patience*/) override {
    if (broken_) {
      topic_.breaks_after = -1;
      return fault(FaultKind::unavailable, "The sink has ended.", "");
    }
    if (!topic_.acks) return std::vector<std::uint64_t>();
    auto told = std::exchange(open_, {});
    if (topic_.newest_first) {
      // All but the oldest, which is told alone the next time.
      std::ranges::reverse(told);
      if (told.size() > 1) {
        open_.push_back(told.back());
        told.pop_back();
      }
    }
    return told;
  }
  [[nodiscard]] std::string trouble() const override { return topic_.trouble; }

 private:
  Topic& topic_;
  std::vector<std::uint64_t> open_;  ///< numbers taken and not told as acknowledged
  bool broken_ = false;
};

class OutboxPumpTest : public testing::Test {
 protected:
  OutboxPump::Options options() {
    OutboxPump::Options options;
    options.cursor_file = cursor_file;
    options.open_sink = [this]() -> Result<std::unique_ptr<EventSink>> {
      if (topic.away) return fault(FaultKind::unavailable, "Away.", "");
      return std::make_unique<FakeSink>(topic);
    };
    options.on_warning = [this](const std::string& what) { warnings.push_back(what); };
    return options;
  }
  std::unique_ptr<OutboxPump> pump(std::size_t in_flight = 16'384) {
    OutboxPump::Options chosen = options();
    chosen.events_in_flight = in_flight;
    return std::make_unique<OutboxPump>(std::move(chosen), feed, clock);
  }
  void fill(int events, int sales = 3) {
    for (int i = 0; i < events; ++i) feed.add("sale-" + std::to_string(i % sales));
  }
  /// Turns until nothing is left, letting time pass when the pump pauses.
  void settle(OutboxPump& one) {
    for (int i = 0; i < 10'000 && !(one.turn() && one.settled()); ++i) clock.at += 100ms;
    EXPECT_TRUE(one.settled()) << one.figures().last_error;
  }
  /// What a reader makes of all that arrived: repeats passed over, no gap, one history.
  void expect_whole(std::size_t events) {
    std::map<SaleId, ChainedEvent> last;
    std::size_t count = 0;
    for (const ChainedEvent& event : topic.arrived) {
      const auto before = last.find(event.sale);
      const Seq high = before == last.end() ? Seq() : before->second.event.seq;
      if (event.event.seq <= high) continue;
      ASSERT_EQ(event.event.seq, high.next()) << event.sale.view();
      EXPECT_EQ(event.previous, before == last.end() ? ChainHash{} : before->second.hash);
      last.insert_or_assign(event.sale, event);
      ++count;
    }
    EXPECT_EQ(count, events);
  }
  /// The file as it is now.
  OutboxCursor cursor() { return read_outbox_cursor(cursor_file).value().value(); }

  TempDir dir;
  std::string cursor_file = dir.path() + "/outbox.cursor";
  FakeFeed feed;
  StillClock clock;
  Topic topic;
  std::vector<std::string> warnings;
};

TEST_F(OutboxPumpTest, tells_every_event_in_order_and_once) {
  fill(1'000);
  const auto one = pump();
  settle(*one);
  EXPECT_EQ(topic.arrived.size(), 1'000U);
  expect_whole(1'000);
  fill(5);
  settle(*one);
  expect_whole(1'005);
  EXPECT_EQ(one->figures().sent, 1'005U);
  EXPECT_EQ(one->figures().acked, 1'005U);
  EXPECT_TRUE(warnings.empty());
}

TEST_F(OutboxPumpTest, goes_on_where_the_file_says_and_repeats_nothing) {
  fill(300);
  {
    const auto one = pump();
    settle(*one);
    one->write();
  }
  fill(7);
  const auto two = pump();
  settle(*two);
  EXPECT_EQ(topic.arrived.size(), 307U);
  expect_whole(307);
}

TEST_F(OutboxPumpTest, an_acknowledgement_out_of_turn_moves_nothing) {
  fill(50);
  topic.newest_first = true;
  const auto one = pump();
  one->turn();
  EXPECT_EQ(one->acknowledged().last.view(), "");
  EXPECT_EQ(one->figures().acked, 0U);
  settle(*one);
  EXPECT_EQ(one->figures().acked, 50U);
}

TEST_F(OutboxPumpTest, the_file_is_never_ahead_of_what_was_acknowledged) {
  fill(50);
  topic.acks = false;
  const auto one = pump();
  for (int i = 0; i < 20; ++i) {
    one->turn();
    clock.at += 200ms;
  }
  EXPECT_EQ(topic.arrived.size(), 50U);
  EXPECT_TRUE(cursor().sales.empty());
  topic.acks = true;
  one->turn();
  clock.at += OutboxPump::kWriteEvery;
  one->turn();
  EXPECT_EQ(cursor().position, Position(50));
}

TEST_F(OutboxPumpTest, the_file_is_written_at_most_twice_a_second) {
  const auto one = pump();
  clock.at += 10s;
  int writes = 0;
  std::optional<OutboxCursor> before;
  for (int i = 0; i < 100; ++i) {  // two seconds
    feed.add("concert");
    one->turn();
    const auto now = read_outbox_cursor(cursor_file).value();
    if (now != before) ++writes;
    before = now;
    clock.at += 20ms;
  }
  EXPECT_GE(writes, 4);
  EXPECT_LE(writes, 5);
}

TEST_F(OutboxPumpTest, no_more_is_in_flight_than_may_be) {
  fill(2'000);
  topic.acks = false;
  const auto one = pump(100);
  for (int i = 0; i < 50; ++i) one->turn();
  EXPECT_EQ(topic.most_open, 100U);
  EXPECT_EQ(one->figures().in_flight, 100U);
  topic.acks = true;
  settle(*one);
  EXPECT_EQ(topic.most_open, 100U);
  expect_whole(2'000);

  OutboxPump::Options by_bytes = options();
  by_bytes.bytes_in_flight = 2'000;
  by_bytes.cursor_file = dir.path() + "/other";
  topic.acks = false;
  topic.most_open = 0;
  OutboxPump two(std::move(by_bytes), feed, clock);
  for (int i = 0; i < 50; ++i) two.turn();
  EXPECT_LT(topic.most_open, 20U);
}

TEST_F(OutboxPumpTest, a_sink_without_room_is_given_the_same_event_again) {
  fill(400);
  topic.room = 7;
  const auto one = pump();
  settle(*one);
  EXPECT_EQ(topic.arrived.size(), 400U);
  expect_whole(400);
}

TEST_F(OutboxPumpTest, a_sink_that_ends_is_replaced_and_told_again_what_it_did_not_acknowledge) {
  fill(200);
  topic.acks = false;
  topic.breaks_after = 60;
  const auto one = pump();
  one->turn();  // ends with 60 arrived, none of them acknowledged
  EXPECT_EQ(topic.arrived.size(), 60U);
  EXPECT_NE(one->figures().last_error, "");
  EXPECT_TRUE(one->figures().oldest);
  topic.acks = true;
  settle(*one);
  EXPECT_EQ(topic.arrived.size(), 260U);
  expect_whole(200);
  EXPECT_EQ(one->figures().last_error, "");
}

TEST_F(OutboxPumpTest, events_wait_while_no_sink_can_be_opened) {
  fill(10);
  topic.away = true;
  const auto one = pump();
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(one->turn());
    clock.at += 200ms;
  }
  EXPECT_EQ(one->figures().last_error, "Away.");
  EXPECT_EQ(warnings.size(), 1U);  // told once, not every second
  topic.away = false;
  settle(*one);
  expect_whole(10);
}

TEST_F(OutboxPumpTest, a_crash_at_any_step_loses_nothing) {
  std::minstd_rand random(7);
  std::size_t events = 0;
  for (int round = 0; round < 80; ++round) {
    topic.room = 1 + random() % 40;
    topic.breaks_after = random() % 4 == 0 ? static_cast<int>(random() % 30) : -1;
    topic.newest_first = random() % 2 == 0;
    const auto one = pump(1 + random() % 60);
    for (auto steps = random() % 12; steps > 0; --steps) {
      const auto more = static_cast<int>(random() % 30);
      fill(more, 4);
      events += static_cast<std::size_t>(more);
      topic.acks = random() % 3 != 0;
      one->turn();
      clock.at += std::chrono::milliseconds(random() % 400);
    }
    if (random() % 5 == 0) one->write();  // stopped in order; otherwise dropped as a crash would
  }
  topic.room = 1'000;
  topic.acks = true;
  settle(*pump());
  expect_whole(events);
  EXPECT_TRUE(warnings.empty() || warnings.front().find("not of these data") == std::string::npos);
}

TEST_F(OutboxPumpTest, without_its_file_or_with_a_damaged_one_it_begins_anew) {
  fill(20);
  settle(*pump());
  std::ofstream(cursor_file) << "dibs-outbox 1\nposition 20\nlast sale-1 00\n";
  settle(*pump());
  ASSERT_FALSE(warnings.empty());
  EXPECT_NE(warnings.front().find("is not what was written"), std::string::npos);
  EXPECT_EQ(topic.arrived.size(), 40U);
  expect_whole(20);
}

TEST_F(OutboxPumpTest, a_file_of_other_data_is_seen_and_not_gone_on_from) {
  fill(20);
  {
    const auto one = pump();
    settle(*one);
    one->write();
  }
  topic.arrived.clear();
  for (const bool longer : {false, true}) {
    warnings.clear();
    FakeFeed
        other;  // the same sales, another history: shorter, and then longer than the file knows
    for (int i = 0; i < (longer ? 30 : 10); ++i) {
      other.add("sale-" + std::to_string(i % 3), sale::Paused{});
    }
    OutboxPump two(options(), other, clock);
    settle(two);
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_NE(warnings.front().find("is not of these data"), std::string::npos);
    EXPECT_EQ(topic.arrived.size(), longer ? 40U : 10U);
    two.write();
  }
}

TEST_F(OutboxPumpTest, an_event_that_the_store_has_lost_is_not_passed_over) {
  const sale::Event first = feed.add("concert");
  sale::Event third = first;
  third.seq = Seq(3);
  feed.append("concert", third);
  const auto one = pump();
  for (int turn = 0; turn < 20; ++turn) one->turn();
  EXPECT_EQ(topic.arrived.size(), 1U);
  EXPECT_NE(one->figures().last_error.find("event 3 where 2 is next"), std::string::npos)
      << one->figures().last_error;
}

TEST_F(OutboxPumpTest, another_epoch_is_other_data) {
  fill(20);
  {
    const auto one = pump();
    settle(*one);
    one->write();
  }
  feed.epoch = "another";
  fill(3);
  settle(*pump());
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings.front().find("another epoch"), std::string::npos);
  EXPECT_EQ(topic.arrived.size(), 43U);
  EXPECT_EQ(topic.arrived.back().epoch, "another");
}

TEST_F(OutboxPumpTest, two_at_once_do_no_harm) {
  fill(500);
  const auto one = pump(50);
  OutboxPump::Options other = options();
  other.cursor_file = dir.path() + "/other";
  other.events_in_flight = 20;
  OutboxPump two(std::move(other), feed, clock);
  for (int i = 0; i < 200; ++i) {
    one->turn();
    if (i % 3 == 0) two.turn();
    if (i % 7 == 0) fill(2);
    clock.at += 50ms;
  }
  settle(*one);
  settle(two);
  expect_whole(500 + 2 * 29);
}

TEST_F(OutboxPumpTest, a_test_sale_is_marked_from_its_first_event_on_also_after_a_restart) {
  sale::SaleSpec spec;
  spec.title = "T";
  spec.currency = "KRW";
  spec.items = {{SkuId("floor"), "Floor", 1, 1}};
  spec.test = true;
  feed.add("trial", sale::Created{spec});
  {
    const auto one = pump();
    settle(*one);
    one->write();
  }
  feed.add("trial");
  settle(*pump());
  ASSERT_EQ(topic.arrived.size(), 2U);
  EXPECT_TRUE(topic.arrived[0].test);
  EXPECT_TRUE(topic.arrived[1].test);
}

TEST_F(OutboxPumpTest, the_relay_is_woken_and_ends_with_everything_told) {
  OutboxRelay relay(options(), feed, system_clock());
  sale::SaleView view;
  view.id = SaleId("sale-0");
  relay.begin({});
  for (int i = 0; i < 200; ++i) {
    const sale::Event event = feed.add("sale-0");
    relay.on_events(std::make_shared<sale::SaleView>(view), std::span(&event, 1));
  }
  relay.stop();
  EXPECT_EQ(topic.arrived.size(), 200U);
  EXPECT_EQ(relay.state().behind, 0U);
  EXPECT_EQ(relay.state().acked, 200U);
  EXPECT_EQ(cursor().position, Position(200));
}

TEST_F(OutboxPumpTest, the_relay_says_how_far_behind_it_is) {
  topic.acks = false;
  OutboxRelay relay(options(), feed, system_clock());
  sale::SaleView view;
  view.id = SaleId("sale-0");
  view.seq = Seq(3);
  fill(3, 1);
  relay.begin({view});
  const Duration deadline = system_clock().monotonic() + 20s;
  while (relay.state().in_flight < 3 && system_clock().monotonic() < deadline) {
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(relay.state().behind, 3U);
  EXPECT_GT(relay.state().behind_for, Duration(0));
  topic.acks = true;
}

}  // namespace
}  // namespace dibs::events
