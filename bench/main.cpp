#include <cstdio>
#include <string_view>

#include "benchmarks.h"

namespace {

using dibs::bench::Size;

struct Benchmark {
  std::string_view name;
  void (*run)(Size size);
};

constexpr Benchmark kBenchmarks[] = {
    {"rules", dibs::bench::rules},   {"growth", dibs::bench::growth},
    {"memory", dibs::bench::memory}, {"waiting", dibs::bench::waiting_memory},
    {"engine", dibs::bench::engine}, {"recovery", dibs::bench::recovery},
    {"expiry", dibs::bench::expiry}, {"redis", dibs::bench::redis_functions},
    {"ledger", dibs::bench::ledger},
};

}  // namespace

/// dibs_bench NAME [small|large]: prints rows of what, figure, peer and goal, with tabs between.
int main(int count, char** arguments) {
  const std::string_view name = count > 1 ? arguments[1] : "";
  const std::string_view size = count > 2 ? arguments[2] : "";
  for (const Benchmark& benchmark : kBenchmarks) {
    if (benchmark.name != name) continue;
    benchmark.run(size == "small" ? Size::small : size == "large" ? Size::large : Size::usual);
    return 0;
  }
  std::fputs(
      "usage: dibs_bench rules|growth|memory|waiting|engine|recovery|expiry|redis|ledger "
      "[small|large]\n",
      stderr);
  return 2;
}
