#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "engine/entry.h"
#include "engine/record.h"
#include "engine/request.h"
#include "sale/event.h"
#include "sale/sale.h"
#include "store/sale_store.h"

namespace dibs::engine {

/// What one group commit makes durable, and what may leave the process once it is.
class Batch {
 public:
  /// A batch is closed at one of these: some 10,000 events, or as many answers as a loop can have
  /// pressed at once. It bounds memory and how long the first in it waits for the last.
  static constexpr std::size_t kPayloadFull = std::size_t{1} << 20U;
  static constexpr std::size_t kAnswersFull = 8'192;

  Batch() { clear_payload(); }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  /// Events of one sale, and how it stands after them. `slot` is the sequencer's alone.
  struct Change {
    SaleSlot* slot = nullptr;
    std::shared_ptr<const sale::SaleView> view;
    std::vector<sale::Event> events;
    std::size_t packed = 0;  ///< of `events`: those that are among the entries
  };
  /// An answer to a command: kept apart from other answers, as most are, to save an allocation.
  struct Reply {
    store::Reply<sale::Outcome> reply;
    sale::Outcome outcome;
  };

  /// Packs entries behind the room for the record's header.
  EntryWriter& entries() { return entries_; }
  [[nodiscard]] std::string& record() { return record_; }
  [[nodiscard]] bool has_entries() const { return record_.size() > kRecordHeaderBytes; }
  [[nodiscard]] bool full() const {
    return record_.size() >= kPayloadFull || answers_.size() >= kAnswersFull;
  }

  /// The entries may not wait for a later commit: answers depend on them.
  bool must_commit = false;
  std::uint64_t event_count = 0;  ///< among the entries
  /// The events, per changed sale. Their order among sales says nothing.
  std::vector<Change> changes;

  /// Takes `events` as those of a sale that has none here yet, and leaves it empty, with room.
  Change& add_change(SaleSlot& slot, std::vector<sale::Event>& events);

  void add_reply(store::Reply<sale::Outcome> reply, sale::Outcome outcome) {
    answers_.emplace_back(Reply{std::move(reply), std::move(outcome)});
  }
  void add_answer(Answer answer) { answers_.emplace_back(std::move(answer)); }
  [[nodiscard]] bool has_answers() const { return !answers_.empty(); }

  /// Gives every answer, in order; with a fault, that fault. Leaves none.
  void give_answers(const Fault* fault);

  void clear_payload();

 private:
  // Room for events is kept for the next ones: a hundred thousand that come at once would each
  // touch memory that the system had to give first.
  static constexpr std::size_t kRoomsKept = 4;

  std::string record_;
  EntryWriter entries_{record_};
  std::vector<std::variant<Reply, Answer>> answers_;
  std::vector<std::vector<sale::Event>> rooms_;
};

}  // namespace dibs::engine
