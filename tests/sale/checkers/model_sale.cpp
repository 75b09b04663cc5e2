#include <algorithm>
#include <chrono>
#include <utility>

#include "sale/checkers/model.h"

/// Commands about the sale as a whole; those about orders are in model_orders.cpp.
namespace dibs::sale::checkers {
namespace {

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

ModelAnswer Model::apply(const Command& command, Instant received, Instant now) {
  now_ = now;
  received_ = received;
  if (!exists_ && !std::holds_alternative<Put>(command.action)) return answer(Code::unknown_sale);
  if (const ModelOrder* o = find(named_by(command)); o != nullptr && !command.owner.empty()) {
    if (o->buyer != command.owner.value()) return answer(Code::unknown_order);
  }
  return std::visit([this](const auto& c) { return on(c); }, command.action);
}

/// Of a sale that has opened: what `next` would be if it changed only what may still change.
SaleSpec Model::as_far_as_allowed(const SaleSpec& next) const {
  SaleSpec allowed = spec_;
  allowed.title = next.title;
  allowed.notify_url = next.notify_url;
  if (closed_) return allowed;
  allowed.closes_at = next.closes_at;
  allowed.hold_seconds = next.hold_seconds;
  allowed.promotion_seconds = next.promotion_seconds;
  allowed.payment_seconds = next.payment_seconds;
  allowed.payment_attempts = next.payment_attempts;
  allowed.line_limit = next.line_limit;
  return allowed;
}

void Model::stock_up() {
  total_.clear();
  shut_.clear();
  last_place_.clear();
  for (const auto& i : spec_.items) total_[i.sku.value()] = i.stock, shut_[i.sku.value()] = false;
}

ModelAnswer Model::on(const Put& c) {
  SaleSpec next = exists_ ? spec_ : c.spec;
  const auto take = [&](Put::Member name, auto SaleSpec::* member) {
    if ((c.present & name) != 0) next.*member = c.spec.*member;
  };
  take(Put::kTitle, &SaleSpec::title);
  take(Put::kCurrency, &SaleSpec::currency);
  take(Put::kItems, &SaleSpec::items);
  take(Put::kOpensAt, &SaleSpec::opens_at);
  take(Put::kClosesAt, &SaleSpec::closes_at);
  take(Put::kHoldSeconds, &SaleSpec::hold_seconds);
  take(Put::kPaymentSeconds, &SaleSpec::payment_seconds);
  take(Put::kPaymentAttempts, &SaleSpec::payment_attempts);
  take(Put::kPromotionSeconds, &SaleSpec::promotion_seconds);
  take(Put::kLimitPerBuyer, &SaleSpec::limit_per_buyer);
  take(Put::kLineLimit, &SaleSpec::line_limit);
  take(Put::kPayment, &SaleSpec::payment);
  take(Put::kCheckoutUrl, &SaleSpec::checkout_url);
  take(Put::kNotify, &SaleSpec::notify_url);
  take(Put::kPublicStock, &SaleSpec::public_stock_hidden);
  take(Put::kTest, &SaleSpec::test);
  const bool opens_now = !next.opens_at && !opened_;
  if (!next.opens_at) {
    next.opens_at = opened_ ? *spec_.opens_at : std::chrono::floor<std::chrono::milliseconds>(now_);
  }
  for (const auto& i : next.items) {
    const bool free = next.payment == PaymentMode::none;
    if (free && i.price != 0) return answer(Code::malformed);
  }
  const bool is_over = next.closes_at && *next.closes_at <= *next.opens_at;
  if (opens_now && is_over) return answer(Code::malformed);
  if (exists_ && next == spec_) return answer(Code::ok);
  if ((opened_ || closed_) && as_far_as_allowed(next) != next) return answer(Code::wrong_state);

  const bool other_items = next.items != spec_.items;
  spec_ = next;
  if (other_items) stock_up();
  ModelAnswer a;
  a.created = !exists_;
  exists_ = true;
  tell(a.created ? "dibs.sale.created" : "dibs.sale.changed");
  open_up();
  return a;
}

ModelAnswer Model::on(const Pause&) {
  if (closed_) return answer(Code::wrong_state);
  if (!paused_) {
    paused_at_ = now_;
    tell("dibs.sale.paused");
  }
  paused_ = true;
  return answer(Code::ok);
}

ModelAnswer Model::on(const Resume&) {
  if (closed_) return answer(Code::wrong_state);
  if (paused_) {
    for (auto& o : orders_) o.deadline += now_ - paused_at_;
    tell("dibs.sale.resumed");
  }
  paused_ = false;
  return answer(Code::ok);
}

ModelAnswer Model::on(const Restart& c) {
  const Instant now = now_;
  advance(now - c.downtime);
  now_ = now;
  const bool concerns_somebody = std::ranges::any_of(
      orders_, [](const auto& o) { return has_hold(o) || o.state == OrderState::waiting; });
  if (c.downtime == Duration::zero() || !concerns_somebody) return answer(Code::ok);
  tell("dibs.sale.resumed");
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
  if (c.delta == 0) return answer(Code::malformed);
  if (item(sku) == nullptr) return answer(Code::unknown_sku);
  const std::pair what{sku, c.delta};
  if (!c.key.empty() && restocks_.contains(c.key.value())) {
    if (restocks_.at(c.key.value()) != what) return answer(Code::idempotency_mismatch);
    ModelAnswer a;
    a.replayed = true;
    return a;
  }
  if (closed_) return answer(Code::closed);
  if (available(sku) + c.delta < 0) return answer(Code::wrong_state);
  total_[sku] += c.delta;
  tell("dibs.sale.stock_changed", sku);
  if (!c.key.empty()) restocks_[c.key.value()] = what;
  serve();
  return answer(Code::ok);
}

/// Nobody asks the model: a sale is archived between two runs, when no command comes.
ModelAnswer Model::on(const Archive&) { return answer(Code::wrong_state); }

ModelAnswer Model::on(const Remove&) {
  if (opened_ && !spec_.test) return answer(Code::wrong_state);
  tell("dibs.sale.removed");
  Model empty;
  empty.now_ = now_;
  empty.told_ = std::move(told_);
  *this = std::move(empty);
  return answer(Code::ok);
}

}  // namespace dibs::sale::checkers
