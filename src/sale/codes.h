#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace dibs::sale {

/// Every answer other than success, in order of precedence: the first that applies is given.
/// This is the one source: C++, docs/CODES.md and api/openapi.yaml take theirs from it.
///
/// X(name, HTTP status, retryable, numbered, title, what to do next)
/// - the code on the wire is the name;
/// - retryable: the same request may succeed later without anything else changing;
/// - numbered: the request has got an arrival, which the answer carries.
#define DIBS_CODES(X)                                                                         \
  X(too_large, 413, false, false, "The request is too large",                                 \
    "Send at most 16 KiB of body, and at most 64 headers in 16 KiB.")                         \
  X(unauthenticated, 401, false, false, "Who is asking is not known",                         \
    "Send a valid credential: see the table of callers in the API description.")              \
  X(slow_down, 429, true, false, "Too many requests from this buyer",                         \
    "Wait for the seconds in Retry-After, then send it again with the same Idempotency-Key.") \
  X(overloaded, 503, true, false, "The server is busy",                                       \
    "Nothing was numbered. Send it again after Retry-After, with the same Idempotency-Key.")  \
  X(unavailable, 503, true, false, "The sale's store cannot be reached",                      \
    "Nothing was numbered. Send it again after Retry-After, with the same Idempotency-Key.")  \
  X(fenced, 503, false, false, "This sale has stopped",                                       \
    "An operator must look: the store came back older than what was already answered.")       \
  X(malformed, 400, false, false, "The request is not understood",                            \
    "Correct what the detail names and send it again.")                                       \
  X(forbidden, 403, false, false, "This caller may not do that",                              \
    "Use a credential that allows it: see the table of callers in the API description.")      \
  X(unknown_sale, 404, false, false, "There is no such sale", "Check the sale's id.")         \
  X(unknown_sku, 404, false, false, "This sale has no such item",                             \
    "Ask for the sale; its items name every SKU.")                                            \
  X(unknown_order, 404, false, false, "There is no such order", "Check the order's id.")      \
  X(idempotency_mismatch, 422, false, true, "This key was used for other items",              \
    "Use a new Idempotency-Key for a new order.")                                             \
  X(closed, 409, false, true, "The sale is closed", "Nothing more is sold in this sale.")     \
  X(paused, 409, true, true, "The sale is paused",                                            \
    "Wait until it goes on; your press did not count, press again then.")                     \
  X(not_open, 403, true, true, "The sale is not open yet",                                    \
    "Press again when opens_in_ms has passed.")                                               \
  X(limit_reached, 409, false, true, "The limit per buyer is reached",                        \
    "Pay or leave one of your live orders first.")                                            \
  X(sold_out, 409, false, true, "Sold out",                                                   \
    "Every unit is sold or reserved and the line takes nobody more.")                         \
  X(wrong_state, 409, false, false, "The order or sale is not in a state that allows this",   \
    "Ask for it and look at its state.")                                                      \
  X(too_late, 409, false, false, "The hold is over and its units are gone",                   \
    "Give the money back.")                                                                   \
  X(unknown_outcome, 503, true, false, "It is not known whether this took effect",            \
    "Send the same request again with the same Idempotency-Key: the answer is then the truth.")

enum class Code : std::uint8_t {
  ok,
#define DIBS_CODE_NAME(name, status, retryable, numbered, title, detail) name,
  DIBS_CODES(DIBS_CODE_NAME)
#undef DIBS_CODE_NAME
};

struct CodeInfo {
  Code code;
  std::string_view name;  ///< as on the wire
  std::uint16_t status;   ///< HTTP
  bool retryable;
  bool numbered;
  std::string_view title;
  std::string_view detail;
};

/// The table, in order of precedence, without `ok`.
inline constexpr auto kCodes = std::to_array<CodeInfo>({
#define DIBS_CODE_ROW(name, status, retryable, numbered, title, detail) \
  {Code::name, #name, status, retryable, numbered, title, detail},
    DIBS_CODES(DIBS_CODE_ROW)
#undef DIBS_CODE_ROW
});

/// The row of a refusal. `code` must not be `ok`.
[[nodiscard]] constexpr const CodeInfo& info(Code code) {
  return kCodes.at(static_cast<std::size_t>(code) - 1);
}

}  // namespace dibs::sale
