#include "sale/checkers/model.h"

#include <algorithm>
#include <chrono>

namespace dibs::sale::checkers {
namespace {

using std::chrono::seconds;

}  // namespace

// ---- figures, each counted from the orders

ModelOrder* Model::find(const OrderKey& key) {
  for (auto& o : orders_) {
    if (o.key == key) return &o;
  }
  return nullptr;
}

const ItemSpec* Model::item(const std::string& sku) const {
  for (const auto& i : spec_.items) {
    if (i.sku.value() == sku) return &i;
  }
  return nullptr;
}

std::int64_t Model::units(const std::string& sku, OrderState a, OrderState b) const {
  std::int64_t n = 0;
  for (const auto& o : orders_) {
    if ((o.state == a || o.state == b) && o.wants.contains(sku)) n += o.wants.at(sku);
  }
  return n;
}

std::int64_t Model::available(const std::string& sku) const {
  return total_.at(sku) - units(sku, OrderState::paid, OrderState::paid) -
         units(sku, OrderState::held, OrderState::paying);
}

std::int64_t Model::most_ever(const std::string& sku) const {
  std::int64_t gone = units(sku, OrderState::paid, OrderState::paid);
  for (const auto& o : orders_) {
    const bool may_come_back = o.state == OrderState::paid && o.money == Money::authorised;
    if (may_come_back && o.wants.contains(sku)) gone -= o.wants.at(sku);
  }
  return total_.at(sku) - gone;
}

std::vector<const ModelOrder*> Model::line(const std::string& sku) const {
  std::vector<const ModelOrder*> in_line;
  for (const auto& o : orders_) {
    if (o.state == OrderState::waiting && o.wants.contains(sku)) in_line.push_back(&o);
  }
  return in_line;
}

bool Model::is_head(const ModelOrder& order, const std::string& sku) const {
  return line(sku).front() == &order;
}

bool Model::heads_any(const ModelOrder& order) const {
  if (order.state != OrderState::waiting) return false;
  return std::ranges::any_of(order.wants,
                             [&](const auto& want) { return is_head(order, want.first); });
}

std::int64_t Model::counted_units(const std::string& buyer) const {
  std::int64_t n = 0;
  for (const auto& o : orders_) {
    if (o.buyer != buyer || !is_counted(o)) continue;
    for (const auto& [sku, quantity] : o.wants) n += quantity;
  }
  return n;
}

std::uint64_t Model::waiting() const {
  return static_cast<std::uint64_t>(
      std::ranges::count(orders_, OrderState::waiting, &ModelOrder::state));
}

// ---- what happens by itself

void Model::advance(Instant now) {
  while (exists_) {
    std::optional<Instant> next;
    const auto sooner = [&](Instant at) { return at <= now && (!next || at < *next); };
    enum { nothing, opening, closing, expiring } what = nothing;
    ModelOrder* who = nullptr;
    if (!opened_ && !closed_ && sooner(*spec_.opens_at)) next = *spec_.opens_at, what = opening;
    if (!closed_ && spec_.closes_at && sooner(*spec_.closes_at)) {
      next = *spec_.closes_at;
      what = closing;
    }
    for (auto& o : orders_) {
      if (paused_ || !has_hold(o) || !sooner(o.deadline)) continue;
      next = o.deadline;
      what = expiring;
      who = &o;
    }
    if (what == nothing) return;
    now_ = told_.empty() ? *next : std::max(told_.back().at, *next);
    if (what == opening) open_up();
    if (what == closing) shut_down();
    if (what == expiring) give_back(*who, Reason::expired);
  }
}

void Model::open_up() {
  if (opened_ || closed_ || *spec_.opens_at > now_) return;
  opened_ = true;
  tell("dibs.sale.opened");
}

void Model::shut_down() {
  if (paused_) on(Resume{});
  for (const auto& i : spec_.items) end_line(i.sku.value(), OrderState::closed);
  for (auto& [sku, shut] : shut_) shut = false;
  closed_ = true;
  tell("dibs.sale.closed");
}

void Model::give_back(ModelOrder& order, Reason reason) {
  order.state = OrderState::released;
  order.reason = reason;
  tell("dibs.order.released", order);
  serve();
}

void Model::serve() {
  while (serve_one()) {
  }
}

/// Everybody in the line becomes `end`, and one fact says so. False when nobody was in it.
bool Model::end_line(const std::string& sku, OrderState end) {
  if (line(sku).empty()) return false;
  for (auto& o : orders_) {
    if (o.state == OrderState::waiting && o.wants.contains(sku)) o.state = end;
  }
  tell("dibs.sale.line_ended", sku);
  return true;
}

/// What comes first of all that can be done for those who wait: lines that reopen, lines that are
/// over, heads that can never be served, and at last whoever can be, the first to arrive first.
bool Model::serve_one() {
  for (const auto& i : spec_.items) {
    const std::string& sku = i.sku.value();
    if (!shut_.at(sku) || !line(sku).empty() || available(sku) == 0) continue;
    shut_[sku] = false;
    tell("dibs.sale.line_reopened", sku);
    return true;
  }
  for (const auto& i : spec_.items) {
    const std::string& sku = i.sku.value();
    if (most_ever(sku) == 0 && end_line(sku, OrderState::sold_out)) return true;
  }
  for (auto& o : orders_) {
    const auto hopeless = [&](const auto& want) { return want.second > most_ever(want.first); };
    if (!heads_any(o) || !std::ranges::any_of(o.wants, hopeless)) continue;
    o.state = OrderState::sold_out;
    tell("dibs.order.sold_out", o);
    return true;
  }
  for (auto& o : orders_) {
    const auto free = [&](const auto& want) {
      return is_head(o, want.first) && want.second <= available(want.first);
    };
    if (o.state != OrderState::waiting || !std::ranges::all_of(o.wants, free)) continue;
    o.state = spec_.payment == PaymentMode::none ? OrderState::paid : OrderState::held;
    o.deadline = clock() + seconds(spec_.promotion_seconds);
    tell("dibs.order.promoted", o);
    return true;
  }
  return false;
}

void Model::tell(const std::string& type, const std::string& subject) {
  told_.push_back({now_, subject.empty() ? type : type + " " + subject});
}

void Model::tell(const std::string& type, const ModelOrder& order) {
  tell(type, std::to_string(order.arrival.value()));
}

}  // namespace dibs::sale::checkers
