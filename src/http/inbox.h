#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "http/message.h"

namespace dibs::http {

/// What the two ends of a stream share: the sender's threads and the loop.
struct StreamState {
  explicit StreamState(std::size_t limit) : backlog_limit(limit) {}

  const std::size_t backlog_limit;
  std::atomic<bool> open{true};         ///< cleared once, by either end
  std::atomic<std::size_t> backlog{0};  ///< bytes taken from senders and not yet by the kernel
};

using HeaderList = std::vector<std::pair<std::string, std::string>>;

/// What any thread may tell the loop that owns a connection.
struct Message {
  struct Answer {
    Response response;
  };
  struct Abandoned {};  ///< the Responder was destroyed without an answer
  struct StreamBegin {
    HeaderList headers;
    std::shared_ptr<StreamState> state;
  };
  struct StreamBytes {
    std::shared_ptr<const std::string> bytes;
  };
  struct StreamEnd {
    bool at_once;  ///< do not wait until what is queued has left
  };

  std::uint64_t connection = 0;
  std::uint64_t request = 0;  ///< for Answer, Abandoned and StreamBegin
  std::variant<Abandoned, Answer, StreamBegin, StreamBytes, StreamEnd> what;
};

/// Messages on their way to a loop. Bounded by what they answer: one a request in flight, and the
/// backlog limit of each stream.
class Inbox {
 public:
  /// Any thread. False, and nothing kept, after shut().
  bool put(Message message) {
    const std::scoped_lock lock(mutex_);
    if (shut_) return false;
    messages_.push_back(std::move(message));
    return true;
  }

  /// Moves all messages to the empty `out`.
  void take(std::vector<Message>& out) {
    const std::scoped_lock lock(mutex_);
    messages_.swap(out);
  }

  /// Drops what is there and what comes: the loop has ended.
  void shut() {
    std::vector<Message> dropped;
    const std::scoped_lock lock(mutex_);
    shut_ = true;
    messages_.swap(dropped);
  }

 private:
  std::mutex mutex_;
  std::vector<Message> messages_;
  bool shut_ = false;
};

}  // namespace dibs::http
