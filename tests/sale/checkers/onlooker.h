#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sale/checkers/sight.h"
#include "sale/command.h"

namespace dibs::sale::checkers {

/// Judges what a command did by the laws alone, from the sights before and after it. Knows what
/// must never be, not how the rules come to what is.
class Onlooker {
 public:
  /// What must be remembered beyond the sight before: kept by `judge`, from sights alone.
  struct Memory {
    /// SKUs whose line has turned somebody away because it was full, and has not run empty since.
    std::set<std::string> shut;
    std::set<Arrival> prolonged;  ///< holds that a begun payment has prolonged, which it does once
    std::optional<Instant> paused_since;
  };

  Onlooker(const Sight& before, const Sight& after, Memory& memory)
      : before_(before), after_(after), memory_(memory) {}

  /// The first law that is broken, in words, or nothing. `command` is null when time passed;
  /// `outcome` is what the command came to.
  std::optional<std::string> judge(const Command* command, const Outcome* outcome, Instant now);

 private:
  void units_are_conserved();
  void limits_are_kept();
  void positions_are_true();
  void nobody_servable_waits();
  void holds_end_at_their_deadline(Instant now);
  void deadlines_are_what_was_promised(Instant now);
  void the_answer_is_due(const Command* command, const Outcome* outcome);
  void changes_are_legal(const Command* command);
  void nobody_is_passed();
  void the_shut_line_admits_nobody(const Command* command, const Outcome* outcome);

  void change_is_legal(const OrderView* was, const OrderView& is, const Command* command);
  [[nodiscard]] Instant promised_deadline(const OrderView& order, Instant now);
  [[nodiscard]] const OrderView* earlier(const OrderView& order) const;
  [[nodiscard]] std::vector<const OrderView*> line(const std::string& sku) const;
  /// What may still come to somebody who waits: all but what is paid and captured.
  [[nodiscard]] std::int64_t most_ever(const std::string& sku) const;
  [[nodiscard]] const ItemView& item(const std::string& sku) const;
  void fail(const std::string& what) {
    if (!broken_) broken_ = what;
  }

  const Sight& before_;
  const Sight& after_;
  Memory& memory_;
  std::optional<std::string> broken_;
};

}  // namespace dibs::sale::checkers
