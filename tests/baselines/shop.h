#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "baselines/shop_store.h"
#include "redis/redis_server.h"
#include "store/waiting.h"

namespace dibs::baselines {

/// A design with a sale on a redis-server of its own, in which a test decides who is where when:
/// the payment of a buyer it has named does not end before the test says so.
class Shop {
 public:
  struct Shape {
    std::string design;
    std::int64_t stock = 1;
    Duration lock_wait = std::chrono::seconds(5);
    std::function<void(Duration)> sleep = nullptr;
  };

  explicit Shop(Shape shape) : stock_(shape.stock) {
    ShopStore::Options options;
    options.design = shape.design;
    options.host = server_.host();
    options.port = static_cast<std::uint16_t>(server_.port());
    options.threads = 8;
    options.worker_period = Duration(0);
    options.settings.lock_wait = shape.lock_wait;
    options.settings.sleep = std::move(shape.sleep);
    options.settings.pay = [this](const sale::OrderView& order, std::string_view token) {
      wait_to_pay(order.buyer.value());
      return token == "tok_ok";
    };
    auto store = ShopStore::open(std::move(options), system_clock());
    EXPECT_TRUE(store.has_value()) << (store ? "" : store.error().what);
    if (store) store_ = std::move(*store);
    put();
  }
  ~Shop() {
    {
      const std::lock_guard lock(mutex_);
      slow_.clear();
    }
    changed_.notify_all();
    store_.reset();  // before what its threads use
  }

  /// This buyer's payment lasts until `let_pay`.
  void make_slow(const std::string& buyer) {
    const std::lock_guard lock(mutex_);
    slow_.insert(buyer);
  }
  void await_paying(const std::string& buyer) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(
        changed_.wait_for(lock, store::kAnswerTimeout, [&] { return paying_.contains(buyer); }))
        << buyer << " does not get to payment";
  }
  void let_pay(const std::string& buyer) {
    {
      const std::lock_guard lock(mutex_);
      slow_.erase(buyer);
    }
    changed_.notify_all();
  }

  using Answer = store::Pending<sale::Outcome>;
  /// Presses, and does not wait for the answer.
  [[nodiscard]] Answer press(const std::string& buyer, bool pays = true) {
    sale::Buy buy;
    buy.buyer = BuyerId(buyer);
    buy.lines = {{SkuId("unit"), 1, 0}};
    buy.reference = Reference(pays ? "tok_ok" : "tok_fail");
    return submit({std::move(buy), {}, {}});
  }
  sale::Outcome buy(const std::string& buyer, bool pays = true) {
    return of(press(buyer, pays).wait());
  }
  /// The second step, where a design pays after the buy.
  sale::Outcome pay(const sale::Outcome& bought, bool pays) {
    const OrderKey key = bought.order.value().id.key;
    of(submit({sale::BeginPayment{key}, {}, {}}).wait());
    if (pays) return of(submit({sale::PaymentSucceeded{key}, {}, {}}).wait());
    return of(submit({sale::PaymentFailed{key}, {}, {}}).wait());
  }

  /// The order as the shop's records have it, whatever its buyer was told.
  [[nodiscard]] sale::OrderState recorded(const sale::Outcome& bought) {
    store::Pending<std::optional<sale::OrderView>> answer;
    store_->find_order({}, bought.order.value().id, answer.reply());
    return of(answer.wait()).value_or(sale::OrderView{}).state;
  }

  [[nodiscard]] ShopStore& store() { return *store_; }
  [[nodiscard]] sale::ItemView item() { return store_->glance(sale_)->items.front(); }
  /// The counter in Redis itself.
  [[nodiscard]] std::string stock_in_redis() { return redis({"GET", "shop:{rush}:stock"}); }
  std::string redis(const std::vector<std::string>& words) { return server_.connect().text(words); }
  /// As if its time had passed: whoever has the lock does not know.
  void end_lock() { EXPECT_EQ(redis({"DEL", "shop:{rush}:lock"}), "1"); }
  /// Units that the records cannot account for: above 0 lost, below 0 invented.
  [[nodiscard]] std::int64_t units_missing() {
    const sale::ItemView now = item();
    return now.total - now.available - now.held - now.sold;
  }

  static bool lock_failed(const sale::Outcome& outcome) {
    return outcome.code == sale::Code::wrong_state &&
           outcome.detail.starts_with(ShopStore::kLockFailed);
  }

 private:
  template <class T>
  static T of(Result<T> result) {
    EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().what);
    return result ? std::move(*result) : T{};
  }

  Answer submit(sale::Command command) {
    Answer answer;
    store_->submit({}, sale_, std::move(command), answer.reply());
    return answer;
  }

  void put() {
    sale::Put put;
    put.spec.title = "Rush";
    put.spec.currency = "KRW";
    put.spec.items = {{SkuId("unit"), "Unit", 100, stock_}};
    put.present = UINT32_MAX;
    EXPECT_TRUE(of(submit({put, "shop", {}}).wait()).created);
  }

  void wait_to_pay(const std::string& buyer) {
    std::unique_lock lock(mutex_);
    paying_.insert(buyer);
    changed_.notify_all();
    changed_.wait(lock, [&] { return !slow_.contains(buyer); });
  }

  redis::RedisServer server_;
  const SaleId sale_{"rush"};
  std::int64_t stock_ = 1;
  std::mutex mutex_;  ///< guards slow_ and paying_
  std::condition_variable changed_;
  std::set<std::string> slow_;
  std::set<std::string> paying_;
  std::unique_ptr<ShopStore> store_;
};

}  // namespace dibs::baselines
