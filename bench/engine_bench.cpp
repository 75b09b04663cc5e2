#include "benchmarks.h"
#include "disk_peers.h"
#include "scratch_directory.h"
#include "shop.h"

namespace dibs::bench {
namespace {

/// Buyers who wait for their answers at the same time, where a rush is measured.
constexpr std::size_t kRush = 16'384;
/// Rows of a transaction of the peer; above a thousand it no longer gains.
constexpr std::size_t kSqliteBatch = 1'024;

/// What a run of the engine came to; all but the first an order.
struct Sold {
  double per_second = 0;
  double commits = 0;
  double journal_bytes = 0;
  double sequencer_us = 0;  ///< processor time
  double committer_us = 0;
};

Sold sell(std::size_t orders, std::size_t unanswered) {
  const ScratchDirectory directory;
  Shop shop(options_for(directory.path()), static_cast<std::int64_t>(orders));
  const auto before = shop.counters();
  const double began = wall_seconds();
  shop.sell(orders, unanswered);
  const double seconds = wall_seconds() - began;
  const auto after = shop.counters();
  const double sequencing = cpu_seconds_of("dibs-sequencer");
  const double committing = cpu_seconds_of("dibs-committer");
  shop.close();
  const auto count = static_cast<double>(orders);
  return {.per_second = count / seconds,
          .commits = static_cast<double>(after.commits - before.commits) / count,
          .journal_bytes = static_cast<double>(after.journal_bytes - before.journal_bytes) / count,
          .sequencer_us = sequencing / count * 1e6,
          .committer_us = committing / count * 1e6};
}

void rush(std::size_t orders, int rounds) {
  Sold last;
  const ScratchDirectory directory;
  const Paired rates = in_turn(
      rounds,
      [&] {
        last = sell(orders, kRush);
        return last.per_second;
      },
      [&] { return sqlite_rows_per_second(directory.path(), orders, kSqliteBatch); });
  print({"engine: durable buys, " + with_commas(static_cast<double>(kRush)) + " buyers waiting",
         with_commas(rates.ours) + "/s",
         fixed(rates.ratio) + " of SQLite rows at " + with_commas(rates.peer) + "/s",
         ">= 500,000/s"});
  print({"engine: processor time of such a buy, sequencer", fixed(last.sequencer_us) + " us",
         "committer " + fixed(last.committer_us) + " us", "<= 2 us each"});
  print({"engine: journal of an order", fixed(last.journal_bytes, 0) + " bytes",
         fixed(1 / last.commits, 0) + " orders a commit", "-"});
  require(last.journal_bytes < 200, "an order takes less than 200 bytes of journal");
}

void one_after_another(std::size_t orders, int rounds) {
  const ScratchDirectory directory;
  const Paired rates = in_turn(
      rounds, [&] { return sell(orders, 1).per_second; },
      [&] { return raw_commits_per_second(directory.path(), orders); });
  print({"engine: durable buys, one buyer after another", with_commas(rates.ours) + "/s",
         fixed(rates.ratio) + " of 4 KiB write and fdatasync at " + with_commas(rates.peer) + "/s",
         "-"});
}

}  // namespace

void engine(Size size) {
  const bool small = size == Size::small;
  rush(small ? 20'000 : 500'000, small ? 1 : 5);
  one_after_another(small ? 50 : 3'000, small ? 1 : 5);
}

}  // namespace dibs::bench
