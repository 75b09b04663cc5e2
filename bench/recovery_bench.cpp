#include <chrono>
#include <thread>

#include "benchmarks.h"
#include "engine/disk.h"
#include "engine/layout.h"
#include "engine/recovery.h"
#include "scratch_directory.h"
#include "shop.h"

namespace dibs::bench {
namespace {

engine::Recovered recovered(const std::string& directory, const engine::RecoverOptions& options) {
  auto result = engine::recover(engine::posix_disk(), directory, options);
  require(result.has_value(), "the journal can be read back");
  return std::move(*result);
}

/// Seconds of processor time (one thread does it) that a start spends on reading back. What came of
/// it is checked.
double seconds_of(const std::string& directory, const engine::RecoverOptions& options,
                  std::size_t orders) {
  const double began = thread_cpu_seconds();
  const engine::Recovered found = recovered(directory, options);
  const double seconds = thread_cpu_seconds() - began;
  if (!options.fold) return seconds;
  const engine::SaleSlot* slot = found.sales.find(SaleId("benchmark"));
  require(slot != nullptr && slot->sale.view().orders == orders, "every order is there again");
  require((found.snapshot != Position()) == options.use_snapshots, "the snapshot is used if asked");
  return seconds;
}

/// Has an engine write a snapshot of everything in the journal.
void make_snapshot(const std::string& directory) {
  engine::Engine::Options options = options_for(directory);
  options.journal.snapshot_bytes = 1;
  auto opened = engine::Engine::open(std::move(options), system_clock());
  require(opened.has_value(), "the engine opens");
  const Position all = (*opened)->durable_position();
  (*opened)->start();
  const auto newest = [&] {
    const auto snapshots = engine::list_snapshots(engine::posix_disk(), directory);
    require(snapshots.has_value(), "the directory can be listed");
    return snapshots->empty() ? Position() : snapshots->back().position;
  };
  while (newest() < all) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  (*opened)->drain();
}

}  // namespace

void recovery(Size size) {
  const std::size_t orders = size == Size::small ? 20'000 : 1'000'000;
  const int rounds = size == Size::small ? 1 : 3;
  const ScratchDirectory directory;
  {
    Shop shop(options_for(directory.path()), static_cast<std::int64_t>(orders));
    shop.sell(orders, 16'384);
    shop.close();
  }
  const auto from = [&](bool fold, bool snapshot) {
    return seconds_of(directory.path(), {.fold = fold, .use_snapshots = snapshot}, orders);
  };
  const auto report = [&](const std::string& what, bool snapshot) {
    const Paired seconds =
        in_turn(rounds, [&] { return from(true, snapshot); }, [&] { return from(false, false); });
    const double per_million = 1e6 / static_cast<double>(orders);
    print({what, fixed(seconds.ours * per_million) + " s a million orders",
           fixed(seconds.ratio) + " of checking the chain alone at " +
               fixed(seconds.peer * per_million) + " s",
           "<= 5 s"});
  };
  report("recovery from the journal", false);
  make_snapshot(directory.path());
  report("recovery from a snapshot", true);
}

}  // namespace dibs::bench
