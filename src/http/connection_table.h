#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/time.h"
#include "http/connection.h"

namespace dibs::http {

/// The connections of one loop by id. An id is never used twice, so an answer that comes after its
/// connection has gone finds nothing. Deadlines lie side by side, so that looking through all of
/// them (15,000: 120 KB) a few times a second costs microseconds and no timer is ever set.
class ConnectionTable {
 public:
  Connection& add(std::unique_ptr<Connection> connection) {
    if (free_.empty()) {
      free_.push_back(slots_.size());
      slots_.emplace_back();
      deadlines_.push_back(kNever);
    }
    const std::size_t slot = free_.back();
    free_.pop_back();
    connection->id = (++added_ << kSlotBits) | slot;
    slots_[slot] = std::move(connection);
    ++size_;
    return *slots_[slot];
  }

  [[nodiscard]] Connection* find(std::uint64_t id) {
    const std::size_t slot = slot_of(id);
    if (slot >= slots_.size() || slots_[slot] == nullptr || slots_[slot]->id != id) return nullptr;
    return slots_[slot].get();
  }

  void remove(std::uint64_t id) {
    const std::size_t slot = slot_of(id);
    slots_[slot].reset();
    deadlines_[slot] = kNever;
    free_.push_back(slot);
    --size_;
  }

  /// Sets when the connection is overdue, on the clock of Clock::monotonic.
  void set_deadline(std::uint64_t id, Duration at) { deadlines_[slot_of(id)] = at; }
  void clear_deadline(std::uint64_t id) { deadlines_[slot_of(id)] = kNever; }

  /// Appends the ids of those that are overdue at `now`.
  void overdue(Duration now, std::vector<std::uint64_t>& ids) const {
    for (std::size_t slot = 0; slot < deadlines_.size(); ++slot)
      if (deadlines_[slot] <= now) ids.push_back(slots_[slot]->id);
  }

  void all(std::vector<std::uint64_t>& ids) const {
    for (const auto& connection : slots_)
      if (connection) ids.push_back(connection->id);
  }

  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  static constexpr unsigned kSlotBits = 24;  // 16 million connections; 2^40 ids in a lifetime
  static constexpr Duration kNever = Duration::max();

  static std::size_t slot_of(std::uint64_t id) { return id & ((1U << kSlotBits) - 1); }

  std::vector<std::unique_ptr<Connection>> slots_;
  std::vector<Duration> deadlines_;
  std::vector<std::size_t> free_;
  std::uint64_t added_ = 0;
  std::size_t size_ = 0;
};

}  // namespace dibs::http
