#include "load/resources.h"

#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <sstream>
#include <thread>

#include "load/monotonic.h"
#include "load/proc.h"
#include "load/units.h"

namespace dibs::load {
namespace {

constexpr double kMib = 1024.0 * 1024.0;
/// Peaks are taken over windows of this length: shorter ones only show how coarse the clock is.
constexpr std::int64_t kPeakWindowNs = 100'000'000;
constexpr std::chrono::milliseconds kFinePeriod(20);
constexpr std::chrono::milliseconds kCoarsePeriod(100);
constexpr std::chrono::seconds kFineSpan(10);

/// The process's CPU clock, in ns. /proc/PID/stat counts in ticks of 10 ms, which is a tenth of
/// the window above.
[[nodiscard]] std::optional<double> cpu_seconds_of(pid_t pid) {
  clockid_t clock{};
  timespec used{};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0) {
    return std::nullopt;
  }
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / kNsPerSecond;
}

[[nodiscard]] std::optional<double> rss_mib_of(pid_t pid) {
  std::istringstream statm(proc::read_file("/proc/" + std::to_string(pid) + "/statm"));
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  if (!(statm >> size >> resident)) return std::nullopt;
  static const long page = sysconf(_SC_PAGESIZE);
  return static_cast<double>(resident) * static_cast<double>(page) / kMib;
}

/// CPU used up to `at_ns`, between two samples by a straight line.
[[nodiscard]] double cpu_at(const std::vector<UsageSample>& samples, std::int64_t at_ns) {
  const auto after = std::ranges::lower_bound(samples, at_ns, {}, &UsageSample::at_ns);
  if (after == samples.begin()) return samples.front().cpu_seconds;
  if (after == samples.end()) return samples.back().cpu_seconds;
  const UsageSample& a = *(after - 1);
  const double part = static_cast<double>(at_ns - a.at_ns) /
                      static_cast<double>(std::max<std::int64_t>(after->at_ns - a.at_ns, 1));
  return a.cpu_seconds + part * (after->cpu_seconds - a.cpu_seconds);
}

}  // namespace

std::optional<UsageSample> sample_process(pid_t pid) {
  const auto cpu = cpu_seconds_of(pid);
  const auto rss = rss_mib_of(pid);
  if (!cpu || !rss) return std::nullopt;
  return UsageSample{monotonic_ns(), *cpu, *rss};
}

std::optional<UsageSample> sample_processes(const std::vector<pid_t>& pids) {
  std::optional<UsageSample> sum;
  for (const pid_t pid : pids) {
    const auto one = sample_process(pid);
    if (!one) return std::nullopt;
    if (!sum) {
      sum = one;
      continue;
    }
    sum->cpu_seconds += one->cpu_seconds;
    sum->rss_mib += one->rss_mib;
  }
  return sum;
}

std::optional<Usage> usage_of(const UsageCurve& curve, std::int64_t from_ns, std::int64_t to_ns,
                              double memory_mib) {
  const auto& samples = curve.samples;
  if (samples.size() < 2 || to_ns <= from_ns) return std::nullopt;
  Usage out;
  const double seconds = static_cast<double>(to_ns - from_ns) / kNsPerSecond;
  out.cpu_seconds = cpu_at(samples, to_ns) - cpu_at(samples, from_ns);
  out.cpu_percent_mean = out.cpu_seconds / seconds * 100;
  out.cpu_percent_peak = out.cpu_percent_mean;  // of a run shorter than one window
  double rss_sum = 0;
  for (const UsageSample& sample : samples) {
    rss_sum += sample.rss_mib;
    out.rss_mib = std::max(out.rss_mib, sample.rss_mib);
    const std::int64_t begin = sample.at_ns - kPeakWindowNs;
    if (begin < from_ns || sample.at_ns > to_ns) continue;
    const double used = cpu_at(samples, sample.at_ns) - cpu_at(samples, begin);
    const double percent = used / (static_cast<double>(kPeakWindowNs) / kNsPerSecond) * 100;
    out.cpu_percent_peak = std::max(out.cpu_percent_peak, percent);
  }
  out.rss_mib_mean = rss_sum / static_cast<double>(samples.size());
  if (memory_mib > 0) out.rss_share_percent = out.rss_mib / memory_mib * 100;
  return out;
}

std::vector<CpuPoint> cpu_percent(const UsageCurve& curve) {
  std::vector<CpuPoint> out;
  const auto& samples = curve.samples;
  for (std::size_t i = 1; i < samples.size(); ++i) {
    const std::int64_t to = samples[i].at_ns;
    const std::int64_t from = std::max(to - kPeakWindowNs, samples.front().at_ns);
    const double used = cpu_at(samples, to) - cpu_at(samples, from);
    out.push_back({to, used * kNsPerSecond / static_cast<double>(to - from) * 100});
  }
  return out;
}

Machine this_machine() {
  Machine out;
  utsname names{};
  if (uname(&names) == 0) out.kernel = std::string(names.sysname) + " " + names.release;
  out.cpu = proc::field(proc::read_file("/proc/cpuinfo"), "model name", ':');
  out.cores = std::thread::hardware_concurrency();
  const std::string memory = proc::read_file("/proc/meminfo");
  const auto kib = proc::first_number(proc::field(memory, "MemTotal", ':')).value_or(0);
  out.memory_mib = static_cast<double>(kib) / 1024.0;
  return out;
}

struct Sampler::Impl {
  Pids pids;
  Curves curves;
  std::mutex mutex;
  std::condition_variable stopped;
  bool stop = false;
  std::thread thread;

  void sample() {
    const auto add = [](const std::optional<UsageSample>& now, UsageCurve& curve) {
      if (now) curve.samples.push_back(*now);
    };
    add(sample_processes(pids.servers), curves.server);
    if (pids.redis) add(sample_process(*pids.redis), curves.redis);
    add(sample_process(getpid()), curves.tool);
  }

  void loop() {
    const auto begin = std::chrono::steady_clock::now();
    std::unique_lock lock(mutex);
    while (!stop) {
      sample();
      const bool fine = std::chrono::steady_clock::now() - begin < kFineSpan;
      stopped.wait_for(lock, fine ? kFinePeriod : kCoarsePeriod, [this] { return stop; });
    }
    sample();
  }
};

Sampler::Sampler(Pids pids) : impl_(std::make_unique<Impl>()) {
  impl_->pids = std::move(pids);
  impl_->thread = std::thread([impl = impl_.get()] { impl->loop(); });
}

Sampler::~Sampler() {
  if (impl_->thread.joinable()) static_cast<void>(stop());
}

Sampler::Curves Sampler::stop() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stop = true;
  }
  impl_->stopped.notify_one();
  impl_->thread.join();
  return std::move(impl_->curves);
}

}  // namespace dibs::load
