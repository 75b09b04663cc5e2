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
  bool replayed = false;       ///< answered as a replay: an earlier try had been numbered
  std::uint16_t status = 0;    ///< of the answer to the press; 0: none came
  Outcome outcome = Outcome::error;

  std::int64_t due_ns = 0;  ///< when the schedule wanted it sent
  /// Just before its first byte and just after its last one went to the kernel. Of a press that was
  /// sent again with the same key, the time that counted: the last, or with `replayed` those before
  /// it, of which nobody outside knows the one.
  std::int64_t sent_at_ns = kNever;
  std::int64_t sent_done_ns = kNever;
  std::int64_t answered_at_ns = kNever;  ///< the answer to the press was whole
  std::int64_t final_at_ns = kNever;     ///< its outcome was known

  std::uint64_t arrival = 0;    ///< as answered; 0: none
  std::uint64_t given_seq = 0;  ///< `seq` of the first answer that showed it given
  std::uint64_t place = 0;      ///< in the line, as answered; 0: not waiting
  std::string code;             ///< of the refusal that still stands
  std::string order;            ///< id of the order, empty if none
  std::string state;            ///< last state of the order, empty if none
};

/// The order of press: by when the last byte went to the kernel, then by the first byte. Those
/// never sent come last. The position in it, from 1, is the "press number" of every report.
void sort_by_press(std::vector<Press>& presses);

}  // namespace dibs::load
