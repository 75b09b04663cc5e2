#include <algorithm>

#include "base/limits.h"
#include "sale/mutant.h"
#include "sale/rules.h"

/// Serving the lines: after every change, whoever is at the head and can be served is served, in
/// the same atomic step. An order for several SKUs is served when it is at the head of all its
/// lines. The earliest to arrive of all who wait is always at the head of all of its lines, so
/// orders that want the same things crosswise cannot lock each other out.
namespace dibs::sale {
namespace {

bool can_never_be_served(const State& state, OrderIndex order) {
  if (planted(Mutant::unservable_head_hangs)) return false;
  return std::ranges::any_of(state.book.lines(order), [&](const StoredLine& line) {
    return line.quantity > state.items[line.item].can_ever_be_left();
  });
}

bool can_be_served_now(const State& state, OrderIndex order) {
  return std::ranges::all_of(state.book.lines(order), [&](const StoredLine& line) {
    const Item& item = state.items[line.item];
    return item.line.head() == order && line.quantity <= item.available;
  });
}

/// Everything else before promotions: an ended line or order may clear the way for one. Among
/// promotions the earliest arrival first.
bool before(const Service& a, const Service& b) {
  if (a.kind != b.kind) return a.kind < b.kind;
  if (planted(Mutant::promotions_by_item)) return a.item < b.item;
  return a.head != b.head ? a.head < b.head : a.item < b.item;
}

}  // namespace

std::optional<Service> service_of(const State& state, ItemIndex index) {
  const Item& item = state.items[index];
  if (item.line.empty()) {
    if (item.shut && item.available > 0) return Service{Service::Kind::reopen, index, kNoOrder};
    return std::nullopt;
  }
  if (item.can_ever_be_left() == 0) return Service{Service::Kind::end_line, index, kNoOrder};
  const OrderIndex head = item.line.head();
  if (can_never_be_served(state, head)) return Service{Service::Kind::end_head, index, head};
  if (can_be_served_now(state, head)) return Service{Service::Kind::promote_head, index, head};
  return std::nullopt;
}

bool anything_to_serve(const State& state) {
  return std::ranges::any_of(state.touched,
                             [&](ItemIndex i) { return service_of(state, i).has_value(); });
}

/// The next service due, forgetting the touched items that need none.
std::optional<Service> Rules::take_service() {
  std::optional<Service> next;
  auto& touched = state_.touched;
  for (std::size_t i = 0; i < touched.size();) {
    const auto service = service_of(state_, touched[i]);
    if (service) {
      if (!next || before(*service, *next)) next = service;
      ++i;
      continue;
    }
    state_.items[touched[i]].touched = false;
    touched[i] = touched.back();
    touched.pop_back();
  }
  return next;
}

/// Serves until nothing more can be or `budget` orders have been; returns how many were. What is
/// left over stays marked in State::touched.
int Rules::serve_lines(int budget) {
  int served = 0;
  while (served < budget) {
    const auto service = take_service();
    if (!service) break;
    serve(*service);
    ++served;
  }
  return served;
}

void Rules::serve(const Service& service) {
  const Item& item = state_.items[service.item];
  const SkuId& sku = state_.item_spec(service.item).sku;
  switch (service.kind) {
    case Service::Kind::reopen:
      return record(LineReopened{sku});
    case Service::Kind::end_line:
      return record(LineEnded{sku, state_.book.at(item.line.tail()).arrival, false});
    case Service::Kind::end_head:
      return record(EndedSoldOut{ref(service.head)});
    case Service::Kind::promote_head:
      return promote(service.head);
  }
}

void Rules::promote(OrderIndex order) {
  if (state_.spec->payment == PaymentMode::none) {
    return record(Promoted{ref(order), OrderState::paid, std::nullopt});
  }
  record(Promoted{ref(order), OrderState::held, deadline_after(state_.spec->promotion_seconds)});
}

}  // namespace dibs::sale
