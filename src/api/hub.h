#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "api/answer.h"
#include "api/sse.h"
#include "base/ids.h"
#include "sale/event.h"
#include "sale/sale.h"

namespace dibs::api {

using Stream = http::Responder::Stream;

struct Hub;

/// One stream that hears what changes in its sale. Touched by the worker only.
struct Follower {
  std::shared_ptr<Stream> stream;  ///< null: given up
  StreamId told;                   ///< the last event of the sale that it was given
};

/// One caller who wants to know when an order changes: a long poll, answered once, or a stream.
/// Touched by the worker only.
struct Watch {
  Watch(OrderId the_order, BuyerId the_owner, Answer the_answer, bool as_stream)
      : order(std::move(the_order)),
        owner(std::move(the_owner)),
        answer(std::move(the_answer)),
        streams(as_stream) {}

  const OrderId order;
  const BuyerId owner;           ///< empty: may see any order
  std::optional<Answer> answer;  ///< until it is used
  const bool streams;
  std::weak_ptr<Hub> hub;              ///< set before the store is asked
  std::shared_ptr<Follower> follower;  ///< stream: once begun
  std::optional<StreamId> resume;      ///< stream: where it was cut
  std::optional<std::string> known;    ///< long poll: answer as soon as the order's ETag differs
  std::optional<sale::OrderView> latest;
  bool asking = false;       ///< the store has been asked and has not answered
  bool ask_again = false;    ///< something happened meanwhile
  bool last_chance = false;  ///< time is up: whatever comes is the answer
  bool done = false;
};

/// What is being sent to all followers of a sale, a part at a time.
struct Broadcast {
  Buffer bytes;                  ///< null: nothing
  std::size_t events = 0;        ///< in `bytes`; a comment is none
  std::optional<StreamId> upto;  ///< of its last event; who was told that begins behind it
  std::size_t next = 0;          ///< the follower whose turn it is
  Duration last_slice{0};        ///< monotonic, when a part was last sent
};

/// What the committer leaves for the worker.
struct Inbox {
  std::shared_ptr<const sale::SaleView> view;  ///< the newest
  std::vector<OrderKey> touched;
  bool everyone = false;   ///< an event concerned many orders at once
  bool scheduled = false;  ///< the worker will come
  bool removed = false;    ///< the sale is no more; one of the same id is another sale
};

/// What buys of a sale came to, and how fast.
struct LiveFigures {
  std::optional<Duration> at;  ///< monotonic; nothing: not looked at yet
  std::uint64_t accepted = 0;  ///< orders ever
  std::uint64_t refused = 0;   ///< buys, since the server's start
  std::optional<double> accepted_per_second;
  std::optional<double> refused_per_second;
};

/// Everybody who listens to one sale.
struct Hub {
  Hub(SaleId the_sale, std::shared_ptr<const sale::SaleView> view)
      : sale(std::move(the_sale)), feed(std::move(view)) {}

  const SaleId sale;
  std::atomic<std::uint32_t> watchers = 0;  ///< the committer notes touched orders only if any

  std::mutex inbox_mutex;
  Inbox inbox;  ///< guarded by inbox_mutex

  // The worker's own.
  Feed feed;
  std::shared_ptr<const sale::SaleView> newest;      ///< may be ahead of the feed
  std::vector<std::shared_ptr<Follower>> followers;  ///< of the sale and of its orders
  Broadcast broadcast;
  std::vector<std::shared_ptr<Stream>> live;
  std::unordered_map<OrderKey, std::vector<std::shared_ptr<Watch>>> watches;
  Duration next_publish{0};
  bool publish_planned = false;
  Duration next_line_refresh{0};
  bool line_refresh_planned = false;
  std::deque<std::weak_ptr<Watch>> line_round;  ///< whose positions are still to be read again
  LiveFigures figures;
  std::uint64_t live_number = 0;
  Buffer latest_live;  ///< what the last beat told, for those who come before the next
  bool over = false;   ///< the sale has been removed
};

}  // namespace dibs::api
