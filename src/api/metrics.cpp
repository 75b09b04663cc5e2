#include "api/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <sstream>

#include "api/metrics_table.h"

namespace dibs::api {
namespace {

constexpr std::array<std::string_view, 4> kVerdicts = {"authorised", "declined", "capture_refused",
                                                       "voided"};

constexpr std::array<std::string_view, 3> kWebhookResults = {"taken", "known", "refused"};

/// 0 for ok, then the rules' codes, then the routes'.
std::size_t index_of_code(std::string_view code) {
  std::size_t index = 1;
  for (const auto& row : sale::kCodes) {
    if (row.name == code) return index;
    ++index;
  }
  for (const auto& row : kRouteCodes) {
    if (row.name == code) return index;
    ++index;
  }
  return 0;
}

std::string_view code_at(std::size_t index) {
  if (index == 0) return "ok";
  if (index <= sale::kCodes.size()) return sale::kCodes.at(index - 1).name;
  return kRouteCodes.at(index - 1 - sale::kCodes.size()).name;
}

prometheus::ClientMetric single(MetricType type, double value) {
  prometheus::ClientMetric metric;
  if (type == MetricType::counter) metric.counter.value = value;
  if (type == MetricType::gauge) metric.gauge.value = value;
  return metric;
}

prometheus::ClientMetric labelled(std::string_view label, std::string_view label_value,
                                  double value) {
  auto metric = single(MetricType::counter, value);
  metric.label.push_back({std::string(label), std::string(label_value)});
  return metric;
}

prometheus::MetricType type_of(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return prometheus::MetricType::Counter;
    case MetricType::gauge:
      return prometheus::MetricType::Gauge;
    case MetricType::histogram:
      break;
  }
  return prometheus::MetricType::Histogram;
}

}  // namespace

/// Builds the samples of one row.
struct Page {
  const Metrics& metrics;
  std::span<const Stat> others;

  [[nodiscard]] std::vector<prometheus::ClientMetric> samples(const MetricRow& row) const {
    if (row.name == kAnswers) return answers(row.label);
    if (row.name == kRequestSeconds) return {histogram()};
    if (row.name == kPayments) return counts(row.label, kVerdicts, metrics.payments_);
    if (row.name == kWebhooks) return counts(row.label, kWebhookResults, metrics.webhooks_);
    if (row.name == kStreams) return {single(row.type, static_cast<double>(metrics.streams_))};
    if (row.name == kLongPolls) return {single(row.type, static_cast<double>(metrics.long_polls_))};
    if (row.name == kStreamEvents) {
      return {single(row.type, static_cast<double>(metrics.stream_events_))};
    }
    if (row.name == kSerialisations) {
      return {single(row.type, static_cast<double>(metrics.serialisations_))};
    }
    if (row.name == kStreamsRefused) {
      return {single(row.type, static_cast<double>(metrics.streams_refused_))};
    }
    std::vector<prometheus::ClientMetric> found;
    for (const Stat& other : others) {
      if (other.name != row.name) continue;
      found.push_back(single(row.type, other.value));
      if (!row.label.empty()) {
        found.back().label.push_back({std::string(row.label), other.label});
      }
    }
    return found;
  }

  [[nodiscard]] std::vector<prometheus::ClientMetric> answers(std::string_view label) const {
    std::vector<prometheus::ClientMetric> all;
    for (std::size_t i = 0; i < metrics.answers_.size(); ++i) {
      all.push_back(labelled(label, code_at(i), static_cast<double>(metrics.answers_.at(i))));
    }
    return all;
  }

  template <std::size_t N>
  static std::vector<prometheus::ClientMetric> counts(
      std::string_view label, const std::array<std::string_view, N>& names,
      const std::array<std::atomic<std::uint64_t>, N>& values) {
    std::vector<prometheus::ClientMetric> all;
    for (std::size_t i = 0; i < N; ++i) {
      all.push_back(labelled(label, names.at(i), static_cast<double>(values.at(i))));
    }
    return all;
  }

  [[nodiscard]] prometheus::ClientMetric histogram() const {
    prometheus::ClientMetric metric;
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < metrics.buckets_.size(); ++i) {
      below += metrics.buckets_.at(i);
      const double bound = i < Metrics::kBounds.size() ? Metrics::kBounds.at(i)
                                                       : std::numeric_limits<double>::infinity();
      metric.histogram.bucket.push_back({below, bound});
    }
    metric.histogram.sample_count = below;
    metric.histogram.sample_sum = static_cast<double>(metrics.took_ns_) / 1e9;
    return metric;
  }
};

void Metrics::answered(std::string_view code) { ++answers_.at(index_of_code(code)); }

std::uint64_t Metrics::answers(std::string_view code) const {
  return answers_.at(index_of_code(code));
}

std::uint64_t Metrics::answers() const {
  std::uint64_t all = 0;
  for (const auto& count : answers_) all += count;
  return all;
}

void Metrics::took(Duration duration) {
  const double seconds = std::chrono::duration<double>(duration).count();
  const auto bucket = std::ranges::lower_bound(kBounds, seconds) - kBounds.begin();
  ++buckets_.at(static_cast<std::size_t>(bucket));
  took_ns_ += duration.count();
  latencies_.add(duration);
}

std::string Metrics::text(std::span<const Stat> others) const {
  const Page page{*this, others};
  std::vector<prometheus::MetricFamily> families;
  for (const auto& row : kMetrics) {
    prometheus::MetricFamily family;
    family.name = row.name;
    family.help = row.help;
    family.type = type_of(row.type);
    family.metric = page.samples(row);
    if (!family.metric.empty()) families.push_back(std::move(family));
  }
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return out.str();
}

}  // namespace dibs::api
