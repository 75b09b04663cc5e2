#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dibs {

/// Appends JSON to a string as it goes: no tree, no allocation beyond the string's own.
/// The caller keeps the shape right (a key before each member's value); commas come by themselves.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return shut('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return shut(']'); }

  /// `name` is one of ours: it needs no escape.
  JsonWriter& key(std::string_view name) {
    comma();
    out_ += '"';
    out_ += name;
    out_ += "\":";
    comma_ = false;
    return *this;
  }

  JsonWriter& text(std::string_view value);
  JsonWriter& boolean(bool value) { return raw(value ? "true" : "false"); }
  JsonWriter& null() { return raw("null"); }
  /// A value that is JSON already.
  JsonWriter& raw(std::string_view json) {
    comma();
    out_ += json;
    comma_ = true;
    return *this;
  }

  /// Every number of ours is below 2^53, so that no reader rounds it.
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  JsonWriter& number(T value) {
    comma();
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out_.append(digits, end);
    comma_ = true;
    return *this;
  }

  /// A measured figure, to six digits behind the point; null when there is none.
  JsonWriter& decimal(std::string_view name, std::optional<double> value);

  JsonWriter& member(std::string_view name, std::string_view value) {
    return key(name).text(value);
  }
  JsonWriter& member(std::string_view name, const char* value) { return key(name).text(value); }
  JsonWriter& member(std::string_view name, bool value) { return key(name).boolean(value); }
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  JsonWriter& member(std::string_view name, T value) {
    return key(name).number(value);
  }

 private:
  void comma() {
    if (comma_) out_ += ',';
  }
  JsonWriter& open(char c) {
    comma();
    out_ += c;
    comma_ = false;
    return *this;
  }
  JsonWriter& shut(char c) {
    out_ += c;
    comma_ = true;
    return *this;
  }

  std::string& out_;
  bool comma_ = false;  ///< a value precedes at this level
};

}  // namespace dibs
