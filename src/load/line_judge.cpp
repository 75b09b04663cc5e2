#include "load/line_judge.h"

#include <algorithm>

namespace dibs::load {
namespace {

[[nodiscard]] bool is_accepted(const Press& press) { return press.given || press.place != 0; }

}  // namespace

std::optional<std::uint64_t> find_reopening(std::span<const Press> presses, const Offer& offer) {
  if (offer.line_limit == 0) return std::nullopt;
  std::vector<const Press*> numbered;
  for (const Press& press : presses) {
    if (press.arrival != 0) numbered.push_back(&press);
  }
  std::ranges::sort(numbered, {}, &Press::arrival);
  std::uint64_t accepted = 0;
  std::uint64_t last_promotion_seq = 0;
  bool shut = false;
  bool waits_in_vain = false;
  for (const Press* press : numbered) {
    const bool stood_in_line = press->place != 0;
    accepted += is_accepted(*press) ? 1U : 0U;
    waits_in_vain |= stood_in_line && !press->given;
    if (press->outcome == Outcome::sold_out && !shut) {
      if (accepted < offer.stock + offer.line_limit) return std::nullopt;
      shut = true;
    }
    if (stood_in_line) last_promotion_seq = std::max(last_promotion_seq, press->given_seq);
    const bool newcomer = press->given && !stood_in_line;
    if (!newcomer || !shut) continue;
    if (!waits_in_vain && last_promotion_seq < press->given_seq) return press->arrival;
  }
  return std::nullopt;
}

bool everybody_had_a_turn(const std::vector<const Press*>& compared, const Offer& offer,
                          bool closed) {
  std::vector<const Press*> by_arrival = compared;
  std::ranges::sort(by_arrival, {}, &Press::arrival);
  std::uint64_t accepted = 0;
  for (const Press* press : by_arrival) {
    if (!is_accepted(*press)) {
      const bool full = offer.line_limit > 0 && accepted >= offer.stock + offer.line_limit;
      if (is_eligible(*press) && !full) return false;
      continue;
    }
    ++accepted;
    const bool ended_by_close = closed && press->state == "closed";
    if (!press->given && !ended_by_close) return false;
  }
  return true;
}

}  // namespace dibs::load
