#pragma once

#include <array>
#include <cstdint>
#include <string_view>

/// Every figure on /metrics. docs/METRICS.md is generated from this table.
namespace dibs::api {

enum class MetricType : std::uint8_t { counter, gauge, histogram };

struct MetricRow {
  std::string_view name;
  MetricType type;
  std::string_view unit;
  std::string_view label;  ///< empty: none
  std::string_view help;
};

inline constexpr std::string_view kAnswers = "dibs_api_answers_total";
inline constexpr std::string_view kRequestSeconds = "dibs_api_request_seconds";
inline constexpr std::string_view kStreamEvents = "dibs_api_stream_events_total";
inline constexpr std::string_view kSerialisations = "dibs_api_stream_serialisations_total";
inline constexpr std::string_view kStreamsRefused = "dibs_api_streams_refused_total";
inline constexpr std::string_view kStreams = "dibs_api_streams";
inline constexpr std::string_view kLongPolls = "dibs_api_long_polls";
inline constexpr std::string_view kConnections = "dibs_http_connections";
inline constexpr std::string_view kRequests = "dibs_http_requests_total";
inline constexpr std::string_view kLateNumbers = "dibs_engine_late_numbers_total";
inline constexpr std::string_view kLastCommit = "dibs_engine_last_commit_seconds";
inline constexpr std::string_view kSlowestCommit = "dibs_engine_slowest_commit_seconds";
inline constexpr std::string_view kLedgerLagEvents = "dibs_ledger_lag_events";
inline constexpr std::string_view kLedgerLag = "dibs_ledger_lag_seconds";
inline constexpr std::string_view kJournalPosition = "dibs_engine_journal_position";
inline constexpr std::string_view kUncommittedEvents = "dibs_engine_uncommitted_events";
inline constexpr std::string_view kLastCommitAt = "dibs_engine_last_commit_timestamp_seconds";
inline constexpr std::string_view kPayments = "dibs_api_payments_total";

inline constexpr std::string_view kWebhooks = "dibs_api_webhooks_total";

inline constexpr auto kMetrics = std::to_array<MetricRow>({
    {kAnswers, MetricType::counter, "answers", "code",
     "Answers by code; ok is every answer that is no refusal. See docs/CODES.md."},
    {kRequestSeconds, MetricType::histogram, "seconds", "",
     "From the kernel's receive timestamp of a request to its answer; long polls and streams "
     "are left out."},
    {kStreams, MetricType::gauge, "streams", "", "Streams of server-sent events now open."},
    {kStreamEvents, MetricType::counter, "events", "",
     "Server-sent events handed to streams, counted once for each stream."},
    {kSerialisations, MetricType::counter, "events", "",
     "Server-sent events written as text: a change of a sale once for all its streams."},
    {kStreamsRefused, MetricType::counter, "requests", "",
     "Streams refused because as many were open as may be; those clients poll."},
    {kLongPolls, MetricType::gauge, "requests", "", "Requests now waiting for an order to change."},
    {kPayments, MetricType::counter, "attempts", "verdict",
     "Verdicts of the payment provider: authorised, declined, capture_refused, voided."},
    {kWebhooks, MetricType::counter, "webhooks", "result",
     "Webhooks of the payment provider: taken, known (sent again), refused (forged, stale, or not "
     "fitting their order)."},

    {"dibs_notices_delivered_seq", MetricType::gauge, "events", "sale",
     "Up to which event of the sale its shop has answered for notices."},
    {"dibs_notices_behind_events", MetricType::gauge, "events", "sale",
     "Durable events of the sale that its shop has not answered for."},
    {"dibs_notices_behind_seconds", MetricType::gauge, "seconds", "sale",
     "Since the oldest of these happened; 0 when there is none."},
    {"dibs_notices_sent_total", MetricType::counter, "notices", "sale",
     "Notices sent to the sale's shop, repeats too."},
    {"dibs_notices_failed_total", MetricType::counter, "notices", "sale",
     "Of these, not answered with 2xx; each is repeated."},

    {"dibs_ledger_connected", MetricType::gauge, "", "",
     "1 while the database of the ledger answers; with write-back, as all of dibs_ledger_."},
    {kLedgerLagEvents, MetricType::gauge, "events", "",
     "Durable events that the ledger does not have yet."},
    {kLedgerLag, MetricType::gauge, "seconds", "",
     "For how long there has been something that the ledger does not have; 0 when it has all."},
    {"dibs_ledger_applied_events_total", MetricType::counter, "events", "",
     "Events applied to the ledger."},
    {"dibs_ledger_duplicate_events_total", MetricType::counter, "events", "",
     "Events that the ledger had already, maybe from another writer; they were skipped."},
    {"dibs_ledger_transactions_total", MetricType::counter, "transactions", "",
     "Batches of events committed to the ledger."},
    {"dibs_ledger_failures_total", MetricType::counter, "calls", "",
     "Calls of the ledger's database, or readings for it, that failed; each is repeated."},
    {"dibs_ledger_stopped_sales", MetricType::gauge, "sales", "",
     "Sales of which nothing more is applied, since their events do not continue what the ledger "
     "has: the log and its table `applied` say why. Must be 0."},
    {"dibs_ledger_drift_items", MetricType::gauge, "items", "",
     "Items of which ledger and store said different things at the same event, when last "
     "compared. Must be 0; dibs audit --ledger says what."},
    {"dibs_outbox_behind_events", MetricType::gauge, "events", "",
     "Durable events that Kafka has not acknowledged; with --kafka."},
    {"dibs_outbox_behind_seconds", MetricType::gauge, "seconds", "",
     "Since the oldest of these happened; 0 when there is none."},
    {"dibs_outbox_sent_total", MetricType::counter, "events", "",
     "Events handed to Kafka's client, repeats too."},
    {"dibs_outbox_acknowledged_total", MetricType::counter, "events", "",
     "Events that Kafka has acknowledged."},
    {"dibs_outbox_in_flight_events", MetricType::gauge, "events", "",
     "Events sent and not acknowledged; bounded, the rest waits in the store."},
    {"dibs_outbox_in_flight_bytes", MetricType::gauge, "bytes", "", "The bytes of these."},
    {"dibs_outbox_stuck", MetricType::gauge, "", "",
     "1 while something keeps events from Kafka; the log says what."},

    {kConnections, MetricType::gauge, "connections", "", "Connections now open."},
    {"dibs_http_connections_accepted_total", MetricType::counter, "connections", "",
     "Connections accepted."},
    {"dibs_http_accept_pauses_total", MetricType::counter, "pauses", "",
     "Times a loop stopped accepting because too many connections were open."},
    {"dibs_http_connections_refused_total", MetricType::counter, "connections", "",
     "Connections closed unanswered because their network had as many as "
     "--connections-per-network allows."},
    {"dibs_http_stamps_moved_total", MetricType::counter, "requests", "",
     "Requests that became readable just after a later time was promised to be complete (by "
     "microseconds: the kernel stamps before a socket is readable); numbered right after it."},
    {kRequests, MetricType::counter, "requests", "",
     "Whole requests read, those that no route takes too."},
    {"dibs_http_refused_framing_total", MetricType::counter, "requests", "",
     "Requests that were not strict HTTP/1.1 or broke a limit; their connections were closed."},
    {"dibs_http_timed_out_total", MetricType::counter, "connections", "",
     "Connections closed because a deadline for head, body, reading or idling had passed."},
    {"dibs_http_unstamped_total", MetricType::counter, "reads", "",
     "Reads for which the kernel gave no receive timestamp. Must be 0: order is then luck."},
    {"dibs_http_streams", MetricType::gauge, "streams", "", "Connections that carry a stream."},

    {"dibs_engine_commands_total", MetricType::counter, "commands", "", "Commands applied."},
    {kLateNumbers, MetricType::counter, "commands", "",
     "Requests numbered behind one that had come later, since their loop had hung for too "
     "long. Must be 0 in a rush."},
    {"dibs_engine_unwaited_numbers_total", MetricType::counter, "commands", "",
     "Requests numbered without waiting longer for a loop that hung; late numbers says whether it "
     "mattered."},
    {"dibs_engine_clock_steps_total", MetricType::counter, "steps", "",
     "Steps of the wall clock that were seen."},
    {"dibs_engine_commits_total", MetricType::counter, "commits", "", "Group commits to disk."},
    {"dibs_engine_events_total", MetricType::counter, "events", "", "Events made durable."},
    {"dibs_engine_journal_bytes_total", MetricType::counter, "bytes", "",
     "Bytes appended to the journal."},
    {kJournalPosition, MetricType::gauge, "records", "",
     "Up to where the journal is durable: the position of its last record."},
    {kUncommittedEvents, MetricType::gauge, "events", "",
     "Events applied and not durable yet: nobody has been told of them."},
    {kLastCommitAt, MetricType::gauge, "seconds", "",
     "When the last group commit became durable, as seconds since 1970; missing before the first."},
    {"dibs_engine_queue_full_total", MetricType::counter, "commands", "",
     "Commands answered overloaded because a queue was full. Must be 0 in a rush."},
    {"dibs_redis_connected", MetricType::gauge, "", "",
     "1 while the Redis server answers; with --store."},
    {"dibs_redis_connects_total", MetricType::counter, "connections", "",
     "Connections made to the Redis server: 1 where it was never lost."},
    {"dibs_redis_calls_total", MetricType::counter, "calls", "",
     "Calls of functions, each with a batch of commands."},
    {"dibs_redis_fenced_sales", MetricType::gauge, "sales", "",
     "Sales that have stopped, since the server came back older than what was answered. Must be "
     "0."},
    {"dibs_redis_trimmed_seq", MetricType::gauge, "events", "sale",
     "Up to which event of the sale its events are cut; 0: all are there."},
    {"dibs_redis_stream_events", MetricType::gauge, "events", "sale",
     "Events of the sale that are still in Redis: growing, a follower is behind or gone."},
    {"dibs_redis_snapshot_seq", MetricType::gauge, "events", "sale",
     "The event that the sale's snapshot in Redis stands behind; missing while there is none, as "
     "the next two."},
    {"dibs_redis_snapshot_bytes", MetricType::gauge, "bytes", "sale", "The size of that snapshot."},
    {"dibs_redis_snapshot_written_timestamp_seconds", MetricType::gauge, "seconds", "sale",
     "When it was written, as seconds since 1970."},
    {kLastCommit, MetricType::gauge, "seconds", "",
     "How long the last group commit took, the disk's flush included."},
    {kSlowestCommit, MetricType::gauge, "seconds", "", "The slowest group commit since the start."},
});

}  // namespace dibs::api
