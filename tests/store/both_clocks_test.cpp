#include "store/both_clocks.h"

#include <gtest/gtest.h>

namespace dibs::store {
namespace {

using namespace std::chrono_literals;

/// Time goes by at every reading: a little, and much at some of them, as when the core is lost.
class TornClock final : public Clock {
 public:
  explicit TornClock(int lost_at, int times = 1) : lost_from_(lost_at), lost_to_(lost_at + times) {}

  [[nodiscard]] Instant now() const override { return Instant(kOffset + pass()); }
  [[nodiscard]] Duration monotonic() const override { return pass(); }
  [[nodiscard]] int readings() const { return readings_; }

  static constexpr Duration kOffset = 1'000h;

 private:
  Duration pass() const {
    ++readings_;
    time_ += readings_ >= lost_from_ && readings_ < lost_to_ ? Duration(20ms) : Duration(50ns);
    return time_;
  }
  int lost_from_;
  int lost_to_;
  mutable int readings_ = 0;
  mutable Duration time_{0};
};

TEST(BothClocks, are_read_at_one_moment_wherever_the_thread_loses_its_core) {
  for (int lost_at = 1; lost_at <= 4; ++lost_at) {
    const TornClock clock(lost_at);
    const BothClocks read = read_both(clock);
    const Duration apart = read.wall.time_since_epoch() - TornClock::kOffset - read.monotonic;
    EXPECT_GE(apart, 0ns) << lost_at;
    EXPECT_LE(apart, 1ms) << lost_at;
  }
}

TEST(BothClocks, are_read_once_on_a_core_of_its_own_and_not_for_ever_without) {
  const TornClock undisturbed(1'000);
  static_cast<void>(read_both(undisturbed));
  EXPECT_EQ(undisturbed.readings(), 3);
  const TornClock always(1, 1'000'000);
  static_cast<void>(read_both(always));
  EXPECT_LE(always.readings(), 201);
}

}  // namespace
}  // namespace dibs::store
