#include "load/codes.h"

#include <algorithm>
#include <array>

namespace dibs::load {
namespace {

using enum KnownCode::Arrival;

constexpr auto kKnownCodes = std::to_array<KnownCode>({
    {"malformed", 400, never},
    {"malformed", 411, never},
    {"malformed", 417, never},
    {"malformed", 431, never},
    {"too_large", 413, never},
    {"too_large", 431, never},
    {"unauthenticated", 401, never},
    {"slow_down", 429, never},
    {"overloaded", 503, never},
    {"unavailable", 503, never},
    {"fenced", 503, never},
    {"forbidden", 403, never},
    {"unknown_sale", 404, never},
    {"unknown_sku", 404, never},
    {"unknown_order", 404, never},
    {"idempotency_mismatch", 422, always},
    {"closed", 409, always},
    {"paused", 409, always},
    {"not_open", 403, always},
    {"limit_reached", 409, always},
    {"sold_out", 409, always},
    {"lock_failed", 409, either},  // the designs that are measured for comparison only
    {"wrong_state", 409, never},
    {"too_late", 409, never},
    {"unknown_outcome", 503, either},  // numbered, but the number may be lost with the store
});

}  // namespace

const KnownCode* find_code(std::string_view code, std::uint16_t status) {
  const auto found = std::ranges::find_if(
      kKnownCodes, [&](const KnownCode& row) { return row.code == code && row.status == status; });
  return found == kKnownCodes.end() ? nullptr : &*found;
}

bool keeps_out(std::string_view code) {
  return code == "not_open" || code == "paused" || code == "closed" || code == "limit_reached";
}

}  // namespace dibs::load
