#include "measure.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>

namespace dibs::bench {
namespace {

double seconds_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

}  // namespace

double thread_cpu_seconds() { return seconds_of(CLOCK_THREAD_CPUTIME_ID); }

double wall_seconds() { return seconds_of(CLOCK_MONOTONIC); }

double cpu_seconds_of(const std::string& thread_name) {
  double seconds = 0;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(thread.path() / "comm"), name);
    if (name != thread_name) continue;
    std::uint64_t on_core_ns = 0;
    std::ifstream(thread.path() / "schedstat") >> on_core_ns;
    seconds += static_cast<double>(on_core_ns) / 1e9;
  }
  return seconds;
}

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.at(values.size() / 2);
}

void print(const Row& row) {
  std::printf("%s\t%s\t%s\t%s\n", row.what.c_str(), row.figure.c_str(), row.peer.c_str(),
              row.goal.c_str());
  std::fflush(stdout);
}

std::string with_commas(double value) {
  std::string digits = std::to_string(static_cast<std::int64_t>(value));
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

void require(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "bench: not so: %s\n", what.c_str());
  std::exit(1);
}

}  // namespace dibs::bench
