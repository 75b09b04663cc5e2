#include "sandbox/desk.h"

#include <boost/json.hpp>
#include <utility>

#include "sandbox/page.h"
#include "webhook/signature.h"

namespace dibs::sandbox {
namespace {

using Status = Intent::Status;
using http::Method;
using http::Response;

constexpr std::string_view kIntents = "/v1/payment_intents";
constexpr std::string_view kRefusesCapture = "tok_capture_fail";
constexpr std::size_t kKeyMax = 200;
constexpr std::size_t kNeverAnsweredMax = 1'000;

Response json(std::uint16_t status, std::string body) {
  return {
      .status = status, .content_type = "application/json", .headers = {}, .body = std::move(body)};
}

Response refuse(std::uint16_t status, std::string_view why) {
  return json(status, boost::json::serialize(boost::json::object{{"error", why}}));
}

Response answer_of(const Decided<Intent>& decided) {
  if (decided) return json(200, payment::to_json(*decided));
  return refuse(decided.error().status, decided.error().why);
}

/// `name=value` of a query; values of ours need no decoding.
std::string parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    if (part.size() > name.size() && part.starts_with(name) && part[name.size()] == '=') {
      return std::string(part.substr(name.size() + 1));
    }
  }
  return {};
}

}  // namespace

Desk::Desk(const Sandbox::Options& options, Bank& bank, Worker& worker, const Clock& clock)
    : options_(options),
      faults_(options.faults),
      dice_(options.seed),
      bank_(bank),
      worker_(worker),
      clock_(clock),
      sender_(bank, faults_, dice_, worker, clock) {}

void Desk::begin() {
  if (!options_.webhook.empty()) bank_.set_endpoint({options_.webhook, options_.secret});
  for (const Intent& intent : bank_.processing()) settle_later(intent.id);
  sender_.send_all();
}

void Desk::serve(DeskCall call, http::Responder responder) {
  // The page itself is not a call that anything goes wrong with.
  const bool plays = call.path.starts_with(kIntents);
  const Duration delay = plays ? milliseconds(faults_.delay_ms) : Duration(0);
  worker_.at(clock_.monotonic() + delay,
             [this, plays, call = std::move(call), responder = std::move(responder)]() mutable {
               if (plays && dice_.falls(faults_.error)) {
                 return responder.respond(refuse(503, "The sandbox was told to fail."));
               }
               Response response = answer(call);
               if (plays && options_.restart && dice_.falls(faults_.restart))
                 options_.restart(address_);
               if (plays && dice_.falls(faults_.timeout)) {
                 never_answered_.push_back(std::move(responder));
                 if (never_answered_.size() > kNeverAnsweredMax) never_answered_.pop_front();
               } else if (plays && dice_.falls(faults_.lost)) {
                 // A stream that ends at once: the client finds its connection closed and no whole
                 // answer.
                 const auto cut = responder.stream();
               } else {
                 responder.respond(std::move(response));
               }
               sender_.send_all();
             });
}

Response Desk::answer(const DeskCall& call) {
  if (call.path == "/" && call.method == Method::get) return fault_page();
  if (call.path == "/healthz") return json(200, R"({"status":"ok"})");
  if (call.path == "/faults" && call.method == Method::get) return show_faults();
  if (call.path == "/faults" && call.method == Method::put) return set_faults(call);
  if (!options_.api_key.empty() && call.authorization != "Bearer " + options_.api_key) {
    return refuse(401, "The API key is missing or not the sandbox's (DIBS_PAYMENTS_KEY).");
  }
  if (call.path == "/v1/webhook_endpoint" && call.method == Method::put) {
    return set_endpoint(call);
  }
  if (call.path == kIntents && call.method == Method::post) return create(call);
  if (call.path == kIntents && call.method == Method::get) return list(call);
  if (!call.path.starts_with(std::string(kIntents) + "/")) return refuse(404, "Not found.");
  const std::string rest = call.path.substr(kIntents.size() + 1);
  const auto slash = rest.find('/');
  if (slash == std::string::npos && call.method == Method::get) return answer_of(bank_.find(rest));
  if (slash == std::string::npos || call.method != Method::post) {
    return refuse(405, "This address does not take that method.");
  }
  return act(rest.substr(0, slash), std::string_view(rest).substr(slash + 1));
}

Response Desk::create(const DeskCall& call) {
  if (call.key.empty() || call.key.size() > kKeyMax) {
    return refuse(400, "The header Idempotency-Key must be 1 to 200 characters.");
  }
  const auto request = payment::parse_intent_request(call.body);
  if (!request) return refuse(400, request.error().what);
  if (request->amount <= 0) return refuse(400, "The amount must be more than 0.");
  const bool waits = request->token == "tok_late" || dice_.falls(faults_.async);
  auto made = bank_.create(*request, call.key, waits ? Status::processing : decide(request->token));
  if (made && made->status == Status::processing) settle_later(made->id);
  return answer_of(made);
}

Status Desk::decide(std::string_view token) {
  if (token == "tok_ok" || token == "tok_late" || token == kRefusesCapture) {
    return Status::requires_capture;
  }
  if (token != "tok_random") return Status::declined;
  return dice_.falls(faults_.decline) ? Status::declined : Status::requires_capture;
}

void Desk::settle_later(const std::string& id) {
  worker_.at(clock_.monotonic() + milliseconds(faults_.late_ms), [this, id] {
    const Status fate = decide(bank_.token(id));
    static_cast<void>(bank_.move(id, fate));  // unless it was canceled meanwhile
    sender_.send_all();
  });
}

Response Desk::act(const std::string& id, std::string_view action) {
  if (action == "capture") {
    const auto intent = bank_.find(id);
    if (intent && intent->status == Status::requires_capture) {
      const bool refused =
          bank_.token(id) == kRefusesCapture || dice_.falls(faults_.refuse_capture);
      if (refused) {
        static_cast<void>(bank_.move(id, Status::canceled));
        return refuse(402, "The capture was refused.");
      }
    }
    if (intent && intent->status == Status::canceled) {
      return refuse(402, "The authorisation was given up.");
    }
    if (intent && intent->status == Status::refunded) return answer_of(intent);
    return answer_of(bank_.move(id, Status::captured));
  }
  if (action == "cancel") return answer_of(bank_.move(id, Status::canceled));
  if (action == "refund") return answer_of(bank_.move(id, Status::refunded));
  return refuse(404, "An intent can be captured, canceled or refunded.");
}

Response Desk::list(const DeskCall& call) {
  const auto intents = bank_.list({.order = parameter(call.query, "order"),
                                   .attempt = parameter(call.query, "attempt"),
                                   .status = parameter(call.query, "status"),
                                   .after = parameter(call.query, "after")});
  const bool more = intents.size() == Bank::kPage;
  return json(200, payment::to_json(intents, more ? intents.back().id : ""));
}

Response Desk::set_endpoint(const DeskCall& call) {
  boost::json::error_code error;
  const auto value = boost::json::parse(call.body, error);
  const auto* object = error ? nullptr : value.if_object();
  const auto* url = object == nullptr ? nullptr : object->if_contains("url");
  const auto* secret = object == nullptr ? nullptr : object->if_contains("secret");
  const bool texts = url != nullptr && secret != nullptr && url->is_string() && secret->is_string();
  if (!texts || !webhook::Secret::parse(secret->get_string())) {
    return refuse(400, "It takes {\"url\", \"secret\": \"whsec_…\"}.");
  }
  bank_.set_endpoint({std::string(url->get_string()), std::string(secret->get_string())});
  return json(200, boost::json::serialize(boost::json::object{{"url", url->get_string()}}));
}

Response Desk::show_faults() const {
  const Sender::Counters& sent = sender_.counters();
  const boost::json::object counters{{"webhooks_taken", sent.taken},
                                     {"lies_sent", sent.lies},
                                     {"lies_taken", sent.lies_taken},
                                     {"lies_refused", sent.lies_refused}};
  return json(200, R"({"faults":)" + to_json(faults_) + R"(,"counters":)" +
                       boost::json::serialize(counters) + "}");
}

/// Takes `{"timeout": 0.2, …}`; what is not named stays.
Response Desk::set_faults(const DeskCall& call) {
  boost::json::error_code error;
  const auto value = boost::json::parse(call.body, error);
  if (error || !value.is_object()) return refuse(400, "It takes an object of faults and shares.");
  std::string text;
  for (const auto& member : value.get_object()) {
    if (!text.empty()) text += ',';
    text.append(member.key()).append("=").append(boost::json::serialize(member.value()));
  }
  Faults changed = faults_;
  if (const auto applied = apply_faults(text, changed); !applied) {
    return refuse(400, applied.error().what);
  }
  if (changed.restart > 0 && !options_.restart) {
    return refuse(400, "The fault restart needs books that last: dibs payments --data FILE.");
  }
  faults_ = changed;
  return show_faults();
}

}  // namespace dibs::sandbox
