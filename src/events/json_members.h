#pragma once

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace dibs::events {

/// What is wrong with a text in JSON: the first thing found.
struct Objection {
  std::string what;

  void note(std::string text) {
    if (what.empty()) what = std::move(text);
  }
  [[nodiscard]] bool any() const { return !what.empty(); }
};

/// Reads the members of one JSON object by name and wants all of them asked for. A member that is
/// missing, of the wrong kind or out of bounds is noted and reads as something harmless. Lives no
/// longer than the object.
class JsonMembers {
 public:
  /// Notes it when `value` is not an object; null reads as an empty one that nobody noted.
  JsonMembers(const boost::json::value* value, std::string_view name, Objection& objection);

  /// Asks for nothing.
  [[nodiscard]] bool has(std::string_view name) const;
  /// Null when there is none.
  const boost::json::value* find(std::string_view name);
  /// Noted when there is none.
  const boost::json::value* require(std::string_view name);

  std::string text(std::string_view name);
  std::optional<std::string> optional_text(std::string_view name);
  /// A text that `rule` takes.
  std::string text(std::string_view name, bool (*rule)(std::string_view));
  /// The same, or empty when there is none.
  std::string optional_text(std::string_view name, bool (*rule)(std::string_view));
  std::int64_t integer(std::string_view name, std::int64_t least, std::int64_t most);
  std::uint64_t number(std::string_view name, std::uint64_t least, std::uint64_t most);
  std::optional<std::uint64_t> optional_number(std::string_view name);
  bool flag(std::string_view name);
  /// An instant that can stand in an event.
  Instant instant(std::string_view name);
  std::optional<Instant> optional_instant(std::string_view name);
  /// 0 for `first`, 1 for `second`; any other text is noted.
  bool second_of(std::string_view name, std::string_view first, std::string_view second);
  /// The value of an enum, 0 to `last`, whose `to_text` is the member's text.
  template <class Enum>
  Enum named(std::string_view name, Enum last) {
    const std::string found = text(name);
    for (int i = 0; i <= static_cast<int>(last); ++i) {
      if (to_text(static_cast<Enum>(i)) == found) return static_cast<Enum>(i);
    }
    wrong(name);
    return Enum{};
  }

  void wrong(std::string_view name);
  /// Notes a member that nobody asked for. Call last.
  void finish();

 private:
  const boost::json::object* object_ = nullptr;
  std::string_view name_;
  Objection& objection_;
  std::size_t asked_ = 0;  ///< members found; each is asked for once
};

}  // namespace dibs::events
