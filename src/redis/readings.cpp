#include "redis/readings.h"

#include <algorithm>
#include <utility>

#include "redis/call.h"
#include "redis/fields.h"

namespace dibs::redis {
namespace {

constexpr std::size_t kEntriesAPage = 1000;

std::vector<std::string> page_words(const std::string& stream, const std::string& from) {
  return {"XRANGE", stream, from, "+", "COUNT", std::to_string(kEntriesAPage)};
}

/// `(` and the id of the last entry of a page: the next page begins behind it.
std::string behind_last(const redisReply& page) {
  const auto entries = elements(page);
  const auto parts = elements(*entries.back());
  return "(" + std::string(parts.empty() ? "" : text_of(*parts[0]).value_or(""));
}

Fault unreadable_stream() {
  return {FaultKind::corrupt, "Redis answered a stream that Dibs has not written.",
          "Look at the sale's streams with XRANGE."};
}

/// Why there is no page: the connection, or an error of the server.
std::optional<Fault> no_page(const Result<const redisReply*>& reply) {
  if (!reply) return reply.error();
  if ((*reply)->type != REDIS_REPLY_ERROR) return std::nullopt;
  return Fault{
      FaultKind::unavailable,
      "Redis does not give this stream: " + std::string((*reply)->str, (*reply)->len) + ".",
      "Ask again in a moment."};
}

}  // namespace

void ArrivalsReading::begin(ServerConnection& connection) {
  if (filter_.limit == 0) return reply_(std::move(found_));
  // An entry holds a whole call, named by its first arrival: begin with the one that may hold what
  // is wanted.
  const std::string after = std::to_string(filter_.after.next().value()) + "-0";
  connection.call({"XREVRANGE", arrivals_key(sale_), after, "-", "COUNT", "1"},
                  [self = shared_from_this(), &connection](Result<const redisReply*> reply) {
                    if (const auto fault = no_page(reply)) return self->fail(*fault);
                    std::string from = "-";
                    if (!elements(**reply).empty()) from = behind_last(**reply).substr(1);
                    self->next_page(connection, from);
                  });
}

void ArrivalsReading::next_page(ServerConnection& connection, const std::string& from) {
  connection.call(page_words(arrivals_key(sale_), from),
                  [self = shared_from_this(), &connection](Result<const redisReply*> reply) {
                    if (const auto fault = no_page(reply)) return self->fail(*fault);
                    self->take(connection, **reply);
                  });
}

void ArrivalsReading::take(ServerConnection& connection, const redisReply& page) {
  const auto entries = elements(page);
  for (const redisReply* entry : entries) {
    auto requests = decode_arrivals(*entry);
    if (!requests) return fail(requests.error());
    for (NumberedRequest& one : *requests) {
      if (one.arrival <= filter_.after || (filter_.buyer && one.buyer != *filter_.buyer)) continue;
      found_.push_back({one.arrival, one.received, std::move(one.buyer), one.code, one.order});
      if (found_.size() == filter_.limit) return reply_(std::move(found_));
    }
  }
  if (entries.size() < kEntriesAPage) return reply_(std::move(found_));
  next_page(connection, behind_last(page));
}

void HistoryReading::next_page(ServerConnection& connection, const std::string& from) {
  connection.call(page_words(events_key(order_.sale), from),
                  [self = shared_from_this(), &connection](Result<const redisReply*> reply) {
                    if (const auto fault = no_page(reply)) return self->fail(*fault);
                    const auto entries = elements(**reply);
                    for (const redisReply* entry : entries) {
                      const auto event = decode_event(*entry);
                      if (!event) return self->fail(unreadable_stream());
                      if (self->first_ == Seq()) self->first_ = event->seq;
                      self->take(*event);
                    }
                    if (entries.size() < kEntriesAPage) return self->end();
                    self->next_page(connection, behind_last(**reply));
                  });
}

/// A history begins where the order was accepted; without that it would be another one's.
void HistoryReading::end() {
  if (accepted_ || first_ <= Seq(1)) return reply_(std::move(found_));
  fail({FaultKind::not_found,
        "The history of this order begins before event " + std::to_string(first_.value()) +
            " of its sale, and what was before that has been cut from Redis.",
        "Kafka's topic has all events of it; the ledger has the order as it is."});
}

void HistoryReading::take(const sale::Event& event) {
  const auto about = sale::order_of(event);
  if (about && about->key == order_.key) {
    const auto* accepted = std::get_if<sale::Accepted>(&event.fact);
    if (accepted != nullptr) accepted_ = *accepted;
    // Only its acceptance can leave an order waiting; every later event of its own ends the wait.
    waiting_ = accepted != nullptr && accepted->state == sale::OrderState::waiting;
    found_.push_back(event);
    return;
  }
  const auto* end = std::get_if<sale::LineEnded>(&event.fact);
  if (end == nullptr || !waiting_ || accepted_->order.arrival > end->upto) return;
  const bool stands_there = std::ranges::any_of(
      accepted_->lines, [&](const sale::OrderLine& line) { return line.sku == end->sku; });
  if (!stands_there) return;
  waiting_ = false;
  found_.push_back(event);
}

}  // namespace dibs::redis
