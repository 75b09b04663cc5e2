#include "sale/spec.h"

#include <algorithm>
#include <set>

#include "base/limits.h"

namespace dibs::sale {
namespace {

constexpr std::size_t kUtf8BytesPerChar = 4;
constexpr std::size_t kUrlBytes = 2'048;

bool is_window(std::int64_t seconds) { return seconds >= 0 && seconds <= limits::kHoldSecondsMax; }

bool fits(const std::optional<std::string>& url) { return !url || url->size() <= kUrlBytes; }

std::optional<std::string> problem_of(const ItemSpec& item) {
  if (!is_sale_or_sku_id(item.sku.view())) return "items: an SKU is not an id.";
  if (item.title.size() > limits::kTitleChars * kUtf8BytesPerChar) {
    return "items: a title is too long.";
  }
  if (item.price < 0 || item.price > limits::kPrice) return "items: a price is 0 to 10^12.";
  if (item.stock < 0 || item.stock > limits::kStock) return "items: stock is 0 to 10^7.";
  return std::nullopt;
}

std::optional<std::string> problem_of_items(const SaleSpec& spec) {
  if (spec.items.empty() || spec.items.size() > limits::kItemsPerSale) {
    return "items: a sale has 1 to 256 items.";
  }
  std::set<std::string_view> skus;
  for (const ItemSpec& item : spec.items) {
    if (auto problem = problem_of(item)) return problem;
    if (!skus.insert(item.sku.view()).second) return "items: an SKU is named twice.";
    if (spec.payment == PaymentMode::none && item.price != 0) {
      return "payment: with none every price is 0.";
    }
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_text(PaymentMode mode) {
  switch (mode) {
    case PaymentMode::provider:
      return "provider";
    case PaymentMode::shop:
      return "shop";
    case PaymentMode::none:
      return "none";
  }
  return {};
}

std::uint64_t line_limit_of(const SaleSpec& spec) {
  if (spec.line_limit) return *spec.line_limit;
  std::uint64_t stock = 0;
  for (const ItemSpec& item : spec.items) stock += static_cast<std::uint64_t>(item.stock);
  return std::min(std::max(limits::kLineLimitDefaultMin, limits::kLineLimitPerUnit * stock),
                  limits::kLineLimitMax);
}

std::optional<std::string> problem_of(const SaleSpec& spec) {
  if (spec.title.size() > limits::kTitleChars * kUtf8BytesPerChar) return "title: too long.";
  if (spec.currency.size() != 3) return "currency: an ISO 4217 code has three letters.";
  if (spec.opens_at && !is_storable(*spec.opens_at)) return "opens_at: out of range.";
  if (spec.closes_at && !is_storable(*spec.closes_at)) return "closes_at: out of range.";
  if (spec.hold_seconds < 1 || !is_window(spec.hold_seconds)) return "hold_seconds: 1 to 86,400.";
  if (!is_window(spec.payment_seconds)) return "payment_seconds: 0 to 86,400.";
  if (spec.promotion_seconds < 1 || !is_window(spec.promotion_seconds)) {
    return "promotion_seconds: 1 to 86,400.";
  }
  if (spec.payment_attempts < 1) return "payment_attempts: at least 1.";
  if (spec.limit_per_buyer < 1) return "limit_per_buyer: at least 1.";
  if (spec.line_limit.value_or(0) > limits::kLineLimitMax) return "line_limit: 0 to 1,000,000.";
  if (!fits(spec.checkout_url)) return "checkout_url: too long.";
  if (!fits(spec.notify_url)) return "notify: too long.";
  return problem_of_items(spec);
}

}  // namespace dibs::sale
