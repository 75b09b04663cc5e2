#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dibs::load {

/// What one process, or all gateways together, used during the run.
struct Usage {
  double cpu_seconds = 0;
  double cpu_percent_mean = 0;  ///< of one core: 200 is two cores busy
  double cpu_percent_peak = 0;  ///< over any 100 ms
  double rss_mib = 0;           ///< peak
  double rss_mib_mean = 0;
  double rss_share_percent = 0;  ///< peak, of the machine's memory
};

/// Usage at one moment, for charts.
struct UsageSample {
  std::int64_t at_ns = 0;  ///< CLOCK_MONOTONIC
  double cpu_seconds = 0;  ///< since the process began
  double rss_mib = 0;
};

struct UsageCurve {
  std::vector<UsageSample> samples;
};

/// The figures of a curve between two moments; nothing if it has fewer than two samples.
[[nodiscard]] std::optional<Usage> usage_of(const UsageCurve& curve, std::int64_t from_ns,
                                            std::int64_t to_ns, double memory_mib);

/// CPU in percent of one core over the 100 ms before a moment.
struct CpuPoint {
  std::int64_t at_ns = 0;
  double percent = 0;
};
[[nodiscard]] std::vector<CpuPoint> cpu_percent(const UsageCurve& curve);

/// Reads one process now; nothing when there is no such process. The second reads several and adds
/// them up; nothing without any.
[[nodiscard]] std::optional<UsageSample> sample_process(pid_t pid);
[[nodiscard]] std::optional<UsageSample> sample_processes(const std::vector<pid_t>& pids);

struct Machine {
  std::string kernel;
  std::string cpu;
  std::uint32_t cores = 0;
  double memory_mib = 0;
};
[[nodiscard]] Machine this_machine();

/// Samples the processes on a thread of its own: every 20 ms for the first ten seconds, so
/// that a short rush has a curve, then every 100 ms.
class Sampler {
 public:
  struct Pids {
    std::vector<pid_t> servers;
    std::optional<pid_t> redis;
  };
  struct Curves {
    UsageCurve server;  ///< all of them added up; nothing while one of them is gone
    UsageCurve redis;
    UsageCurve tool;
  };

  explicit Sampler(Pids pids);
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;
  ~Sampler();

  /// Takes a last sample, stops the thread and hands over what it saw. Once.
  [[nodiscard]] Curves stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dibs::load
