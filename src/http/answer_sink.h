#pragma once

#include <cstddef>

#include "http/inbox.h"

namespace dibs::http {

/// Where answers go: the loop that owns the connection, or whoever hands requests to a handler
/// without one. Any thread may call it.
class AnswerSink {
 public:
  AnswerSink() = default;
  AnswerSink(const AnswerSink&) = delete;
  AnswerSink& operator=(const AnswerSink&) = delete;
  virtual ~AnswerSink() = default;

  /// A message for one of its connections; dropped when the connection has gone.
  virtual void post(Message message) = 0;
  /// How much may wait in one stream, in bytes.
  [[nodiscard]] virtual std::size_t stream_backlog_bytes() const = 0;
};

}  // namespace dibs::http
