#include "engine/small_run.h"

#include <chrono>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/layout.h"
#include "engine/running_engine.h"

namespace dibs::engine {
namespace {

using namespace std::chrono_literals;

/// One life: an engine, and clients who remember what they were told.
class Life {
 public:
  Life(const Place& place, const Engine::Options& options)
      : told_(place.told), running_(options, place.clock, place.disk, &place.told) {}

  [[nodiscard]] bool opened() const { return running_.opened(); }
  [[nodiscard]] RunningEngine& running() { return running_; }

  /// Buys once; gives the order, if there is one.
  OrderKey buy(const std::string& buyer) {
    const auto outcome = running_.run(buy_of(buyer, buyer));
    told_.answered(buyer, outcome);
    const bool there = outcome.has_value() && outcome->order.has_value();
    return there ? outcome->order->id.key : OrderKey();
  }
  /// Buys all at once, so that commits are long and one is built while another is synced.
  void rush(const std::string& name, int buyers) {
    std::vector<store::Pending<sale::Outcome>> answers(static_cast<std::size_t>(buyers));
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const std::string buyer = name + std::to_string(i);
      running_.submit(buy_of(buyer, buyer), answers[i].reply());
    }
    for (std::size_t i = 0; i < answers.size(); ++i) {
      told_.answered(name + std::to_string(i), answers[i].wait());
    }
  }
  void run(const sale::Command::Action& action) {
    const bool was_failed = running_.failed();
    if (running_.run(action).has_value() && was_failed) told_.broke("it went on after it failed");
  }

 private:
  Told& told_;
  RunningEngine running_;
};

sale::Put the_sale() {
  auto put = put_of(3, 10);
  put.spec.hold_seconds = 60;
  put.spec.promotion_seconds = 600;
  return put;
}

void first_life(Life& life, ManualClock& clock, int rush) {
  life.run(the_sale());
  const auto paid = life.buy("anna");
  const auto cancelled = life.buy("ben");
  static_cast<void>(life.buy("cleo"));  // whose hold will run out
  for (const char* waiting : {"dan", "eve", "fay", "gus"}) static_cast<void>(life.buy(waiting));
  life.run(sale::PaymentSucceeded{paid, true});
  life.run(sale::Cancel{cancelled});
  static_cast<void>(life.buy("ben"));  // a retry: answered with the order as it is now
  clock.advance(61s);
  const auto late = life.buy("hal");
  life.run(sale::Cancel{late});
  life.run(sale::Restock{SkuId("floor"), 2, IdempotencyKey("restock")});
  // One record each: so the segment is full, and the next one lay ready, before the records of a
  // rush, which are as large as the machine is slow, can step over the room in between.
  for (int i = 0; i < 6; ++i) static_cast<void>(life.buy("single-" + std::to_string(i)));
  life.rush("early-", rush);
  life.run(sale::Pause{});
  life.run(sale::Resume{});
  for (int i = 0; i < 3; ++i) {
    const auto order = life.buy("first-" + std::to_string(i));
    life.run(sale::Cancel{order});
  }
}

/// The snapshot is made by a thread of its own right after the start.
void wait_for_snapshot(MemoryDisk& memory, RunningEngine& running) {
  for (int i = 0; i < 40 && !running.failed(); ++i) {
    for (const std::string& path : memory.paths()) {
      if (path.find("snapshot-") != std::string::npos) return;
    }
    std::this_thread::sleep_for(500us);
  }
}

void second_life(Life& life, MemoryDisk& memory, int rush) {
  wait_for_snapshot(memory, life.running());
  static_cast<void>(life.buy("anna"));
  life.run(sale::Restock{SkuId("floor"), 3, IdempotencyKey("more")});
  life.rush("late-", rush);
  for (int i = 0; i < 3; ++i) {
    const auto order = life.buy("second-" + std::to_string(i));
    life.run(i == 1 ? sale::Command::Action(sale::PaymentFailed{order})
                    : sale::Command::Action(sale::PaymentSucceeded{order, true}));
  }
}

}  // namespace

Engine::Options run_options() {
  Engine::Options options = small_options(kDataDir);
  options.journal = {.segment_bytes = 8 * 1024,
                     .reserve_bytes = 4 * 1024,
                     .zeros_ahead_bytes = 2 * 1024,
                     .ballast_bytes = 4 * 1024,
                     .snapshot_bytes = 6 * 1024};
  return options;
}

RunEnd small_run(const Place& place, const Engine::Options& options,
                 const std::function<void()>& at_the_end) {
  for (const bool first : {true, false}) {
    Life life(place, options);
    RunEnd end;
    if (!life.opened()) {
      end.refusal = life.running().refusal();
    } else if (first) {
      first_life(life, place.clock, place.rush);
      life.running().engine().drain();
    } else {
      second_life(life, place.memory, place.rush);
    }
    if (life.opened() && life.running().failed()) end.failure = life.running().failure();
    if (!first || end.refusal || end.failure) {
      at_the_end();
      return end;
    }
  }
  return {};
}

bool long_version() {
  const char* size = std::getenv("DIBS_FAULTS");
  return size != nullptr && std::string_view(size) == "long";
}

}  // namespace dibs::engine
