#include "ledger/fold.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace dibs::ledger {
namespace {

using sale::Money;
using sale::OrderState;
using sale::Reason;

std::string payment_word(sale::PaymentMode mode) {
  if (mode == sale::PaymentMode::provider) return "provider";
  return mode == sale::PaymentMode::shop ? "shop" : "none";
}

std::string text_of(const std::optional<Instant>& instant) {
  return instant ? to_rfc3339(*instant) : std::string();
}

/// Which figure of an item holds the units of an order in `state`; null: none does.
std::int64_t ItemRow::* figure_of(OrderState state) {
  if (state == OrderState::held || state == OrderState::paying) return &ItemRow::held;
  return state == OrderState::paid ? &ItemRow::sold : nullptr;
}

std::string name_of(const OrderRow& order) {
  return "the order of arrival " + std::to_string(order.arrival.value());
}

bool same_spec(const std::vector<ItemRow>& rows, const std::vector<sale::ItemSpec>& specs) {
  return std::ranges::equal(rows, specs, [](const ItemRow& row, const sale::ItemSpec& spec) {
    return row.sku == spec.sku && row.title == spec.title && row.price == spec.price &&
           row.stock == spec.stock;
  });
}

}  // namespace

/// What each fact does; gives what contradicts it.
struct Taking {
  SaleFold& fold;
  const sale::Event& event;

  std::string operator()(const sale::Created& f) const {
    if (fold.sale_ && fold.sale_->state != "removed") return "it is created a second time";
    fold.sale_ = SaleRow{};
    fold.items_.clear();
    fold.set_spec(f.spec, event.seq);
    return {};
  }
  std::string operator()(const sale::Changed& f) const {
    fold.set_spec(f.spec, event.seq);
    return {};
  }
  std::string operator()(const sale::Opened&) const {
    SaleRow& sale = fold.change_sale(event.seq);
    sale.ever_opened = true;
    if (sale.state == "scheduled") sale.state = "open";
    return {};
  }
  std::string operator()(const sale::Paused&) const {
    fold.change_sale(event.seq).state = "paused";
    return {};
  }
  std::string operator()(const sale::Resumed& f) const {
    if (f.restart) return {};
    SaleRow& sale = fold.change_sale(event.seq);
    if (sale.state == "paused") sale.state = sale.ever_opened ? "open" : "scheduled";
    return {};
  }
  std::string operator()(const sale::Closed&) const {
    fold.change_sale(event.seq).state = "closed";
    return {};
  }
  std::string operator()(const sale::StockChanged& f) const {
    ItemRow* item = fold.find_item(f.sku);
    if (item == nullptr) return "its stock of an unknown item changes";
    if (item->available + f.delta < 0) return "more of " + f.sku.value() + " is taken than is free";
    item->total += f.delta;
    item->available += f.delta;
    touch(*item);
    return {};
  }
  std::string operator()(const sale::LineEnded& f) const {
    if (fold.find_item(f.sku) == nullptr) return "the line of an unknown item ends";
    fold.end_ = SaleFold::End{f.sku, f.upto, f.by_close, event.at, event.seq};
    fold.orders_.clear();  // what was changed has been written, and some of it changes now
    return {};
  }
  std::string operator()(const sale::LineShut&) const { return {}; }
  std::string operator()(const sale::LineReopened&) const { return {}; }
  std::string operator()(const sale::Removed&) const {
    fold.change_sale(event.seq).state = "removed";
    fold.items_.clear();
    fold.touched_items_.clear();
    fold.orders_.clear();
    fold.removed_ = true;
    return {};
  }
  std::string operator()(const sale::Archived&) const {
    fold.change_sale(event.seq).state = "archived";
    return {};
  }

  std::string operator()(const sale::Accepted& f) const {
    OrderRow row;
    row.arrival = f.order.arrival;
    row.key = f.order.key;
    row.buyer = f.buyer;
    row.reference = f.reference;
    row.lines = f.lines;
    row.created_at = f.received;
    SaleFold::Kept kept{.row = std::move(row), .is_new = true};
    for (const sale::OrderLine& line : f.lines) {
      if (fold.find_item(line.sku) == nullptr) return "an order wants an unknown item";
    }
    if (auto words = fold.move(kept, f.state, event); !words.empty()) return words;
    fold.touched_.push_back(f.order.arrival);
    fold.orders_.insert_or_assign(f.order.arrival, std::move(kept));
    return {};
  }
  std::string operator()(const sale::Promoted& f) const { return to(f.order, f.state); }
  std::string operator()(const sale::Paying& f) const { return to(f.order, OrderState::paying); }
  std::string operator()(const sale::Declined& f) const { return to(f.order, OrderState::held); }
  std::string operator()(const sale::Paid& f) const {
    return to(f.order, OrderState::paid, f.money);
  }
  std::string operator()(const sale::MoneyMoved& f) const { return money(f.order, f.money); }
  std::string operator()(const sale::RefundDue& f) const {
    return money(f.order, Money::refund_due);
  }
  std::string operator()(const sale::Released& f) const {
    return to(f.order, OrderState::released, f.money, f.reason);
  }
  std::string operator()(const sale::EndedSoldOut& f) const {
    return to(f.order, OrderState::sold_out);
  }

  /// As Fold of the rules: every move says where money and reason are from then on.
  [[nodiscard]] std::string to(const sale::OrderRef& ref, OrderState state,
                               Money money = Money::none, Reason reason = Reason::none) const {
    SaleFold::Kept* order = find(ref);
    if (order == nullptr) return unknown(ref);
    if (auto words = fold.move(*order, state, event); !words.empty()) return words;
    order->row.money = money;
    order->row.reason = reason;
    return {};
  }
  [[nodiscard]] std::string money(const sale::OrderRef& ref, Money money) const {
    SaleFold::Kept* order = find(ref);
    if (order == nullptr) return unknown(ref);
    if (auto words = fold.move(*order, order->row.state, event); !words.empty()) return words;
    order->row.money = money;
    return {};
  }
  [[nodiscard]] SaleFold::Kept* find(const sale::OrderRef& ref) const {
    const auto found = fold.orders_.find(ref.arrival);
    if (found == fold.orders_.end() || found->second.row.key != ref.key) return nullptr;
    return &found->second;
  }
  static std::string unknown(const sale::OrderRef& ref) {
    return "it is about an order of arrival " + std::to_string(ref.arrival.value()) +
           " that the ledger does not have";
  }
  void touch(ItemRow& item) const {
    item.seq = event.seq;
    fold.touched_items_.insert(static_cast<std::size_t>(&item - fold.items_.data()));
  }
};

SaleFold::SaleFold(SaleId id, std::optional<SaleRow> sale, std::vector<ItemRow> items)
    : id_(std::move(id)), sale_(std::move(sale)), items_(std::move(items)) {
  std::ranges::sort(items_, {}, &ItemRow::number);
}

std::optional<Arrival> SaleFold::wants(const sale::Event& event) const {
  if (std::holds_alternative<sale::Accepted>(event.fact)) return std::nullopt;
  const auto ref = sale::order_of(event);
  if (!ref || orders_.contains(ref->arrival)) return std::nullopt;
  return ref->arrival;
}

void SaleFold::add(OrderRow order) {
  const Arrival arrival = order.arrival;
  orders_.try_emplace(arrival, Kept{.row = std::move(order)});
}

std::string SaleFold::take(const sale::Event& event) {
  const bool begins = std::holds_alternative<sale::Created>(event.fact);
  if (!begins && (!sale_ || sale_->state == "removed")) return "there is no such sale";
  return std::visit(Taking{*this, event}, event.fact);
}

bool SaleFold::is_wide(const sale::Event& event) {
  return std::holds_alternative<sale::LineEnded>(event.fact) ||
         std::holds_alternative<sale::Removed>(event.fact);
}

ItemRow* SaleFold::find_item(const SkuId& sku) {
  const auto found = std::ranges::find(items_, sku, &ItemRow::sku);
  return found == items_.end() ? nullptr : &*found;
}

std::string SaleFold::move(Kept& order, sale::OrderState to, const sale::Event& event) {
  const auto from_figure = figure_of(order.row.state);
  const auto to_figure = figure_of(to);
  if (from_figure != to_figure) {
    for (const sale::OrderLine& line : order.row.lines) {
      const ItemRow* item = find_item(line.sku);
      if (item == nullptr) return name_of(order.row) + " has an unknown item";
      const std::int64_t quantity = line.quantity;
      if (from_figure != nullptr && item->*from_figure < quantity) {
        return name_of(order.row) + " gives back more of " + line.sku.value() + " than is out";
      }
      if (from_figure == nullptr && item->available < quantity) {
        return name_of(order.row) + " takes more of " + line.sku.value() + " than is free";
      }
    }
    for (const sale::OrderLine& line : order.row.lines) {
      ItemRow& item = *find_item(line.sku);
      const std::int64_t quantity = line.quantity;
      (from_figure != nullptr ? item.*from_figure : item.available) -= quantity;
      (to_figure != nullptr ? item.*to_figure : item.available) += quantity;
      item.seq = event.seq;
      touched_items_.insert(static_cast<std::size_t>(&item - items_.data()));
    }
  }
  order.row.state = to;
  order.row.seq = event.seq;
  order.row.changed_at = event.at;
  touched_.push_back(order.row.arrival);
  return {};
}

void SaleFold::set_spec(const sale::SaleSpec& spec, Seq seq) {
  SaleRow& sale = change_sale(seq);
  sale.test = spec.test;
  sale.title = spec.title;
  sale.currency = spec.currency;
  sale.payment = payment_word(spec.payment);
  sale.opens_at = text_of(spec.opens_at);
  sale.closes_at = text_of(spec.closes_at);
  // As in the rules: the same list of items leaves their figures alone, another is the new stock.
  if (same_spec(items_, spec.items)) return;
  items_.clear();
  touched_items_.clear();
  for (const sale::ItemSpec& item : spec.items) {
    touched_items_.insert(items_.size());
    items_.push_back({.sku = item.sku,
                      .number = static_cast<std::uint32_t>(items_.size()),
                      .title = item.title,
                      .price = item.price,
                      .stock = item.stock,
                      .total = item.stock,
                      .available = item.stock,
                      .held = 0,
                      .sold = 0,
                      .seq = seq});
  }
  items_replaced_ = true;
}

SaleRow& SaleFold::change_sale(Seq seq) {
  if (!sale_) sale_ = SaleRow{};
  sale_->seq = seq;
  sale_changed_ = true;
  return *sale_;
}

std::vector<const ItemRow*> SaleFold::changed_items() const {
  std::vector<const ItemRow*> all;
  for (const std::size_t index : touched_items_) all.push_back(&items_[index]);
  return all;
}

/// In order of arrival, so that what is written lies in order of the key.
std::vector<const OrderRow*> SaleFold::touched_orders(bool are_new) const {
  std::vector<Arrival> arrivals = touched_;
  std::ranges::sort(arrivals);
  const auto repeats = std::ranges::unique(arrivals);
  arrivals.erase(repeats.begin(), repeats.end());
  std::vector<const OrderRow*> all;
  for (const Arrival arrival : arrivals) {
    const auto found = orders_.find(arrival);
    if (found != orders_.end() && found->second.is_new == are_new)
      all.push_back(&found->second.row);
  }
  return all;
}

std::vector<const OrderRow*> SaleFold::new_orders() const { return touched_orders(true); }

std::vector<const OrderRow*> SaleFold::changed_orders() const { return touched_orders(false); }

void SaleFold::written() {
  for (const Arrival arrival : touched_) {
    if (const auto found = orders_.find(arrival); found != orders_.end()) {
      found->second.is_new = false;
    }
  }
  touched_.clear();
  touched_items_.clear();
  sale_changed_ = false;
  items_replaced_ = false;
  end_.reset();
  removed_ = false;
}

}  // namespace dibs::ledger
