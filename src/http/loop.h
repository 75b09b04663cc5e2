#pragma once

#include <sys/epoll.h>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/stamp.h"
#include "base/time.h"
#include "http/answer_sink.h"
#include "http/connection_table.h"
#include "http/doorbell.h"
#include "http/loop_ids.h"
#include "http/network_counts.h"
#include "http/promise.h"
#include "http/server.h"

namespace dibs::http {

/// One address that is listened on. Each loop has a socket of its own there: a connection belongs
/// to one loop from its first packet on, so no loop can find one that arrived before its promise.
/// Of inherited sockets there may be fewer; the loops beyond them accept nothing here.
struct Listener {
  std::string address;
  std::vector<Fd> sockets;
  bool inherited = false;  ///< others hold these sockets, too: they must go on listening
};

/// What all loops of a server share.
struct Shared {
  Limits limits;
  Handler& handler;
  WatermarkListener& watermarks;
  const Clock& clock;
  std::vector<Network> trusted_proxies;
  std::vector<Listener> listeners;

  std::atomic<std::size_t> connections{0};
  NetworkCounts networks;  ///< used with Limits::network_connections only
  // From one to the next as the server ends; see Server::drain.
  std::atomic<bool> leaving{false};   ///< nothing is accepted, each answer closes its connection
  std::atomic<bool> draining{false};  ///< nothing is read
  std::atomic<bool> stopping{false};
  std::atomic<std::uint32_t> loops_leaving{0};   ///< loops that have stopped accepting
  std::atomic<std::uint32_t> loops_draining{0};  ///< loops that have stopped reading
  std::mutex mutex;
  std::condition_variable emptied;  ///< a loop that leaves or drains has no connection left
};

/// Counters of one loop: written by it alone, read by anybody.
struct LoopCounters {
  using Count = std::atomic<std::uint64_t>;
  Count accepted{0}, closed{0}, accept_pauses{0}, refused{0}, requests{0}, refused_framing{0},
      timed_out{0}, unstamped{0}, stamps_moved{0}, streams_opened{0}, streams_closed{0};

  static void add(Count& count) {
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
};

/// One thread that accepts, reads, frames, hands out and answers. Its work goes in rounds:
///
///     note the time t0
///     wait for sockets (level-triggered epoll)
///     read every socket that is ready until it is dry, new connections at once
///     hand out what is complete, in the order of the kernel's stamps
///     promise t0                                (see promise.h)
///     send the answers that have come meanwhile, and a bounded part of what streams are to hear
///     close what is overdue
///
/// Reading everything before handing anything out costs a second look at each connection and buys
/// two things: requests leave the loop in order, so the sequencer behind it can number the first of
/// a rush while the last of it is still being parsed; and one slow handler does not delay a stamp.
class Loop final : public AnswerSink, public std::enable_shared_from_this<Loop> {
 public:
  Loop(std::shared_ptr<Shared> shared, std::uint32_t index);
  ~Loop() override;

  /// Makes epoll watch the listeners; false when the system has no descriptors left.
  [[nodiscard]] bool prepare();
  /// The body of the loop's thread, until Shared::stopping.
  void run();

  void post(Message message) override;
  [[nodiscard]] std::size_t stream_backlog_bytes() const override {
    return shared_->limits.stream_backlog_bytes;
  }
  /// Any thread: the loop publishes a watermark later than this call.
  void wake();
  /// Any thread: the loop looks at Shared again.
  void nudge() { doorbell_.ring(); }

  [[nodiscard]] const LoopCounters& counters() const { return counters_; }
  [[nodiscard]] const Limits& limits() const { return shared_->limits; }

 private:
  struct Arrived {
    Instant at;        ///< what the request counts from
    std::size_t read;  ///< which read of the round it was
    std::uint64_t connection;

    friend auto operator<=>(const Arrived&, const Arrived&) = default;
  };

  void round();
  int timeout_ms();
  bool read_ready(int count);
  void on_event(Connection& connection, std::uint32_t events);
  void hand_out_all(Instant began, bool dry);

  // Accepting and closing: loop_connections.cpp
  bool accept_all();
  bool accept_from(std::size_t listener);
  bool may_accept(std::size_t listener);
  void add_connection(std::size_t listener, Accepted accepted);
  bool count_network(Connection& connection);
  void pause_accepting(std::size_t listener, Duration length);
  void resume_accepting();
  bool watch_listener(std::size_t listener);
  void unwatch_listener(std::size_t listener);
  [[nodiscard]] const Fd& listening_socket(std::size_t listener) const {
    return shared_->listeners[listener].sockets[index_];
  }
  /// Whether this loop has a socket there and takes from it now.
  [[nodiscard]] bool accepts_from(std::size_t listener) const {
    return index_ < shared_->listeners[listener].sockets.size() &&
           paused_until_[listener] == kAccepting;
  }
  void close(Connection& connection);
  void close_politely(Connection& connection);
  void update_interest(Connection& connection);
  void wait_for(Connection& connection, Wait wait);
  void look_at_deadlines();
  void give_memory_back();
  void expire(Connection& connection);
  void begin_leaving();
  void begin_drain();
  void drain_idle(Connection& connection);
  void tell_emptied();

  // Reading and framing: loop_requests.cpp
  void read(Connection& connection);
  void discard(Connection& connection);
  void next_request(Connection& connection);
  void await_more(Connection& connection, Wait wait);
  void hand_out(Connection& connection);
  void refuse(Connection& connection, const Refusal& refusal);

  // Answers and streams: loop_answers.cpp
  void take_messages();
  void feed_streams(std::size_t most);
  void deliver(Message& message);
  void answer(Connection& connection, const Response& response);
  Output::Result send_answer(Connection& connection);
  void begin_stream(Connection& connection, Message::StreamBegin& begin);
  void send_stream(Connection& connection, std::shared_ptr<const std::string> bytes);
  void end_stream(Connection& connection, bool at_once);
  void release_backlog(Connection& connection, std::size_t before);
  void after_sending(Connection& connection, Output::Result result);
  void on_writable(Connection& connection);

  std::shared_ptr<Shared> shared_;
  const std::uint32_t index_;
  LoopCounters counters_;
  ArrivalPromise promise_;
  Doorbell doorbell_;
  Inbox inbox_;
  std::atomic<bool> watermark_wanted_{false};

  Fd epoll_;
  ConnectionTable table_;
  std::vector<epoll_event> events_;
  std::vector<Arrived> arrived_;        ///< connections whose input grew in this round
  std::vector<char> read_buffer_;       ///< what one read may bring
  std::string write_buffer_;            ///< the answer being written
  Request request_;                     ///< the request being handed out
  std::vector<Message> batch_;          ///< messages being delivered
  std::deque<Message> for_streams_;     ///< in order, what streams are still to be given
  std::vector<std::uint64_t> ids_;      ///< scratch of look_at_deadlines and begin_drain
  std::vector<Duration> paused_until_;  ///< of each listener; kAccepting when it is not paused
  bool any_paused_ = false;
  bool own_posted_ = false;    ///< the loop's own thread has put something into the inbox
  bool late_accepts_ = false;  ///< what is accepted now has waited for a limit
  bool go_round_ = false;      ///< the next round may not sleep
  bool leaving_ = false;
  bool draining_ = false;
  Duration now_{0};              ///< Clock::monotonic at the last return of epoll_wait
  Duration look_at_{0};          ///< when to look at the deadlines next
  std::size_t bytes_freed_ = 0;  ///< that waited in connections now closed, and may not be back yet
  const Duration look_every_;
};

}  // namespace dibs::http
