#include "engine/sales.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace dibs::engine {
namespace {

std::unexpected<Fault> cannot_follow(std::string_view sale, const std::string& what) {
  return fault(FaultKind::corrupt, "sale " + std::string(sale) + ": " + what,
               "The journal holds something this program did not write, or a bug.");
}

}  // namespace

std::optional<Arrival> arrival_of(const sale::Event& event) {
  const auto* accepted = std::get_if<sale::Accepted>(&event.fact);
  return accepted != nullptr ? std::optional(accepted->order.arrival) : std::nullopt;
}

SaleSlot* Sales::find(const SaleId& id) {
  const auto it = slots_.find(id);
  return it == slots_.end() ? nullptr : it->second.get();
}

const SaleSlot* Sales::find(const SaleId& id) const {
  const auto it = slots_.find(id);
  return it == slots_.end() ? nullptr : it->second.get();
}

SaleSlot& Sales::find_or_add(const SaleId& id) {
  auto& slot = slots_[id];
  if (!slot) slot = std::make_unique<SaleSlot>(id);
  return *slot;
}

void Sales::each(const std::function<void(SaleSlot&)>& visit) {
  std::vector<SaleSlot*> ordered;
  ordered.reserve(slots_.size());
  for (const auto& [id, slot] : slots_) ordered.push_back(slot.get());
  std::ranges::sort(ordered, {}, [](const SaleSlot* slot) { return slot->id.view(); });
  for (SaleSlot* slot : ordered) visit(*slot);
}

void Sales::each(const std::function<void(const SaleSlot&)>& visit) const {
  const_cast<Sales*>(this)->each([&](SaleSlot& slot) { visit(slot); });
}

void Sales::begin_epoch() {
  if (std::exchange(clean_end_, false)) return;
  for (auto& [id, slot] : slots_) slot->last = std::max(slot->last, slot->reserved);
}

Result<void> Sales::fold(std::string_view payload) {
  EntryReader reader(payload);
  while (const auto entry = reader.next()) {
    if (auto folded = fold_entry(*entry); !folded) return folded;
  }
  if (!reader.ok()) return cannot_follow("?", "an entry that cannot be read");
  return {};
}

Result<void> Sales::fold_entry(const Entry& entry) {
  if (std::holds_alternative<StartEntry>(entry.body)) {
    begin_epoch();
    return {};
  }
  clean_end_ = false;
  if (const auto* end = std::get_if<CleanEndEntry>(&entry.body)) return check_clean_end(*end);

  SaleSlot& slot = find_or_add(SaleId(std::string(entry.sale)));
  if (const auto* reserve = std::get_if<ReserveEntry>(&entry.body)) {
    slot.reserved = reserve->upto;
    return {};
  }
  std::optional<Arrival> arrival;
  if (const auto* refused = std::get_if<RefusedEntry>(&entry.body)) {
    arrival = refused->record.arrival;
  } else if (const auto* event = std::get_if<EventEntry>(&entry.body)) {
    if (auto replayed = slot.sale.replay(event->event); !replayed) return replayed;
    arrival = arrival_of(event->event);
  }
  if (!arrival) return {};
  if (*arrival <= slot.last || *arrival > slot.reserved) {
    return cannot_follow(entry.sale, "arrival " + std::to_string(arrival->value()) + " after " +
                                         std::to_string(slot.last.value()) +
                                         " with numbers reserved up to " +
                                         std::to_string(slot.reserved.value()));
  }
  slot.last = *arrival;
  return {};
}

Result<void> Sales::check_clean_end(const CleanEndEntry& entry) {
  for (const SaleEnd& end : entry.sales) {
    SaleSlot* slot = find(end.sale);
    if (slot == nullptr) return cannot_follow(end.sale.view(), "ended and never began");
    if (slot->sale.view().seq != end.seq || slot->last != end.last) {
      return cannot_follow(end.sale.view(),
                           "replay ends at another event or arrival than the "
                           "process that wrote it");
    }
    if (entry.state_form == kStateForm && slot->sale.state_hash() != end.state_hash) {
      return cannot_follow(end.sale.view(), "replay gives another state than the process had");
    }
  }
  clean_end_ = true;
  return {};
}

}  // namespace dibs::engine
