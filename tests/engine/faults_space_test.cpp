#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "engine/manual_clock.h"
#include "engine/memory_disk.h"
#include "engine/running_engine.h"
#include "engine/small_run.h"
#include "engine/told.h"

/// A full disk. New orders and new sales are refused with what to do; payment, leaving, expiry and
/// promotion go on from the ballast; selling goes on by itself once there is room.
namespace dibs::engine {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kPlenty = UINT64_MAX;

/// A sale of many units on a disk whose size the test sets.
class FullDisk : public testing::Test {
 protected:
  void open() {
    Engine::Options options = small_options(kDataDir);
    options.journal.reserve_bytes = 8 * 1024;
    options.journal.ballast_bytes = 16 * 1024;
    running_.reset();
    running_ = std::make_unique<RunningEngine>(options, clock_, disk_, &told_);
  }
  void fill() { disk_.set_capacity(disk_.bytes_used()); }

  OrderKey buy(const std::string& buyer) {
    const auto outcome = running_->run(buy_of(buyer, buyer));
    told_.answered(buyer, outcome);
    last_ = outcome;
    return outcome && outcome->order ? outcome->order->id.key : OrderKey();
  }
  /// Buys until it is refused for want of space; gives how many were taken.
  int buy_until_refused() {
    for (int bought = 0; bought < 10'000; ++bought) {
      static_cast<void>(buy("b" + std::to_string(++buyers_)));
      if (!last_) return bought;
    }
    return -1;
  }
  bool buys_again() {
    for (int i = 0; i < 6'000; ++i) {
      static_cast<void>(buy("b" + std::to_string(++buyers_)));
      if (last_) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }
  OrderKey buy_in_line(const std::string& buyer) {
    const auto outcome = running_->run(buy_of(buyer, buyer), "line");
    return outcome && outcome->order ? outcome->order->id.key : OrderKey();
  }
  sale::OrderState state_of(const char* sale, const OrderKey& order) {
    const auto found = running_->find(OrderId{order, SaleId(sale)});
    EXPECT_TRUE(found.has_value());
    return found ? found->state : sale::OrderState::closed;
  }
  bool done(const sale::Command::Action& action, const std::string& sale = "concert") {
    const auto outcome = running_->run(action, sale);
    return outcome.has_value() && outcome->code == sale::Code::ok;
  }

  ManualClock clock_;
  MemoryDisk disk_;
  Told told_;
  std::unique_ptr<RunningEngine> running_;
  Result<sale::Outcome> last_;
  int buyers_ = 0;
};

TEST_F(FullDisk, refuses_new_work_and_goes_on_with_what_was_begun_again_and_again) {
  open();
  auto put = put_of(1'000'000, 10);
  put.spec.hold_seconds = 60;
  ASSERT_TRUE(done(put));
  ASSERT_TRUE(done(put_of(1, 10), "line"));
  constexpr int kCycles = 6;
  int accepted = 0;
  for (int cycle = 0; cycle < kCycles; ++cycle) {
    const std::string name = std::to_string(cycle);
    const OrderKey payer = buy("payer" + name);
    const OrderKey leaver = buy("leaver" + name);
    const OrderKey sleeper = buy("sleeper" + name);
    const OrderKey holder = buy_in_line("holder" + name);
    const OrderKey waiter = buy_in_line("waiter" + name);
    fill();
    accepted += buy_until_refused();
    EXPECT_EQ(last_.error().kind, FaultKind::unavailable);
    EXPECT_NE(last_.error().remedy.find("Make room"), std::string::npos) << last_.error().remedy;
    EXPECT_FALSE(done(put_of(1), "another"));

    EXPECT_TRUE(done(sale::PaymentSucceeded{payer, true}));
    EXPECT_TRUE(done(sale::Cancel{leaver}));
    EXPECT_EQ(state_of("line", waiter), sale::OrderState::waiting);
    EXPECT_TRUE(done(sale::Cancel{holder}, "line"));
    EXPECT_EQ(state_of("line", waiter), sale::OrderState::held);
    EXPECT_TRUE(done(sale::Cancel{waiter}, "line"));
    clock_.advance(61s);
    EXPECT_EQ(state_of("concert", sleeper), sale::OrderState::released);
    EXPECT_EQ(state_of("concert", payer), sale::OrderState::paid);
    ASSERT_FALSE(running_->failed()) << running_->failure().what;

    // Every second time the server is started again while the disk is still full.
    if (cycle % 2 == 1) {
      const std::uint64_t used = disk_.bytes_used();
      open();
      ASSERT_TRUE(running_->opened()) << running_->refusal().what;
      EXPECT_LE(disk_.bytes_used(), used);
      static_cast<void>(buy("early" + name));
      EXPECT_FALSE(last_.has_value()) << "nothing new is sold from the reserve";
      EXPECT_EQ(state_of("concert", payer), sale::OrderState::paid);
    }
    disk_.set_capacity(kPlenty);
    ASSERT_TRUE(buys_again()) << "cycle " << cycle;
  }
  std::printf("%d times full and empty, %d buys on the way into it\n", kCycles, accepted);
  auto left = disk_.copy();
  EXPECT_EQ(broken_by_restart(*left, clock_, told_.facts()), std::vector<std::string>());
}

TEST_F(FullDisk, what_was_begun_can_use_up_the_whole_reserve_and_then_the_engine_stops) {
  // Payments go on through a change of segment, down to the last sector; then nothing is answered
  // that is not durable, and after a restart with room nothing is missing.
  open();
  ASSERT_TRUE(done(put_of(1'000'000, 10)));
  std::vector<OrderKey> orders;
  for (int i = 0; i < 200; ++i) orders.push_back(buy("b" + std::to_string(i)));
  fill();
  buyers_ = 1'000;
  ASSERT_GE(buy_until_refused(), 0);
  std::size_t paid = 0;
  while (paid < orders.size() && done(sale::PaymentSucceeded{orders[paid], true})) ++paid;
  ASSERT_LT(paid, orders.size());
  // Each payment is a record of one sector: of 16 KiB of ballast and at least 4 KiB of reserve.
  EXPECT_GE(paid, 36U);
  // The callers are answered before the handler hears of it: wait for both.
  running_->engine().drain();
  EXPECT_TRUE(running_->failed());
  EXPECT_NE(running_->failure().remedy.find("Make room"), std::string::npos);
  std::printf("%zu payments from a reserve of 24 KiB\n", paid);
  const Facts facts = told_.facts();
  for (auto& left : {disk_.copy(), disk_.cut_power().left([](std::size_t) { return false; })}) {
    EXPECT_EQ(broken_by_restart(*left, clock_, facts), std::vector<std::string>());
  }
}

TEST(FullDiskAtTheStart, refuses_or_sells_and_starts_once_there_is_room_whatever_the_size) {
  const ManualClock clock;
  int refused = 0;
  int opened = 0;
  for (std::uint64_t size = 0; size <= 64 * 1024; size += 1'024) {
    MemoryDisk disk;
    disk.set_capacity(size);
    {
      const RunningEngine running(small_options(kDataDir), clock, disk);
      ++(running.opened() ? opened : refused);
      if (!running.opened()) {
        EXPECT_NE(running.refusal().remedy.find("Make room"), std::string::npos)
            << size << ": " << running.refusal().what << " | " << running.refusal().remedy;
      }
    }
    disk.set_capacity(kPlenty);
    RunningEngine running(small_options(kDataDir), clock, disk);
    ASSERT_TRUE(running.opened()) << size << ": " << running.refusal().what;
    EXPECT_TRUE(running.run(put_of(1)).has_value());
  }
  std::printf("sizes of the disk: %d too small to start, %d large enough\n", refused, opened);
  EXPECT_GT(refused, 0);
  EXPECT_GT(opened, 0);
}

}  // namespace
}  // namespace dibs::engine
