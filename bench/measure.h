#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

/// What every benchmark needs: clocks, memory, and a peer measured in turn.
namespace dibs::bench {

/// Sizes of a run. `small` is for the tests, some seconds in all; `large` needs some GiB.
enum class Size : std::uint8_t { small, usual, large };

/// Processor time of this thread: what others do on the machine disturbs it least.
[[nodiscard]] double thread_cpu_seconds();
[[nodiscard]] double wall_seconds();
/// Processor time so far of this process's threads of that name.
[[nodiscard]] double cpu_seconds_of(const std::string& thread_name);
/// Resident memory of this process.
[[nodiscard]] std::size_t resident_bytes();

[[nodiscard]] double median(std::vector<double> values);

/// Rates of ours and of a peer, measured in turn, and the median of the ratios of the pairs.
struct Paired {
  double ours = 0;
  double peer = 0;
  double ratio = 0;
};
/// Calls `ours` and `peer`, which give a rate each, `rounds` times in turn.
template <class Ours, class Peer>
[[nodiscard]] Paired in_turn(int rounds, Ours ours, Peer peer) {
  std::vector<double> our_rates;
  std::vector<double> peer_rates;
  std::vector<double> ratios;
  for (int round = 0; round < rounds; ++round) {
    our_rates.push_back(ours());
    peer_rates.push_back(peer());
    ratios.push_back(our_rates.back() / peer_rates.back());
  }
  return {median(our_rates), median(peer_rates), median(ratios)};
}

/// One row of the table: what was measured, the figure, the peer of the same run, the goal.
struct Row {
  std::string what;
  std::string figure;
  std::string peer;
  std::string goal;
};
/// Prints the row with tabs between, for bench/run.py.
void print(const Row& row);

/// 1,234,567
[[nodiscard]] std::string with_commas(double value);
/// With `digits` behind the point.
[[nodiscard]] std::string fixed(double value, int digits = 2);

/// What must hold whatever the machine is doing: ends the program with status 1 when not.
void require(bool holds, const std::string& what);

}  // namespace dibs::bench
