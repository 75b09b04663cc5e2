#include "redis/event_feed.h"

#include <algorithm>
#include <utility>

#include "redis/call.h"
#include "redis/fields.h"

namespace dibs::redis {
namespace {

/// Some ms of Redis' time: other sales' calls wait for as long.
constexpr std::size_t kEventsAPage = 512;
constexpr std::size_t kPagesPerCall = 64;

std::string entry_id(Seq seq) { return std::to_string(seq.value()) + "-0"; }

}  // namespace

StreamEventReader::StreamEventReader(Duration patience, const Published& published,
                                     store::Taken taken, std::optional<SaleId> sale)
    : published_(published),
      taken_(std::move(taken)),
      sale_(std::move(sale)),
      patience_(patience) {}

Result<store::EventBatch> StreamEventReader::next(std::size_t limit) {
  store::EventBatch batch;
  auto behind = published_.behind(taken_.sales, sale_);
  std::ranges::rotate(behind,
                      std::ranges::upper_bound(behind, last_, {}, &Published::Behind::sale));
  std::size_t pages = 0;
  for (const Published::Behind& one : behind) {
    // A page of each and no more, so that one with a long past does not keep the others waiting.
    if (batch.events.size() == limit || pages++ == kPagesPerCall) return batch;
    const auto taken = take_page(one, std::min(kEventsAPage, limit - batch.events.size()), batch);
    if (!taken && batch.events.empty()) return std::unexpected(taken.error());
    if (!taken) return batch;  // the next call meets it again
    last_ = one.sale;
  }
  batch.caught_up = std::ranges::all_of(
      behind, [this](const auto& one) { return taken_.sales[one.sale] >= one.upto; });
  return batch;
}

Result<void> StreamEventReader::take_page(const Published::Behind& behind, std::size_t limit,
                                          store::EventBatch& batch) {
  Seq& known = taken_.sales[behind.sale];
  const auto missing = [&] {
    return fault(FaultKind::corrupt,
                 "Event " + std::to_string(known.next().value()) + " of sale " +
                     behind.sale.value() + " is not in Redis.",
                 "It was trimmed, or Redis came back older: find newer data (docs/OPERATING.md).");
  };
  auto& link = links_[behind.at.shown()];
  if (!link) link = std::make_unique<Link>(behind.at, patience_, system_clock());
  return link->call({"XRANGE", events_key(behind.sale), entry_id(known.next()),
                     entry_id(behind.upto), "COUNT", std::to_string(limit)},
                    [&](const redisReply& reply) -> Result<void> {
                      if (reply.type == REDIS_REPLY_ERROR) {
                        return fault(FaultKind::unavailable,
                                     "Redis refuses XRANGE: " + std::string(reply.str, reply.len),
                                     "Let this user call it.");
                      }
                      if (elements(reply).empty()) return missing();
                      for (const redisReply* entry : elements(reply)) {
                        auto event = decode_event(*entry);
                        if (!event) return std::unexpected(event.error());
                        if (event->seq != known.next()) return missing();
                        known = event->seq;
                        batch.events.push_back({Position(), behind.sale, *std::move(event)});
                      }
                      return {};
                    });
}

}  // namespace dibs::redis
