#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "redis/link.h"
#include "redis/published.h"
#include "store/event_feed.h"

namespace dibs::redis {

/// Reads the sales' streams beside the store, over connections of its own and on the caller's
/// thread: a page of one sale a call of Redis, the sales in turns. Gives nothing that `published`
/// does not say has been shown, so what it gives is as durable as the store's promise.
///
/// A sale of which events are missing, or were cut before this follower had them, is named once at
/// once, and then whenever there is nothing else to give: the other sales go on.
class StreamEventReader final : public store::EventReader {
 public:
  StreamEventReader(Duration patience, const Published& published, store::Taken taken,
                    std::optional<SaleId> sale);

  [[nodiscard]] Result<store::EventBatch> next(std::size_t limit) override;

 private:
  [[nodiscard]] Result<void> take_page(const Published::Behind& behind, std::size_t limit,
                                       store::EventBatch& batch);
  /// Why the event behind `known` is not there.
  [[nodiscard]] Fault missing(Link& link, const Published::Behind& behind, Seq known);

  const Published& published_;
  store::Taken taken_;
  std::optional<SaleId> sale_;
  SaleId last_;  ///< whose turn it was
  const Duration patience_;
  std::set<SaleId> broken_;      ///< sales of which events are missing, as far as has been seen
  std::optional<Fault> untold_;  ///< of one of them, for the next call
  std::map<std::string, std::unique_ptr<Link>> links_;  ///< one for each primary, by its address
};

}  // namespace dibs::redis
