#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dibs::engine {

/// Builds one JSON object on one line. Names are literals of this program; texts are escaped.
class JsonLine {
 public:
  JsonLine& text(std::string_view name, std::string_view value);
  JsonLine& number(std::string_view name, std::int64_t value);
  JsonLine& number(std::string_view name, std::uint64_t value);
  JsonLine& flag(std::string_view name, bool value);
  /// `value` is JSON already.
  JsonLine& raw(std::string_view name, std::string_view value);
  [[nodiscard]] std::string finish() { return line_ + "}"; }

 private:
  void name(std::string_view name);

  std::string line_ = "{";
};

}  // namespace dibs::engine
