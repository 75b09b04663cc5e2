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
  if (untold_) return std::unexpected(*std::exchange(untold_, std::nullopt));
  store::EventBatch batch;
  std::optional<Fault> fault;
  auto behind = published_.behind(taken_.sales, sale_);
  std::ranges::rotate(behind,
                      std::ranges::upper_bound(behind, last_, {}, &Published::Behind::sale));
  std::size_t pages = 0;
  for (const Published::Behind& one : behind) {
    // A page of each and no more, so that one with a long past does not keep the others waiting.
    if (batch.events.size() == limit || pages++ == kPagesPerCall) return batch;
    const auto taken = take_page(one, std::min(kEventsAPage, limit - batch.events.size()), batch);
    if (taken) {
      broken_.erase(one.sale);
    } else if (taken.error().kind != FaultKind::corrupt) {
      if (batch.events.empty()) return std::unexpected(taken.error());
      return batch;  // the next call meets it again
    } else {
      fault = taken.error();
      if (broken_.insert(one.sale).second) untold_ = fault;
    }
    last_ = one.sale;
  }
  if (fault && batch.events.empty()) {
    untold_.reset();
    return std::unexpected(*std::move(fault));
  }
  batch.caught_up = std::ranges::all_of(
      behind, [this](const auto& one) { return taken_.sales[one.sale] >= one.upto; });
  return batch;
}

Result<void> StreamEventReader::take_page(const Published::Behind& behind, std::size_t limit,
                                          store::EventBatch& batch) {
  Seq& known = taken_.sales[behind.sale];
  bool gap = false;
  auto& link = links_[behind.at.shown()];
  if (!link) link = std::make_unique<Link>(behind.at, patience_, system_clock());
  const auto read =
      link->call({"XRANGE", events_key(behind.sale), entry_id(known.next()), entry_id(behind.upto),
                  "COUNT", std::to_string(limit)},
                 [&](const redisReply& reply) -> Result<void> {
                   if (reply.type == REDIS_REPLY_ERROR) {
                     return fault(FaultKind::unavailable,
                                  "Redis refuses XRANGE: " + std::string(reply.str, reply.len),
                                  "Let this user call it.");
                   }
                   gap = elements(reply).empty();
                   for (const redisReply* entry : elements(reply)) {
                     auto event = decode_event(*entry);
                     if (!event) return std::unexpected(event.error());
                     gap = event->seq != known.next();
                     if (gap) break;
                     known = event->seq;
                     batch.events.push_back({Position(), behind.sale, *std::move(event)});
                   }
                   return {};
                 });
  if (!read || !gap) return read;
  return std::unexpected(missing(*link, behind, known));
}

Fault StreamEventReader::missing(Link& link, const Published::Behind& behind, Seq known) {
  const std::string of_sale = " of sale " + behind.sale.value();
  std::optional<Seq> first;
  const auto asked = link.call({"XRANGE", events_key(behind.sale), "-", "+", "COUNT", "1"},
                               [&first](const redisReply& reply) -> Result<void> {
                                 if (elements(reply).empty()) return {};
                                 auto event = decode_event(*elements(reply).front());
                                 if (event) first = event->seq;
                                 return {};
                               });
  if (!asked) return asked.error();
  if (!first || *first <= known.next()) {
    return {FaultKind::corrupt,
            "Event " + std::to_string(known.next().value()) + of_sale + " is not in Redis.",
            "Redis came back older, or something else has taken it away: find newer data "
            "(docs/OPERATING.md)."};
  }
  return {FaultKind::corrupt,
          "Events " + std::to_string(known.next().value()) + " to " +
              std::to_string(first->value() - 1) + of_sale +
              " have been cut from Redis: every follower that was known there had them, and this "
              "one asks for them.",
          "Put it back to where it was (its cursor file or its database from a backup), or make it "
          "anew from what has them: Kafka's topic or a ledger (docs/OPERATING.md, \"Events that "
          "have been cut\")."};
}

}  // namespace dibs::redis
