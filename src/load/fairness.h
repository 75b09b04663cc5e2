#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "load/press.h"

namespace dibs::load {

/// The first moment at which somebody who was refused may rightly have been followed by somebody
/// who was served: the line reopened, stock was added, or the sale closed. No comparison crosses
/// it.
struct Border {
  std::optional<std::int64_t> answered_ns = std::nullopt;  ///< counts who was answered up to then
  std::optional<std::uint64_t> arrival = std::nullopt;     ///< counts who was numbered before
};

/// What there was to be had.
struct Offer {
  std::uint64_t stock = 0;       ///< units for sale at the first press
  std::uint64_t line_limit = 0;  ///< places in the line; 0: no line
  std::uint64_t added = 0;       ///< units that were added during the run
};

/// Was it first come, first served? Answered from the buyers' side alone.
///
/// "A before B" means that A was wholly handed to the kernel before B was begun, on one clock of
/// one process. Two presses that overlap in time have no order and are never held against anyone.
/// Who counts (eligible): reached the rules, before the border, neither left nor failed its own
/// payment.
struct Fairness {
  /// Buyers among the first N eligible / N, where N = min(stock, eligible) without a border. What
  /// was sold behind a border is no longer there for those before it: N = min(stock - that, …).
  /// Where everybody_had_a_turn, units left over at the end had no taker: N = min(…, eligible who
  /// were given a unit).
  double first_come_accuracy = 1;
  /// Pairs (A, B): A before B, B was given a unit, A was eligible and was not.
  std::uint64_t inversions = 0;
  double max_gap_ms = 0;               ///< largest time from the end of A to the beginning of B
  std::uint64_t max_overtake = 0;      ///< largest number of places by which B passed A
  std::uint64_t last_winner_rank = 0;  ///< press number of the last buyer who bought; 0: nobody
  std::uint64_t eligible = 0;
  std::uint64_t first = 0;  ///< the N of the accuracy

  /// Press number of eligible buyer number N: where the last winner should be.
  std::uint64_t fair_last_rank = 0;
  /// Pairs (A, B): A before B, yet the server numbered B's arrival first. Counts every numbered
  /// request, behind a border too, so it sees a wrong order even where nobody lost a unit by it.
  std::uint64_t arrival_inversions = 0;
  double arrival_max_gap_ms = 0;
  std::uint64_t arrival_max_overtake = 0;
  /// Pairs with an order in time, those that could have been inverted.
  std::uint64_t arrival_pairs = 0;
  Border border;  ///< set when the comparison ended at one
};

/// How the order was kept among some presses: the pairs of Fairness, the largest gap and overtake.
struct OrderKept {
  std::uint64_t inversions = 0;
  double max_gap_ms = 0;
  std::uint64_t max_overtake = 0;
  std::uint64_t arrival_inversions = 0;
  double arrival_max_gap_ms = 0;
  std::uint64_t arrival_max_overtake = 0;

  void add(const OrderKept& other);  ///< counts are added, the largest stays
};
[[nodiscard]] OrderKept order_of(const Fairness& fairness);

/// Reached the rules and neither gave up, nor failed its own payment, nor was left in the middle
/// when the run was given up.
[[nodiscard]] bool is_eligible(const Press& press);

/// `presses` must be in the order of press. O(n log n).
[[nodiscard]] Fairness judge_fairness(std::span<const Press> presses, const Offer& offer,
                                      const Border& border = {});

}  // namespace dibs::load
