#include "cli/doctor_redis.h"

#include <chrono>

#include "cli/seller.h"
#include "redis/survey.h"

namespace dibs::cli {
namespace {

using Grade = Finding::Grade;

constexpr Duration kAnswerPatience = std::chrono::seconds(5);

Finding no_go(const Fault& fault) { return {Grade::no_go, "redis: " + fault.what, fault.remedy}; }

std::string known(const redis::ServerFacts& facts, const char* name) {
  const auto found = facts.find(name);
  return found == facts.end() ? "unknown" : found->second;
}

}  // namespace

void look_at_redis(const ServeOptions& options, Checkup& checkup) {
  const auto address = redis::parse_address(options.store);
  if (!address) return checkup.add(no_go(address.error()));
  const auto facts = redis::survey(*address, kAnswerPatience, system_clock());
  if (!facts) return checkup.add(no_go(facts.error()));
  checkup.add({Grade::ok, "redis: " + address->shown() + " answers, version " +
                              known(*facts, "redis_version") + ", " +
                              known(*facts, "connected_slaves") + " replicas, " +
                              known(*facts, "used_memory_human") + " in use"});
  const auto objections = redis::judge(*facts, promise_of(options.durability));
  for (const Fault& objection : objections) checkup.add(no_go(objection));
  if (!objections.empty()) return;
  checkup.add({Grade::ok, "redis: its settings keep what " + options.durability + " promises"});
  if (options.durability == "relaxed") {
    checkup.add({Grade::warn, "redis: relaxed promises only what Redis is set to keep",
                 "Sell with --durability strict if an answered order must survive."});
  }
}

}  // namespace dibs::cli
