#include "payment/wire.h"

#include <array>
#include <boost/json.hpp>
#include <utility>

namespace dibs::payment {
namespace {

namespace json = boost::json;
using Status = Intent::Status;

constexpr std::array<std::pair<Status, std::string_view>, 6> kStatuses = {
    {{Status::processing, "processing"},
     {Status::requires_capture, "requires_capture"},
     {Status::declined, "declined"},
     {Status::captured, "captured"},
     {Status::canceled, "canceled"},
     {Status::refunded, "refunded"}}};

json::object object_of(const Intent& intent) {
  return {
      {"id", intent.id},         {"attempt", intent.key},       {"order", intent.order},
      {"amount", intent.amount}, {"currency", intent.currency}, {"status", to_text(intent.status)}};
}

/// Reads members one by one; the first that is missing or of the wrong kind is what is wrong.
class Reader {
 public:
  explicit Reader(const json::value& value) : object_(value.if_object()) {
    if (object_ == nullptr) wrong_ = "it is not an object";
  }

  std::string text(const char* name) {
    const auto* value = find(name);
    if (value != nullptr && value->is_string()) return std::string(value->get_string());
    note(name, "a text");
    return {};
  }
  std::int64_t integer(const char* name) {
    const auto* value = find(name);
    if (value != nullptr && value->is_int64()) return value->get_int64();
    note(name, "a whole number");
    return 0;
  }
  const json::value* find(const char* name) {
    return object_ == nullptr ? nullptr : object_->if_contains(name);
  }
  void note(std::string_view name, std::string_view what) {
    if (wrong_.empty()) wrong_ = "its member " + std::string(name) + " is not " + std::string(what);
  }
  [[nodiscard]] const std::string& wrong() const { return wrong_; }

 private:
  const json::object* object_;
  std::string wrong_;
};

std::unexpected<Fault> refuse(std::string_view wrong) {
  return fault(FaultKind::bad_input,
               "What was sent is not of the payment protocol: " + std::string(wrong) + ".",
               "See docs/formats/provider.md.");
}

Result<json::value> parse(std::string_view text) {
  json::error_code error;
  auto value = json::parse(text, error);
  if (error) return refuse("it is not JSON");
  return value;
}

Result<Intent> intent_of(const json::value& value) {
  Reader reader(value);
  Intent intent{.id = reader.text("id"),
                .key = reader.text("attempt"),
                .order = reader.text("order"),
                .amount = reader.integer("amount"),
                .currency = reader.text("currency")};
  const auto status = parse_status(reader.text("status"));
  if (!status) reader.note("status", "one of the protocol's");
  if (!reader.wrong().empty()) return refuse(reader.wrong());
  intent.status = *status;
  return intent;
}

}  // namespace

std::string_view to_text(Status status) {
  for (const auto& [known, text] : kStatuses) {
    if (known == status) return text;
  }
  return "";
}

std::optional<Status> parse_status(std::string_view text) {
  for (const auto& [status, known] : kStatuses) {
    if (known == text) return status;
  }
  return std::nullopt;
}

std::string to_json(const Intent& intent) { return json::serialize(object_of(intent)); }

std::string to_json(const IntentRequest& request) {
  return json::serialize(json::object{{"order", request.order},
                                      {"amount", request.amount},
                                      {"currency", request.currency},
                                      {"token", request.token}});
}

std::string to_json(const IntentEvent& event) {
  return json::serialize(json::object{{"type", event.type}, {"data", object_of(event.intent)}});
}

std::string to_json(const std::vector<Intent>& intents, std::string_view next) {
  json::array data;
  for (const Intent& intent : intents) data.push_back(object_of(intent));
  json::object page{{"data", std::move(data)}, {"next", nullptr}};
  if (!next.empty()) page["next"] = next;
  return json::serialize(page);
}

Result<Intent> parse_intent(std::string_view text) {
  const auto value = parse(text);
  if (!value) return std::unexpected(value.error());
  return intent_of(*value);
}

Result<IntentRequest> parse_intent_request(std::string_view text) {
  const auto value = parse(text);
  if (!value) return std::unexpected(value.error());
  Reader reader(*value);
  IntentRequest request{.order = reader.text("order"),
                        .amount = reader.integer("amount"),
                        .currency = reader.text("currency"),
                        .token = reader.text("token")};
  if (!reader.wrong().empty()) return refuse(reader.wrong());
  return request;
}

Result<IntentEvent> parse_intent_event(std::string_view text) {
  const auto value = parse(text);
  if (!value) return std::unexpected(value.error());
  Reader reader(*value);
  IntentEvent event{.type = reader.text("type"), .intent = {}};
  const auto* data = reader.find("data");
  if (data == nullptr) reader.note("data", "there");
  if (!reader.wrong().empty()) return refuse(reader.wrong());
  auto intent = intent_of(*data);
  if (!intent) return std::unexpected(intent.error());
  event.intent = std::move(*intent);
  return event;
}

Result<IntentPage> parse_intents(std::string_view text) {
  const auto value = parse(text);
  if (!value) return std::unexpected(value.error());
  Reader reader(*value);
  const auto* data = reader.find("data");
  if (data == nullptr || !data->is_array()) return refuse("its member data is not an array");
  IntentPage page;
  for (const auto& one : data->get_array()) {
    auto intent = intent_of(one);
    if (!intent) return std::unexpected(intent.error());
    page.intents.push_back(std::move(*intent));
  }
  const auto* next = reader.find("next");
  if (next != nullptr && next->is_string()) page.next = std::string(next->get_string());
  return page;
}

}  // namespace dibs::payment
