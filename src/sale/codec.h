#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"
#include "sale/spec.h"

/// Pieces that the packed forms of events and snapshots share. Readers give something harmless and
/// leave `in.ok()` false when the bytes are not what they should be.
namespace dibs::sale {

void put_instant(Instant instant, ByteWriter& out);
[[nodiscard]] Instant get_instant(ByteReader& in);

void put_optional(const std::optional<Instant>& instant, ByteWriter& out);
[[nodiscard]] std::optional<Instant> get_optional_instant(ByteReader& in);

void put_flag(bool flag, ByteWriter& out);
/// 0 or 1, nothing else.
[[nodiscard]] bool get_flag(ByteReader& in);

/// A number that is at most `most`.
[[nodiscard]] std::uint64_t get_number(ByteReader& in, std::uint64_t most);

void put_key(const OrderKey& key, ByteWriter& out);
[[nodiscard]] OrderKey get_key(ByteReader& in);

/// A text that `rule` accepts.
template <class Text>
[[nodiscard]] Text get_text(ByteReader& in, bool (*rule)(std::string_view)) {
  const std::string_view text = in.text();
  if (in.ok() && rule(text)) return Text(std::string(text));
  in.refuse();
  return {};
}

/// An idempotency key or a reference, or none.
template <class Text>
[[nodiscard]] Text get_short_text(ByteReader& in) {
  return get_text<Text>(
      in, [](std::string_view text) { return text.empty() || is_short_visible_text(text); });
}

void put_spec(const SaleSpec& spec, ByteWriter& out);
/// A spec within its bounds.
[[nodiscard]] SaleSpec get_spec(ByteReader& in);

}  // namespace dibs::sale
