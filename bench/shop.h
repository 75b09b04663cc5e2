#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "crowd.h"
#include "engine/engine.h"

namespace dibs::bench {

/// An engine with one open sale, and buyers in this process who keep it busy.
class Shop {
 public:
  Shop(engine::Engine::Options options, std::int64_t stock);

  /// `count` new buyers press, at most `unanswered` of them waiting for their answer at any time.
  /// Returns when all have bought.
  void sell(std::size_t count, std::size_t unanswered);
  /// Stops in order, so that everything is on disk.
  void close() { engine_->drain(); }
  [[nodiscard]] engine::Engine::Counters counters() const { return engine_->counters(); }

 private:
  void submit(sale::Command::Action action);
  void wait_until_at_most(std::size_t unanswered);

  std::unique_ptr<engine::Engine> engine_;
  std::uint64_t persons_ = 0;
  std::uint64_t reads_ = 0;
  std::atomic<std::size_t> unanswered_{0};
  std::atomic<std::uint64_t> bought_{0};
};

/// Options of a shop whose journal lies in `directory`.
[[nodiscard]] engine::Engine::Options options_for(const std::string& directory);

}  // namespace dibs::bench
