#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "load/outcome.h"

namespace dibs::load {

/// A moment that has not come.
inline constexpr std::int64_t kNever = -1;

/// One buyer's whole story. Times are nanoseconds of CLOCK_MONOTONIC since the first press of the
/// run, all taken in one process, so any two of them may be compared.
struct Press {
  std::uint32_t buyer = 0;     ///< from 0, in the order in which the buyers stood ready
  bool leaves_early = false;   ///< drawn: asks for the sale and leaves
  bool payment_fails = false;  ///< drawn: its payment will be declined
  bool given = false;          ///< its order was held, paying or paid at some time
  std::uint16_t status = 0;    ///< of the first answer; 0: none came
  Outcome outcome = Outcome::error;

  std::int64_t due_ns = 0;               ///< when the schedule wanted it sent
  std::int64_t sent_at_ns = kNever;      ///< just before its first byte
  std::int64_t sent_done_ns = kNever;    ///< just after its last byte went to the kernel
  std::int64_t answered_at_ns = kNever;  ///< the first answer was whole
  std::int64_t final_at_ns = kNever;     ///< its outcome was known

  std::uint64_t arrival = 0;    ///< as answered; 0: none
  std::uint64_t given_seq = 0;  ///< `seq` of the first answer that showed it given
  std::uint64_t place = 0;      ///< in the line, as answered; 0: not waiting
  std::string code;             ///< of a refusal
  std::string order;            ///< id of the order, empty if none
  std::string state;            ///< last state of the order, empty if none
};

/// The order of press: by when the last byte went to the kernel, then by the first byte. Those
/// never sent come last. The position in it, from 1, is the "press number" of every report.
void sort_by_press(std::vector<Press>& presses);

}  // namespace dibs::load
