#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sale/command.h"
#include "sale/event.h"
#include "sale/sale.h"

namespace dibs::sale::checkers {

/// What can be seen of a sale from outside at one moment.
struct Sight {
  SaleView sale;
  std::vector<OrderView> orders;  ///< in order of arrival
};
[[nodiscard]] Sight look_at(const Sale& sale);

/// Judges what a command did by the laws alone, from the sights before and after it. Knows what
/// must never be, not how the rules come to what is.
class Onlooker {
 public:
  /// SKUs whose line has turned somebody away because it was full, and has not run empty since.
  using Shut = std::set<std::string>;

  Onlooker(const Sight& before, const Sight& after, Shut& shut)
      : before_(before), after_(after), shut_(shut) {}

  /// The first law that is broken, in words, or nothing. `command` is null when time passed;
  /// `outcome` is what the command came to.
  std::optional<std::string> judge(const Command* command, const Outcome* outcome, Instant now);

 private:
  void units_are_conserved();
  void limits_are_kept();
  void positions_are_true();
  void nobody_servable_waits();
  void holds_end_at_their_deadline(Instant now);
  void changes_are_legal(const Command* command);
  void nobody_is_passed();
  void the_shut_line_admits_nobody(const Command* command, const Outcome* outcome);

  void change_is_legal(const OrderView* was, const OrderView& is, const Command* command);
  [[nodiscard]] const OrderView* earlier(const OrderView& order) const;
  [[nodiscard]] std::vector<const OrderView*> line(const std::string& sku) const;
  [[nodiscard]] const ItemView& item(const std::string& sku) const;
  void fail(const std::string& what) {
    if (!broken_) broken_ = what;
  }

  const Sight& before_;
  const Sight& after_;
  Shut& shut_;
  std::optional<std::string> broken_;
};

}  // namespace dibs::sale::checkers
