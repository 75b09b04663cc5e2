#include <algorithm>
#include <utility>

#include "redis/fields.h"
#include "redis/store_impl.h"

/// From a connection to serving: settings, functions, sales. Every step is a call whose reply leads
/// to the next; whatever fails closes the connection, and all begins anew after a while.
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

void Store::Impl::connect() {
  back_off = std::clamp(back_off * 2, kShortestBackOff, kLongestBackOff);
  connect_at = monotonic_now() + back_off;
  connection.open();
  if (!connection.is_open()) return leave(connection.why_closed());
  ask_for_settings();
}

void Store::Impl::ask_for_settings() {
  facts.clear();
  connection.call({"INFO", "everything"}, [this](Result<const redisReply*> reply) {
    if (!reply) return;
    if ((*reply)->type == REDIS_REPLY_ERROR) {
      return connection.close(refused_info(**reply));
    }
    add_info(text_of(**reply).value_or(""), facts);
  });
  connection.call(words_of_watchers(), [this](Result<const redisReply*> reply) {
    if (reply) add_watchers(**reply, facts);
  });
  connection.call(words_of_config_get(), [this](Result<const redisReply*> reply) {
    if (!reply) return;
    add_config(**reply, facts);
    judge_settings();
  });
}

void Store::Impl::judge_settings() {
  const auto objections = judge(facts, options.durability);
  if (!objections.empty()) {
    return connection.close(
        {objections.front().kind, in_one(objections), "Nothing is sold until then."});
  }
  replicas = connected_replicas(facts);
  const std::string before = std::exchange(run_id, facts["run_id"]);
  if (!before.empty() && before != run_id) {
    warn("Redis was started anew, or it is another server: run_id " + before + " is now " + run_id +
         ", master_replid is " + facts["master_replid"] +
         ". Each sale is compared with what was seen of it before it sells on.");
  }
  load_functions();
}

void Store::Impl::load_functions() {
  connection.call(
      {"FUNCTION", "LOAD", Library::built_in().text()}, [this](Result<const redisReply*> reply) {
        if (!reply) return;
        const bool failed = (*reply)->type == REDIS_REPLY_ERROR;
        const std::string text(text_of(**reply).value_or(""));
        const std::string said = failed ? std::string((*reply)->str, (*reply)->len) : text;
        // A library of that name has that very text: its name is a hash of it.
        if (failed && said.find("already exists") == std::string::npos) {
          return connection.close({FaultKind::bad_input,
                                   "Redis does not take the functions: " + said + ".",
                                   "Let this user call FUNCTION LOAD and FCALL."});
        }
        scan("0", [this] { serve_now(); });
      });
}

void Store::Impl::scan(std::string cursor, std::move_only_function<void()> then) {
  connection.call({"SCAN", cursor, "MATCH", "dibs:{*}:meta", "COUNT", "1000"},
                  [this, then = std::move(then)](Result<const redisReply*> reply) mutable {
                    if (!reply) return;
                    const auto parts = elements(**reply);
                    if (parts.size() != 2) {
                      return connection.close(
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
                    if (next != "0") return scan(next, std::move(then));
                    then();
                  });
}

void Store::Impl::serve_now() {
  back_off = Duration(0);
  for (const auto& [sale, place] : seen->all()) slot_of(sale);  // gone from Redis: fenced
  for (auto& [id, slot] : slots) {
    slot->busy = false;
    slot->caught_up = false;
  }
  ++connects;
  serving = true;
  connected = true;
  for (auto& [id, slot] : slots) send(*slot);
  // Once the sales that are there now are read: their reading is on its way already.
  connection.call({"PING"}, [this](const Result<const redisReply*>& reply) {
    if (reply) said_first({});
  });
}

void Store::Impl::leave(const Fault& fault) {
  const bool was_serving = std::exchange(serving, false);
  connected = false;
  why_not = fault;
  why_not.kind = FaultKind::unavailable;
  if (was_serving) warn(fault.what + " Nothing is sold until it is back.");
  connect_at = std::max(connect_at, monotonic_now() + back_off);
  for (auto& [id, slot] : slots) {
    slot->busy = false;
    auto queue = std::exchange(slot->queue, {});
    for (auto& request : queue) request->refuse(why_not);
  }
  said_first(std::unexpected(fault));
}

void Store::Impl::said_first(Result<void> verdict) {
  if (!first) return;
  auto promise = std::exchange(first, std::nullopt);
  promise->set_value(std::move(verdict));
}

}  // namespace dibs::redis
