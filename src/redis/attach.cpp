#include <algorithm>
#include <optional>
#include <utility>

#include "redis/failover.h"
#include "redis/fields.h"
#include "redis/store_impl.h"

/// From a connection to serving: who serves what, settings, functions, sales. Every step is a call
/// whose reply leads to the next; whatever fails closes the connection, and all begins anew after a
/// while.
namespace dibs::redis {
namespace {

constexpr Duration kShortestBackOff = std::chrono::milliseconds(50);
constexpr Duration kLongestBackOff = std::chrono::seconds(2);

std::string in_one(const std::vector<Fault>& faults) {
  std::string all;
  for (const Fault& fault : faults)
    all += (all.empty() ? "" : " ") + fault.what + " " + fault.remedy;
  return all;
}

}  // namespace

void Store::Impl::connect(Primary& primary) {
  primary.back_off = std::clamp(primary.back_off * 2, kShortestBackOff, kLongestBackOff);
  primary.connect_at = monotonic_now() + primary.back_off;
  primary.in_use = true;
  primary.connection.open();
  if (!primary.connection.is_open()) return leave(primary, primary.connection.why_closed());
  ask_who(primary);
}

void Store::Impl::ask_who(Primary& primary) {
  primary.facts.clear();
  primary.connection.call(
      {"INFO", "everything"}, [this, &primary](Result<const redisReply*> reply) {
        if (!reply) return;
        if ((*reply)->type == REDIS_REPLY_ERROR)
          return primary.connection.close(refused_info(**reply));
        add_info(text_of(**reply).value_or(""), primary.facts);
        is_cluster = primary.facts["cluster_enabled"] == "1";
        if (is_cluster) {
          return ask_for_map(primary, [this, &primary](Result<void> asked) {
            if (!asked) return primary.connection.close(std::move(asked).error());
            if (primary.mapped && !primary.retired) ask_for_settings(primary);
          });
        }
        if (options.addresses.size() > 1) {
          return primary.connection.close(no_cluster(primary.node.address.shown()));
        }
        adopt(alone(primary.node.address));
        ask_for_settings(primary);
      });
}

void Store::Impl::ask_for_settings(Primary& primary) {
  primary.connection.call(words_of_watchers(), [&primary](Result<const redisReply*> reply) {
    if (reply) add_watchers(**reply, primary.facts);
  });
  primary.connection.call(words_of_config_get(), [this, &primary](Result<const redisReply*> reply) {
    if (!reply) return;
    add_config(**reply, primary.facts);
    judge_settings(primary);
  });
}

void Store::Impl::judge_settings(Primary& primary) {
  const auto objections = judge(primary.facts, options.durability);
  if (!objections.empty()) {
    return primary.connection.close(
        {objections.front().kind, in_one(objections), "Nothing is sold until then."});
  }
  primary.connected_replicas = connected_replicas(primary.facts);
  const std::string before = std::exchange(primary.run_id, primary.facts["run_id"]);
  if (!before.empty() && before != primary.run_id) {
    warn("Redis was started anew, or it is another server: run_id " + before + " is now " +
         primary.run_id + ", master_replid is " + primary.facts["master_replid"] +
         ". Each sale is compared with what was seen of it before it sells on.");
  }
  ask_replicas(primary, [this, &primary] { load_functions(primary); });
}

void Store::Impl::ask_replicas(Primary& primary, std::move_only_function<void()> then) {
  if (options.durability != Promise::strict || primary.replicas.empty()) return then();
  primary.objections.clear();
  primary.unasked += primary.replicas.size();
  auto go_on = std::make_shared<std::move_only_function<void()>>(std::move(then));
  for (const Node& replica : primary.replicas) {
    auto& connection = *primary.asked.emplace_back(
        std::make_unique<ServerConnection>(replica.address, system_clock()));
    connection.open();
    connection.call(words_of_failover(), [&primary, go_on, at = replica.address.shown()](
                                             Result<const redisReply*> reply) {
      std::optional<ServerFacts> facts;
      if (reply) add_config(**reply, facts.emplace());
      for (Fault& fault : judge_failover(facts, at, primary.node.address.shown())) {
        primary.objections.push_back(std::move(fault));
      }
      if (--primary.unasked > 0) return;
      if (primary.objections.empty()) return (*go_on)();
      primary.connection.close({primary.objections.front().kind, in_one(primary.objections),
                                "Nothing is sold until then."});
    });
  }
}

void Store::Impl::load_functions(Primary& primary) {
  primary.connection.call(
      {"FUNCTION", "LOAD", Library::built_in().text()},
      [this, &primary](Result<const redisReply*> reply) {
        if (!reply) return;
        const bool failed = (*reply)->type == REDIS_REPLY_ERROR;
        const std::string text(text_of(**reply).value_or(""));
        const std::string said = failed ? std::string((*reply)->str, (*reply)->len) : text;
        // A library of that name has that very text: its name is a hash of it.
        if (failed && said.find("already exists") == std::string::npos) {
          return primary.connection.close({FaultKind::bad_input,
                                           "Redis does not take the functions: " + said + ".",
                                           "Let this user call FUNCTION LOAD and FCALL."});
        }
        scan(primary, "0", [this, &primary] { serve_now(primary); });
      });
}

void Store::Impl::scan(Primary& primary, const std::string& cursor,
                       std::move_only_function<void()> then) {
  primary.connection.call(
      {"SCAN", cursor, "MATCH", "dibs:{*}:meta", "COUNT", "1000"},
      [this, &primary, then = std::move(then)](Result<const redisReply*> reply) mutable {
        if (!reply) return;
        const auto parts = elements(**reply);
        if (parts.size() != 2) {
          return primary.connection.close(
              {FaultKind::bad_input, "Redis refuses SCAN.", "Let this user call it."});
        }
        for (const redisReply* key : elements(*parts[1])) {
          const auto name = text_of(*key).value_or("");
          const std::size_t open = name.find('{');
          const std::size_t end = name.find('}');
          if (open == name.npos || end == name.npos || end < open) continue;
          const std::string sale(name.substr(open + 1, end - open - 1));
          if (is_sale_or_sku_id(sale)) slot_of(SaleId(sale));
        }
        const std::string next(text_of(*parts[0]).value_or("0"));
        if (next != "0") return scan(primary, next, std::move(then));
        then();
      });
}

void Store::Impl::serve_now(Primary& primary) {
  if (primary.retired) return;
  primary.back_off = Duration(0);
  primary.serving = true;
  ++connects;
  connected = all_serve();
  for (const auto& [sale, place] : seen->all()) slot_of(sale);  // gone from Redis: fenced
  for (auto& [id, slot] : slots) {
    if (slot->primary != &primary) continue;
    slot->caught_up = false;
    // It may be another server now, with all that was missing: it is compared once more.
    if (!slot->fenced.empty() && !slot->moved) sell_again(*slot);
    if (!slot->busy) send(*slot);
  }
  // Once the sales that are there now are read: their reading is on its way already.
  primary.connection.call({"PING"}, [this, &primary](const Result<const redisReply*>& reply) {
    if (!reply) return;
    primary.read = true;
    const auto is_read = [](const auto& one) { return !one->mapped || one->retired || one->read; };
    if (std::ranges::all_of(primaries, is_read)) said_first({});
  });
}

void Store::Impl::leave(Primary& primary, const Fault& fault) {
  const bool was_serving = std::exchange(primary.serving, false);
  primary.in_use = false;
  primary.asked.clear();
  primary.unasked = 0;
  primary.why_not = fault;
  primary.why_not.kind = FaultKind::unavailable;
  primary.connect_at = std::max(primary.connect_at, monotonic_now() + primary.back_off);
  connected = all_serve();
  if (was_serving && !primary.retired) warn(fault.what + " Nothing is sold until it is back.");
  for (auto& [id, slot] : slots) {
    if (slot->primary != &primary) continue;
    for (auto& request : std::exchange(slot->queue, {})) request->refuse(primary.why_not);
  }
  if (primary.retired) return;
  if (!primary.mapped) {
    primary.retired = true;
    why_not = primary.why_not;
    if (next_seed < options.addresses.size()) return;  // another node of --store may know
  }
  said_first(std::unexpected(fault));
}

void Store::Impl::said_first(Result<void> verdict) {
  if (!first) return;
  auto promise = std::exchange(first, std::nullopt);
  promise->set_value(std::move(verdict));
}

}  // namespace dibs::redis
