#include "store/merge.h"

#include <algorithm>

namespace dibs::store {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// A loop that has just pushed publishes at the end of its pass; asking it sooner would only add
// a system call to its work.
constexpr Duration kAskActiveAfter = microseconds(500);
constexpr Duration kAskAgainAfter = milliseconds(1);

// Both clocks read at one moment differ by less than this unless the wall clock was set; slewing
// (at most 0.05 %, doubled for safety) is not a step.
constexpr Duration kStep = milliseconds(5);
constexpr std::int64_t kSlewDivisor = 1000;

constexpr Duration kForever = std::chrono::hours(1);

}  // namespace

Merge::Merge(Ingress& ingress, Options options)
    : ingress_(ingress), options_(options), loops_(ingress.loops()) {}

bool Merge::sooner(const Held& a, const Held& b) const {
  if (options_.merge && !loops_.empty() && a.stamp != b.stamp) return a.stamp < b.stamp;
  return a.ticket < b.ticket;
}

void Merge::collect(Duration monotonic, Instant wall) {
  now_ = monotonic;
  notice_clock_step(monotonic, wall);
  // Watermarks before queues: what a loop pushed before it published is then collected too.
  for (std::uint32_t i = 0; i < loops_.size(); ++i) {
    Loop& loop = loops_[i];
    if (const Instant watermark = ingress_.watermark(i); watermark != loop.watermark) {
      loop.watermark = watermark;
      loop.moved = monotonic;
      loop.given_up = false;
    }
    if (const std::uint64_t activity = ingress_.activity(i); activity != loop.activity) {
      loop.activity = activity;
      loop.active = monotonic;
    }
  }
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(first_));
  first_ = 0;
  const std::size_t held_before = held_.size();
  ingress_.collect(collected_);
  for (OrderedPtr& request : collected_) hold(std::move(request));
  collected_.clear();
  put_in_order(held_before);
}

void Merge::add(OrderedPtr request) {
  hold(std::move(request));
  put_in_order(held_.size() - 1);
}

void Merge::hold(OrderedPtr request) {
  const Stamp stamp = request->stamp;
  held_.push_back({stamp, next_ticket_++, now_, std::move(request)});
}

/// Those held from index `from` on are new. A loop reads nearly in order, so this is mostly one
/// look at each: a heap would move everyone up and down a dozen levels.
void Merge::put_in_order(std::size_t from) {
  const auto sooner = [this](const Held& a, const Held& b) { return this->sooner(a, b); };
  const auto fresh = held_.begin() + static_cast<std::ptrdiff_t>(from);
  if (!std::ranges::is_sorted(fresh, held_.end(), sooner)) {
    std::ranges::sort(fresh, held_.end(), sooner);
  }
  const auto first = held_.begin() + static_cast<std::ptrdiff_t>(first_);
  if (first == fresh || fresh == held_.end() || !sooner(*fresh, *(fresh - 1))) return;
  // Whoever is sooner than the first of the new ones stays; behind that are few.
  std::ranges::sort(std::ranges::upper_bound(first, fresh, *fresh, sooner), held_.end(), sooner);
}

Duration Merge::patience(const Held& held, const Loop& loop) const {
  return std::max(held.collected, loop.moved) + options_.late_after - now_;
}

OrderedPtr Merge::next() {
  if (!released_.empty()) {
    OrderedPtr request = std::move(released_.front());
    released_.pop_front();
    return request;
  }
  if (none_held()) return nullptr;
  if (!options_.merge) return pop(true);
  const Held& first = held_[first_];
  bool waited = true;
  for (Loop& loop : loops_) {
    if (first.stamp.received <= loop.watermark) continue;
    if (!loop.given_up && patience(first, loop) > Duration(0)) return nullptr;
    loop.given_up = true;
    waited = false;
  }
  return pop(waited);
}

OrderedPtr Merge::next_unwaited() {
  if (released_.empty() && !none_held()) return pop(true);
  return next();
}

OrderedPtr Merge::pop(bool waited) {
  OrderedPtr request = std::move(held_[first_++].request);
  if (request->is_own) return request;
  ingress_.numbered(request->stamp.loop);
  if (!waited) ++counters_.unwaited;
  if (request->stamp.loop >= loops_.size()) return request;
  if (request->stamp < newest_) ++counters_.late;
  newest_ = std::max(newest_, request->stamp);
  return request;
}

Duration Merge::ask_and_wait_time() {
  ingress_.wait_for(none_held() ? Instant::max() : held_[first_].stamp.received);
  if (none_held()) return kForever;
  const Held& first = held_[first_];
  Duration held_up{0};
  Duration wait = kForever;
  for (std::uint32_t i = 0; i < loops_.size(); ++i) {
    Loop& loop = loops_[i];
    // Published since collect(): there is something to do at once.
    if (ingress_.watermark(i) != loop.watermark) return Duration(0);
    if (first.stamp.received <= loop.watermark || loop.given_up) continue;
    held_up = std::max(held_up, patience(first, loop));
    const bool busy = loop.active + kAskActiveAfter > now_;
    const Duration ask_at =
        std::max(busy ? loop.active + kAskActiveAfter : now_,
                 loop.asked == Duration::min() ? now_ : loop.asked + kAskAgainAfter);
    if (ask_at > now_) {
      wait = std::min(wait, ask_at - now_);
      continue;
    }
    loop.asked = now_;
    wait = std::min(wait, kAskAgainAfter);
    if (waker_) waker_(i);
  }
  return std::min(wait, held_up);
}

void Merge::notice_clock_step(Duration monotonic, Instant wall) {
  const Duration offset = wall.time_since_epoch() - monotonic;
  if (wall_offset_) {
    const Duration moved = std::chrono::abs(offset - *wall_offset_);
    if (moved > kStep + (monotonic - wall_offset_at_) / kSlewDivisor) {
      ++counters_.clock_steps;
      // Stamps before and after the step cannot be compared.
      while (!none_held()) released_.push_back(pop(true));
      newest_ = Stamp{};
    }
  }
  wall_offset_ = offset;
  wall_offset_at_ = monotonic;
}

}  // namespace dibs::store
