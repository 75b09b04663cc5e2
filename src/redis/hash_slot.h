#pragma once

#include <cstddef>
#include <string_view>

namespace dibs::redis {

/// A cluster's keys lie in so many hash slots, and each slot on one primary.
inline constexpr std::size_t kHashSlots = 16'384;

/// The hash slot of a key: of what stands between its first braces, if anything does, so that all
/// keys of a sale are in one.
[[nodiscard]] std::size_t hash_slot_of(std::string_view key);

}  // namespace dibs::redis
