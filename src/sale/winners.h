#pragma once

#include <cstddef>
#include <vector>

#include "sale/book.h"

namespace dibs::sale {

/// The orders that are `paid`, the last to arrive on top. A binary heap like Holds: an order that
/// is paid no more stays in it until it comes to the top or such orders outnumber the others, so
/// that any number of refused captures and refunds cost O(log n) each.
class Winners {
 public:
  /// kNoOrder when nobody has paid.
  [[nodiscard]] OrderIndex last() const { return heap_.empty() ? kNoOrder : heap_.front(); }

  /// `order` is paid from now on; it comes here once, since what was paid once is never paid again.
  void add(OrderIndex order);
  /// An order has stopped being paid.
  void removed(const Book& book);

 private:
  std::vector<OrderIndex> heap_;  ///< the top is paid
  std::size_t live_ = 0;
};

}  // namespace dibs::sale
