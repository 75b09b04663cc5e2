#pragma once

#include <cstdint>
#include <vector>

#include "load/press.h"

/// Histories made by hand.
namespace dibs::load::testing {

/// A press that was sent during [begin, end] and ended with `outcome`.
inline Press press(std::int64_t begin, std::int64_t end, Outcome outcome, std::uint64_t arrival) {
  Press out;
  out.sent_at_ns = begin;
  out.sent_done_ns = end;
  out.answered_at_ns = end + 1'000;
  out.final_at_ns = end + 2'000;
  out.outcome = outcome;
  out.given = outcome == Outcome::paid || outcome == Outcome::payment_failed;
  out.arrival = outcome == Outcome::entry_failed ? 0 : arrival;
  return out;
}

/// Presses one strictly after another, numbered as they came.
inline std::vector<Press> in_order(const std::vector<Outcome>& outcomes) {
  std::vector<Press> out;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const auto begin = static_cast<std::int64_t>(i) * 1'000'000;
    out.push_back(press(begin, begin + 100'000, outcomes[i], i + 1));
  }
  return out;
}

}  // namespace dibs::load::testing
