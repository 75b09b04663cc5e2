#include "ledger/topic_follower.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "events/cloud_event.h"

namespace dibs::ledger {
namespace {

constexpr std::size_t kRecordsPerTurn = 4'096;
constexpr Duration kTurnPatience = std::chrono::milliseconds(200);
constexpr Duration kAnswerPatience = std::chrono::seconds(5);
constexpr Duration kTopicPauseMin = std::chrono::milliseconds(200);
constexpr Duration kTopicPauseMax = std::chrono::seconds(10);

}  // namespace

struct TopicFollower::Impl {
  /// How a partition was last begun.
  enum class Reading : std::uint8_t { on, again, from_first };

  struct PartitionState {
    std::int64_t next = 0;  ///< offset that the next record is expected at, as far as is known
    std::string halted;
    // While events are missing:
    bool gap = false;
    std::string gap_words;
    std::int64_t gap_until = 0;  ///< the partition's end when the gap was met
    std::uint64_t applied_since = 0;
    Reading reading = Reading::on;
  };

  explicit Impl(Options given) : options(std::move(given)), applier(options.address) {}

  Result<void> open();
  Result<void> begin(std::int32_t partition);
  Result<bool> turn();
  Result<void> take(std::int32_t partition, std::vector<events::KafkaRecord> records);
  Result<void> judge(std::int32_t partition, const Report& report, std::int64_t next);
  Result<void> look_for_missing(std::int32_t partition);
  void halt(std::int32_t partition, const std::string& why);
  [[nodiscard]] Result<bool> at_end();
  [[nodiscard]] std::string source_of(std::int32_t partition) const {
    return "kafka " + options.kafka.topic + " " + std::to_string(partition);
  }

  Options options;
  Applier applier;
  std::unique_ptr<events::KafkaConsumer> consumer;
  std::map<std::int32_t, PartitionState> partitions;
  Sum sum;
};

Result<void> TopicFollower::Impl::open() {
  if (auto opened = applier.open(); !opened) return opened;
  if (!consumer) {
    auto made = events::KafkaConsumer::open(options.kafka);
    if (!made) return std::unexpected(made.error());
    consumer = std::move(*made);
  }
  const auto count = consumer->partitions(kAnswerPatience);
  if (!count) return std::unexpected(count.error());
  for (std::int32_t partition = 0; partition < *count; ++partition) {
    if (auto begun = begin(partition); !begun) return begun;
  }
  return {};
}

/// Reads on from where the ledger is.
Result<void> TopicFollower::Impl::begin(std::int32_t partition) {
  PartitionState& state = partitions[partition];
  if (!state.halted.empty()) return {};
  const auto known = applier.position(source_of(partition));
  if (!known) return std::unexpected(known.error());
  const auto bounds = consumer->bounds(partition, kAnswerPatience);
  if (!bounds) return std::unexpected(bounds.error());
  const auto offset = static_cast<std::int64_t>(known->value_or(0));
  if (offset > bounds->next) {
    halt(partition, "the ledger has read it up to offset " + std::to_string(offset) +
                        "; it ends at offset " + std::to_string(bounds->next) +
                        ": it is another topic of the same name, or has lost records");
    return {};
  }
  state.next = std::max(offset, bounds->first);
  return consumer->read_from(partition, state.next);
}

void TopicFollower::Impl::halt(std::int32_t partition, const std::string& why) {
  partitions[partition].halted = why;
  sum.halted[partition] = why;
  consumer->leave(partition);
  options.on_warning("Partition " + std::to_string(partition) + " of " + options.kafka.topic +
                     " is not read any further: " + why + ".");
}

Result<bool> TopicFollower::Impl::turn() {
  auto records = consumer->next(kRecordsPerTurn, kTurnPatience);
  if (!records) return std::unexpected(records.error());
  std::map<std::int32_t, std::vector<events::KafkaRecord>> by_partition;
  for (events::KafkaRecord& record : *records) {
    by_partition[record.partition].push_back(std::move(record));
  }
  for (auto& [partition, list] : by_partition) {
    if (!partitions[partition].halted.empty()) continue;
    if (auto taken = take(partition, std::move(list)); !taken) {
      return std::unexpected(taken.error());
    }
  }
  for (auto& [partition, state] : partitions) {
    if (!state.gap || !state.halted.empty() || state.next < state.gap_until) continue;
    if (auto looked = look_for_missing(partition); !looked) return std::unexpected(looked.error());
  }
  return !records->empty();
}

Result<void> TopicFollower::Impl::take(std::int32_t partition,
                                       std::vector<events::KafkaRecord> records) {
  std::vector<Delivered> events;
  std::int64_t next = partitions[partition].next;
  std::string poison;
  for (const events::KafkaRecord& record : records) {
    auto event = events::parse_cloud_event(record.value);
    if (!event) {
      poison = "the record at offset " + std::to_string(record.offset) +
               " is not an event: " + event.error().what;
      break;
    }
    events.push_back({.event = std::move(*event), .position = {}});
    next = record.offset + 1;
  }
  // While an event is missing, what lies behind it may be applied; the offset stays before it.
  const Progress progress{source_of(partition), static_cast<std::uint64_t>(next),
                          /*if_whole=*/true};
  const bool place = next > 0 && !partitions[partition].gap;
  const auto report =
      applier.apply(events, place ? std::span(&progress, 1) : std::span<const Progress>());
  if (!report) return std::unexpected(report.error());
  if (auto judged = judge(partition, *report, next); !judged) return judged;
  if (!poison.empty() && partitions[partition].halted.empty()) halt(partition, poison);
  return {};
}

Result<void> TopicFollower::Impl::judge(std::int32_t partition, const Report& report,
                                        std::int64_t next) {
  PartitionState& state = partitions[partition];
  sum.applied += report.applied;
  sum.duplicates += report.duplicates;
  state.next = next;
  state.applied_since += report.applied;
  if (!report.stopped.empty()) {
    halt(partition, report.stopped.begin()->second);
    return {};
  }
  if (report.gaps.empty() && report.applied > 0 && !state.gap) state.reading = Reading::on;
  if (report.gaps.empty() || state.gap) return {};
  const auto& [sale, seq] = *report.gaps.begin();
  const auto bounds = consumer->bounds(partition, kAnswerPatience);
  if (!bounds) return std::unexpected(bounds.error());
  state.gap = true;
  state.gap_until = bounds->next;
  state.applied_since = 0;
  state.gap_words = "event " + std::to_string(seq.value() + 1) + " of sale " + sale.value() +
                    " is missing; the ledger has applied up to event " +
                    std::to_string(seq.value());
  return {};
}

/// The end has been reached with an event missing: what came late is behind what waits for it.
Result<void> TopicFollower::Impl::look_for_missing(std::int32_t partition) {
  PartitionState& state = partitions[partition];
  if (state.applied_since == 0 && state.reading == Reading::from_first) {
    halt(partition, state.gap_words);
    return {};
  }
  const bool moved = state.applied_since > 0;
  state.reading = moved || state.reading == Reading::on ? Reading::again : Reading::from_first;
  state.gap = false;
  if (state.reading == Reading::again) return begin(partition);
  state.next = 0;
  return consumer->read_from(partition, events::KafkaConsumer::kFirst);
}

Result<bool> TopicFollower::Impl::at_end() {
  for (const auto& [partition, state] : partitions) {
    if (!state.halted.empty()) continue;
    if (state.gap) return false;
    const auto bounds = consumer->bounds(partition, kAnswerPatience);
    if (!bounds) return std::unexpected(bounds.error());
    if (state.next < bounds->next) return false;
  }
  return true;
}

TopicFollower::TopicFollower(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
TopicFollower::~TopicFollower() = default;

Result<TopicFollower::Sum> TopicFollower::run(const std::atomic<bool>& stop) {
  Impl& all = *impl_;
  Duration pause = kTopicPauseMin;
  std::string told;
  bool open = false;
  while (!stop) {
    Result<bool> moved = true;
    if (!open) {
      if (auto opened = all.open(); !opened) moved = std::unexpected(opened.error());
    }
    open = moved.has_value();
    if (open) moved = all.turn();
    if (moved && !*moved && all.options.once) {
      const auto end = all.at_end();
      if (end && *end) break;
      if (!end) moved = std::unexpected(end.error());
    }
    if (moved) {
      pause = kTopicPauseMin;
      told.clear();
      continue;
    }
    if (moved.error().kind == FaultKind::bad_input) return std::unexpected(moved.error());
    // Records have been read that are not applied: they are read again from where the ledger is.
    open = false;
    if (std::exchange(told, moved.error().what) != moved.error().what) {
      all.options.on_warning(moved.error().what + " " + moved.error().remedy);
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, kTopicPauseMax);
  }
  return all.sum;
}

}  // namespace dibs::ledger
