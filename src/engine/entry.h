#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"
#include "sale/event.h"
#include "store/sale_store.h"

/// What a record's payload holds, packed one entry after another (docs/formats/journal.md).
namespace dibs::engine {

/// The canonical form of a sale's state (Sale::save, Sale::state_hash) that this program knows.
/// State hashes of another form say nothing about ours; raise it when src/sale changes its form.
inline constexpr std::uint64_t kStateForm = 1;

struct EventEntry {
  sale::Event event;
};
/// A numbered request that was refused. An accepted one is its Accepted event.
struct RefusedEntry {
  store::ArrivalRecord record;
};
/// Arrival numbers up to `upto` may have been given from here on.
struct ReserveEntry {
  Arrival upto;
};
/// A process has begun to serve: the first entry of a new epoch.
struct StartEntry {
  Duration downtime{0};  ///< since the last sign of life
};
/// One sale at the moment of a clean end.
struct SaleEnd {
  SaleId sale;
  Seq seq;
  Arrival last;  ///< the last number given
  std::uint64_t state_hash = 0;
};
/// Everything was written; numbering goes on after `last` without a gap.
struct CleanEndEntry {
  std::uint64_t state_form = kStateForm;
  std::vector<SaleEnd> sales;
};

struct Entry {
  std::string_view sale;  ///< of event, refused, reserve
  std::variant<EventEntry, RefusedEntry, ReserveEntry, StartEntry, CleanEndEntry> body;
};

/// Appends entries to a payload. The sale and the receive time of the entry before are not
/// repeated, so one writer must write the whole payload.
class EntryWriter {
 public:
  explicit EntryWriter(std::string& payload) : out_(payload) {}

  void event(const SaleId& sale, const sale::Event& event);
  void refused(const SaleId& sale, const store::ArrivalRecord& record);
  void reserve(const SaleId& sale, Arrival upto);
  void start(const StartEntry& entry);
  void clean_end(const CleanEndEntry& entry);
  /// The payload was emptied: the next entry names its sale and time in full.
  void restart();

 private:
  void about(const SaleId& sale);

  ByteWriter out_;
  std::string sale_;
  std::int64_t received_ns_ = 0;
};

/// Reads a payload entry by entry. Views stay valid as long as the payload.
class EntryReader {
 public:
  explicit EntryReader(std::string_view payload) : in_(payload) {}

  /// The next entry; nothing at the end, and nothing with ok() false when the bytes are not one.
  [[nodiscard]] std::optional<Entry> next();
  [[nodiscard]] bool ok() const { return in_.ok(); }

 private:
  ByteReader in_;
  std::string_view sale_;
  std::int64_t received_ns_ = 0;
};

}  // namespace dibs::engine
