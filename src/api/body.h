#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/call.h"
#include "api/json_reader.h"

namespace dibs::api {

/// The request's body, parsed; or what is wrong with it. `empty_is_object`: a missing body stands
/// for `{}`. One at a time in a thread: they share its document, so that its memory is used again.
struct Body {
  json::Document& document = shared_document();
  json::Complaint complaint;

  explicit Body(const Call& call, bool empty_is_object = false) {
    std::string_view text = call.request.body;
    if (text.empty() && empty_is_object) text = "{}";
    if (auto wrong = json::parse(text, document)) complaint.note(std::move(*wrong));
  }
  /// The members of the body itself.
  [[nodiscard]] json::ObjectReader members() { return {document, 0, "", complaint}; }
  /// Whether it may be read at all.
  [[nodiscard]] bool parsed() const { return !complaint.any(); }
  [[nodiscard]] Problem problem() const { return malformed(complaint.what); }

 private:
  static json::Document& shared_document() {
    thread_local json::Document document;
    return document;
  }
};

/// The Idempotency-Key; empty if there is none, nothing if it is not one.
[[nodiscard]] inline std::optional<IdempotencyKey> key_of(const Call& call) {
  const auto key = call.request.header("Idempotency-Key");
  if (!key) return IdempotencyKey();
  if (!is_short_visible_text(*key)) return std::nullopt;
  return IdempotencyKey(std::string(*key));
}
inline constexpr const char* kKeyRule =
    "the header Idempotency-Key must be 1 to 64 visible ASCII characters";

}  // namespace dibs::api
