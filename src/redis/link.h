#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "redis/address.h"
#include "redis/server_connection.h"

namespace dibs::redis {

/// A connection whose user waits for each reply: for one thread, which may stand still for
/// `patience` a call. Connects when it is first used, and anew after it was lost.
class Link {
 public:
  Link(const Address& address, Duration patience, const Clock& clock);

  /// Gives the reply, an error of the server too, to `use`, and what `use` says of it back. Fails
  /// as `unavailable` when there is none: the call may have reached the server.
  [[nodiscard]] Result<void> call(
      const std::vector<std::string>& words,
      std::move_only_function<Result<void>(const redisReply& reply)> use);

 private:
  const std::string shown_;
  const Duration patience_;
  const Clock& clock_;
  ServerConnection connection_;
};

}  // namespace dibs::redis
