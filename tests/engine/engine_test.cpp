#include "engine/engine.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "base/limits.h"
#include "engine/layout.h"
#include "engine/manual_clock.h"
#include "engine/memory_disk.h"
#include "engine/running_engine.h"

namespace dibs::engine {
namespace {

using namespace std::chrono_literals;

TEST(Engine, a_newer_format_is_refused_and_nothing_is_changed) {
  const ManualClock clock;
  MemoryDisk disk;
  {
    RunningEngine running(small_options("data"), clock, disk);
    ASSERT_TRUE(running.run(put_of(1)).has_value());
  }
  const std::string path = path_in("data", segment_name(Position(1)));
  std::string bytes = disk.read(path);
  bytes[4] = 2;
  disk.overwrite(path, bytes);
  const RunningEngine again(small_options("data"), clock, disk);
  ASSERT_FALSE(again.opened());
  EXPECT_NE(again.refusal().what.find("format 2"), std::string::npos) << again.refusal().what;
  EXPECT_NE(again.refusal().what.find("format 1"), std::string::npos) << again.refusal().what;
  EXPECT_EQ(disk.read(path), bytes);
}

TEST(Engine, after_a_crash_numbering_goes_on_behind_the_reserved_block) {
  const ManualClock clock;
  MemoryDisk disk;
  std::mt19937 random(1);
  RunningEngine running(small_options("data"), clock, disk);
  ASSERT_TRUE(running.run(put_of(5)).has_value());
  EXPECT_EQ(running.run(buy_of("a"))->arrival, Arrival(1));
  EXPECT_EQ(running.run(buy_of("b"))->arrival, Arrival(2));
  const auto left = disk.after_power_cut(0, random);
  RunningEngine again(small_options("data"), clock, *left);
  ASSERT_TRUE(again.opened()) << again.refusal().what;
  EXPECT_EQ(again.run(buy_of("c"))->arrival, Arrival(65'537));
}

TEST(Engine, holds_grow_by_the_time_the_server_was_away) {
  ManualClock clock;
  MemoryDisk disk;
  OrderId order;
  Instant expires;
  {
    RunningEngine running(small_options("data"), clock, disk);
    ASSERT_TRUE(running.run(put_of(1)).has_value());
    const auto bought = running.run(buy_of("a"));
    order = bought->order->id;
    expires = *bought->order->expires_at;
  }
  clock.advance(24h);  // far beyond the end of the hold
  RunningEngine again(small_options("data"), clock, disk);
  const auto found = again.find(order);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->state, sale::OrderState::held);
  EXPECT_EQ(found->expires_at, expires + 24h);
}

TEST(Engine, due_things_happen_without_any_request) {
  ManualClock clock;
  MemoryDisk disk;
  RunningEngine running(small_options("data"), clock, disk);
  auto put = put_of(1);
  put.spec.opens_at = clock.now() + 10s;
  ASSERT_TRUE(running.run(put).has_value());
  clock.advance(11s);
  for (int i = 0; i < 3000; ++i) {
    if (running.engine().glance(SaleId("concert"))->state == sale::SaleState::open) return;
    std::this_thread::sleep_for(10ms);
  }
  FAIL() << "the sale never opened";
}

TEST(Engine, a_failed_sync_answers_unknown_and_stops_and_the_order_may_be_there_afterwards) {
  for (const std::string call : {"sync", "write"}) {
    const ManualClock clock;
    MemoryDisk disk;
    RunningEngine running(small_options("data"), clock, disk);
    ASSERT_TRUE(running.run(put_of(5)).has_value());
    const auto before = running.run(buy_of("a", "key-a"));
    ASSERT_TRUE(before.has_value());
    disk.set_fault([&](const std::string& made, const std::string& path) {
      return made == call && path.find(".log") != std::string::npos ? EIO : 0;
    });
    const auto lost = running.run(buy_of("b", "key-b"));
    ASSERT_FALSE(lost.has_value());
    EXPECT_EQ(lost.error().kind, FaultKind::unknown);
    // It stays so, though the disk is well again: a sync is never tried twice.
    disk.set_fault(nullptr);
    const auto later = running.run(buy_of("c", "key-c"));
    ASSERT_FALSE(later.has_value());
    EXPECT_EQ(later.error().kind, FaultKind::unknown);
    running.engine().drain();
    EXPECT_TRUE(running.failed());

    std::mt19937 random(2);
    const auto left = disk.after_power_cut(0.5, random);
    RunningEngine again(small_options("data"), clock, *left);
    ASSERT_TRUE(again.opened()) << again.refusal().what;
    EXPECT_TRUE(again.run(buy_of("a", "key-a"))->replayed);
    EXPECT_EQ(again.run(buy_of("c", "key-c"))->replayed, false);
  }
}

TEST(Engine, a_full_disk_refuses_buys_and_still_logs_payment_and_leaving) {
  const ManualClock clock;
  MemoryDisk disk;
  RunningEngine running(small_options("data"), clock, disk);
  ASSERT_TRUE(running.run(put_of(1'000, 1'000)).has_value());
  const auto payer = running.run(buy_of("payer"));
  const auto leaver = running.run(buy_of("leaver"));
  std::atomic<bool> full{true};
  std::atomic<bool> ballast_given{false};
  disk.set_fault([&](const std::string& call, const std::string& path) {
    if (call == "removal" && path.ends_with("ballast")) ballast_given = true;
    return call == "allocation" && full && !ballast_given ? ENOSPC : 0;
  });
  // Buys go on until the space reserved ahead runs out, then are refused before being numbered.
  int accepted = 0;
  Result<sale::Outcome> bought = running.run(buy_of("b"));
  for (; bought.has_value() && accepted < 10'000; ++accepted) bought = running.run(buy_of("b"));
  ASSERT_FALSE(bought.has_value());
  EXPECT_EQ(bought.error().kind, FaultKind::unavailable);
  EXPECT_TRUE(ballast_given);
  EXPECT_EQ(running.run(sale::PaymentSucceeded{payer->order->id.key, true})->code, sale::Code::ok);
  EXPECT_EQ(running.run(sale::Cancel{leaver->order->id.key})->code, sale::Code::ok);
  EXPECT_FALSE(running.failed());
  // Room again: the ballast is laid once more and selling goes on.
  full = false;
  for (int i = 0; i < 3000 && !running.run(buy_of("b")).has_value(); ++i) {
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_TRUE(running.run(buy_of("b")).has_value());
}

TEST(Engine, a_full_queue_answers_unavailable_before_numbering) {
  const ManualClock clock;
  MemoryDisk disk;
  auto options = small_options("data");
  options.ingress_loops = 1;  // whose watermark never comes
  options.queue_per_loop = 4;
  options.late_after = 1h;
  RunningEngine running(options, clock, disk);
  std::vector<store::Pending<sale::Outcome>> answers(6);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    running.engine().submit({clock.now(), 0, i}, SaleId("concert"),
                            {.action = buy_of("b" + std::to_string(i))}, answers[i].reply());
  }
  for (std::size_t i = 4; i < 6; ++i) {
    const auto answer = answers[i].wait();
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().kind, FaultKind::unavailable);
  }
  EXPECT_EQ(running.engine().counters().queue_full, 2U);
  running.engine().drain();
  for (std::size_t i = 0; i < 4; ++i) EXPECT_TRUE(answers[i].wait().has_value());
}

TEST(Engine, sales_are_bounded_and_a_start_with_all_of_them_works) {
  MemoryDisk disk;
  const ManualClock clock;
  auto options = small_options("data");
  options.journal.segment_bytes = 16 * 1024 * 1024;
  options.journal.reserve_bytes = 1024 * 1024;
  options.journal.zeros_ahead_bytes = 0;
  {
    RunningEngine running(options, clock, disk);
    for (std::uint64_t i = 0; i + 1 < limits::kSales; ++i) {
      running.engine().submit({clock.now(), kNoLoop, i}, SaleId("s-" + std::to_string(i)),
                              {.action = put_of(1)}, [](const Result<sale::Outcome>&) {});
      if (i % 1'000 == 0) static_cast<void>(running.run(buy_of("b"), "s-0"));  // bounds the queue
    }
    EXPECT_TRUE(running.run(put_of(1), "the-last").has_value());
    const auto refused = running.run(put_of(1), "one-more");
    ASSERT_FALSE(refused.has_value());
    EXPECT_NE(refused.error().what.find(std::to_string(limits::kSales) + " sales"),
              std::string::npos)
        << refused.error().what;
    EXPECT_TRUE(running.run(put_of(2), "the-last").has_value()) << "a change is no new sale";
  }
  RunningEngine again(options, clock, disk);
  ASSERT_TRUE(again.opened()) << again.refusal().what;
  EXPECT_NE(again.engine().glance(SaleId("the-last")), nullptr);
}

TEST(Engine, calls_after_drain_answer_unavailable) {
  const ManualClock clock;
  MemoryDisk disk;
  RunningEngine running(small_options("data"), clock, disk);
  running.engine().drain();
  const auto answer = running.run(put_of(1));
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().kind, FaultKind::unavailable);
}

TEST(Engine, a_refusal_is_recorded_within_a_moment_though_nothing_else_is_committed) {
  const Clock& clock = system_clock();
  MemoryDisk disk;
  RunningEngine running(small_options("data"), clock, disk);
  auto put = put_of(1);
  put.spec.line_limit = 0;
  ASSERT_TRUE(running.run(put).has_value());
  ASSERT_TRUE(running.run(buy_of("a")).has_value());
  EXPECT_EQ(running.run(buy_of("b"))->code, sale::Code::sold_out);
  for (int i = 0; i < 3000; ++i) {
    const auto found = running.arrivals();
    if (found.size() == 2) {
      EXPECT_EQ(found[1].code, sale::Code::sold_out);
      return;
    }
    std::this_thread::sleep_for(10ms);
  }
  FAIL() << "the refusal was never recorded";
}

class CountingListener final : public store::EventListener {
 public:
  void on_events(const std::shared_ptr<const sale::SaleView>& view,
                 std::span<const sale::Event> events) noexcept override {
    for (const sale::Event& event : events) {
      gap = gap || event.seq != last.next();
      last = event.seq;
    }
    view_behind = view_behind || view->seq != last;
  }
  Seq last;
  bool gap = false;
  bool view_behind = false;
};

TEST(Engine, listeners_hear_every_event_once_and_in_order) {
  const ManualClock clock;
  MemoryDisk disk;
  CountingListener listener;
  auto opened = Engine::open(small_options("data"), clock, disk);
  ASSERT_TRUE(opened.has_value());
  (*opened)->add_listener(listener);
  (*opened)->start();
  (*opened)->submit({clock.now(), kNoLoop, 1}, SaleId("concert"), {.action = put_of(100, 100)},
                    [](Result<sale::Outcome>) {});
  for (int i = 0; i < 200; ++i) {
    (*opened)->submit({clock.now(), kNoLoop, 2}, SaleId("concert"), {.action = buy_of("b")},
                      [](Result<sale::Outcome>) {});
  }
  (*opened)->drain();
  EXPECT_GE(listener.last, Seq(101));
  EXPECT_FALSE(listener.gap);
  EXPECT_FALSE(listener.view_behind);
}

}  // namespace
}  // namespace dibs::engine
