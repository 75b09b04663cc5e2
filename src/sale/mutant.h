#pragma once

#include <cstdint>

namespace dibs::sale {

/// Bugs planted on purpose, to show that the checkers find them. Only the test library built with
/// DIBS_MUTANTS can have one; everywhere else `planted` is constantly false and costs nothing.
enum class Mutant : std::uint8_t {
  none,
  limit_ignores_waiting,     ///< waiting units do not count towards the buyer's limit
  unservable_head_hangs,     ///< a head that can never be served stays
  newcomer_passes_line,      ///< a newcomer takes free units although somebody waits
  shut_line_reopens_early,   ///< a shut line admits again as soon as it has room
  rolls_back_another_order,  ///< a failed payment releases the newest hold, whoever's it is
  lazy_sweeper,              ///< a hold ends when the sweeper comes by, up to 30 s late
  position_counts_leavers,   ///< a position counts those who have left the line
  expiry_timed_by_sweeper,   ///< what follows an expiry is timed by the sweeper, not the deadline
  allowance_never_returns,   ///< released units still count towards the limit
  owner_is_not_asked,        ///< anybody may pay or leave anybody's order
  late_payment_passes_line,  ///< a late success takes units although somebody waits
  late_payment_is_not_recorded,  ///< a late success refused to a shop may be taken when repeated
  release_serves_nobody,         ///< who comes after a release is left to the next step
  unbounded_step,                ///< each end of a hold promotes with a budget of its own
  resume_moves_no_deadline,      ///< the length of a pause is not given to the holds
  restart_forgets_what_was_due,  ///< what was due before a downtime is moved by it too
  reopening_is_not_told,         ///< a refusal leaves no mark on a line in which nobody waits
  promotions_by_item,            ///< of several lines the first by item is served, not by arrival
  closing_comes_last,            ///< holds that end at the moment of closing promote before it
  authorised_counts_as_gone,     ///< units whose money may still be refused end a line
  begin_uses_up_extension,  ///< a begun payment that moved no deadline was the only one to do so
};

#ifdef DIBS_MUTANTS
inline Mutant the_planted_mutant = Mutant::none;
[[nodiscard]] inline bool planted(Mutant mutant) { return the_planted_mutant == mutant; }
inline constexpr bool kMutantsPossible = true;
#else
[[nodiscard]] constexpr bool planted(Mutant) { return false; }
inline constexpr bool kMutantsPossible = false;
#endif

}  // namespace dibs::sale
