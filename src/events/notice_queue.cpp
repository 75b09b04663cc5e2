#include "events/notice_queue.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace dibs::events {
namespace {

constexpr Duration kFirstPause = std::chrono::milliseconds(500);
constexpr Duration kLongestPause = std::chrono::seconds(60);

/// Whether the sale has a notify from this event on, when the event says so.
std::optional<bool> says_notify(const sale::Fact& fact) {
  if (const auto* created = std::get_if<sale::Created>(&fact)) {
    return created->spec.notify_url.has_value();
  }
  if (const auto* changed = std::get_if<sale::Changed>(&fact)) {
    return changed->spec.notify_url.has_value();
  }
  return std::nullopt;
}

}  // namespace

Duration back_off(std::uint32_t failures, double draw) {
  Duration pause = kFirstPause;
  for (std::uint32_t i = 1; i < failures && pause < kLongestPause; ++i) pause *= 2;
  pause = std::min(pause, kLongestPause);
  return pause / 2 + Duration(static_cast<std::int64_t>(static_cast<double>(pause.count()) / 2 *
                                                        std::clamp(draw, 0.0, 1.0)));
}

void NoticeQueue::take(store::FedEvent event) {
  if (event.event.seq <= taken_) return;
  taken_ = event.event.seq;
  const sale::Fact& fact = event.event.fact;
  wanted_ = says_notify(fact).value_or(wanted_);
  if (std::holds_alternative<sale::Created>(fact)) ended_ = false;
  if (std::holds_alternative<sale::Removed>(fact) || std::holds_alternative<sale::Archived>(fact)) {
    ended_ = true;
  }
  if (wanted_) window_.push_back(std::move(event));
}

const store::FedEvent* NoticeQueue::due(Duration now) const {
  if (in_flight_ || window_.empty() || now < not_before_) return nullptr;
  return &window_.front();
}

void NoticeQueue::answered() {
  DIBS_ASSERT(in_flight_ && !window_.empty());
  in_flight_ = false;
  delivered_ = {window_.front().event.seq, window_.front().position};
  window_.pop_front();
  failures_ = 0;
  not_before_ = Duration(0);
  last_error_.clear();
}

Duration NoticeQueue::failed(Duration now, std::string error, double draw) {
  DIBS_ASSERT(in_flight_);
  in_flight_ = false;
  not_before_ = now + back_off(++failures_, draw);
  last_error_ = std::move(error);
  return not_before_;
}

std::uint64_t NoticeQueue::behind(Seq latest) const {
  const std::uint64_t unread = latest > taken_ ? latest.value() - taken_.value() : 0;
  return window_.size() + unread;
}

std::optional<Instant> NoticeQueue::oldest() const {
  if (window_.empty()) return std::nullopt;
  return window_.front().event.at;
}

}  // namespace dibs::events
