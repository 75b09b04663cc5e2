#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/ids.h"
#include "base/result.h"
#include "engine/entry.h"
#include "sale/sale.h"

namespace dibs::engine {

/// Arrival numbers reserved at once: at 100,000 presses a second some 0.65 s of them, so that
/// reservations are rare; lost at a crash, of 2^64.
inline constexpr std::uint64_t kArrivalBlock = 65'536;

/// A sale and its arrival numbers.
struct SaleSlot {
  explicit SaleSlot(const SaleId& sale_id) : id(sale_id), sale(sale_id) {}

  SaleId id;
  sale::Sale sale;
  Arrival last;      ///< the last number given
  Arrival reserved;  ///< numbers up to this one are reserved durably, or by the commit being built

  // The sequencer's notes, no part of the state:
  std::optional<Instant> timer;       ///< when it is to be looked at for what is due
  std::optional<std::size_t> change;  ///< its index among the changes of the batch being built
};

/// All sales of an engine, as a fold over the journal's entries. Not thread-safe.
/// A removed sale stays (its numbers must not be given again) and does not exist.
class Sales {
 public:
  /// Folds in a record's payload. `corrupt`, in words, when an entry cannot follow.
  [[nodiscard]] Result<void> fold(std::string_view payload);

  [[nodiscard]] SaleSlot* find(const SaleId& id);
  [[nodiscard]] const SaleSlot* find(const SaleId& id) const;
  SaleSlot& find_or_add(const SaleId& id);

  /// In order of id, so that whatever is written from it is the same on every machine.
  void each(const std::function<void(SaleSlot&)>& visit);
  void each(const std::function<void(const SaleSlot&)>& visit) const;
  [[nodiscard]] std::size_t size() const { return slots_.size(); }

  /// The journal so far ended in order; false again once anything follows.
  [[nodiscard]] bool clean_end() const { return clean_end_; }
  void set_clean_end(bool clean_end) { clean_end_ = clean_end; }
  /// What a new process does first, after the whole journal is folded: unless the last one ended
  /// in order, numbering goes on behind the reserved block, since numbers up to there may have
  /// been given and not recorded.
  void begin_epoch();

 private:
  [[nodiscard]] Result<void> fold_entry(const Entry& entry);
  [[nodiscard]] Result<void> check_clean_end(const CleanEndEntry& entry);

  // Ids are looked up for every command, walked in order for every snapshot.
  std::unordered_map<SaleId, std::unique_ptr<SaleSlot>> slots_;
  bool clean_end_ = false;
};

/// The number of the request that an event is, when it is an accepted buy.
[[nodiscard]] std::optional<Arrival> arrival_of(const sale::Event& event);

}  // namespace dibs::engine
