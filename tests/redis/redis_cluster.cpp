#include "redis/redis_cluster.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "redis/call.h"
#include "redis/hash_slot.h"

namespace dibs::redis {
namespace {

constexpr int kPatienceInTens = 3'000;  // of milliseconds

std::string slot_word(const std::string& sale) {
  return std::to_string(hash_slot_of(events_key(SaleId(sale))));
}

}  // namespace

RedisCluster::RedisCluster(const Shape& shape) : shape_(shape) {
  const std::size_t count = shape.primaries * (1 + shape.replicas_each);
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<std::string> options{"--cluster-enabled",
                                     "yes",
                                     "--cluster-port",
                                     std::to_string(free_port()),
                                     "--cluster-node-timeout",
                                     "1000",
                                     "--repl-ping-replica-period",
                                     "1",
                                     "--cluster-config-file",
                                     "nodes.conf"};
    options.insert(options.end(), shape.options.begin(), shape.options.end());
    nodes_.push_back(std::make_unique<RedisServer>(options));
  }
  introduce();
  wait_until_up();
}

void RedisCluster::introduce() {
  const std::size_t share = kHashSlots / shape_.primaries;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    Connection node = nodes_[i]->connect();
    ids_.push_back(node.text({"CLUSTER", "MYID"}));
    EXPECT_EQ(node.text({"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)}), "OK");
    if (i >= shape_.primaries) continue;
    const std::size_t last = i + 1 == shape_.primaries ? kHashSlots - 1 : (i + 1) * share - 1;
    EXPECT_EQ(
        node.text({"CLUSTER", "ADDSLOTSRANGE", std::to_string(i * share), std::to_string(last)}),
        "OK");
  }
  Connection first = nodes_.front()->connect();
  for (std::size_t i = 1; i < nodes_.size(); ++i) {
    const std::string bus =
        nodes_[i]->connect().call({"CONFIG", "GET", "cluster-port"})->element[1]->str;
    EXPECT_EQ(
        first.text({"CLUSTER", "MEET", nodes_[i]->host(), std::to_string(nodes_[i]->port()), bus}),
        "OK");
  }
  for (std::size_t i = shape_.primaries; i < nodes_.size(); ++i) {
    Connection replica = nodes_[i]->connect();
    const std::string& primary = ids_[(i - shape_.primaries) % shape_.primaries];
    std::string said;
    for (int tries = 0; tries < kPatienceInTens && said != "OK"; ++tries) {
      said = replica.text({"CLUSTER", "REPLICATE", primary});  // until it has heard of it
      if (said != "OK") std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_EQ(said, "OK");
  }
}

void RedisCluster::wait_until_up() {
  const std::string known = "cluster_known_nodes:" + std::to_string(nodes_.size());
  const std::size_t replicas = nodes_.size() - shape_.primaries;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    Connection node = nodes_[i]->connect();
    bool up = false;
    for (int tries = 0; tries < kPatienceInTens && !up; ++tries) {
      const std::string info = node.text({"CLUSTER", "INFO"});
      up = info.find("cluster_state:ok") != info.npos && info.find(known) != info.npos;
      std::size_t heard_of = 0;  // which of the others are replicas
      const std::string all = node.text({"CLUSTER", "NODES"});
      for (std::size_t at = 0; (at = all.find("slave ", at)) != all.npos; ++at) ++heard_of;
      up = up && heard_of == replicas;
      if (i >= shape_.primaries) {
        up = up &&
             node.text({"INFO", "replication"}).find("master_link_status:up") != std::string::npos;
      }
      if (i < shape_.primaries) {
        // A replica is listed once it has received something.
        const Reply slots = node.call({"CLUSTER", "SLOTS"});
        for (std::size_t k = 0; k < slots->elements; ++k) {
          up = up && slots->element[k]->elements == 3 + shape_.replicas_each;
        }
      }
      if (!up) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_TRUE(up) << "node " << i << " does not come up";
  }
}

std::size_t RedisCluster::shard_of(const std::string& sale) const {
  const std::size_t share = kHashSlots / shape_.primaries;
  return std::min(hash_slot_of(events_key(SaleId(sale))) / share, shape_.primaries - 1);
}

RedisServer& RedisCluster::home_of(const std::string& sale) const {
  return *nodes_[shard_of(sale)];
}
RedisServer& RedisCluster::replica_of(const std::string& sale) const {
  return *nodes_[shape_.primaries + shard_of(sale)];
}
RedisServer& RedisCluster::stranger_to(const std::string& sale) const {
  return *nodes_[(shard_of(sale) + 1) % shape_.primaries];
}

std::string RedisCluster::name_at(const std::string& prefix, std::size_t primary) const {
  for (int i = 0;; ++i) {
    std::string name = prefix + "-" + std::to_string(i);
    if (shard_of(name) == primary) return name;
  }
}

void RedisCluster::begin_to_move(const std::string& sale, RedisServer& from, RedisServer& to) {
  const auto id_of = [](RedisServer& node) { return node.connect().text({"CLUSTER", "MYID"}); };
  const std::string slot = slot_word(sale);
  EXPECT_EQ(to.connect().text({"CLUSTER", "SETSLOT", slot, "IMPORTING", id_of(from)}), "OK");
  EXPECT_EQ(from.connect().text({"CLUSTER", "SETSLOT", slot, "MIGRATING", id_of(to)}), "OK");
}

void RedisCluster::move_keys(const std::string& sale, RedisServer& from, RedisServer& to) {
  Connection source = from.connect();
  const Reply keys = source.call({"CLUSTER", "GETKEYSINSLOT", slot_word(sale), "1000"});
  for (std::size_t i = 0; i < keys->elements; ++i) {
    EXPECT_EQ(source.text({"MIGRATE", to.host(), std::to_string(to.port()), keys->element[i]->str,
                           "0", "5000"}),
              "OK");
  }
}

void RedisCluster::end_move(const std::string& sale, RedisServer& to) {
  const std::string id = to.connect().text({"CLUSTER", "MYID"});
  to.connect().text({"CLUSTER", "SETSLOT", slot_word(sale), "NODE", id});
  for (std::size_t i = 0; i < shape_.primaries; ++i) {
    if (nodes_[i].get() == &to) continue;
    EXPECT_EQ(nodes_[i]->connect().text({"CLUSTER", "SETSLOT", slot_word(sale), "NODE", id}), "OK");
  }
}

void RedisCluster::move(const std::string& sale, RedisServer& from, RedisServer& to) {
  begin_to_move(sale, from, to);
  move_keys(sale, from, to);
  end_move(sale, to);
}

}  // namespace dibs::redis
