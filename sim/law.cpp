#include "sim/law.h"

#include <algorithm>
#include <chrono>

namespace dibs::sim {
namespace {

using sale::OrderState;

bool is_live(OrderState state) {
  return state == OrderState::waiting || state == OrderState::held || state == OrderState::paying ||
         state == OrderState::paid;
}

std::int64_t all_units(const Law::Order& order) {
  std::int64_t sum = 0;
  for (const auto& [sku, units] : order.units) sum += units;
  return sum;
}

}  // namespace

/// What each kind of fact may do, and what follows from it.
struct Law::Take {
  Law& law;
  const sale::Event& event;

  void operator()(const sale::Created& fact) const {
    law.expect(!law.exists_, "a sale was created that exists");
    law.exists_ = true;
    law.spec_ = fact.spec;
    for (const auto& item : fact.spec.items) {
      Item& counted = law.items_[item.sku.value()];
      counted.total = counted.available = item.stock;
    }
  }
  void operator()(const sale::Changed& fact) const { law.spec_ = fact.spec; }
  void operator()(const sale::Opened& /*fact*/) const {
    law.expect(!law.spec_.opens_at || event.at >= *law.spec_.opens_at, "a sale opened early");
    law.opened_ = true;
  }
  void operator()(const sale::Paused& /*fact*/) const { law.paused_ = true; }
  void operator()(const sale::Resumed& fact) const {
    law.expect(fact.shift >= Duration(0), "deadlines were moved back");
    if (!fact.restart) law.paused_ = false;
    for (auto& [key, order] : law.orders_) {
      if (!order.deadline) continue;
      law.expect(!fact.restart || law.paused_ || *order.deadline > event.at - fact.shift,
                 "a hold that was over before the server went away was prolonged");
      *order.deadline += fact.shift;
    }
  }
  void operator()(const sale::Closed& /*fact*/) const { law.closed_ = true; }
  void operator()(const sale::StockChanged& fact) const {
    Item& item = law.items_[fact.sku.value()];
    item.total += fact.delta;
    item.available += fact.delta;
  }
  void operator()(const sale::LineEnded& fact) const {
    const Item& item = law.items_[fact.sku.value()];
    law.expect(fact.by_close || law.gone(fact.sku.value()) == item.total,
               "a line was ended though units can come back");
    for (auto& [key, order] : law.orders_) {
      if (order.state != OrderState::waiting || order.arrival > fact.upto) continue;
      if (!order.units.contains(fact.sku.value())) continue;
      law.leave_lines(order);
      end(order, fact.by_close ? OrderState::closed : OrderState::sold_out);
    }
  }
  void operator()(const sale::LineShut& fact) const {
    Item& item = law.items_[fact.sku.value()];
    if (!item.shut) item.shut = fact.refused;
  }
  void operator()(const sale::LineReopened& fact) const {
    Item& item = law.items_[fact.sku.value()];
    law.expect(item.line.empty(), "a line reopened in which somebody waits");
    item.shut.reset();
  }
  void operator()(const sale::Removed& /*fact*/) const { law.exists_ = false; }
  void operator()(const sale::Archived& /*fact*/) const { law.exists_ = false; }

  void operator()(const sale::Accepted& fact) const {
    law.expect(!law.paused_ && !law.closed_, "an order was accepted in a sale that is not open");
    const bool after = !law.spec_.opens_at || fact.received >= *law.spec_.opens_at;
    law.expect(after || (law.clock_set_ && law.opened_),
               "an order was accepted before the opening");
    law.no_unit_idle();
    Order order;
    order.arrival = fact.order.arrival;
    order.buyer = fact.buyer.value();
    for (const auto& line : fact.lines) order.units[line.sku.value()] += line.quantity;
    order.state = fact.state;
    order.changed = event.seq;
    law.expect(law.by_arrival_.empty() || order.arrival > law.by_arrival_.rbegin()->first,
               "an order was numbered below an earlier one");
    if (!fact.key.empty()) {
      law.expect(law.keys_.emplace(std::pair(order.buyer, fact.key.value()), fact.order.key).second,
                 "a key gave a second order");
    }
    law.live_[order.buyer] += all_units(order);
    law.within_limit(order.buyer);
    accept(order, fact);
    law.by_arrival_[order.arrival] = fact.order.key;
    law.expect(law.orders_.emplace(fact.order.key, std::move(order)).second,
               "an order's key was given twice");
  }
  void accept(Order& order, const sale::Accepted& fact) const {
    bool somebody_waits = false;
    for (const auto& [sku, units] : order.units) {
      const Item& item = law.items_[sku];
      somebody_waits = somebody_waits || !item.line.empty();
      law.expect(!item.shut || order.arrival < *item.shut,
                 "somebody passed one whom a full line refused");
    }
    if (order.state == OrderState::waiting) {
      law.expect(somebody_waits || !law.units_free(order),
                 "an order waits for units that are free");
      law.wait(order);
      return;
    }
    law.expect(!somebody_waits, "a newcomer passed the line");
    order.deadline = fact.expires_at;
    law.move(order, &Item::available, order.state == OrderState::paid ? &Item::sold : &Item::held);
  }

  void operator()(const sale::Promoted& fact) const {
    Order* order = law.find(fact.order);
    if (order == nullptr) return;
    law.expect(order->state == OrderState::waiting, "an order was promoted that did not wait");
    law.expect(law.at_every_head(*order), "an order was promoted past somebody who came earlier");
    law.expect(!law.closed_ && (!law.spec_.closes_at || event.at < *law.spec_.closes_at),
               "an order was promoted after the end of the sale");
    law.expect(event.at == law.before_, "a promotion was timed apart from what made room for it");
    for (const auto& [sku, item] : law.items_) {
      if (item.line.empty() || *item.line.begin() >= order->arrival) continue;
      const Order& earlier = law.orders_.at(law.by_arrival_.at(*item.line.begin()));
      law.expect(!law.at_every_head(earlier) || !law.units_free(earlier),
                 "of two that could be served the later was promoted first");
    }
    law.leave_lines(*order);
    order->deadline = fact.expires_at;
    law.move(*order, &Item::available, fact.state == OrderState::paid ? &Item::sold : &Item::held);
    become(*order, fact.state);
  }
  void operator()(const sale::Paying& fact) const {
    Order* order = law.find(fact.order);
    if (order == nullptr) return;
    law.expect(order->state == OrderState::held, "a payment began of an order that was not held");
    law.expect(law.wished(fact.order, {Wish::begin}), "a payment began that nobody began");
    law.expect(!order->deadline || fact.expires_at >= *order->deadline, "a hold was shortened");
    if (!order->extended && !law.paused_) {
      law.expect(fact.expires_at >= event.at + std::chrono::seconds(law.spec_.payment_seconds),
                 "a payment began without the time that it is promised");
    }
    if (order->deadline && fact.expires_at > *order->deadline) {
      law.expect(!order->extended, "a hold was extended twice");
      order->extended = true;
    }
    order->deadline = fact.expires_at;
    become(*order, OrderState::paying);
  }
  void operator()(const sale::Declined& fact) const {
    Order* order = law.find(fact.order);
    if (order == nullptr) return;
    law.expect(order->state == OrderState::paying, "a payment was declined that was not begun");
    law.expect(law.wished(fact.order, {Wish::fail}), "a payment was declined that did not fail");
    become(*order, OrderState::held);
  }
  void operator()(const sale::Paid& fact) const {
    Order* order = law.find(fact.order);
    if (order == nullptr) return;
    law.expect(law.wished(fact.order, {Wish::pay}), "an order was paid for which nobody paid");
    law.expect(!order->refused_as_late, "a payment was taken that had been refused as too late");
    order->money = fact.money;
    order->was_paid = true;
    if (fact.late) {
      law.expect(order->state == OrderState::released,
                 "a late payment of an order that was not over");
      for (const auto& [sku, units] : order->units) {
        law.expect(law.items_[sku].line.empty(), "a late payment passed the line");
      }
      order->counts = true;
      law.live_[order->buyer] += all_units(*order);
      law.within_limit(order->buyer);
      law.move(*order, &Item::available, &Item::sold);
      return become(*order, OrderState::paid);
    }
    law.expect(order->state == OrderState::held || order->state == OrderState::paying,
               "an order was paid that was not held");
    law.expect(law.paused_ || !order->deadline || event.at < *order->deadline,
               "a hold was paid after its end");
    law.move(*order, &Item::held, &Item::sold);
    become(*order, OrderState::paid);
  }
  void operator()(const sale::MoneyMoved& fact) const {
    Order* order = law.find(fact.order);
    if (order == nullptr) return;
    if (fact.money == sale::Money::refunded) ++order->refunded;
    law.expect(order->refunded <= 1, "money was given back twice");
    order->money = fact.money;
    order->changed = event.seq;
  }
  void operator()(const sale::RefundDue& fact) const {
    Order* order = law.find(fact.order);
    if (order == nullptr) return;
    ++order->refunds_due;
    law.expect(order->refunds_due <= 1, "a refund was due twice");
    allow_again(*order);
    order->money = sale::Money::refund_due;
    order->changed = event.seq;
  }
  void operator()(const sale::Released& fact) const {
    Order* order = law.find(fact.order);
    if (order == nullptr) return;
    law.expect(is_live(order->state), "an order was released that was over");
    const bool asked_for = fact.reason == sale::Reason::expired ||
                           law.wished(fact.order, {Wish::fail, Wish::leave, Wish::refund});
    law.expect(asked_for, "an order was released though nobody asked for it");
    order->money = fact.money;
    if (fact.reason == sale::Reason::expired) {
      law.expect(!law.paused_, "a hold ended while its clock stood still");
      law.expect(order->deadline && event.at == std::max(*order->deadline, law.before_),
                 "a hold ended at another time than its own");
      law.expect(order->state == OrderState::held || order->state == OrderState::paying,
                 "an order expired that held nothing");
    }
    if (order->state == OrderState::waiting) {
      law.leave_lines(*order);
    } else {
      law.move(*order, order->state == OrderState::paid ? &Item::sold : &Item::held,
               &Item::available);
    }
    end(*order, OrderState::released);
  }
  void operator()(const sale::EndedSoldOut& fact) const {
    Order* order = law.find(fact.order);
    if (order == nullptr) return;
    law.expect(order->state == OrderState::waiting, "an order was sold out that did not wait");
    // At the head of one line, so that it holds somebody up, and hopeless in that one or another.
    bool heads = false;
    bool hopeless = false;
    for (const auto& [sku, units] : order->units) {
      const Item& item = law.items_[sku];
      heads = heads || *item.line.begin() == order->arrival;
      hopeless = hopeless || units > item.total - law.gone(sku);
    }
    law.expect(heads && hopeless, "an order was sold out that could have been served");
    law.leave_lines(*order);
    end(*order, OrderState::sold_out);
  }

 private:
  void become(Order& order, OrderState state) const {
    order.state = state;
    order.changed = event.seq;
    if (state != OrderState::held && state != OrderState::paying) order.deadline.reset();
  }
  void end(Order& order, OrderState state) const {
    allow_again(order);
    become(order, state);
  }
  void allow_again(Order& order) const {
    if (std::exchange(order.counts, false)) law.live_[order.buyer] -= all_units(order);
  }
};

void Law::take(Position record, const sale::Event& event) {
  if (record != record_) no_unit_idle();  // what becomes free is given on in the same step
  record_ = record;
  expect(event.seq == seq_.next(), "an event is missing, or came twice");
  expect(event.at >= last_, "the sale's time ran backwards");
  seq_ = event.seq;
  before_ = last_;
  last_ = event.at;
  std::visit(Take{*this, event}, event.fact);
  conserve();
}

void Law::broke(const std::string& words) {
  broken_.push_back(sale_ + ", event " + std::to_string(seq_.value()) + ": " + words);
}

Law::Order* Law::find(const sale::OrderRef& ref) {
  const auto found = orders_.find(ref.key);
  expect(found != orders_.end() && found->second.arrival == ref.arrival,
         "an event is about an order that is not there");
  return found == orders_.end() ? nullptr : &found->second;
}

void Law::wait(const Order& order) {
  for (const auto& [sku, units] : order.units) {
    Item& item = items_[sku];
    expect(units <= item.total - gone(sku), "an order waits that can never be served");
    item.line.insert(order.arrival);
  }
}

void Law::leave_lines(const Order& order) {
  for (const auto& [sku, units] : order.units) items_[sku].line.erase(order.arrival);
}

void Law::move(const Order& order, std::int64_t Item::* from, std::int64_t Item::* to) {
  for (const auto& [sku, units] : order.units) {
    items_[sku].*from -= units;
    items_[sku].*to += units;
  }
}

void Law::conserve() {
  for (const auto& [sku, item] : items_) {
    expect(item.available >= 0 && item.held >= 0 && item.sold >= 0, "more was sold than there is");
    expect(item.available + item.held + item.sold == item.total, "units were lost or invented");
  }
}

void Law::within_limit(const std::string& buyer) {
  expect(static_cast<std::uint64_t>(live_.at(buyer)) <= spec_.limit_per_buyer,
         "a buyer has more units than the limit");
}

bool Law::units_free(const Order& order) const {
  return std::ranges::all_of(order.units, [&](const auto& wanted) {
    return items_.at(wanted.first).available >= wanted.second;
  });
}

bool Law::at_every_head(const Order& order) const {
  return std::ranges::all_of(order.units, [&](const auto& wanted) {
    const auto& line = items_.at(wanted.first).line;
    return !line.empty() && *line.begin() == order.arrival;
  });
}

void Law::no_unit_idle() {
  for (const auto& [sku, item] : items_) {
    if (item.line.empty()) continue;
    const Order& head = orders_.at(by_arrival_.at(*item.line.begin()));
    for (const auto& [wanted, units] : head.units) {
      expect(units <= items_.at(wanted).total - gone(wanted),
             "an order waits in vain and holds up the line");
    }
    expect(!at_every_head(head) || !units_free(head),
           "units are free and the head of the line waits");
  }
}

}  // namespace dibs::sim
