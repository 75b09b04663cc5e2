#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace dibs::load {

/// A whole HTTP answer inside the bytes it was framed from; its views live as long as they do.
struct Answer {
  std::uint16_t status = 0;
  std::string_view head;  ///< status line and headers, without the empty line
  std::string_view body;
  std::size_t size = 0;  ///< bytes from the first of the status line to the last of the body

  /// The value of a header, without case; nothing if it is missing.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

enum class Framing : std::uint8_t { incomplete, whole, broken };

/// Frames the answer at the front of `bytes`. An answer must carry one Content-Length.
[[nodiscard]] Framing frame_answer(std::string_view bytes, Answer& out);

/// The text, or the number, of the first member called `name`: a quick look during the run. The
/// full check, after the run, finds out when this look was wrong.
[[nodiscard]] std::string_view text_member(std::string_view json, std::string_view name);
[[nodiscard]] std::uint64_t number_member(std::string_view json, std::string_view name);

}  // namespace dibs::load
