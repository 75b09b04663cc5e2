#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "load/press.h"

namespace dibs::load {

/// What a buyer asks for.
enum class Ask : std::uint8_t {
  entry,  ///< the sale, before leaving
  press,  ///< the order
  pay,    ///< payment by the provider
  begin,  ///< the shop takes the money: begin, then confirm or release
  confirm,
  release,
  look,  ///< its own order, as it is now
};

/// Whether this is what a buyer begins with; it is repeated only when it got no answer that counts.
[[nodiscard]] constexpr bool is_first(Ask ask) { return ask == Ask::entry || ask == Ask::press; }

struct Task {
  std::uint32_t buyer = 0;
  Ask ask = Ask::entry;
};

/// One request and its answer.
struct Exchange {
  Task task;
  std::uint16_t status = 0;  ///< 0: no answer
  std::uint32_t answer_size = 0;
  std::uint64_t answer_offset = 0;  ///< of the raw answer in Exchanges::answers
  std::int64_t due_ns = 0;
  std::int64_t sent_at_ns = kNever;
  std::int64_t sent_done_ns = kNever;
  std::int64_t answered_at_ns = kNever;
};

/// Everything that was said, kept as it came so that it can be checked after the timed part.
struct Exchanges {
  std::vector<Exchange> list;
  std::string answers;

  [[nodiscard]] std::string_view answer(const Exchange& exchange) const {
    return std::string_view(answers).substr(exchange.answer_offset, exchange.answer_size);
  }
};

}  // namespace dibs::load
