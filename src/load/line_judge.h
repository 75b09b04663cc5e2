#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "load/fairness.h"
#include "load/press.h"

/// What the line did, read from the buyers' answers alone.
namespace dibs::load {

/// The arrival of the first press that was served, rightly, after another had been refused: the
/// line had been full and shut, had run empty and was open again. Nothing when there was none, and
/// nothing when stock and line were not full at the first refusal or when an order still waited at
/// that moment (by the sequence numbers of the answers): that is no border but a broken promise.
/// Without a line nothing can reopen.
[[nodiscard]] std::optional<std::uint64_t> find_reopening(std::span<const Press> presses,
                                                          const Offer& offer);

/// Whether `compared` (those before the border) were refused only when stock and line were full,
/// and nobody of them stood in the line in vain. Then a unit that lies there at the end came back
/// when the line had run empty, and those refused before have no claim to it. Never without a line:
/// there a unit that comes back passes those refused. With `closed` an order that ended because the
/// sale closed did not wait in vain.
[[nodiscard]] bool everybody_had_a_turn(const std::vector<const Press*>& compared,
                                        const Offer& offer, bool closed);

}  // namespace dibs::load
