#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "redis/redis_server.h"

namespace dibs::redis {

/// A Redis Cluster of its own for one test: primaries that share the hash slots evenly, each with
/// so many replicas, on free ports. Waits until every node says that the cluster is up.
class RedisCluster {
 public:
  struct Shape {
    std::size_t primaries = 3;
    std::size_t replicas_each = 0;
    std::vector<std::string> options{};  ///< of every node
  };
  explicit RedisCluster(const Shape& shape);

  [[nodiscard]] const std::vector<std::unique_ptr<RedisServer>>& nodes() const { return nodes_; }
  /// The primary that got the sale's hash slot at first.
  [[nodiscard]] RedisServer& home_of(const std::string& sale) const;
  /// Its first replica.
  [[nodiscard]] RedisServer& replica_of(const std::string& sale) const;
  /// Another primary.
  [[nodiscard]] RedisServer& stranger_to(const std::string& sale) const;

  /// The first name of the form `PREFIX-N` whose hash slot is at the primary of that number.
  [[nodiscard]] std::string name_at(const std::string& prefix, std::size_t primary) const;

  /// The steps by which an operator moves a hash slot: both nodes are told; every key goes over;
  /// everybody is told who has it now.
  void begin_to_move(const std::string& sale, RedisServer& from, RedisServer& to);
  void move_keys(const std::string& sale, RedisServer& from, RedisServer& to);
  void end_move(const std::string& sale, RedisServer& to);
  void move(const std::string& sale, RedisServer& from, RedisServer& to);

 private:
  [[nodiscard]] std::size_t shard_of(const std::string& sale) const;
  void introduce();
  void wait_until_up();

  Shape shape_;
  std::vector<std::string> ids_;
  std::vector<std::unique_ptr<RedisServer>> nodes_;  ///< the primaries first
};

}  // namespace dibs::redis
