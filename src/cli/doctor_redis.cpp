#include "cli/doctor_redis.h"

#include <chrono>

#include "cli/seller.h"
#include "redis/hash_slot.h"
#include "redis/survey.h"

namespace dibs::cli {
namespace {

using Grade = Finding::Grade;

constexpr Duration kAnswerPatience = std::chrono::seconds(5);

/// What is found of one server. `name` is how each finding begins: of a cluster it says which node.
class RedisFindings {
 public:
  RedisFindings(std::string name, Checkup& checkup) : name_(std::move(name)), checkup_(checkup) {}

  void add(Grade grade, const std::string& what, const std::string& remedy = {}) {
    checkup_.add({grade, name_ + what, remedy});
  }
  void add(const Fault& fault) { add(Grade::no_go, fault.what, fault.remedy); }

 private:
  std::string name_;
  Checkup& checkup_;
};

std::string known(const redis::ServerFacts& facts, const char* name) {
  const auto found = facts.find(name);
  return found == facts.end() ? "unknown" : found->second;
}

/// A Redis without memory refuses payments too, so the alarm comes early.
void look_at_memory(const redis::ServerFacts& facts, RedisFindings& findings) {
  constexpr double kQuarter = 0.25;
  constexpr double kHalf = 0.5;
  const auto used = redis::memory_in_use(facts);
  if (!used) {
    return findings.add(Grade::warn, "it has no maxmemory: at the end the system kills it",
                        "CONFIG SET maxmemory to what the machine can spare, CONFIG REWRITE.");
  }
  const std::string share = std::to_string(static_cast<int>(*used * 100)) + " % of its maxmemory";
  if (*used < kQuarter) return findings.add(Grade::ok, "it uses " + share);
  findings.add(*used < kHalf ? Grade::warn : Grade::no_go, "it uses " + share,
               "Raise maxmemory, or take away what is not Dibs': when it is full every call is "
               "refused, payments too.");
}

/// What an answered order is kept by: the settings, and of a cluster what each replica may do.
void look_at_settings(const redis::SurveyedPrimary& primary, const std::string& durability,
                      RedisFindings& findings) {
  const redis::Promise promise = promise_of(durability);
  auto objections = redis::judge(*primary.facts, promise);
  if (promise == redis::Promise::strict) {
    for (const redis::SurveyedReplica& replica : primary.replicas) {
      objections.insert(objections.end(), replica.objections.begin(), replica.objections.end());
    }
  }
  for (const Fault& objection : objections) findings.add(objection);
  if (!objections.empty()) return;
  findings.add(Grade::ok, "its settings keep what " + durability + " promises");
}

void look_at_primary(const redis::SurveyedPrimary& primary, const std::string& durability,
                     RedisFindings& findings) {
  if (!primary.facts) return findings.add(primary.facts.error());
  const std::string replicas = known(*primary.facts, "connected_slaves");
  findings.add(Grade::ok, primary.address.shown() + " answers, version " +
                              known(*primary.facts, "redis_version") + ", " + replicas +
                              " replicas, " + known(*primary.facts, "used_memory_human") +
                              " in use");
  const std::size_t wanted = primary.replicas.size();
  if (redis::connected_replicas(*primary.facts) < wanted) {
    findings.add(Grade::warn,
                 "of its " + std::to_string(wanted) + " replicas " + replicas + " are connected",
                 "Look at `CLUSTER NODES` and at the log of those that are not.");
  }
  look_at_memory(*primary.facts, findings);
  look_at_settings(primary, durability, findings);
}

/// Whether every hash slot has a primary: a sale whose slot has none cannot sell.
void look_at_slots(const redis::Survey& found, RedisFindings& findings) {
  std::size_t served = 0;
  for (const redis::SurveyedPrimary& primary : found.primaries) served += primary.hash_slots;
  const std::string primaries = std::to_string(found.primaries.size()) + " primaries";
  if (served == redis::kHashSlots) {
    return findings.add(Grade::ok, "a cluster of " + primaries + ", which serve every hash slot");
  }
  findings.add(Grade::no_go,
               "a cluster of " + primaries + ", and nobody serves " +
                   std::to_string(redis::kHashSlots - served) + " hash slots",
               "Start who served them, or CLUSTER ADDSLOTS them to another.");
}

}  // namespace

void look_at_redis(const ServeOptions& options, Checkup& checkup) {
  RedisFindings all("redis: ", checkup);
  const auto addresses = redis_addresses(options);
  if (!addresses) return all.add(addresses.error());
  const auto found = redis::survey(*addresses, kAnswerPatience, system_clock());
  if (!found) return all.add(found.error());
  if (found->is_cluster) look_at_slots(*found, all);
  for (const redis::SurveyedPrimary& primary : found->primaries) {
    const bool alone = !found->is_cluster;
    RedisFindings findings(alone ? "redis: " : "redis " + primary.address.shown() + ": ", checkup);
    look_at_primary(primary, options.durability, findings);
  }
  if (options.durability == "relaxed") {
    all.add(Grade::warn, "relaxed promises only what Redis is set to keep",
            "Sell with --durability strict if an answered order must survive.");
  }
}

}  // namespace dibs::cli
