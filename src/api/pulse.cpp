#include "api/pulse.h"

#include <algorithm>
#include <cmath>

#include "api/core.h"
#include "api/metrics_table.h"
#include "api/views.h"
#include "base/json_writer.h"

namespace dibs::api {
namespace {

std::optional<double> stat(const std::vector<Stat>& stats, std::string_view name) {
  const auto found = std::ranges::find(stats, name, &Stat::name);
  return found == stats.end() ? std::nullopt : std::optional(found->value);
}

std::optional<double> in_ms(std::optional<Duration> duration) {
  if (!duration) return std::nullopt;
  return std::chrono::duration<double, std::milli>(*duration).count();
}

std::optional<double> in_ms(std::optional<double> seconds) {
  return seconds ? std::optional(*seconds * 1e3) : std::nullopt;
}

std::optional<Instant> instant_of(std::optional<double> seconds) {
  if (!seconds) return std::nullopt;
  return Instant(std::chrono::milliseconds(std::llround(*seconds * 1e3)));
}

void write_journal(JsonWriter& json, const std::vector<Stat>& stats) {
  json.key("journal").begin_object();
  json.decimal("position", stat(stats, kJournalPosition));
  write_instant(json, "last_commit_at", instant_of(stat(stats, kLastCommitAt)));
  json.decimal("uncommitted_events", stat(stats, kUncommittedEvents));
  json.decimal("last_commit_ms", in_ms(stat(stats, kLastCommit)));
  json.decimal("slowest_commit_ms", in_ms(stat(stats, kSlowestCommit)));
  json.end_object();
}

/// Null while no ledger is kept.
void write_ledger(JsonWriter& json, const std::vector<Stat>& stats) {
  json.key("ledger");
  const auto events = stat(stats, kLedgerLagEvents);
  if (!events) {
    json.null();
    return;
  }
  json.begin_object().decimal("lag_events", events);
  json.decimal("lag_ms", in_ms(stat(stats, kLedgerLag))).end_object();
}

}  // namespace

Pulse::Look Pulse::look(const Core& core) {
  Look look{.at = core.clock.monotonic(),
            .answers = core.metrics.answers(),
            .requests = {},
            .latencies = core.metrics.latencies().counts(),
            .stats = core.stats()};
  look.requests = stat(look.stats, kRequests);
  return look;
}

void Pulse::begin(const Core& core) {
  latest_ = look(core);
  interval_.reset();
  write(core, latest_);
}

void Pulse::beat(const Core& core) {
  const Look before = std::exchange(latest_, look(core));
  interval_ = latest_.at - before.at;
  write(core, before);
}

void Pulse::write(const Core& core, const Look& before) {
  const auto per_second = [this](std::optional<double> change) {
    if (!change || !interval_) return std::optional<double>();
    return std::optional(*change / std::chrono::duration<double>(*interval_).count());
  };
  std::optional<double> requests;
  if (latest_.requests && before.requests) requests = *latest_.requests - *before.requests;
  const auto percentile = [&](double share) {
    return in_ms(LatencyHistogram::percentile(before.latencies, latest_.latencies, share));
  };
  members_.clear();
  JsonWriter json(members_);
  json.key("server").begin_object().decimal("interval_ms", in_ms(interval_));
  json.decimal("requests_per_second", per_second(requests));
  json.decimal("answers_per_second",
               per_second(static_cast<double>(latest_.answers - before.answers)));
  json.key("latency_ms").begin_object();
  json.decimal("p50", percentile(0.5)).decimal("p99", percentile(0.99)).end_object();
  json.decimal("connections", stat(latest_.stats, kConnections));
  json.member("streams", core.metrics.streams()).member("long_polls", core.metrics.long_polls());
  json.decimal("late_arrivals", stat(latest_.stats, kLateNumbers));
  write_journal(json, latest_.stats);
  write_ledger(json, latest_.stats);
  json.end_object().key("stats").begin_object();
  for (const auto& one : latest_.stats) {
    if (one.label.empty()) json.decimal(one.name, one.value);
  }
  json.end_object().key("answers").begin_object();
  for (const auto& code : sale::kCodes) json.member(code.name, core.metrics.answers(code.name));
  json.end_object();
}

}  // namespace dibs::api
