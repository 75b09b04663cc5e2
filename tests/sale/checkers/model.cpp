#include "sale/checkers/model.h"

#include <algorithm>
#include <chrono>

namespace dibs::sale::checkers {
namespace {

using std::chrono::seconds;

/// The order that a command is about; a buy names one that is not there yet.
OrderKey named_by(const Command& command) {
  return std::visit(
      [](const auto& c) {
        if constexpr (requires { OrderKey(c.order); }) {
          return c.order;
        } else {
          return OrderKey{};
        }
      },
      command.action);
}

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
  return most_ever(sku) - units(sku, OrderState::held, OrderState::paying);
}

std::int64_t Model::most_ever(const std::string& sku) const {
  return total_.at(sku) - units(sku, OrderState::paid, OrderState::paid);
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
    now_ = std::max(now_, *next);
    if (what == opening) opened_ = true;
    if (what == closing) shut_down();
    if (what == expiring) give_back(*who, Reason::expired);
  }
}

void Model::open_up() {
  if (!opened_ && *spec_.opens_at <= now_) opened_ = true;
}

void Model::shut_down() {
  if (paused_) on(Resume{});
  for (auto& o : orders_) {
    if (o.state == OrderState::waiting) o.state = OrderState::closed;
  }
  for (auto& [sku, shut] : shut_) shut = false;
  closed_ = true;
}

void Model::give_back(ModelOrder& order, Reason reason) {
  order.state = OrderState::released;
  order.reason = reason;
  serve();
}

void Model::serve() {
  while (serve_one()) {
  }
  for (auto& [sku, shut] : shut_) {
    if (line(sku).empty() && available(sku) > 0) shut = false;
  }
}

bool Model::serve_one() {
  for (const auto& [sku, total] : total_) {
    if (most_ever(sku) > 0 || line(sku).empty()) continue;
    for (auto& o : orders_) {
      if (o.state == OrderState::waiting && o.wants.contains(sku)) o.state = OrderState::sold_out;
    }
    return true;
  }
  for (auto& o : orders_) {
    if (o.state != OrderState::waiting) continue;
    bool heads_all = true;
    bool heads_any = false;
    bool enough = true;
    bool hopeless = false;
    for (const auto& [sku, quantity] : o.wants) {
      heads_all = heads_all && is_head(o, sku);
      heads_any = heads_any || is_head(o, sku);
      enough = enough && quantity <= available(sku);
      hopeless = hopeless || quantity > most_ever(sku);
    }
    if (heads_any && hopeless) {
      o.state = OrderState::sold_out;
      return true;
    }
    if (heads_all && enough) {
      o.state = spec_.payment == PaymentMode::none ? OrderState::paid : OrderState::held;
      o.deadline = clock() + seconds(spec_.promotion_seconds);
      return true;
    }
  }
  return false;
}

// ---- commands about the sale; those about orders are in model_orders.cpp

ModelAnswer Model::apply(const Command& command, Instant received, Instant now) {
  now_ = now;
  received_ = received;
  if (!exists_ && !std::holds_alternative<Put>(command.action)) return answer(Code::unknown_sale);
  if (const ModelOrder* o = find(named_by(command)); o != nullptr && !command.owner.empty()) {
    if (o->buyer != command.owner.value()) return answer(Code::unknown_order);
  }
  return std::visit([this](const auto& c) { return on(c); }, command.action);
}

ModelAnswer Model::on(const Put& c) {
  if (!exists_) {
    exists_ = true;
    spec_ = c.spec;
    if (!spec_.opens_at) spec_.opens_at = now_;
    for (const auto& i : spec_.items) total_[i.sku.value()] = i.stock, shut_[i.sku.value()] = false;
    open_up();
    ModelAnswer a;
    a.created = true;
    return a;
  }
  // The scripts change a few members only; each stands for its kind.
  SaleSpec next = spec_;
  if ((c.present & Put::kTitle) != 0) next.title = c.spec.title;
  if ((c.present & Put::kHoldSeconds) != 0) next.hold_seconds = c.spec.hold_seconds;
  if ((c.present & Put::kLineLimit) != 0) next.line_limit = c.spec.line_limit;
  if ((c.present & Put::kPaymentAttempts) != 0) next.payment_attempts = c.spec.payment_attempts;
  if ((c.present & Put::kClosesAt) != 0) next.closes_at = c.spec.closes_at;
  if ((c.present & Put::kLimitPerBuyer) != 0) next.limit_per_buyer = c.spec.limit_per_buyer;
  if (next == spec_) return answer(Code::ok);
  SaleSpec only_title = spec_;
  only_title.title = next.title;
  const bool frozen = opened_ && next.limit_per_buyer != spec_.limit_per_buyer;
  if (frozen || (closed_ && next != only_title)) return answer(Code::wrong_state);
  spec_ = next;
  return answer(Code::ok);
}

ModelAnswer Model::on(const Pause&) {
  if (closed_) return answer(Code::wrong_state);
  if (!paused_) paused_at_ = now_;
  paused_ = true;
  return answer(Code::ok);
}

ModelAnswer Model::on(const Resume&) {
  if (closed_) return answer(Code::wrong_state);
  if (paused_) {
    for (auto& o : orders_) o.deadline += now_ - paused_at_;
  }
  paused_ = false;
  return answer(Code::ok);
}

ModelAnswer Model::on(const Restart& c) {
  if (paused_) return answer(Code::ok);
  for (auto& o : orders_) o.deadline += c.downtime;
  return answer(Code::ok);
}

ModelAnswer Model::on(const Close&) {
  if (!closed_) shut_down();
  return answer(Code::ok);
}

ModelAnswer Model::on(const Restock& c) {
  const std::string& sku = c.sku.value();
  if (item(sku) == nullptr) return answer(Code::unknown_sku);
  const std::pair what{sku, c.delta};
  if (!c.key.empty() && restocks_.contains(c.key.value())) {
    return answer(restocks_.at(c.key.value()) == what ? Code::ok : Code::idempotency_mismatch);
  }
  if (closed_) return answer(Code::closed);
  if (available(sku) + c.delta < 0) return answer(Code::wrong_state);
  if (c.delta == 0) return answer(Code::ok);
  total_[sku] += c.delta;
  if (!c.key.empty()) restocks_[c.key.value()] = what;
  serve();
  return answer(Code::ok);
}

ModelAnswer Model::on(const Remove&) {
  if (opened_ && !spec_.test) return answer(Code::wrong_state);
  const Instant now = now_;
  *this = Model{};
  now_ = now;
  return answer(Code::ok);
}

}  // namespace dibs::sale::checkers
