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

/// A Redis without memory refuses payments too, so the alarm comes early.
void look_at_memory(const redis::ServerFacts& facts, Checkup& checkup) {
  constexpr double kQuarter = 0.25;
  constexpr double kHalf = 0.5;
  const auto used = redis::memory_in_use(facts);
  if (!used) {
    return checkup.add({Grade::warn, "redis: it has no maxmemory: at the end the system kills it",
                        "CONFIG SET maxmemory to what the machine can spare, CONFIG REWRITE."});
  }
  const std::string share = std::to_string(static_cast<int>(*used * 100)) + " % of its maxmemory";
  if (*used < kQuarter) return checkup.add({Grade::ok, "redis: it uses " + share});
  checkup.add({*used < kHalf ? Grade::warn : Grade::no_go, "redis: it uses " + share,
               "Raise maxmemory, or take away what is not Dibs': when it is full every call is "
               "refused, payments too."});
}

}  // namespace

void look_at_redis(const ServeOptions& options, Checkup& checkup) {
  const auto addresses = redis_addresses(options);
  if (!addresses) return checkup.add(no_go(addresses.error()));
  const redis::Address* const address = &addresses->front();
  const auto facts = redis::survey(*address, kAnswerPatience, system_clock());
  if (!facts) return checkup.add(no_go(facts.error()));
  checkup.add({Grade::ok, "redis: " + address->shown() + " answers, version " +
                              known(*facts, "redis_version") + ", " +
                              known(*facts, "connected_slaves") + " replicas, " +
                              known(*facts, "used_memory_human") + " in use"});
  look_at_memory(*facts, checkup);
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
