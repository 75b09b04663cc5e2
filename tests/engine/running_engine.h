#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "engine/disk.h"
#include "engine/engine.h"
#include "sale/command.h"
#include "store/waiting.h"

namespace dibs::engine {

/// Sizes for tests: segments roll, zeros and snapshots happen within a few hundred commands.
inline JournalOptions small_files() {
  return {.segment_bytes = 16 * 1024,
          .reserve_bytes = 8 * 1024,
          .zeros_ahead_bytes = 4 * 1024,
          .ballast_bytes = 8 * 1024,
          .snapshot_bytes = UINT64_MAX};
}

inline Engine::Options small_options(const std::string& dir) {
  Engine::Options options;
  options.data_dir = dir;
  options.ingress_loops = 0;
  options.journal = small_files();
  return options;
}

inline sale::Put put_of(std::int64_t stock, std::uint64_t limit_per_buyer = 1) {
  sale::SaleSpec spec;
  spec.title = "Concert";
  spec.currency = "KRW";
  spec.items = {{SkuId("floor"), "Floor", 100, stock}};
  spec.payment = sale::PaymentMode::shop;
  spec.limit_per_buyer = limit_per_buyer;
  return {.spec = spec, .present = UINT32_MAX};
}

inline sale::Buy buy_of(const std::string& buyer, const std::string& key = "",
                        std::uint32_t quantity = 1) {
  sale::Buy buy;
  buy.buyer = BuyerId(buyer);
  buy.key = IdempotencyKey(key);
  buy.lines = {{SkuId("floor"), quantity, 0}};
  return buy;
}

/// An engine that was opened and started, and a way to ask it. The first failure of the journal is
/// kept instead of ending the process.
class RunningEngine {
 public:
  RunningEngine(Engine::Options options, const Clock& clock, Disk& disk = posix_disk(),
                store::EventListener* listener = nullptr)
      : clock_(clock) {
    auto opened = Engine::open(std::move(options), clock, disk);
    if (!opened) {
      refusal_ = opened.error();
      return;
    }
    engine_ = std::move(*opened);
    if (listener != nullptr) engine_->add_listener(*listener);
    engine_->set_on_failure([this](const Fault& fault) {
      failure_ = fault;
      failed_ = true;
    });
    engine_->start();
  }

  [[nodiscard]] bool opened() const { return engine_ != nullptr; }
  [[nodiscard]] const Fault& refusal() const { return refusal_; }
  [[nodiscard]] Engine& engine() { return *engine_; }
  [[nodiscard]] bool failed() const { return failed_; }
  /// Once it has failed: what the handler was told.
  [[nodiscard]] const Fault& failure() const { return failure_; }

  void submit(sale::Command::Action action, store::Reply<sale::Outcome> reply,
              const std::string& sale = "concert") {
    engine_->submit({clock_.now(), kNoLoop, ++reads_}, SaleId(sale), {.action = std::move(action)},
                    std::move(reply));
  }
  Result<sale::Outcome> run(sale::Command::Action action, const std::string& sale = "concert") {
    store::Pending<sale::Outcome> answer;
    submit(std::move(action), answer.reply(), sale);
    return answer.wait();
  }

  std::optional<sale::OrderView> find(const OrderId& order) {
    store::Pending<std::optional<sale::OrderView>> answer;
    engine_->find_order({clock_.now(), kNoLoop, ++reads_}, order, answer.reply());
    return answer.wait().value_or(std::nullopt);
  }

  std::vector<store::ArrivalRecord> arrivals(const std::string& sale = "concert") {
    store::Pending<std::vector<store::ArrivalRecord>> answer;
    engine_->list_arrivals(SaleId(sale), {std::nullopt, Arrival(), 1'000'000}, answer.reply());
    return answer.wait().value_or(std::vector<store::ArrivalRecord>{});
  }

 private:
  const Clock& clock_;
  Fault refusal_;
  Fault failure_;
  std::atomic<bool> failed_{false};
  std::uint64_t reads_ = 0;
  std::unique_ptr<Engine> engine_;
};

}  // namespace dibs::engine
