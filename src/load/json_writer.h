#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dibs::load {

/// Writes JSON: indented by two blanks a level, or without any blank; numbers in the fewest digits
/// that read back as the same number, and nothing that could end a script element of HTML (`<`, `>`
/// and `&` are escaped), so that the same text may stand inside a page.
class JsonWriter {
 public:
  enum class Style : std::uint8_t { indented, compact };
  explicit JsonWriter(Style style = Style::indented) : style_(style) {}

  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(double number);
  JsonWriter& value(std::uint64_t number);
  JsonWriter& value(std::int64_t number);
  JsonWriter& value(bool truth);
  JsonWriter& null();

  template <class T>
  JsonWriter& member(std::string_view name, const T& content) {
    return key(name).value(content);
  }

  /// The whole text; the writer is empty afterwards.
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  void separate();
  void open(char bracket);
  void close(char bracket);

  void new_line();

  Style style_;
  std::string out_;
  std::vector<bool> has_member_;  ///< one a level
  bool after_key_ = false;
};

}  // namespace dibs::load
