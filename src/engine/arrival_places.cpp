#include "engine/arrival_places.h"

#include <algorithm>

namespace dibs::engine {

void ArrivalPlaces::add(const SaleId& sale, const Place& place) {
  const Position position = place.start.before.position;
  std::erase_if(entries_, [&](const Entry& entry) {
    return entry.sale == sale && entry.place.start.before.position == position;
  });
  if (entries_.size() == kPlaces) entries_.pop_front();
  entries_.push_back({sale, place});
}

std::optional<ArrivalPlaces::Place> ArrivalPlaces::find(const SaleId& sale, Arrival after) const {
  std::optional<Place> furthest;
  for (const Entry& entry : entries_) {
    if (entry.sale != sale || entry.place.highest > after) continue;
    const Position position = entry.place.start.before.position;
    if (!furthest || position > furthest->start.before.position) furthest = entry.place;
  }
  return furthest;
}

}  // namespace dibs::engine
