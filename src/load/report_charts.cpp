#include "load/report_charts.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "load/report_data.h"
#include "load/units.h"
#include "load/words.h"

namespace dibs::load {
namespace {

constexpr std::int64_t kAnswerBins = 120;
constexpr std::size_t kCurveMax = 2'000;  ///< points of a line: more than a screen is wide

[[nodiscard]] double ms_of(std::int64_t ns) {
  return std::round(static_cast<double>(ns) / kNsPerMs * 1e3) / 1e3;
}

class Charts {
 public:
  Charts(JsonWriter& json, const Run& run, Language language)
      : json_(json), run_(run), language_(language) {}

  void write() {
    scatter();
    percentiles();
    stock_curve();
    answers();
    cpu();
  }

 private:
  void scatter() {
    const std::size_t step = run_.presses.size() / kScatterMax + 1;
    std::vector<std::size_t> shown;
    for (std::size_t i = 0; i < run_.presses.size(); ++i) {
      const Press& press = run_.presses[i];
      if (press.final_at_ns == kNever) continue;
      if (i % step == 0 || press.given) shown.push_back(i);
    }
    json_.key("scatter").begin_object();
    write_array(json_, "press", shown, [](std::size_t i) { return std::uint64_t{i + 1}; });
    write_array(json_, "ms", shown, [this](std::size_t i) {
      return ms_of(run_.presses[i].final_at_ns - run_.presses[i].sent_at_ns);
    });
    write_array(json_, "outcome", shown,
                [this](std::size_t i) { return std::uint64_t{index_of(run_.presses[i].outcome)}; });
    json_.end_object();
  }

  /// Shares at equal steps of "nines": 6 points from 0 to 90 %, 6 from there to 99 %, and so on.
  void percentiles() {
    std::vector<std::int64_t> first;
    std::vector<std::int64_t> corrected;
    std::vector<std::int64_t> whole;
    for (const Press& press : run_.presses) {
      if (press.answered_at_ns == kNever || press.final_at_ns == kNever) continue;
      first.push_back(press.answered_at_ns - press.sent_at_ns);
      corrected.push_back(press.answered_at_ns - press.due_ns);
      whole.push_back(press.final_at_ns - press.sent_at_ns);
    }
    std::vector<double> shares;
    const double nines = std::log10(std::max<double>(static_cast<double>(first.size()), 10));
    for (double x = 0; x <= nines + 1e-9; x += 1.0 / 6) shares.push_back(1 - std::pow(10, -x));
    json_.key("percentiles").begin_object();
    write_array(json_, "share", shares, std::identity());
    write_percentiles("first", std::move(first), shares);
    write_percentiles("corrected", std::move(corrected), shares);
    write_percentiles("final", std::move(whole), shares);
    json_.end_object();
  }

  void write_percentiles(std::string_view name, std::vector<std::int64_t> samples,
                         const std::vector<double>& shares) {
    std::ranges::sort(samples);
    write_array(json_, name, shares, [&](double share) {
      return samples.empty() ? 0.0 : ms_of(nearest_rank(samples, share));
    });
  }

  void stock_curve() {
    std::vector<StockSample> curve;
    const std::size_t step = run_.stock_curve.size() / kCurveMax + 1;
    for (std::size_t i = 0; i < run_.stock_curve.size(); ++i) {
      if (i % step == 0 || i + 1 == run_.stock_curve.size()) curve.push_back(run_.stock_curve[i]);
    }
    // The stream tells what changes: the last word holds to the end of the run.
    if (!curve.empty()) {
      StockSample end = curve.back();
      end.at_ns = std::max(end.at_ns, static_cast<std::int64_t>(run_.seconds_total * 1e9));
      curve.push_back(end);
    }
    json_.key("stock_curve").begin_object();
    write_array(json_, "ms", curve, [](const auto& s) { return std::max(ms_of(s.at_ns), 0.0); });
    write_array(json_, "available", curve, &StockSample::available);
    write_array(json_, "held", curve, &StockSample::held);
    write_array(json_, "sold", curve, &StockSample::sold);
    write_array(json_, "waiting", curve, &StockSample::waiting);
    json_.end_object();
  }

  void answers() {
    const auto end = static_cast<std::int64_t>(run_.seconds_total * 1e9) + 1;
    const std::int64_t bin = std::max<std::int64_t>(end / kAnswerBins + 1, 1'000'000);
    std::vector<std::uint64_t> counts(static_cast<std::size_t>(end / bin) + 1);
    for (const std::int64_t at : run_.answered_ns) {
      const auto index = static_cast<std::size_t>(std::clamp<std::int64_t>(at, 0, end) / bin);
      ++counts[index];
    }
    json_.key("answers").begin_object().member("bin_ms", ms_of(bin));
    json_.key("ms").begin_array();
    for (std::size_t i = 0; i < counts.size(); ++i) {
      json_.value(ms_of(static_cast<std::int64_t>(i) * bin + bin / 2));
    }
    json_.end_array();
    write_array(json_, "count", counts, std::identity());
    json_.end_object();
  }

  void cpu() {
    const auto& curves = run_.usage_curves;
    json_.key("cpu").begin_array();
    write_cpu("server", pick(language_, "server", "서버"), curves.server);
    write_cpu("redis", "Redis", curves.redis);
    write_cpu("tool", pick(language_, "this tool", "시험 도구"), curves.tool);
    json_.end_array();
  }

  void write_cpu(std::string_view id, std::string_view who, const UsageCurve& curve) {
    if (curve.samples.empty()) return;
    std::vector<CpuPoint> points = cpu_percent(curve);
    const auto end = static_cast<std::int64_t>(run_.seconds_total * 1e9);
    std::erase_if(points, [&](const CpuPoint& p) { return p.at_ns < 0 || p.at_ns > end; });
    json_.begin_object().member("id", id).member("who", who);
    write_array(json_, "ms", points, [](const CpuPoint& p) { return ms_of(p.at_ns); });
    write_array(json_, "percent", points,
                [](const CpuPoint& p) { return std::round(p.percent * 10) / 10; });
    json_.end_object();
  }

  JsonWriter& json_;
  const Run& run_;
  Language language_;
};

}  // namespace

void write_charts(JsonWriter& json, const Run& run, Language language) {
  Charts(json, run, language).write();
}

}  // namespace dibs::load
