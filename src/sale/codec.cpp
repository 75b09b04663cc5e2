#include "sale/codec.h"

#include <algorithm>
#include <array>

#include "base/limits.h"

namespace dibs::sale {
namespace {

void put_optional_text(const std::optional<std::string>& text, ByteWriter& out) {
  put_flag(text.has_value(), out);
  if (text) out.text(*text);
}

std::optional<std::string> get_optional_text(ByteReader& in) {
  if (!get_flag(in)) return std::nullopt;
  return std::string(in.text());
}

void put_item(const ItemSpec& item, ByteWriter& out) {
  out.text(item.sku.view());
  out.text(item.title);
  out.signed_number(item.price);
  out.signed_number(item.stock);
}

ItemSpec get_item(ByteReader& in) {
  ItemSpec item;
  item.sku = get_text<SkuId>(in, is_sale_or_sku_id);
  item.title = std::string(in.text());
  item.price = in.signed_number();
  item.stock = in.signed_number();
  return item;
}

}  // namespace

void put_instant(Instant instant, ByteWriter& out) { out.signed_number(to_ns(instant)); }

Instant get_instant(ByteReader& in) {
  const std::int64_t ns = in.signed_number();
  if (!is_storable(from_ns(ns))) in.refuse();
  return from_ns(in.ok() ? ns : 0);
}

void put_optional(const std::optional<Instant>& instant, ByteWriter& out) {
  put_flag(instant.has_value(), out);
  if (instant) put_instant(*instant, out);
}

std::optional<Instant> get_optional_instant(ByteReader& in) {
  if (!get_flag(in)) return std::nullopt;
  return get_instant(in);
}

void put_flag(bool flag, ByteWriter& out) { out.u8(flag ? 1 : 0); }

bool get_flag(ByteReader& in) { return get_number(in, 1) == 1; }

std::uint64_t get_number(ByteReader& in, std::uint64_t most) {
  const std::uint64_t number = in.number();
  if (number <= most) return number;
  in.refuse();
  return 0;
}

void put_key(const OrderKey& key, ByteWriter& out) {
  std::array<char, std::tuple_size_v<decltype(key.bytes)>> bytes;
  std::ranges::transform(key.bytes, bytes.begin(),
                         [](std::uint8_t b) { return static_cast<char>(b); });
  out.raw({bytes.data(), bytes.size()});
}

OrderKey get_key(ByteReader& in) {
  OrderKey key;
  const std::string_view bytes = in.raw(key.bytes.size());
  std::ranges::transform(bytes, key.bytes.begin(),
                         [](char c) { return static_cast<std::uint8_t>(c); });
  return key;
}

void put_spec(const SaleSpec& spec, ByteWriter& out) {
  out.text(spec.title);
  out.text(spec.currency);
  out.number(spec.items.size());
  for (const ItemSpec& item : spec.items) put_item(item, out);
  put_optional(spec.opens_at, out);
  put_optional(spec.closes_at, out);
  out.signed_number(spec.hold_seconds);
  out.signed_number(spec.payment_seconds);
  out.number(spec.payment_attempts);
  out.signed_number(spec.promotion_seconds);
  out.number(spec.limit_per_buyer);
  put_flag(spec.line_limit.has_value(), out);
  if (spec.line_limit) out.number(*spec.line_limit);
  out.u8(static_cast<std::uint8_t>(spec.payment));
  put_optional_text(spec.checkout_url, out);
  put_optional_text(spec.notify_url, out);
  put_flag(spec.public_stock_hidden, out);
  put_flag(spec.test, out);
}

SaleSpec get_spec(ByteReader& in) {
  SaleSpec spec;
  spec.title = std::string(in.text());
  spec.currency = std::string(in.text());
  const std::uint64_t items = get_number(in, limits::kItemsPerSale);
  for (std::uint64_t i = 0; i < items && in.ok(); ++i) spec.items.push_back(get_item(in));
  spec.opens_at = get_optional_instant(in);
  spec.closes_at = get_optional_instant(in);
  spec.hold_seconds = in.signed_number();
  spec.payment_seconds = in.signed_number();
  spec.payment_attempts = static_cast<std::uint32_t>(get_number(in, UINT32_MAX));
  spec.promotion_seconds = in.signed_number();
  spec.limit_per_buyer = in.number();
  if (get_flag(in)) spec.line_limit = in.number();
  spec.payment =
      static_cast<PaymentMode>(get_number(in, static_cast<std::uint64_t>(PaymentMode::none)));
  spec.checkout_url = get_optional_text(in);
  spec.notify_url = get_optional_text(in);
  spec.public_stock_hidden = get_flag(in);
  spec.test = get_flag(in);
  if (in.ok() && problem_of(spec)) in.refuse();
  return spec;
}

}  // namespace dibs::sale
