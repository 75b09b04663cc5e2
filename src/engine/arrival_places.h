#pragma once

#include <cstddef>
#include <deque>
#include <optional>

#include "base/ids.h"
#include "engine/chain_reader.h"

namespace dibs::engine {

/// Where in the journal to begin when the arrivals after a given one are asked for, as far as
/// earlier readings have shown. A list that is read page by page then reads the journal once, not
/// once a page. Not thread-safe.
class ArrivalPlaces {
 public:
  /// So many lists may be read at once, each with the place of its next page; some 30 KB.
  static constexpr std::size_t kPlaces = 256;

  struct Place {
    JournalStart start;
    Arrival highest;  ///< of the sale, in the records before `start`
  };

  void add(const SaleId& sale, const Place& place);
  /// The furthest place known before which no arrival of `sale` later than `after` lies.
  [[nodiscard]] std::optional<Place> find(const SaleId& sale, Arrival after) const;

 private:
  struct Entry {
    SaleId sale;
    Place place;
  };
  std::deque<Entry> entries_;  ///< the latest last
};

}  // namespace dibs::engine
