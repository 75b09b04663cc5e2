#include "load/fake_sale.h"

#include <algorithm>
#include <utility>

#include "base/ids.h"

namespace dibs::load::testing {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "\"";
}

std::string member(std::string_view name, std::uint64_t value) {
  return "," + quoted(name) + ":" + std::to_string(value);
}

std::string member(std::string_view name, std::string_view value) {
  return "," + quoted(name) + ":" + quoted(value);
}

std::string order_id(std::uint64_t number) {
  OrderId id;
  for (std::size_t i = 0; i < 8; ++i) {
    id.key.bytes.at(i) = static_cast<std::uint8_t>(number >> (8 * i));
  }
  id.sale = SaleId("rush");
  return to_text(id);
}

}  // namespace

std::uint64_t FakeSale::count(std::string_view state) const {
  return static_cast<std::uint64_t>(std::ranges::count(orders_, state, &Order::state));
}

std::uint64_t FakeSale::number() {
  const std::uint64_t arrival = ++arrivals_;
  if (options_.bug == Bug::duplicate_arrival && arrival % 10 == 0) return arrival - 1;
  if (options_.bug == Bug::shuffled_arrivals) return arrival % 2 == 0 ? arrival - 1 : arrival + 1;
  return arrival;
}

FakeAnswer FakeSale::answer(const FakeRequest& request) {
  if (request.path == "/v1/sales/rush") return sale();
  if (request.path == "/v1/sales/rush/orders") return buy(request);
  if (request.path == "/v1/sales/rush/orders?limit=1") {
    return options_.knows_nobody ? refuse(401, "unauthenticated", 0)
                                 : FakeAnswer{.body = R"({"orders":[]})"};
  }
  constexpr std::string_view kOrders = "/v1/orders/";
  if (!request.path.starts_with(kOrders)) return refuse(404, "unknown_sale", 0);
  const std::string rest = request.path.substr(kOrders.size());
  const auto slash = rest.find('/');
  const auto found = std::ranges::find(orders_, rest.substr(0, slash), &Order::id);
  if (found == orders_.end()) return refuse(404, "unknown_order", 0);
  if (slash == std::string::npos) return show(*found, 200);
  return move(*found, request, std::string_view(rest).substr(slash + 1));
}

FakeAnswer FakeSale::sale() const {
  const std::uint64_t held = count("held") + count("paying");
  const std::uint64_t sold = sold_ + (options_.bug == Bug::wrong_books && sold_ > 0 ? 1 : 0);
  std::string item = R"({"sku":"floor","title":"Floor","price":100)";
  item += member("total", options_.stock + added_) + member("available", available_) +
          member("held", held) + member("sold", sold) + member("waiting", line_.size()) + "}";
  std::string body =
      "{\"id\":\"rush\"" + member("title", options_.title) + member("state", options_.state) +
      R"(,"server_time":"2026-12-01T11:00:00.000Z")" + member("payment", options_.payment) +
      member("line_limit", options_.line_limit) + R"(,"items":[)" + item +
      R"(],"durability":"none"})";
  return {.body = body};
}

FakeAnswer FakeSale::buy(const FakeRequest& request) {
  if (const auto known = keys_.find(request.key);
      known != keys_.end() && options_.bug != Bug::forgets_keys) {
    FakeAnswer out = show(*known->second, known->second->state == "waiting" ? 202 : 201);
    out.headers = "Idempotency-Replayed: true\r\n";
    return out;
  }
  ++presses_;
  happen();
  if (options_.bug == Bug::cut && presses_ == 30) return {.cut = true};
  if (options_.bug == Bug::turns_away && presses_ % 50 == 0) return refuse(503, "overloaded", 0);
  const std::uint64_t arrival = number();
  if (options_.state == "closed") return refuse(409, "closed", arrival);
  if (options_.limit_reached_every > 0 && presses_ % options_.limit_reached_every == 0) {
    return refuse(409, "limit_reached", arrival);
  }
  FakeAnswer out = buy_by_rules(request, arrival);
  out.cut = options_.bug == Bug::cut_answer && presses_ == 5;
  return out;
}

/// What comes about by itself when so many have pressed.
void FakeSale::happen() {
  if (presses_ == options_.restock_after) {
    added_ += 5;
    available_ += 5;
    shut_ = false;
    promote();
  }
  if (presses_ == options_.close_after) {
    options_.state = "closed";
    end_line("closed");
  }
}

FakeAnswer FakeSale::buy_by_rules(const FakeRequest& request, std::uint64_t arrival) {
  const bool passed_over = options_.bug == Bug::later_first && presses_ <= 5;
  if (available_ > 0 && line_.empty() && !passed_over) return accept(request, arrival, false);
  if (options_.bug == Bug::oversell && presses_ == options_.stock + 1) {
    ++available_;
    return accept(request, arrival, false);
  }
  const bool over = sold_ >= options_.stock + added_;
  if (!passed_over && !over && !shut_ && line_.size() < options_.line_limit) {
    return accept(request, arrival, true);
  }
  if (!passed_over) shut_ = true;
  return refuse(409, "sold_out", arrival);
}

FakeAnswer FakeSale::accept(const FakeRequest& request, std::uint64_t arrival, bool waits) {
  if (options_.bug == Bug::same_order && !orders_.empty()) return show(orders_.front(), 201);
  Order& order = orders_.emplace_back();
  order.id = order_id(arrival);
  order.buyer = request.buyer;
  order.arrival = arrival;
  order.seq = ++seq_;
  order.state = waits ? "waiting" : "held";
  if (options_.bug == Bug::other_buyer && orders_.size() == 2) order.buyer = "somebody-else";
  keys_[request.key] = &order;
  if (waits) {
    order.place = ++places_;
    line_.push_back(&order);
    return show(order, 202);
  }
  --available_;
  if (options_.payment == "none") pay(order);
  return show(order, 201);
}

FakeAnswer FakeSale::refuse(int status, const std::string& code, std::uint64_t arrival) const {
  const bool numbered = arrival != 0 && options_.bug != Bug::missing_arrival;
  const bool plain = options_.bug == Bug::wrong_type;
  if (options_.bug == Bug::wrong_status && code == "sold_out") status = 410;
  const std::string name = options_.bug == Bug::unknown_code ? "gone" : code;
  std::string body = R"({"type":"/problems/x","title":"No","detail":"Do something else")" +
                     member("status", static_cast<std::uint64_t>(status)) + member("code", name) +
                     ",\"retryable\":false" + (numbered ? member("arrival", arrival) : "") + "}";
  return {.status = status,
          .body = body,
          .type = plain ? "application/json" : "application/problem+json",
          .headers = status == 503 || status == 429 ? "Retry-After: 1\r\n" : ""};
}

void FakeSale::pay(Order& order) {
  order.state = "paid";
  order.seq = ++seq_;
  ++sold_;
  const bool all_sold = sold_ >= options_.stock + added_;
  if (all_sold && options_.bug != Bug::forgets_the_line) end_line("sold_out");
}

void FakeSale::release(Order& order) {
  order.state = "released";
  order.reason = "payment_failed";
  order.seq = ++seq_;
  ++available_;
  promote();
}

void FakeSale::promote() {
  while (available_ > 0 && !line_.empty()) {
    Order& next = *line_.front();
    line_.pop_front();
    next.state = "held";
    next.seq = ++seq_;
    --available_;
  }
}

void FakeSale::end_line(const std::string& state) {
  for (Order* order : line_) {
    order->state = state;
    order->seq = ++seq_;
  }
  line_.clear();
}

FakeAnswer FakeSale::move(Order& order, const FakeRequest& request, std::string_view action) {
  if (options_.bug == Bug::denies_payment) return refuse(403, "forbidden", 0);
  if (options_.slows_payments && !std::exchange(order.slowed, true)) {
    return refuse(429, "slow_down", 0);
  }
  if (order.state != "held" && order.state != "paying") return refuse(409, "wrong_state", 0);
  const bool fails =
      options_.bug != Bug::failure_pays && request.body.find("tok_fail") != std::string::npos;
  if (action == "begin") {
    order.state = "paying";
    order.seq = ++seq_;
  } else if (action == "release" || (action == "payment" && fails)) {
    release(order);
  } else {
    pay(order);
  }
  if (options_.bug == Bug::all_paid) {
    for (Order& other : orders_) {
      if (&other != &order && other.state == "released") other.state = "paid";
    }
  }
  return show(order, 200);
}

FakeAnswer FakeSale::show(const Order& order, int status) const {
  std::string body = "{\"id\":" + quoted(order.id) + member("sale", "rush") +
                     member("buyer", order.buyer) + member("state", order.state) +
                     member("money", order.state == "paid" ? "captured" : "none") +
                     member("arrival", order.arrival) + member("seq", order.seq) +
                     R"(,"items":[{"sku":"floor","quantity":1,"price":100}],"amount":100)" +
                     R"(,"currency":"KRW","created_at":"2026-12-01T11:00:00.000Z")";
  if (!order.reason.empty() && order.state == "released") body += member("reason", order.reason);
  if (order.state == "held" && options_.bug != Bug::no_expiry_shown) {
    body += R"(,"expires_at":"2026-12-01T11:05:00.000Z")";
  }
  if (order.state == "waiting") {
    const auto at = std::ranges::find(line_, &order) - line_.begin();
    body += member("place", order.place) + member("position", static_cast<std::uint64_t>(at) + 1);
  }
  return {.status = status, .body = body + "}"};
}

std::string FakeSale::stream_events() const {
  std::string out = "event: stock\nid: 1\ndata: {\"sku\":\"floor\"" +
                    member("available", available_) + member("held", count("held")) +
                    member("sold", sold_) + "}\n\n";
  out += "event: line\nid: 1\ndata: {\"sku\":\"floor\",\"head\":";
  out += line_.empty() ? "null" : std::to_string(line_.front()->place);
  out += member("waiting", line_.size()) + "}\n\n";
  return out + "event: state\nid: 1\ndata: {\"state\":" + quoted(options_.state) + "}\n\n";
}

}  // namespace dibs::load::testing
