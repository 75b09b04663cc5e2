#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/zeroed_array.h"

namespace dibs::sale {

/// A hash table from 32 bits of a hash to a number, for entries that are never taken out.
///
///     hash & mask ─► │ h 7 │ h 7 │ h 2 │ free │     slots of 8 bytes, linear probing
///
/// The hash stands beside the number, so growing and passing over a neighbour never touch what the
/// number stands for. All is in one array: a look costs one miss of the cache, and `fetch` begins
/// it while there is other work to do. Doubling moves a slot to its place or one table further, so
/// it runs through memory in order. The table is only asked for one entry, never walked.
class Index {
 public:
  /// The number with that hash for which `matches` holds.
  template <class Matches>
  [[nodiscard]] std::optional<std::uint32_t> find(std::uint32_t hash, Matches matches) const {
    if (size_ == 0) return std::nullopt;
    for (std::size_t at = hash & mask(); slots_[at].number != 0; at = (at + 1) & mask()) {
      if (slots_[at].hash == hash && matches(slots_[at].number - 1)) return slots_[at].number - 1;
    }
    return std::nullopt;
  }

  /// Enters `number`, less than 2^32 - 1; what it stands for is not in the table yet.
  void insert(std::uint32_t hash, std::uint32_t number) {
    if (size_ >= most(slots_.size())) grow(slots_.size() * 2);
    place({hash, number + 1});
    ++size_;
  }

  /// Makes room for so many entries.
  void reserve(std::size_t entries) {
    std::size_t slots = slots_.size();
    while (most(slots) < entries) slots = slots == 0 ? kSlotsMin : slots * 2;
    if (slots != slots_.size()) grow(slots);
  }

  /// Begins to bring that hash's slots near.
  void fetch(std::uint32_t hash) const {
    if (size_ != 0) __builtin_prefetch(&slots_[hash & mask()]);
  }

 private:
  static constexpr std::size_t kSlotsMin = 16;

  struct Slot {
    std::uint32_t hash;
    std::uint32_t number;  ///< plus 1; 0: free
  };

  /// Three quarters full, a look that finds nothing passes over eight slots: a line of the cache.
  static std::size_t most(std::size_t slots) { return slots / 4 * 3; }
  [[nodiscard]] std::size_t mask() const { return slots_.size() - 1; }

  void grow(std::size_t slots) {
    ZeroedArray<Slot> old(slots < kSlotsMin ? kSlotsMin : slots);
    std::swap(old, slots_);
    for (const Slot& slot : old) {
      if (slot.number != 0) place(slot);
    }
  }

  void place(Slot slot) {
    std::size_t at = slot.hash & mask();
    while (slots_[at].number != 0) at = (at + 1) & mask();
    slots_[at] = slot;
  }

  ZeroedArray<Slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace dibs::sale
