#include "engine/tally.h"

#include <algorithm>

namespace dibs::engine {
namespace {

using sale::Money;
using sale::OrderState;
using sale::Reason;

// A journal that is wrong is wrong in a few words; the rest follows from the first.
constexpr std::size_t kFaultsKept = 20;

enum class Units { none, held, sold };

Units units_of(OrderState state) {
  if (state == OrderState::held || state == OrderState::paying) return Units::held;
  return state == OrderState::paid ? Units::sold : Units::none;
}

/// The transitions that DESIGN allows; anything else in a journal is a broken law.
bool may_become(OrderState from, OrderState to) {
  switch (from) {
    case OrderState::waiting:
      return to != OrderState::waiting && to != OrderState::paying;
    case OrderState::held:
      return to == OrderState::paying || to == OrderState::paid || to == OrderState::released;
    case OrderState::paying:
      return to == OrderState::held || to == OrderState::paying || to == OrderState::paid ||
             to == OrderState::released;
    case OrderState::paid:
      return to == OrderState::released;
    case OrderState::released:
    case OrderState::sold_out:
    case OrderState::closed:
      return to == OrderState::paid;  // a late payment, when units are free
  }
  return false;
}

std::string order_words(const TallyOrder& order) {
  return "the order of arrival " + std::to_string(order.arrival.value());
}

}  // namespace

/// What each fact does.
struct TallySale::Taker {
  TallySale& to;

  void operator()(const sale::Created& f) {
    forget();
    to.set_items(f.spec);
  }
  void operator()(const sale::Changed& f) { to.set_items(f.spec); }
  void operator()(const sale::Opened&) {}
  void operator()(const sale::Paused&) {}
  void operator()(const sale::Resumed&) {}
  void operator()(const sale::Closed&) {}
  void operator()(const sale::LineShut&) {}
  void operator()(const sale::LineReopened&) {}
  void operator()(const sale::Removed&) { forget(); }
  void operator()(const sale::Archived&) {}  // its orders stay as they ended
  void operator()(const sale::StockChanged& f) {
    TallyItem& item = to.life().items[f.sku.value()];
    item.total += f.delta;
    item.available += f.delta;
    item.restocks.push_back({to.last_arrival_, f.delta});
  }
  void operator()(const sale::LineEnded& f) {
    const OrderState end = f.by_close ? OrderState::closed : OrderState::sold_out;
    for (auto& [arrival, order] : to.life().orders) {
      if (arrival > f.upto || order.state != OrderState::waiting) continue;
      const bool wants = std::ranges::any_of(
          order.lines, [&](const sale::OrderLine& line) { return line.sku == f.sku; });
      if (wants) to.move(order, end);
    }
  }
  void operator()(const sale::Accepted& f) {
    to.arrive(f.order.arrival);
    TallyOrder order;
    order.key = f.order.key;
    order.arrival = f.order.arrival;
    order.received = f.received;
    order.buyer = f.buyer;
    order.lines = f.lines;
    TallyOrder& kept =
        to.life().orders.insert_or_assign(f.order.arrival, std::move(order)).first->second;
    if (f.state != OrderState::waiting) to.move(kept, f.state);
  }
  void operator()(const sale::Promoted& f) { to.move(f.order, f.state); }
  void operator()(const sale::Paying& f) { to.move(f.order, OrderState::paying); }
  void operator()(const sale::Declined& f) { to.move(f.order, OrderState::held); }
  void operator()(const sale::Paid& f) {
    const TallyOrder* before = to.find(f.order);
    if (before != nullptr && f.late == (units_of(before->state) == Units::held)) {
      to.broke(order_words(*before) + " was paid late, or not, against what it was");
    }
    to.move(f.order, OrderState::paid);
    set_money(f.order, f.money);
    if (TallyOrder* order = to.find(f.order)) order->reason = Reason::none;
  }
  void operator()(const sale::MoneyMoved& f) { set_money(f.order, f.money); }
  void operator()(const sale::RefundDue& f) { set_money(f.order, Money::refund_due); }
  void operator()(const sale::Released& f) {
    to.move(f.order, OrderState::released);
    set_money(f.order, f.money);
    if (TallyOrder* order = to.find(f.order)) order->reason = f.reason;
  }
  void operator()(const sale::EndedSoldOut& f) { to.move(f.order, OrderState::sold_out); }

  void forget() {
    to.spec_items_.clear();
    const bool lived = !to.life().orders.empty() || !to.life().refusals.empty();
    if (lived) to.lives_.emplace_back();
    to.life().items.clear();
  }
  void set_money(const sale::OrderRef& ref, Money money) {
    if (TallyOrder* order = to.find(ref)) order->money = money;
  }
};

void TallySale::broke(const std::string& words) {
  if (faults_.size() < kFaultsKept) {
    faults_.push_back("sale " + id_ + ", event " + std::to_string(seq_.value()) + ": " + words);
  }
}

void TallySale::take(const sale::Event& event) {
  if (event.seq != seq_.next()) {
    broke("followed by event " + std::to_string(event.seq.value()) + ", a gap");
  }
  seq_ = event.seq;
  if (event.at < at_) broke("earlier than the event before it");
  at_ = event.at;
  std::visit(Taker{*this}, event.fact);
  for (const auto& [sku, item] : life().items) {
    const bool whole = item.total == item.available + item.held + item.sold;
    const bool sound = item.available >= 0 && item.held >= 0 && item.sold >= 0;
    if (!whole || !sound) broke("conservation of " + sku + " is broken");
  }
}

void TallySale::take(const store::ArrivalRecord& refused) {
  arrive(refused.arrival);
  life().refusals.push_back({refused.arrival, refused.received, refused.buyer, refused.code});
}

void TallySale::arrive(Arrival arrival) {
  ++arrivals_;
  if (arrival <= last_arrival_) {
    broke("arrival " + std::to_string(arrival.value()) + " after " +
          std::to_string(last_arrival_.value()));
  }
  if (arrival > reserved_) broke("arrival " + std::to_string(arrival.value()) + " not reserved");
  last_arrival_ = std::max(last_arrival_, arrival);
}

TallyOrder* TallySale::find(const sale::OrderRef& ref) {
  const auto it = life().orders.find(ref.arrival);
  return it == life().orders.end() || it->second.key != ref.key ? nullptr : &it->second;
}

void TallySale::move(const sale::OrderRef& ref, OrderState to) {
  TallyOrder* order = find(ref);
  if (order == nullptr) {
    broke("about an order that was never accepted, arrival " + std::to_string(ref.arrival.value()));
    return;
  }
  move(*order, to);
}

void TallySale::move(TallyOrder& order, OrderState to) {
  if (!may_become(order.state, to)) {
    broke(order_words(order) + " went from " + std::string(sale::to_text(order.state)) + " to " +
          std::string(sale::to_text(to)));
  }
  for (const sale::OrderLine& line : order.lines) {
    TallyItem& item = life().items[line.sku.value()];
    const std::int64_t quantity = line.quantity;
    const bool had = units_of(order.state) != Units::none;
    const bool has = units_of(to) != Units::none;
    if (had != has) item.moves.push_back({order.arrival, has ? quantity : -quantity});
    if (units_of(order.state) == Units::held) item.held -= quantity;
    if (units_of(order.state) == Units::sold) item.sold -= quantity;
    if (had) item.available += quantity;
    if (units_of(to) == Units::held) item.held += quantity;
    if (units_of(to) == Units::sold) item.sold += quantity;
    if (has) item.available -= quantity;
  }
  order.state = to;
  if (units_of(to) != Units::none) order.had_units = true;
}

void TallySale::set_items(const sale::SaleSpec& spec) {
  // Items change before the opening only, when nothing is held or sold; the new stock then counts
  // as it stands, whatever was restocked before.
  if (spec.items == spec_items_) return;
  spec_items_ = spec.items;
  life().items.clear();
  for (const sale::ItemSpec& item : spec.items) {
    TallyItem& mine = life().items[item.sku.value()];
    mine.total = item.stock;
    mine.available = item.stock;
  }
}

void Tally::take(std::string_view payload) {
  EntryReader reader(payload);
  while (const auto entry = reader.next()) {
    if (entry->sale.empty()) continue;
    const std::string id(entry->sale);
    TallySale& sale = sales_.try_emplace(id, id).first->second;
    if (const auto* event = std::get_if<EventEntry>(&entry->body)) {
      ++events_;
      sale.take(event->event);
    } else if (const auto* refused = std::get_if<RefusedEntry>(&entry->body)) {
      sale.take(refused->record);
    } else if (const auto* reserve = std::get_if<ReserveEntry>(&entry->body)) {
      sale.reserve(reserve->upto);
    }
  }
}

}  // namespace dibs::engine
