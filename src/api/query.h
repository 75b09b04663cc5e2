#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dibs::api {

/// `text` with every %XX replaced; nothing when an escape is broken or gives NUL. `+` stays `+`.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text);

/// The parameters behind `?`.
class Query {
 public:
  /// What is wrong, as a sentence part, when one comes twice or an escape is broken.
  [[nodiscard]] static std::expected<Query, std::string> parse(std::string_view text);

  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const;
  /// The first parameter that is not in `known`, as given.
  [[nodiscard]] std::optional<std::string_view> first_unknown(
      const std::vector<std::string_view>& known) const;

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

/// A whole number without sign or leading zeros, at most `max`.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t max);

}  // namespace dibs::api
