#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "http/sockets.h"

namespace dibs::http {

/// What still has to leave on one connection. Buffers leave in order; one may be shared by many
/// connections. One thread.
class Output {
 public:
  enum class Result : std::uint8_t {
    done,     ///< all of it is in the kernel's hands
    blocked,  ///< the rest waits until the socket is writable
    failed,   ///< the peer has gone
  };

  /// Sends at once what the kernel takes and keeps a copy of the rest.
  Result send(const Fd& socket, std::string_view bytes);
  Result send(const Fd& socket, std::shared_ptr<const std::string> bytes);
  /// Goes on with what waits.
  Result flush(const Fd& socket);

  [[nodiscard]] bool empty() const { return waiting_.empty(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  /// Whether another buffer has come to the front since the last time this was asked.
  [[nodiscard]] bool moved_on() { return std::exchange(moved_on_, false); }

 private:
  std::list<std::shared_ptr<const std::string>> waiting_;  // costs an idle connection nothing
  std::size_t sent_of_first_ = 0;
  std::size_t bytes_ = 0;
  bool moved_on_ = false;
};

}  // namespace dibs::http
