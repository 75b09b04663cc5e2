#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace dibs {

/// A number that cannot be mistaken for another kind of number. Construction is explicit and
/// nothing converts by itself, so passing an Arrival where a Seq is wanted does not compile.
template <class Tag, class T>
class Strong {
 public:
  using value_type = T;

  constexpr Strong() = default;
  constexpr explicit Strong(T value) : value_(value) {}

  [[nodiscard]] constexpr T value() const { return value_; }
  [[nodiscard]] constexpr Strong next() const { return Strong(value_ + 1); }

  friend constexpr auto operator<=>(Strong, Strong) = default;

 private:
  T value_{};
};

/// A text that cannot be mistaken for another kind of text.
template <class Tag>
class StrongText {
 public:
  StrongText() = default;
  explicit StrongText(std::string value) : value_(std::move(value)) {}

  [[nodiscard]] const std::string& value() const { return value_; }
  [[nodiscard]] std::string_view view() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }

  friend auto operator<=>(const StrongText&, const StrongText&) = default;

 private:
  std::string value_;
};

}  // namespace dibs

template <class Tag, class T>
struct std::hash<dibs::Strong<Tag, T>> {
  std::size_t operator()(dibs::Strong<Tag, T> id) const noexcept {
    return std::hash<T>{}(id.value());
  }
};

template <class Tag>
struct std::hash<dibs::StrongText<Tag>> {
  std::size_t operator()(const dibs::StrongText<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.value());
  }
};
