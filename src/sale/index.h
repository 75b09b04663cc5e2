#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/zeroed_array.h"

namespace dibs::sale {

/// A hash table from 32 bits of a hash to a number, for entries that are never taken out.
///
///     hash & mask ─► │ h 7 │ h 7 │ h 2 │ free │ … │     groups of 8 slots of 8 bytes
///
/// A group is one line of the cache. A look goes round in its group, and on to the next only when
/// that is full, so it costs one miss of the cache nearly always; `fetch` begins it while there is
/// other work to do. The hash stands beside the number, so growing and passing over a neighbour
/// never touch what the number stands for. Doubling moves a slot to its group or one table
/// further, so it runs through memory in order. The table is only asked for one entry, never
/// walked.
class Index {
 public:
  /// The number with that hash for which `matches` holds.
  template <class Matches>
  [[nodiscard]] std::optional<std::uint32_t> find(std::uint32_t hash, Matches matches) const {
    if (size_ == 0) return std::nullopt;
    for (Probe probe(hash);; probe.go_on()) {
      const Slot& slot = slot_at(probe);
      if (slot.number == 0) return std::nullopt;
      if (slot.hash == hash && matches(slot.number - 1)) return slot.number - 1;
    }
  }

  /// Enters `number`, less than 2^32 - 1; what it stands for is not in the table yet.
  void insert(std::uint32_t hash, std::uint32_t number) {
    if (size_ >= most(capacity())) grow(capacity() * 2);
    place({hash, number + 1});
    ++size_;
  }

  /// Makes room for so many entries.
  void reserve(std::size_t entries) {
    std::size_t slots = capacity();
    while (most(slots) < entries) slots = slots == 0 ? kSlotsMin : slots * 2;
    if (slots != capacity()) grow(slots);
  }

  /// Begins to bring that hash's slots near.
  void fetch(std::uint32_t hash) const {
    if (size_ != 0) __builtin_prefetch(&slot_at(Probe(hash)));
  }

 private:
  static constexpr std::size_t kGroup = 8;
  static constexpr std::size_t kSlotsMin = 16;

  struct Slot {
    std::uint32_t hash;
    std::uint32_t number;  ///< plus 1; 0: free
  };
  static_assert(kGroup * sizeof(Slot) == 64);

  /// The slots of a hash, one after another.
  struct Probe {
    explicit Probe(std::uint32_t hash) : at(hash) {}
    void go_on() {
      at = at / kGroup * kGroup + (at + 1) % kGroup;
      if (++tried % kGroup == 0) at += kGroup;
    }
    std::size_t at;
    unsigned tried = 0;
  };

  [[nodiscard]] std::size_t capacity() const { return mask_ == 0 ? 0 : mask_ + 1; }
  [[nodiscard]] const Slot& slot_at(Probe probe) const { return first_[probe.at & mask_]; }
  [[nodiscard]] Slot& slot_at(Probe probe) { return first_[probe.at & mask_]; }

  /// Three quarters full, one look in five goes on to a second group.
  static std::size_t most(std::size_t slots) { return slots / 4 * 3; }

  void grow(std::size_t slots) {
    if (slots < kSlotsMin) slots = kSlotsMin;
    const ZeroedArray<Slot> old = std::move(slots_);
    slots_ = ZeroedArray<Slot>(slots + kGroup);  // the memory begins wherever it likes in a line
    const std::size_t in_line =
        reinterpret_cast<std::uintptr_t>(&slots_[0]) % (kGroup * sizeof(Slot)) / sizeof(Slot);
    first_ = &slots_[0] + (kGroup - in_line) % kGroup;
    mask_ = slots - 1;
    for (const Slot& slot : old) {
      if (slot.number != 0) place(slot);
    }
  }

  void place(Slot slot) {
    Probe probe(slot.hash);
    while (slot_at(probe).number != 0) probe.go_on();
    slot_at(probe) = slot;
  }

  ZeroedArray<Slot> slots_;
  Slot* first_ = nullptr;  ///< of `slots_`, at the beginning of a line of the cache
  std::size_t mask_ = 0;   ///< of the slots in use, 0: none
  std::size_t size_ = 0;
};

}  // namespace dibs::sale
