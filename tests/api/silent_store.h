#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "store/sale_store.h"

namespace dibs::api::test {

/// A store that can fall silent, as if its disk did not answer: what it is asked is done, but its
/// answers are kept until it speaks again, and then given in their order.
class SilentStore final : public store::SaleStore {
 public:
  explicit SilentStore(store::SaleStore& behind) : behind_(behind) {}

  void fall_silent() {
    const std::lock_guard lock(mutex_);
    silent_ = true;
  }
  void speak() {
    std::vector<Answer> kept;
    {
      const std::lock_guard lock(mutex_);
      silent_ = false;
      kept.swap(kept_);
    }
    for (auto& answer : kept) answer();
  }
  /// Answers what comes from now on; what is kept stays kept until speak().
  void answer_what_comes() {
    const std::lock_guard lock(mutex_);
    silent_ = false;
  }
  /// Answers kept back now.
  [[nodiscard]] std::size_t kept() {
    const std::lock_guard lock(mutex_);
    return kept_.size();
  }

  void submit(const Stamp& stamp, SaleId sale, sale::Command command,
              store::Reply<sale::Outcome> reply) override {
    behind_.submit(stamp, std::move(sale), std::move(command), muted(std::move(reply)));
  }
  void find_sale(const Stamp& stamp, SaleId sale,
                 store::Reply<std::optional<sale::SaleView>> reply) override {
    behind_.find_sale(stamp, std::move(sale), muted(std::move(reply)));
  }
  void list_sales(const Stamp& stamp, store::Reply<std::vector<sale::SaleView>> reply) override {
    behind_.list_sales(stamp, muted(std::move(reply)));
  }
  void find_order(const Stamp& stamp, OrderId order,
                  store::Reply<std::optional<sale::OrderView>> reply) override {
    behind_.find_order(stamp, std::move(order), muted(std::move(reply)));
  }
  void list_orders(const Stamp& stamp, SaleId sale, sale::Sale::OrderFilter filter,
                   store::Reply<std::vector<sale::OrderView>> reply) override {
    behind_.list_orders(stamp, std::move(sale), std::move(filter), muted(std::move(reply)));
  }
  void list_arrivals(SaleId sale, store::ArrivalFilter filter,
                     store::Reply<std::vector<store::ArrivalRecord>> reply) override {
    behind_.list_arrivals(std::move(sale), std::move(filter), muted(std::move(reply)));
  }
  void history(OrderId order, store::Reply<std::vector<sale::Event>> reply) override {
    behind_.history(std::move(order), muted(std::move(reply)));
  }
  [[nodiscard]] std::shared_ptr<const sale::SaleView> glance(const SaleId& sale) const override {
    return behind_.glance(sale);
  }
  [[nodiscard]] store::Durability durability() const override { return behind_.durability(); }

 private:
  using Answer = std::move_only_function<void()>;

  template <class T>
  store::Reply<T> muted(store::Reply<T> reply) {
    return [this, reply = std::move(reply)](Result<T> result) mutable {
      give([reply = std::move(reply), result = std::move(result)]() mutable {
        reply(std::move(result));
      });
    };
  }
  void give(Answer answer) {
    {
      const std::lock_guard lock(mutex_);
      if (silent_) {
        kept_.push_back(std::move(answer));
        return;
      }
    }
    answer();
  }

  store::SaleStore& behind_;
  std::mutex mutex_;  ///< guards everything below
  bool silent_ = false;
  std::vector<Answer> kept_;
};

}  // namespace dibs::api::test
