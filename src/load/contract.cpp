#include "load/contract.h"

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>
#include <limits>
#include <set>
#include <unordered_set>

#include "base/ids.h"
#include "base/time.h"
#include "http/response_reader.h"
#include "load/codes.h"

namespace dibs::load {
namespace {

namespace json = boost::json;

[[nodiscard]] std::string_view text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

/// -1: missing, no whole number, or negative.
[[nodiscard]] std::int64_t number_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !(value->is_int64() || value->is_uint64())) return -1;
  boost::system::error_code error;
  const auto number = value->to_number<std::int64_t>(error);
  return error ? -1 : number;
}

[[nodiscard]] bool one_of(std::string_view text, std::initializer_list<std::string_view> set) {
  return std::ranges::find(set, text) != set.end();
}

/// Holds one answer after another against the contract, in the order of the exchanges.
class Checker {
 public:
  Checker(const Script& script, std::string_view sale, std::vector<Press>& presses,
          Findings& findings)
      : script_(script),
        sale_(sale),
        presses_(presses),
        findings_(findings),
        seq_seen_(presses.size()),
        pressed_(presses.size()) {}

  /// Without an answer to `exchange`: whatever its buyer presses next is a retry.
  void pass_over(const Exchange& exchange) {
    if (exchange.task.ask == Ask::press) pressed_[exchange.task.buyer] = true;
  }

  void check(const Exchange& exchange, std::string_view raw) {
    exchange_ = &exchange;
    raw_ = raw;
    retried_ = pressed_[exchange.task.buyer];
    pass_over(exchange);
    http::ResponseReader reader;
    reader.feed(raw);
    const auto answer = reader.take();
    if (!expect(answer.has_value(), "An answer is not strict HTTP/1.1")) return;
    const bool good = answer->status < 300;
    const std::string_view type = answer->header("content-type").value_or("");
    expect(
        type.substr(0, type.find(';')) == (good ? "application/json" : "application/problem+json"),
        "An answer has the wrong content type");
    boost::system::error_code error;
    const json::value value = json::parse(answer->body, error);
    if (!expect(!error && value.is_object(), "An answer is not a JSON object")) return;
    if (!good) return check_problem(*answer, value.get_object());
    if (exchange.task.ask == Ask::entry) return check_sale(*answer, value.get_object());
    check_order(*answer, value.get_object());
  }

 private:
  bool expect(bool holds, std::string_view what) {
    return findings_.expect(holds, what, holds ? std::string_view() : raw_.substr(0, 400));
  }

  void check_sale(const http::ReceivedResponse& answer, const json::object& sale) {
    expect(answer.status == 200, "A sale is answered with another status than 200");
    expect(one_of(text_of(sale, "state"), {"scheduled", "open", "paused", "closed"}),
           "A sale is in an unknown state");
    expect(parse_rfc3339(text_of(sale, "server_time")).has_value(),
           "A sale has no readable server_time");
    const auto* items = sale.if_contains("items");
    expect(items != nullptr && items->is_array(), "A sale has no items");
  }

  void check_problem(const http::ReceivedResponse& answer, const json::object& problem) {
    const std::string_view code = text_of(problem, "code");
    const KnownCode* known = find_code(code, answer.status);
    expect(!text_of(problem, "type").empty() && !text_of(problem, "title").empty() &&
               !text_of(problem, "detail").empty(),
           "A refusal lacks type, title or detail");
    expect(number_of(problem, "status") == answer.status, "A refusal names another status");
    const auto* retryable = problem.if_contains("retryable");
    expect(retryable != nullptr && retryable->is_bool(),
           "A refusal does not say if it may be retried");
    if (!expect(known != nullptr,
                "A refusal has a code or status that the contract does not know")) {
      return;
    }
    if (answer.status == 429 || (answer.status == 503 && code != "unknown_outcome")) {
      expect(answer.header("retry-after").has_value(), "A refusal lacks Retry-After");
    }
    check_arrival(problem, known->arrival);
  }

  void check_arrival(const json::object& problem, KnownCode::Arrival rule) {
    const bool numbered = problem.contains("arrival");
    const bool press = exchange_->task.ask == Ask::press;
    if (rule == KnownCode::Arrival::always && press) {
      expect(number_of(problem, "arrival") > 0, "A numbered answer lacks its arrival");
    }
    if (rule == KnownCode::Arrival::never) {
      expect(!numbered, "A request that was not numbered shows an arrival");
    }
  }

  void check_order(const http::ReceivedResponse& answer, const json::object& order) {
    Press& press = presses_[exchange_->task.buyer];
    const std::string_view state = text_of(order, "state");
    check_identity(order, press);
    check_members(order, state);
    check_state(order, state);
    if (exchange_->task.ask == Ask::press) {
      check_accepted(answer, order, state, press);
    } else {
      expect(answer.status == 200 || (exchange_->task.ask == Ask::pay && answer.status == 202),
             "An order is answered with a wrong status");
    }
    const std::int64_t seq = number_of(order, "seq");
    std::int64_t& seen = seq_seen_[press.buyer];
    expect(seq >= seen, "An order's seq went back between two answers");
    seen = std::max(seen, seq);
  }

  void check_identity(const json::object& order, Press& press) {
    const auto id = parse_order_id(text_of(order, "id"));
    expect(id && id->sale.view() == sale_, "An order's id does not have the agreed form");
    expect(text_of(order, "sale") == sale_, "An order names another sale");
    expect(number_of(order, "arrival") > 0, "A numbered answer lacks its arrival");
    const bool own = text_of(order, "buyer") == script_.buyer_name(press.buyer) &&
                     text_of(order, "id") == press.order;
    if (!expect(own, "An answer shows another buyer's order")) press.outcome = Outcome::wrong_buyer;
    expect(number_of(order, "arrival") == static_cast<std::int64_t>(press.arrival),
           "An order's arrival changed between two answers");
  }

  void check_members(const json::object& order, std::string_view state) {
    expect(one_of(state, {"waiting", "held", "paying", "paid", "released", "sold_out", "closed"}),
           "An order is in an unknown state");
    expect(one_of(text_of(order, "money"),
                  {"none", "authorised", "captured", "void", "refund_due", "refunded"}),
           "An order's money is in an unknown state");
    const auto* items = order.if_contains("items");
    expect(items != nullptr && items->is_array() && !items->get_array().empty(),
           "An order has no items");
    expect(number_of(order, "amount") >= 0 && !text_of(order, "currency").empty(),
           "An order lacks amount or currency");
    expect(parse_rfc3339(text_of(order, "created_at")).has_value(),
           "An order has no readable created_at");
  }

  void check_state(const json::object& order, std::string_view state) {
    const bool waiting = state == "waiting";
    const bool placed = number_of(order, "place") > 0 && number_of(order, "position") > 0;
    expect(placed == waiting, "Place and position are not shown exactly while waiting");
    const bool timed = parse_rfc3339(text_of(order, "expires_at")).has_value();
    if (state == "held") expect(timed, "A held order does not say when the hold ends");
    const std::string_view reason = text_of(order, "reason");
    expect(reason.empty() != (state == "released"), "A reason is not shown exactly when released");
    if (state == "released") {
      expect(
          one_of(reason, {"cancelled", "expired", "payment_failed", "capture_failed", "refunded"}),
          "An order was released for an unknown reason");
    }
  }

  void check_accepted(const http::ReceivedResponse& answer, const json::object& order,
                      std::string_view state, const Press& press) {
    const bool waiting = state == "waiting";
    const bool replay = answer.header("idempotency-replayed").has_value();
    // A replay shows the order as it is now, whatever became of it meanwhile.
    expect(answer.status == (waiting ? 202 : 201) &&
               (replay || one_of(state, {"waiting", "held", "paid"}) ||
                (script_.may_pay_at_once() && state == "released")),
           "An accepted order's status does not fit its state");
    expect(!replay || retried_, "A first answer is called a replay");
    expect(ids_.insert(std::string(text_of(order, "id"))).second,
           "Two buyers were given the same order");
    if (waiting) {
      expect(places_.emplace(script_.book_of(press.buyer), press.place).second,
             "Two orders have the same place in the line");
    }
  }

  const Script& script_;
  std::string_view sale_;
  std::vector<Press>& presses_;
  Findings& findings_;
  std::vector<std::int64_t> seq_seen_;
  std::vector<bool> pressed_;
  bool retried_ = false;  ///< the exchange is not its buyer's first press
  std::unordered_set<std::string> ids_;
  std::set<std::pair<std::uint32_t, std::uint64_t>> places_;  ///< book, place
  const Exchange* exchange_ = nullptr;
  std::string_view raw_;
};

[[nodiscard]] std::string pair_text(const Press& a, const Press& b) {
  return "arrivals " + std::to_string(a.arrival) + " and " + std::to_string(b.arrival);
}

}  // namespace

void check_answers(const Exchanges& exchanges, const Script& script, std::string_view sale,
                   std::vector<Press>& presses, Findings& findings) {
  Checker checker(script, sale, presses, findings);
  for (const Exchange& exchange : exchanges.list) {
    if (exchange.status != 0) {
      checker.check(exchange, exchanges.answer(exchange));
    } else {
      checker.pass_over(exchange);
    }
  }
}

namespace {

void check_numbered_after_answered(std::vector<const Press*> numbered, Findings& findings) {
  std::vector<const Press*> by_answer = numbered;
  std::ranges::sort(by_answer, {}, &Press::answered_at_ns);
  std::ranges::sort(numbered, {}, &Press::sent_at_ns);
  const Press* highest = nullptr;  // of those answered before the present one was begun
  auto answered = by_answer.begin();
  for (const Press* press : numbered) {
    for (; answered != by_answer.end() && (*answered)->answered_at_ns <= press->sent_at_ns;
         ++answered) {
      if (highest == nullptr || (*answered)->arrival > highest->arrival) highest = *answered;
    }
    if (highest == nullptr || highest->arrival < press->arrival) continue;
    findings.add("A press begun after another was answered got the smaller arrival",
                 pair_text(*highest, *press));
  }
}

}  // namespace

void check_arrivals(std::span<const Press> presses, const Options& options, Findings& findings) {
  std::vector<const Press*> numbered;
  for (const Press& press : presses) {
    if (press.arrival != 0) numbered.push_back(&press);
  }
  std::ranges::sort(numbered, {}, &Press::arrival);
  for (std::size_t i = 1; i < numbered.size(); ++i) {
    findings.expect(numbered[i - 1]->arrival != numbered[i]->arrival,
                    "An arrival number was given twice", std::to_string(numbered[i]->arrival));
  }
  if (!options.books_apart) return check_numbered_after_answered(std::move(numbered), findings);
  for (std::uint32_t gateway = 0; gateway < options.gateways(); ++gateway) {
    std::vector<const Press*> own;
    std::ranges::copy_if(numbered, std::back_inserter(own), [&](const Press* press) {
      return options.gateway_of(press->buyer) == gateway;
    });
    check_numbered_after_answered(std::move(own), findings);
  }
}

}  // namespace dibs::load
