#include "redis/settings.h"

#include <hiredis/hiredis.h>

#include <charconv>
#include <optional>

#include "redis/fields.h"

namespace dibs::redis {
namespace {

constexpr std::uint64_t kOldestMajor = 7;
constexpr std::string_view kSentinels = "dibs:sentinels";

struct Wanted {
  std::string_view setting;
  std::string_view value;
  std::string_view otherwise;
};

// What each is for: an order that was answered must be on the disk (of all but `relaxed`), and a
// server short of memory must refuse a call rather than throw a sale's keys away.
constexpr Wanted kStrict[] = {
    {"appendonly", "yes", "what was sold is gone when Redis ends"},
    {"appendfsync", "always", "up to a second or more of answered orders is gone after a crash"},
    {"no-appendfsync-on-rewrite", "no", "up to half a minute of answered orders is gone"},
    {"maxmemory-policy", "noeviction", "Redis may throw parts of a sale away"},
};

std::string_view value_of(const ServerFacts& facts, std::string_view name) {
  const auto it = facts.find(name);
  return it == facts.end() ? std::string_view() : std::string_view(it->second);
}

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return value;
}

void want(const ServerFacts& facts, const Wanted& wanted, std::vector<Fault>& out) {
  const std::string_view value = value_of(facts, wanted.setting);
  if (value == wanted.value) return;
  const std::string name(wanted.setting);
  if (value.empty()) {
    out.push_back({FaultKind::bad_input, "Redis does not say what " + name + " is.",
                   "Let this user call CONFIG GET (ACL SETUSER … +config|get)."});
    return;
  }
  out.push_back(
      {FaultKind::bad_input,
       "Redis has " + name + " " + std::string(value) + ": " + std::string(wanted.otherwise) + ".",
       "CONFIG SET " + name + " " + std::string(wanted.value) +
           " and CONFIG REWRITE, or choose another --durability."});
}

/// Sentinel may make a replica the primary that has less than was answered.
void judge_watchers(const ServerFacts& facts, std::vector<Fault>& out) {
  const std::string_view count = value_of(facts, kSentinels);
  if (count.empty()) {
    out.push_back({FaultKind::bad_input, "Redis does not say whether Sentinel watches it.",
                   "Let this user call CLIENT LIST (ACL SETUSER … +client|list)."});
  } else if (count != "0") {
    out.push_back({FaultKind::bad_input,
                   "Sentinel watches this Redis and may make a replica the primary that has less "
                   "than was answered.",
                   "SENTINEL REMOVE it there, or choose another --durability."});
  }
}

/// What no promise can do without.
void judge_server(const ServerFacts& facts, std::vector<Fault>& out) {
  const std::string version(value_of(facts, "redis_version"));
  if (number_in(version).value_or(0) < kOldestMajor) {
    out.push_back({FaultKind::bad_input,
                   "Redis is version " + version + ", which has no functions.",
                   "Install Redis 7.0 or newer, or Valkey."});
  }
  if (value_of(facts, "role") != "master") {
    out.push_back({FaultKind::bad_input, "This Redis is a replica of another one.",
                   "Name the primary in --store."});
  }
  if (value_of(facts, "loading") == "1") {
    out.push_back({FaultKind::unavailable, "Redis is still loading its data.", "Wait."});
  }
}

}  // namespace

void add_info(std::string_view info, ServerFacts& facts) {
  while (!info.empty()) {
    const std::size_t end = std::min(info.find('\n'), info.size());
    std::string_view line = info.substr(0, end);
    info.remove_prefix(std::min(end + 1, info.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || line.starts_with('#')) continue;
    facts.insert_or_assign(std::string(line.substr(0, colon)), std::string(line.substr(colon + 1)));
  }
}

Fault refused_info(const redisReply& error) {
  return {FaultKind::bad_input, "Redis refuses INFO: " + std::string(error.str, error.len) + ".",
          "Give user and password in --store, redis://USER:PASSWORD@HOST:PORT, of a user who may "
          "call INFO."};
}

void add_config(const redisReply& reply, ServerFacts& facts) {
  const auto all = elements(reply);
  for (std::size_t i = 0; i + 1 < all.size(); i += 2) {
    const auto name = text_of(*all[i]);
    const auto value = text_of(*all[i + 1]);
    if (name && value) facts.insert_or_assign(std::string(*name), std::string(*value));
  }
}

std::vector<std::string> words_of_config_get() {
  std::vector<std::string> words{"CONFIG", "GET"};
  for (const Wanted& wanted : kStrict) words.emplace_back(wanted.setting);
  return words;
}

// Sentinel names its connections, and one of them listens to what the others say.
std::vector<std::string> words_of_watchers() { return {"CLIENT", "LIST", "TYPE", "pubsub"}; }

void add_watchers(const redisReply& reply, ServerFacts& facts) {
  const auto clients = text_of(reply);
  if (!clients) return;
  constexpr std::string_view kName = " name=sentinel-";
  std::uint64_t count = 0;
  for (std::size_t at = clients->find(kName); at != clients->npos;
       at = clients->find(kName, at + 1)) {
    ++count;
  }
  facts.insert_or_assign(std::string(kSentinels), std::to_string(count));
}

std::optional<double> memory_in_use(const ServerFacts& facts) {
  const auto most = number_in(value_of(facts, "maxmemory"));
  const auto used = number_in(value_of(facts, "used_memory"));
  if (!used || most.value_or(0) == 0) return std::nullopt;
  return static_cast<double>(*used) / static_cast<double>(*most);
}

std::uint64_t connected_replicas(const ServerFacts& facts) {
  return number_in(value_of(facts, "connected_slaves")).value_or(0);
}

std::vector<Fault> judge(const ServerFacts& facts, Promise promise) {
  std::vector<Fault> out;
  judge_server(facts, out);
  if (promise == Promise::strict) {
    for (const Wanted& wanted : kStrict) want(facts, wanted, out);
    judge_watchers(facts, out);
  }
  if (promise == Promise::replica) {
    want(facts, kStrict[3], out);
    if (connected_replicas(facts) == 0) {
      out.push_back({FaultKind::unavailable, "No replica is connected to this Redis.",
                     "Start one (REPLICAOF), or choose another --durability."});
    }
  }
  return out;
}

}  // namespace dibs::redis
