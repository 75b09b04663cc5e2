#include "sim/desk.h"

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <type_traits>

#include "base/json_writer.h"
#include "http/answer_sink.h"

namespace dibs::sim {
namespace {

namespace json = boost::json;

constexpr auto kShopKey = "shop-key-of-the-simulated-shop";

std::string operator_token(const std::string& name) { return "operator-token-of-" + name; }

api::Options options(const webhook::Secret& secret) {
  api::Options options;
  for (const auto* name : {"anna", "ben"})
    options.operators.push_back({name, operator_token(name)});
  options.shop_keys = {kShopKey};
  options.webhook_secrets = {secret};
  options.stepped = true;
  return options;
}

webhook::Secret the_secret() {
  return webhook::Secret::parse("whsec_c2ltdWxhdGVkIHNlY3JldCBvZiAzMiBieXRlcyBvciBzbw==").value();
}

/// The value of `name` among what the wire may say for it.
template <class T>
T named(std::string_view name, std::initializer_list<T> all) {
  for (const T one : all) {
    if (sale::to_text(one) == name) return one;
  }
  return *all.begin();
}

sale::OrderView read_order(const json::object& said) {
  using enum sale::OrderState;
  using sale::Money;
  const auto text = [&](const char* member) {
    return std::string(said.at(member).as_string().c_str());
  };
  sale::OrderView order;
  order.id = parse_order_id(text("id")).value();
  order.buyer = BuyerId(text("buyer"));
  order.state = named(text("state"), {waiting, held, paying, paid, released, sold_out, closed});
  order.money = named(text("money"), {Money::none, Money::authorised, Money::captured,
                                      Money::voided, Money::refund_due, Money::refunded});
  order.arrival = Arrival(said.at("arrival").to_number<std::uint64_t>());
  order.seq = Seq(said.at("seq").to_number<std::uint64_t>());
  for (const auto& line : said.at("items").as_array()) {
    order.lines.push_back({SkuId(std::string(line.at("sku").as_string().c_str())),
                           line.at("quantity").to_number<std::uint32_t>(),
                           line.at("price").to_number<std::int64_t>()});
  }
  return order;
}

sale::Code read_code(std::string_view name) {
  for (auto code = sale::Code::too_large; code <= sale::Code::unknown_outcome;
       code = static_cast<sale::Code>(static_cast<int>(code) + 1)) {
    if (sale::info(code).name == name) return code;
  }
  return sale::Code::ok;
}

/// What a caller learns from an answer; nothing: that it must ask again.
std::optional<sale::Outcome> read_outcome(const http::Response& response) {
  if (response.status == 503) return std::nullopt;
  const json::value parsed = json::parse(response.body);
  const json::object& said = parsed.as_object();
  sale::Outcome outcome;
  for (const auto& [name, value] : response.headers) {
    outcome.replayed = outcome.replayed || name == "Idempotency-Replayed";
  }
  if (response.status < 300) {
    if (!said.contains("arrival")) return outcome;  // a sale
    outcome.order = read_order(said);
    outcome.arrival = outcome.order->arrival;
    return outcome;
  }
  outcome.code = read_code(said.at("code").as_string());
  if (const auto* arrival = said.if_contains("arrival"))
    outcome.arrival = Arrival(arrival->to_number<std::uint64_t>());
  if (const auto* orders = said.if_contains("orders")) {
    for (const auto& order : orders->as_array())
      outcome.live_orders.push_back(read_order(order.as_object()));
  }
  return outcome;
}

std::string body_of(const sale::Put& put) {
  const sale::SaleSpec& spec = put.spec;
  const auto instant = [](JsonWriter& writer, const char* name, const std::optional<Instant>& at) {
    if (at) writer.member(name, to_rfc3339(*at));
  };
  std::string body;
  JsonWriter writer(body);
  writer.begin_object().member("title", spec.title).member("currency", spec.currency);
  writer.key("items").begin_array();
  for (const auto& item : spec.items) {
    writer.begin_object().member("sku", item.sku.view()).member("title", item.title);
    writer.member("price", item.price).member("stock", item.stock).end_object();
  }
  writer.end_array();
  instant(writer, "opens_at", spec.opens_at);
  instant(writer, "closes_at", spec.closes_at);
  writer.member("hold_seconds", spec.hold_seconds).member("payment_seconds", spec.payment_seconds);
  writer.member("payment_attempts", spec.payment_attempts);
  writer.member("promotion_seconds", spec.promotion_seconds);
  writer.member("limit_per_buyer", spec.limit_per_buyer);
  if (spec.line_limit) writer.member("line_limit", *spec.line_limit);
  writer.member("payment", sale::to_text(spec.payment)).end_object();
  return body;
}

std::string body_of(const sale::Buy& buy) {
  std::string body;
  JsonWriter writer(body);
  writer.begin_object().key("items").begin_array();
  for (const auto& line : buy.lines) {
    writer.begin_object().member("sku", line.sku.view()).member("quantity", line.quantity);
    writer.end_object();
  }
  writer.end_array().end_object();
  return body;
}

}  // namespace

/// A request before it is one: Request itself only looks at other people's strings.
struct Desk::Sent {
  http::Method method = http::Method::post;
  std::string path;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

/// The other end of every connection to one process.
class Desk::Line final : public http::AnswerSink {
 public:
  using Heard = std::move_only_function<void(const http::Response*)>;

  std::uint64_t expect(Heard heard) {
    waiting_.emplace(++asked_, std::move(heard));
    return asked_;
  }
  void post(http::Message message) override {
    auto waiting = waiting_.extract(message.request);
    if (!waiting) return;
    auto* answer = std::get_if<http::Message::Answer>(&message.what);
    http::Response abandoned;
    abandoned.status = 500;
    waiting.mapped()(answer != nullptr ? &answer->response : &abandoned);
  }
  [[nodiscard]] std::size_t stream_backlog_bytes() const override { return 1 << 20; }
  void cut() {
    auto waiting = std::exchange(waiting_, {});
    for (auto& [request, heard] : waiting) heard(nullptr);
  }

 private:
  std::map<std::uint64_t, Heard> waiting_;
  std::uint64_t asked_ = 0;
};

Desk::Desk(engine::ManualClock& clock, Bank& bank)
    : clock_(clock), bank_(bank), secret_(the_secret()) {}

Desk::~Desk() = default;

void Desk::open(engine::Engine& engine) {
  line_ = std::make_shared<Line>();
  auto api = api::Api::make(options(secret_), engine, &bank_, clock_,
                            [] { return std::vector<api::Stat>(); });
  api_ = std::move(api).value();
  engine.add_listener(*api_);
}

void Desk::cut() {
  bank_.hang_up();
  line_->cut();
}

void Desk::ask(const Stamp& stamp, const std::string& sale, const sale::Command& command,
               Answered answered) {
  const Sent sent = request_for(sale, command);
  send(stamp, sent,
       [this, path = sent.path,
        answered = std::move(answered)](const http::Response* response) mutable {
         if (response == nullptr) return answered(nullptr);
         const bool wrong =
             response->status == 400 || response->status == 401 || response->status == 500;
         if (wrong)
           broken_.push_back(path + " was answered " + std::to_string(response->status) + ": " +
                             response->body);
         if (wrong) return answered(nullptr);
         const auto outcome = read_outcome(*response);
         answered(outcome ? &*outcome : nullptr);
       });
}

void Desk::hear(const Stamp& stamp, const payment::IntentEvent& event) {
  Sent sent{.path = "/v1/payments/webhook", .body = payment::to_json(event), .headers = {}};
  const std::string id = event.intent.id + "-" + std::string(to_text(event.intent.status));
  const auto signature = webhook::sign(id, clock_.now(), sent.body, {secret_});
  sent.headers = {{"webhook-id", signature.id},
                  {"webhook-timestamp", signature.timestamp},
                  {"webhook-signature", signature.signature},
                  {"Content-Type", "application/json"}};
  send(stamp, sent, [this](const http::Response* response) {
    if (response == nullptr || response->status == 200 || response->status == 503) return;
    broken_.push_back("a webhook was answered " + std::to_string(response->status) + ": " +
                      response->body);
  });
}

void Desk::send(const Stamp& stamp, const Sent& sent, Line::Heard heard) {
  http::Request request;
  request.method = sent.method;
  request.target = request.path = sent.path;
  for (const auto& [name, value] : sent.headers) request.headers.push_back({name, value});
  request.body = sent.body;
  request.stamp = stamp;
  request.peer = "192.0.2.1";
  const std::uint64_t number = line_->expect(std::move(heard));
  api_->handle(request, http::Responder(line_, 1, number));
}

Desk::Sent Desk::request_for(const std::string& sale, const sale::Command& command) {
  const bool by_operator = !command.actor.empty();
  Sent sent;
  sent.headers = {
      {"Authorization", "Bearer " + (by_operator ? operator_token(command.actor) : kShopKey)},
      {"Content-Type", "application/json"}};
  if (!command.owner.empty()) sent.headers.emplace_back("Dibs-Buyer", command.owner.value());
  const auto of_sale = [&](const char* what) { sent.path = "/v1/sales/" + sale + what; };
  const auto of_order = [&](const OrderKey& key, const char* what) {
    sent.path = "/v1/orders/" + to_text(OrderId{key, SaleId(sale)}) + what;
  };
  std::visit(
      [&]<class Action>(const Action& action) {
        if constexpr (std::is_same_v<Action, sale::Put>) {
          modes_[sale] = action.spec.payment;
          sent.method = http::Method::put;
          sent.body = body_of(action);
          of_sale("");
        } else if constexpr (std::is_same_v<Action, sale::Pause>) {
          of_sale("/pause");
        } else if constexpr (std::is_same_v<Action, sale::Resume>) {
          of_sale("/resume");
        } else if constexpr (std::is_same_v<Action, sale::Close>) {
          of_sale("/close");
        } else if constexpr (std::is_same_v<Action, sale::Restock>) {
          sent.body = R"({"sku":")" + action.sku.value() + R"(","delta":)" +
                      std::to_string(action.delta) + "}";
          sent.headers.emplace_back("Idempotency-Key", action.key.value());
          of_sale("/stock");
        } else if constexpr (std::is_same_v<Action, sale::Buy>) {
          sent.body = body_of(action);
          sent.headers.emplace_back("Dibs-Buyer", action.buyer.value());
          sent.headers.emplace_back("Idempotency-Key", action.key.value());
          of_sale("/orders");
        } else if constexpr (std::is_same_v<Action, sale::BeginPayment>) {
          const bool by_provider = modes_[sale] == sale::PaymentMode::provider;
          const bool at_once = action.order.bytes.front() % 4 == 0;
          if (by_provider)
            sent.body =
                R"({"token":")" + std::string(at_once ? Bank::kAtOnce : Bank::kLater) + "\"}";
          of_order(action.order, by_provider ? "/payment" : "/begin");
        } else if constexpr (std::is_same_v<Action, sale::PaymentSucceeded>) {
          of_order(action.order, "/confirm");
        } else if constexpr (std::is_same_v<Action, sale::PaymentFailed> ||
                             std::is_same_v<Action, sale::Release>) {
          of_order(action.order, "/release");
        } else if constexpr (std::is_same_v<Action, sale::Cancel>) {
          sent.method = http::Method::del;
          of_order(action.order, "");
        } else if constexpr (std::is_same_v<Action, sale::Refund>) {
          sent.body = action.restock ? R"({"restock":true})" : R"({"restock":false})";
          of_order(action.order, "/refund");
        } else {
          broken_.push_back("a command that has no route");
        }
      },
      command.action);
  return sent;
}

}  // namespace dibs::sim
