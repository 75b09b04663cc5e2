#pragma once

#include <hiredis/hiredis.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/time.h"
#include "redis/names.h"

namespace dibs::redis {

inline std::span<redisReply* const> elements(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_ARRAY) return {};
  return {reply.element, reply.elements};
}

inline std::optional<std::string_view> text_of(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_STRING && reply.type != REDIS_REPLY_STATUS) return std::nullopt;
  return std::string_view(reply.str, reply.len);
}

/// The instant that so many microseconds are; nothing when they are more than can be stored (see
/// sale::is_storable), or would overflow what counts nanoseconds.
inline std::optional<Instant> instant_of(std::int64_t us) {
  if (us < 0 || us > INT64_MAX / 2'000) return std::nullopt;
  return from_us(us);
}

/// A number, whether a function answered it as one or a stream kept it as a text.
inline std::optional<std::int64_t> number_of(const redisReply& reply) {
  if (reply.type == REDIS_REPLY_INTEGER) return reply.integer;
  const auto text = text_of(reply);
  std::int64_t value = 0;
  if (!text || text->empty()) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return value;
}

/// Names and values, one behind the other. After the first one that is missing or malformed
/// `ok()` is false, and so it stays; what was read is then harmless.
class Fields {
 public:
  explicit Fields(const redisReply& reply) : all_(elements(reply)) {
    ok_ = reply.type == REDIS_REPLY_ARRAY && all_.size() % 2 == 0;
  }

  [[nodiscard]] bool ok() const { return ok_; }

  [[nodiscard]] const redisReply* find(std::string_view name) const {
    for (std::size_t i = 0; i + 1 < all_.size(); i += 2) {
      if (text_of(*all_[i]) == name) return all_[i + 1];
    }
    return nullptr;
  }

  std::string_view text(std::string_view name) { return must(optional_text(name)); }
  std::optional<std::string_view> optional_text(std::string_view name) {
    const redisReply* value = find(name);
    if (value == nullptr) return std::nullopt;
    return must(text_of(*value));
  }

  std::int64_t number(std::string_view name) { return must(optional_number(name)); }
  std::optional<std::int64_t> optional_number(std::string_view name) {
    const redisReply* value = find(name);
    if (value == nullptr) return std::nullopt;
    return must(number_of(*value));
  }
  std::uint64_t count(std::string_view name) { return static_cast<std::uint64_t>(number(name)); }
  bool flag(std::string_view name) { return number(name) == 1; }

  Instant instant(std::string_view name) { return must(optional_instant(name)); }
  std::optional<Instant> optional_instant(std::string_view name) {
    const auto us = optional_number(name);
    if (!us) return std::nullopt;
    return must(instant_of(*us));
  }
  /// Not negative, and not longer than there are instants.
  Duration duration(std::string_view name) {
    return must(instant_of(number(name))).time_since_epoch();
  }

  /// The value of `name` as `read` (see names.h) understands it.
  template <class Read>
  auto word(std::string_view name, Read read) {
    return must(read(text(name)));
  }

  /// Calls `use` with every value of that name, in order.
  template <class Use>
  void each(std::string_view name, Use use) {
    for (std::size_t i = 0; i + 1 < all_.size(); i += 2) {
      if (text_of(*all_[i]) == name) use(must(text_of(*all_[i + 1])));
    }
  }

  template <class T>
  T must(const std::optional<T>& value) {
    if (!value) fail();
    return value.value_or(T());
  }

  void fail() { ok_ = false; }

 private:
  std::span<redisReply* const> all_;
  bool ok_ = true;
};

}  // namespace dibs::redis
