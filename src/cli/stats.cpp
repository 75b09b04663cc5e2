#include "cli/stats.h"

#include <chrono>

namespace dibs::cli {
namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

void add(std::vector<api::Stat>& out, std::string_view name, std::uint64_t count) {
  out.push_back({name, static_cast<double>(count)});
}

}  // namespace

void add_http_stats(std::vector<api::Stat>& out, const http::Server& server) {
  const http::Counters c = server.counters();
  add(out, "dibs_http_connections", c.connections_open);
  add(out, "dibs_http_connections_accepted_total", c.connections_accepted);
  add(out, "dibs_http_accept_pauses_total", c.accept_pauses);
  add(out, "dibs_http_connections_refused_total", c.connections_refused);
  add(out, "dibs_http_stamps_moved_total", c.stamps_moved);
  add(out, "dibs_http_requests_total", c.requests);
  add(out, "dibs_http_refused_framing_total", c.refused_framing);
  add(out, "dibs_http_timed_out_total", c.timed_out);
  add(out, "dibs_http_unstamped_total", c.unstamped);
  add(out, "dibs_http_streams", c.streams_open);
}

void add_redis_stats(std::vector<api::Stat>& out, const redis::Store::Counters& c) {
  add(out, "dibs_engine_commands_total", c.commands);
  add(out, "dibs_engine_late_numbers_total", c.late_numbers);
  add(out, "dibs_engine_queue_full_total", c.queue_full);
  add(out, "dibs_redis_connected", c.connected ? 1 : 0);
  add(out, "dibs_redis_connects_total", c.connects);
  add(out, "dibs_redis_calls_total", c.calls);
  add(out, "dibs_redis_fenced_sales", c.fenced);
}

void add_trim_stats(std::vector<api::Stat>& out, const std::vector<redis::TrimState>& states) {
  for (const redis::TrimState& one : states) {
    const auto of_sale = [&](std::string_view name, double value) {
      out.push_back({name, value, one.sale.value()});
    };
    of_sale("dibs_redis_trimmed_seq", static_cast<double>(one.trimmed.value()));
    of_sale("dibs_redis_stream_events", static_cast<double>(one.events));
    if (!one.snapshot_written) continue;
    of_sale("dibs_redis_snapshot_seq", static_cast<double>(one.snapshot.value()));
    of_sale("dibs_redis_snapshot_bytes", static_cast<double>(one.snapshot_bytes));
    of_sale("dibs_redis_snapshot_written_timestamp_seconds",
            seconds(one.snapshot_written->time_since_epoch()));
  }
}

void add_engine_stats(std::vector<api::Stat>& out, const engine::Engine& engine) {
  const engine::Engine::Counters c = engine.counters();
  add(out, "dibs_engine_journal_position", engine.durable_position().value());
  add(out, "dibs_engine_commands_total", c.commands);
  add(out, "dibs_engine_late_numbers_total", c.late_numbers);
  add(out, "dibs_engine_unwaited_numbers_total", c.unwaited_numbers);
  add(out, "dibs_engine_clock_steps_total", c.clock_steps);
  add(out, "dibs_engine_commits_total", c.commits);
  add(out, "dibs_engine_events_total", c.events);
  add(out, "dibs_engine_journal_bytes_total", c.journal_bytes);
  add(out, "dibs_engine_queue_full_total", c.queue_full);
  add(out, "dibs_engine_uncommitted_events", c.uncommitted_events);
  if (c.last_commit_at) {
    out.push_back({"dibs_engine_last_commit_timestamp_seconds",
                   seconds(c.last_commit_at->time_since_epoch())});
  }
  out.push_back({"dibs_engine_last_commit_seconds", seconds(c.last_commit)});
  out.push_back({"dibs_engine_slowest_commit_seconds", seconds(c.slowest_commit)});
}

}  // namespace dibs::cli
