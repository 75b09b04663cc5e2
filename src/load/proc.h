#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Plain readings of /proc.
namespace dibs::load::proc {

/// The whole of a small file; empty when it cannot be read.
[[nodiscard]] std::string read_file(const std::string& path);

/// The value of `name` in the two-line tables of /proc/net/netstat: names first, values below.
[[nodiscard]] std::uint64_t netstat_value(std::string_view table, std::string_view name);

/// What stands after `key`, blanks and `separator`, up to the end of its line.
[[nodiscard]] std::string_view field(std::string_view text, std::string_view key, char separator);

/// The first run of digits in `text`.
[[nodiscard]] std::optional<std::uint64_t> first_number(std::string_view text);

}  // namespace dibs::load::proc
