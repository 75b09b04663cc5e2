#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/temp_dir.h"
#include "base/time.h"
#include "redis/redis_server.h"
#include "redis/store.h"
#include "store/ordered.h"
#include "store/waiting.h"

namespace dibs::redis {

/// What `strict` wants of a server.
inline std::vector<std::string> strict_settings() {
  return {"--appendonly", "yes", "--appendfsync", "always"};
}

/// A clock that tests move.
class MovedClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return from_ns(wall_ns_.load()); }
  [[nodiscard]] Duration monotonic() const override { return Duration(monotonic_ns_.load()); }
  void advance(Duration by) {
    monotonic_ns_ += by.count();
    wall_ns_ += by.count();
  }

 private:
  std::atomic<std::int64_t> wall_ns_{1'800'000'000'000'000'000};
  std::atomic<std::int64_t> monotonic_ns_{1'000'000'000'000};
};

inline Store::Options options_for(const RedisServer& server, const std::string& dir) {
  Store::Options options;
  Address& address = options.addresses.emplace_back();
  address.host = server.host();
  address.port = static_cast<std::uint16_t>(server.port());
  options.data_dir = dir;
  options.ingress_loops = 0;
  return options;
}

/// A gateway of a test, on the real clock.
class RunningStore {
 public:
  RunningStore(const RedisServer& server, const std::string& dir)
      : RunningStore(options_for(server, dir)) {}
  explicit RunningStore(const Store::Options& options) : store_(options, system_clock()) {
    started_ = store_.start();
  }

  [[nodiscard]] const Result<void>& started() const { return started_; }
  [[nodiscard]] Store& store() { return store_; }

  void submit(sale::Command::Action action, store::Reply<sale::Outcome> reply,
              const std::string& sale = "concert") {
    store_.submit({system_clock().now(), store::kNoLoop, ++reads_}, SaleId(sale),
                  {.action = std::move(action)}, std::move(reply));
  }
  Result<sale::Outcome> run(sale::Command::Action action, const std::string& sale = "concert") {
    store::Pending<sale::Outcome> answer;
    submit(std::move(action), answer.reply(), sale);
    return answer.wait();
  }
  /// Until Redis is there again.
  Result<sale::Outcome> insist(const sale::Command::Action& action,
                               const std::string& sale = "concert") {
    for (int i = 0; i < 600; ++i) {
      auto result = run(action, sale);
      if (result) return result;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return run(action, sale);
  }
  std::optional<sale::OrderView> find(const OrderId& order) {
    store::Pending<std::optional<sale::OrderView>> answer;
    store_.find_order({system_clock().now(), store::kNoLoop, ++reads_}, order, answer.reply());
    return answer.wait().value_or(std::nullopt);
  }

 private:
  Store store_;
  Result<void> started_;
  std::atomic<std::uint64_t> reads_{0};
};

inline sale::Put concert_of(std::int64_t stock) {
  sale::Put put{.spec = {}, .present = UINT32_MAX};
  put.spec.title = "Concert";
  put.spec.currency = "KRW";
  put.spec.items = {{SkuId("floor"), "Floor", 100, stock}};
  put.spec.payment = sale::PaymentMode::shop;
  return put;
}

inline sale::Buy seat_for(const std::string& buyer, const std::string& key = "") {
  sale::Buy buy;
  buy.buyer = BuyerId(buyer);
  buy.key = IdempotencyKey(key);
  buy.lines = {{SkuId("floor"), 1, 0}};
  return buy;
}

}  // namespace dibs::redis
