#include "load/press.h"

#include <algorithm>
#include <limits>
#include <tuple>

namespace dibs::load {

void sort_by_press(std::vector<Press>& presses) {
  const auto key = [](const Press& press) {
    const bool sent = press.sent_done_ns != kNever;
    const auto done = sent ? press.sent_done_ns : std::numeric_limits<std::int64_t>::max();
    return std::tuple(done, press.sent_at_ns, press.buyer);
  };
  std::ranges::sort(presses, {}, key);
}

}  // namespace dibs::load
