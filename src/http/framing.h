#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "http/message.h"
#include "http/server.h"

/// The framing: where a request begins and ends, and whether it may be read at all. Every byte
/// string has exactly one reading or is refused; a refused connection is closed, so a front proxy
/// and Dibs can never disagree on where the next request begins (request smuggling).
///
/// Two passes. HeadScan looks at every byte once, as it comes, and finds the end of the head.
/// read_head then takes the whole head apart: the grammar by Beast's parser, and on top of it what
/// that parser lets pass (equal duplicate lengths, lists of them, leading zeros, folded lines, two
/// Hosts, no Host, chunked bodies, bodies without a length).
/// The verdict depends on the bytes alone, never on how the network cut them.
namespace dibs::http {

/// Why a request is refused: the status of the answer, and what to tell the client.
struct Refusal {
  std::uint16_t status = 400;
  std::string_view what;  ///< static text

  friend bool operator==(const Refusal&, const Refusal&) = default;
};

/// Finds the end of one head, and refuses what no head may hold: a CR or LF by itself, control
/// characters, a line folded onto the next, an empty first line.
class HeadScan {
 public:
  /// `bytes` begins with the request's first byte and may have grown since the last call. Gives
  /// what is wrong with it, if anything is. Bytes behind the head are not looked at.
  [[nodiscard]] std::optional<Refusal> advance(std::string_view bytes, std::size_t head_limit);
  /// The size of the head with its empty line; 0 while its end has not been seen.
  [[nodiscard]] std::size_t head_bytes() const { return head_bytes_; }

 private:
  enum class At : std::uint8_t { line_start, line, line_cr, end_cr };

  At at_ = At::line_start;
  std::size_t seen_ = 0;
  std::size_t head_bytes_ = 0;
};

struct HeadFacts {
  std::size_t body_bytes = 0;
  bool close = false;  ///< the client asked for the connection to be closed after the answer
};

/// Takes a head apart that HeadScan found. Fills method, target, path, query and headers of
/// `request` with views into `head`. The limits are those on headers, target and body.
[[nodiscard]] std::expected<HeadFacts, Refusal> read_head(std::string_view head,
                                                          const Limits& limits, Request& request);

}  // namespace dibs::http
