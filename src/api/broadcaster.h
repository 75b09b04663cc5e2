#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>

#include "api/answer.h"
#include "api/hub.h"
#include "api/pulse.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "sale/event.h"
#include "sale/sale.h"

namespace dibs::api {

struct Core;

/// Tells those who listen what changed. The committer only leaves a note (`on_events`); the worker
/// does everything else, so that streams need no locks and a slow one holds up nobody who commits.
///
/// - A sale's changes are told at most every kPublishEvery, kSendsPerSlice streams every
///   kSliceEvery, and the next change when all have heard of the one before: what lies between is
///   told as one, since every event carries the whole present figure. Each is serialised once for
///   all streams. What an order's own stream is told stands behind one slice at most.
/// - An order that an event concerned is read again from the store at once. That a line has moved
///   all hear from its head; the exact positions behind it are read again and told, those nearest
///   to the head first, at most kPositionsPerRefresh every kLineEvery.
/// - When Options::listeners_max are open, a stream is refused and the client told to poll.
class Broadcaster {
 public:
  static constexpr Duration kPublishEvery = std::chrono::milliseconds(50);
  /// 50,000 sends a second, which cost the loop some 6 us each: a third of a core.
  static constexpr std::size_t kSendsPerSlice = 250;
  static constexpr Duration kSliceEvery = std::chrono::milliseconds(5);
  static constexpr std::int64_t kSlicesAtOnce = 8;
  static constexpr Duration kLineEvery = std::chrono::seconds(1);
  /// One costs some 20 us on three threads: 1 % of a core.
  static constexpr std::size_t kPositionsPerRefresh = 500;
  static constexpr Duration kCommentEvery = std::chrono::seconds(10);
  static constexpr Duration kLiveEvery = std::chrono::seconds(1);
  /// Reads of orders now with the store: far below its queue, so that they never crowd out buys.
  static constexpr std::size_t kAsksMax = 1'024;

  explicit Broadcaster(Core& core) : core_(core) {}

  /// On the store's committer. Short: one look-up, one note.
  void on_events(const std::shared_ptr<const sale::SaleView>& view,
                 std::span<const sale::Event> events) noexcept;

  // From any thread; what follows happens on the worker.
  void follow_sale(SaleId sale, Answer answer, std::optional<StreamId> resume);
  void follow_live(SaleId sale, Answer answer);
  /// Answers when the order's ETag differs from `known` (nothing: from what it is now), or after
  /// `patience`.
  void wait_for_order(std::shared_ptr<Watch> watch, Duration patience);
  void follow_order(std::shared_ptr<Watch> watch);
  /// Whether as many listen as may.
  [[nodiscard]] bool full() const;
  /// Answers every long poll with what is known and ends every stream.
  void stop();

 private:
  using HubPointer = std::shared_ptr<Hub>;
  using WatchPointer = std::shared_ptr<Watch>;

  // hubs
  HubPointer find_hub(const SaleId& sale);
  HubPointer hub_of(const SaleId& sale);  ///< makes it; null: no such sale
  void open_inbox(const HubPointer& hub);
  void plan_publish(const HubPointer& hub);
  void publish(const HubPointer& hub);
  void plan_line_refresh(const HubPointer& hub);
  void refresh_line(const HubPointer& hub);
  void comment(const HubPointer& hub);
  void plan_round(const HubPointer& hub);
  void broadcast(const HubPointer& hub, Broadcast what);
  void send_slice(const HubPointer& hub);
  void send_live(Hub& hub, const Buffer& bytes, std::size_t events);
  std::shared_ptr<Follower> follow(Hub& hub, Answer& answer, std::optional<StreamId> resume,
                                   const Buffer& then);
  [[nodiscard]] bool has_room();
  void look_for_gone(const HubPointer& hub);
  void drop_gone(Hub& hub);

  // live
  void beat();
  void plan_beat(Duration when);
  void compare(Hub& hub) const;
  [[nodiscard]] Buffer live_event(Hub& hub) const;

  // watches
  void begin(const WatchPointer& watch);
  void ask(const WatchPointer& watch);
  void told(const WatchPointer& watch, Result<std::optional<sale::OrderView>> result);
  void told_poll(const WatchPointer& watch);
  void told_stream(const WatchPointer& watch, bool changed);
  void begin_stream(const WatchPointer& watch);
  [[nodiscard]] Buffer order_event(const StreamId& told, const Watch& watch);
  void expire(const WatchPointer& watch);
  void answer_poll(const WatchPointer& watch);
  void refuse(const WatchPointer& watch, const Problem& problem);
  void finish(const WatchPointer& watch);
  void end(const HubPointer& hub);
  void forget(const HubPointer& hub);
  void end_all();

  Core& core_;
  std::mutex hubs_mutex_;
  std::unordered_map<SaleId, HubPointer> hubs_;  ///< guarded by hubs_mutex_
  // The worker's own.
  Pulse pulse_;
  std::vector<HubPointer> live_hubs_;  ///< those with consoles
  bool beating_ = false;               ///< a beat is planned
  std::size_t asks_ = 0;
  std::deque<WatchPointer> waiting_asks_;
  std::uint64_t streams_begun_ = 0;
  Duration next_look_for_gone_{0};
};

}  // namespace dibs::api
