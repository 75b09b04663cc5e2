#include "cli/outbox.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string_view>
#include <utility>

#include "cli/log.h"
#include "events/kafka_producer.h"

namespace dibs::cli {
namespace {

using Grade = Finding::Grade;

/// For making the topic: brokers that have just started take a second or two.
constexpr Duration kTopicPatience = std::chrono::seconds(5);
constexpr Duration kDoctorPatience = std::chrono::seconds(5);

bool is_topic(std::string_view name) {
  constexpr std::size_t kMost = 249;
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= kMost && std::ranges::all_of(name, fits);
}

Result<std::unique_ptr<events::EventSink>> open_kafka(const events::KafkaSettings& settings) {
  const auto topic = events::ensure_topic(settings, kTopicPatience);
  if (!topic) return std::unexpected(topic.error());
  if (topic->created) log_info("Kafka's topic " + settings.topic + " is made");
  auto producer = events::KafkaProducer::open(settings);
  if (!producer) return std::unexpected(producer.error());
  return std::move(*producer);
}

}  // namespace

Result<events::KafkaSettings> kafka_settings(const ServeOptions& options) {
  events::KafkaSettings settings;
  settings.brokers = options.kafka;
  settings.topic = options.kafka_topic;
  if (!is_topic(settings.topic)) {
    return fault(FaultKind::bad_input, "--kafka-topic is not the name of a topic.",
                 "It has 1 to 249 of a-z A-Z 0-9 . _ -.");
  }
  const std::string& path = options.kafka_settings_file;
  if (path.empty()) return settings;
  std::ifstream file(path);
  if (!file.is_open()) {
    return fault(FaultKind::bad_input, "The file " + path + " cannot be read.",
                 "Give the path of a file that the user of the server may read.");
  }
  std::size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    const auto equals = line.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return fault(FaultKind::bad_input,
                   "Line " + std::to_string(number) + " of " + path + " is not NAME=VALUE.",
                   "Write for example security.protocol=ssl.");
    }
    settings.more.emplace_back(line.substr(0, equals), line.substr(equals + 1));
  }
  return settings;
}

Result<std::unique_ptr<events::OutboxRelay>> choose_outbox(const ServeOptions& options,
                                                           Seller& seller) {
  if (options.kafka.empty()) return nullptr;
  auto settings = kafka_settings(options);
  if (!settings) return std::unexpected(settings.error());
  // Settings that no client takes are told now, and not for as long as the server runs.
  if (auto usable = events::KafkaProducer::open(*settings); !usable) {
    return std::unexpected(usable.error());
  }
  events::OutboxPump::Options pump;
  pump.cursor_file = options.data + "/outbox.cursor";
  const std::string follower = "kafka " + settings->brokers + "/" + settings->topic;
  pump.open_sink = [settings = std::move(*settings)] { return open_kafka(settings); };
  pump.on_warning = [](const std::string& warning) { log_warning(warning); };
  pump.on_note = [](const std::string& note) { log_info(note); };
  auto relay =
      std::make_unique<events::OutboxRelay>(std::move(pump), seller.feed(), system_clock());
  seller.add_listener(*relay);
  seller.add_follower(follower,
                      [one = relay.get()](const SaleId& sale) { return one->told_for_good(sale); });
  return relay;
}

void add_outbox_stats(std::vector<api::Stat>& out, const events::OutboxRelay* relay) {
  if (relay == nullptr) return;
  const events::OutboxState state = relay->state();
  const auto add = [&](std::string_view name, double value) { out.push_back({name, value, {}}); };
  add("dibs_outbox_behind_events", static_cast<double>(state.behind));
  add("dibs_outbox_behind_seconds", std::chrono::duration<double>(state.behind_for).count());
  add("dibs_outbox_sent_total", static_cast<double>(state.sent));
  add("dibs_outbox_acknowledged_total", static_cast<double>(state.acked));
  add("dibs_outbox_in_flight_events", static_cast<double>(state.in_flight));
  add("dibs_outbox_in_flight_bytes", static_cast<double>(state.bytes_in_flight));
  add("dibs_outbox_stuck", state.last_error.empty() ? 0 : 1);
}

void look_at_kafka(const ServeOptions& options, Checkup& checkup) {
  if (options.kafka.empty()) return;
  const auto no_go = [&](const Fault& fault) {
    checkup.add({Grade::no_go, "kafka: " + fault.what, fault.remedy});
  };
  const auto settings = kafka_settings(options);
  if (!settings) return no_go(settings.error());
  const auto topic = events::look_at_topic(*settings, kDoctorPatience);
  if (!topic && topic.error().kind != FaultKind::not_found) return no_go(topic.error());
  if (!topic) {
    return checkup.add({Grade::ok, "kafka: " + options.kafka + " answers; the topic " +
                                       options.kafka_topic + " will be made"});
  }
  checkup.add({Grade::ok, "kafka: " + options.kafka + " answers; the topic " + options.kafka_topic +
                              " has " + std::to_string(topic->partitions) + " partitions"});
  if (topic->replicas > 1) return;
  checkup.add(
      {Grade::warn, "kafka: the topic is on one broker only",
       "If that broker's disk is lost, stop the server and take outbox.cursor away: every "
       "event is sent again. Three brokers with min.insync.replicas=2 need no such thing."});
}

}  // namespace dibs::cli
