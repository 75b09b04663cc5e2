#include "cli/doctor_machine.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/timex.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace dibs::cli {
namespace {

using Grade = Finding::Grade;
using std::chrono::milliseconds;

constexpr auto kLookAtClock = milliseconds(100);
/// NTP slews by 0.5 ms a second at the most; what moves more in the time of a look was set.
constexpr Duration kStep = milliseconds(20);
/// A sale that opens this much off is nobody's fault any more.
constexpr Duration kErrorMax = milliseconds(500);

/// Beside connections: files of the journal, epoll, event descriptors, those of the log.
constexpr std::uint64_t kOtherDescriptors = 100;
/// Linux has had this since 5.4; less was chosen by somebody.
constexpr std::uint64_t kQueueUsual = 4096;

std::string whole_ms(Duration duration) {
  return std::to_string(std::chrono::round<milliseconds>(duration).count()) + " ms";
}

Duration wall_minus_monotonic() {
  return system_clock().now().time_since_epoch() - system_clock().monotonic();
}

}  // namespace

std::optional<ClockFacts> look_at_clock() {
  const Duration before = wall_minus_monotonic();
  std::this_thread::sleep_for(kLookAtClock);
  timex kernel{};
  const int state = ::adjtimex(&kernel);
  if (state < 0) return std::nullopt;
  ClockFacts facts;
  facts.synchronised = state != TIME_ERROR && (kernel.status & STA_UNSYNC) == 0;
  facts.max_error = std::chrono::microseconds(kernel.maxerror);
  facts.leap_second_today = (kernel.status & (STA_INS | STA_DEL)) != 0;
  facts.stepped = wall_minus_monotonic() - before;
  return facts;
}

Finding judge_clock(const std::optional<ClockFacts>& facts, bool opening_ahead) {
  const std::string remedy = "Run chrony or systemd-timesyncd and wait until it has settled.";
  if (!facts) return {Grade::unknown, "clock: the system does not tell", remedy};
  if (abs(facts->stepped) > kStep) {
    return {Grade::no_go, "clock: somebody set it by " + whole_ms(facts->stepped) + " just now",
            remedy};
  }
  const Grade bad = opening_ahead ? Grade::no_go : Grade::warn;
  if (!facts->synchronised) {
    return {bad, "clock: not synchronised, so a sale may open at the wrong moment", remedy};
  }
  if (facts->max_error > kErrorMax) {
    return {bad, "clock: it may be wrong by " + whole_ms(facts->max_error), remedy};
  }
  if (facts->leap_second_today) {
    return {Grade::warn, "clock: a leap second comes today",
            "Do not let a sale open or close within a minute of it."};
  }
  return {Grade::ok, "clock: synchronised, wrong by " + whole_ms(facts->max_error) + " at most"};
}

std::optional<std::uint64_t> look_at_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
  return limit.rlim_max;
}

Finding judge_descriptors(std::optional<std::uint64_t> most, std::uint64_t connections) {
  const std::uint64_t needed = connections + kOtherDescriptors;
  const std::string remedy = "Raise the hard limit (ulimit -Hn, LimitNOFILE= in the unit) to " +
                             std::to_string(needed) + " or more. This looked at its own limit.";
  if (!most) return {Grade::unknown, "open files: the system does not tell", remedy};
  const std::string words = "open files: " + std::to_string(*most) + " allowed, " +
                            std::to_string(connections) + " connections need " +
                            std::to_string(needed);
  return *most < needed ? Finding{Grade::no_go, words, remedy} : Finding{Grade::ok, words};
}

std::optional<std::uint64_t> look_at_setting(const std::string& name) {
  std::string path = "/proc/sys/" + name;
  for (char& c : path) c = c == '.' ? '/' : c;
  std::ifstream in(path);
  std::uint64_t value = 0;
  return in >> value ? std::optional(value) : std::nullopt;
}

Finding judge_queue(const std::string& name, std::optional<std::uint64_t> length,
                    std::uint64_t connections) {
  const std::string remedy = "sysctl -w " + name + "=65535 (and in /etc/sysctl.d)";
  if (!length) return {Grade::unknown, name + ": the system does not tell", remedy};
  const std::string words = name + ": " + std::to_string(*length);
  if (*length < kQueueUsual / 4) {
    return {Grade::no_go, words + " connections may wait; a rush opens thousands at once", remedy};
  }
  if (*length < connections) {
    return {Grade::warn,
            words + "; of more who connect at once the rest tries again after a second or more",
            remedy};
  }
  return {Grade::ok, words};
}

std::uint32_t look_at_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return std::thread::hardware_concurrency();
  return static_cast<std::uint32_t>(CPU_COUNT(&set));
}

Finding judge_loops(std::uint32_t loops, std::uint32_t cores) {
  const std::string words = "cores: " + std::to_string(cores) + " for " + std::to_string(loops) +
                            " ingress loop" + (loops == 1 ? "" : "s") +
                            ", the sequencer and the committer";
  if (loops > cores) {
    return {Grade::warn, words,
            "Loops that share a core wait for each other. Give a smaller --ingress."};
  }
  if (cores < loops + 1) {
    return {Grade::warn, words, "A second core would keep commits out of the way of reading."};
  }
  return {Grade::ok, words};
}

}  // namespace dibs::cli
