#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct redisReply;  // NOLINT(readability-identifier-naming): of hiredis

namespace dibs::redis {

/// What an answer is to promise; see docs/OPERATING.md for which settings each wants.
enum class Promise { strict, replica, relaxed };

/// What a server says of itself: lines of INFO and settings of CONFIG GET, by name.
using ServerFacts = std::map<std::string, std::string, std::less<>>;

/// Adds the `name:value` lines of INFO.
void add_info(std::string_view info, ServerFacts& facts);
/// A server that answers INFO with an error wants a password, or does not let this user ask.
[[nodiscard]] Fault refused_info(const redisReply& error);
/// Adds what CONFIG GET answered; an error adds nothing.
void add_config(const redisReply& reply, ServerFacts& facts);

/// Adds how many Sentinels watch the server, as CLIENT LIST answered it; an error adds nothing.
void add_watchers(const redisReply& reply, ServerFacts& facts);

/// The words of the CONFIG GET and the CLIENT LIST that judge() wants to have been asked.
[[nodiscard]] std::vector<std::string> words_of_config_get();
[[nodiscard]] std::vector<std::string> words_of_watchers();

/// Every reason why this server cannot keep the promise, each with what to do about it; empty: it
/// can. A setting that could not be read is a reason too, but for `relaxed`.
[[nodiscard]] std::vector<Fault> judge(const ServerFacts& facts, Promise promise);

/// The share of `maxmemory` that is in use, 0 to 1; nothing when the server has no such bound.
[[nodiscard]] std::optional<double> memory_in_use(const ServerFacts& facts);

/// How many replicas are connected.
[[nodiscard]] std::uint64_t connected_replicas(const ServerFacts& facts);

}  // namespace dibs::redis
