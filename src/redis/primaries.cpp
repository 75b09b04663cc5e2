#include <poll.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "redis/fields.h"
#include "redis/store_impl.h"

/// Who serves which hash slots. A server that stands alone serves all of them; of a cluster any
/// node tells, one of --store at first, later the primaries themselves.
namespace dibs::redis {
namespace {

/// How long a change of the cluster's map may go unnoticed by a sale that sends nothing.
constexpr Duration kAskEvery = std::chrono::seconds(1);
/// While a primary is away: it may have been replaced.
constexpr Duration kAskAwayEvery = std::chrono::milliseconds(200);
constexpr Duration kScoutEvery = std::chrono::seconds(1);

bool same_place(const Address& a, const Address& b) {
  return a.host == b.host && a.port == b.port && a.path == b.path;
}

bool same_nodes(const std::vector<Node>& a, const std::vector<Node>& b) {
  return std::ranges::equal(a, b, {}, &Node::id, &Node::id);
}

std::uint64_t epoch_in(const ServerFacts& facts) {
  const auto found = facts.find("cluster_current_epoch");
  return found == facts.end() ? 0 : std::strtoull(found->second.c_str(), nullptr, 10);
}

}  // namespace

bool Store::Impl::is_open() const {
  return std::ranges::any_of(primaries, [](const auto& one) { return one->connection.is_open(); });
}

bool Store::Impl::all_serve() const {
  bool any = false;
  for (const auto& primary : primaries) {
    if (!primary->mapped) continue;
    any = true;
    if (!primary->serving) return false;
  }
  return any;
}

/// Polls the bell and every connection, and lets them do what they can.
void Store::Impl::poll_for(Duration longest) {
  std::vector<pollfd> polled{{event_fd, POLLIN, 0}};
  std::vector<ServerConnection*> connections;
  const auto add = [&](ServerConnection& one) {
    connections.push_back(&one);
    polled.push_back({one.fd(), one.wanted_events(), 0});
  };
  for (const auto& primary : primaries) {
    add(primary->connection);
    for (const auto& replica : primary->asked) add(*replica);
  }
  const auto ns = std::max(longest, Duration(0)).count();
  const timespec wait{ns / 1'000'000'000, ns % 1'000'000'000};
  ::ppoll(polled.data(), polled.size(), &wait, nullptr);
  for (std::size_t i = 0; i < connections.size(); ++i) {
    if (polled[i + 1].revents != 0) connections[i]->ready(polled[i + 1].revents);
  }
}

/// A connection that was lost takes what it served with it.
void Store::Impl::look_for_losses() {
  for (const auto& primary : primaries) {
    if (primary->in_use && !primary->connection.is_open()) {
      leave(*primary, primary->connection.why_closed());
    }
  }
}

void Store::Impl::tend_primaries(Duration now) {
  for (const auto& primary : primaries) {
    if (!primary->retired) continue;
    const Fault why{FaultKind::unavailable,
                    primary->node.address.shown() + " serves no hash slots any more.",
                    "It is tried again by itself at whoever does."};
    primary->connection.close(why);
    leave(*primary, why);
  }
  std::erase_if(primaries, [](const auto& one) { return one->retired; });
  for (const auto& primary : primaries) {
    Primary& one = *primary;
    if (one.unasked == 0) one.asked.clear();
    for (const auto& replica : one.asked) {
      const auto since = replica->waiting_since();
      if (since && now - *since > options.patience) {
        replica->close({FaultKind::unavailable, "It does not answer.", "Look whether it runs."});
      }
    }
    if (!one.in_use && now >= one.connect_at) connect(one);
    if (const auto since = one.connection.waiting_since();
        since && now - *since > options.patience) {
      const bool shakes_hands = one.node.address.tls && !one.connection.has_been_there();
      one.connection.close({FaultKind::unavailable,
                            one.node.address.shown() +
                                (shakes_hands ? " does not answer in TLS." : " does not answer."),
                            shakes_hands ? "Name the tls-port of Redis."
                                         : "Look whether it runs, and how slow its disk is."});
      leave(one, one.connection.why_closed());
    }
  }
  if (!is_open()) return scout(now);
  if (!is_cluster || map_asked) return;
  if (now - mapped_at < (all_serve() ? kAskEvery : kAskAwayEvery)) return;
  const auto one = std::ranges::find_if(primaries, [](const auto& it) { return it->serving; });
  if (one == primaries.end()) return;
  ask_for_new_map(**one);
  std::ranges::rotate(primaries, one + 1);  // another one's turn next
}

void Store::Impl::scout(Duration now) {
  if (now < scout_at) return;
  DIBS_ASSERT(!options.addresses.empty());
  const Address& seed = options.addresses[next_seed++ % options.addresses.size()];
  if (next_seed % options.addresses.size() == 0) scout_at = now + kScoutEvery;
  if (std::ranges::any_of(primaries,
                          [&](const auto& one) { return same_place(one->node.address, seed); })) {
    return;
  }
  primaries.push_back(std::make_unique<Primary>(Node{.id = {}, .address = seed}, system_clock()));
  connect(*primaries.back());
}

void Store::Impl::ask_for_new_map(Primary& primary) {
  if (std::exchange(map_asked, true)) return;
  mapped_at = monotonic_now();
  ask_for_map(primary, [this](const Result<void>&) { map_asked = false; });
}

void Store::Impl::ask_for_map(Primary& primary, std::move_only_function<void(Result<void>)> then) {
  primary.connection.call({"CLUSTER", "INFO"}, [&primary](Result<const redisReply*> reply) {
    if (reply) add_info(text_of(**reply).value_or(""), primary.facts);
  });
  primary.connection.call({"CLUSTER", "SLOTS"}, [this, &primary, then = std::move(then)](
                                                    Result<const redisReply*> reply) mutable {
    if (!reply) return then(std::unexpected(reply.error()));
    auto map = read_cluster_slots(**reply, primary.node.address);
    if (!map) return then(std::unexpected(map.error()));
    if (primary.facts["cluster_state"] != "ok") {
      return then(fault(FaultKind::unavailable,
                        primary.node.address.shown() + " says that the cluster is down.",
                        "Look at CLUSTER INFO and CLUSTER NODES: every hash slot wants a "
                        "primary."));
    }
    // A node that was cut off may still tell what was true before.
    if (const auto epoch = epoch_in(primary.facts); epoch >= map_epoch) {
      map_epoch = epoch;
      adopt(*map);
    }
    then({});
  });
}

/// From now on this is who serves what: sales are sent there, and who serves nothing goes.
void Store::Impl::adopt(const Topology& topology) {
  mapped_at = monotonic_now();
  owners.fill(nullptr);
  for (const auto& primary : primaries) primary->retired = true;
  for (const Shard& shard : topology) {
    Primary& primary = primary_at(shard.primary);
    primary.mapped = true;
    primary.retired = false;
    const bool others = !same_nodes(primary.replicas, shard.replicas);
    primary.replicas = shard.replicas;
    if (others && primary.serving) ask_replicas(primary, [] {});
    for (const auto& [from, to] : shard.hash_slots) {
      std::fill(owners.begin() + from, owners.begin() + to + 1, &primary);
    }
  }
  for (auto& [id, slot] : slots) route(*slot);
  connected = all_serve();
}

Primary& Store::Impl::primary_at(const Node& node) {
  for (const auto& one : primaries) {
    if (!same_place(one->node.address, node.address)) continue;
    if (one->node.id != node.id && !one->node.id.empty()) continue;
    one->node.id = node.id;
    return *one;
  }
  return *primaries.emplace_back(std::make_unique<Primary>(node, system_clock()));
}

/// A sale that sells stays where it is: nobody can know here what every gateway has answered from.
void Store::Impl::route(Slot& slot) {
  Primary* const now = owners.at(slot.hash_slot);
  if (now != slot.primary) {
    slot.primary = now;
    slot.caught_up = false;
    slot.not_before = Duration(0);
  }
  if (now == nullptr) return;
  const auto before = std::exchange(slot.home, now->node);
  if (!slot.context.epoch.empty()) published.lies_at(slot.id, now->node.address);
  if (!before || before->id == now->node.id) return;
  slot.compared = false;
  if (!sells(slot)) return;
  fence_moved(slot, "from " + before->address.shown() + " to " + now->node.address.shown());
}

}  // namespace dibs::redis
