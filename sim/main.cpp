#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>

#include "sim/world.h"

/// dibs_sim [FIRST_SEED [SEEDS [MINUTES]]]: simulates seed after seed, until one breaks a promise.
namespace {

using dibs::sim::Settings;
using dibs::sim::Verdict;

std::uint64_t number(const char* text, std::uint64_t otherwise) {
  std::uint64_t value = otherwise;
  if (text != nullptr) std::from_chars(text, text + std::strlen(text), value);
  return value;
}

void print(const Verdict& verdict, std::uint64_t seed) {
  std::printf(
      "seed %lu: %lu commands, %lu events (%lu written down, %lu again), %lu payments, %lu "
      "troubles, "
      "%lu starts, %lu refused, history %016lx\n",
      seed, verdict.commands, verdict.events, verdict.applied, verdict.duplicates, verdict.payments,
      verdict.troubles, verdict.starts, verdict.refused, verdict.history);
  for (const std::string& words : verdict.broken) std::printf("  BROKEN %s\n", words.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t first = number(argc > 1 ? argv[1] : nullptr, 1);
  const std::uint64_t seeds = number(argc > 2 ? argv[2] : nullptr, 1);
  const std::uint64_t minutes = number(argc > 3 ? argv[3] : nullptr, 60);
  const auto begun = std::chrono::steady_clock::now();
  std::uint64_t commands = 0;
  std::uint64_t events = 0;
  std::uint64_t payments = 0;
  std::uint64_t refused = 0;
  std::uint64_t done = 0;
  for (; done < seeds; ++done) {
    if (std::chrono::steady_clock::now() - begun > std::chrono::minutes(minutes)) break;
    Settings settings;
    settings.seed = first + done;
    const Verdict verdict = dibs::sim::simulate(settings);
    commands += verdict.commands;
    events += verdict.events;
    payments += verdict.payments;
    refused += verdict.refused;
    if (seeds == 1) print(verdict, settings.seed);
    if (verdict.broken.empty()) continue;
    if (seeds > 1) print(verdict, settings.seed);
    const Settings small = dibs::sim::shrink(settings);
    std::printf("with %lu troubles:\n", small.troubles);
    print(dibs::sim::simulate(small), small.seed);
    std::printf("again: dibs_sim %lu\n", small.seed);
    return 1;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  std::printf(
      "%lu seeds from %lu: %lu commands, %lu events, %lu payments, %lu damaged starts refused, "
      "0 promises broken; %.0f commands/s\n",
      done, first, commands, events, payments, refused,
      static_cast<double>(commands) / took.count());
  return 0;
}
