#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/event_feed.h"

namespace dibs::events {

/// The durable events of some sales, in memory; one record each.
class FakeFeed final : public store::EventFeed {
 public:
  /// Appends the next event of the sale and gives it.
  sale::Event add(const std::string& sale, sale::Fact fact = sale::Opened{}) {
    const std::lock_guard lock(mutex_);
    const auto count = std::ranges::count_if(
        events_, [&](const store::FedEvent& one) { return one.sale.view() == sale; });
    sale::Event event{
        Seq(static_cast<std::uint64_t>(count) + 1), system_clock().now(), {}, std::move(fact)};
    events_.push_back({Position(events_.size() + 1), SaleId(sale), event});
    return event;
  }

  /// Appends an event as it is.
  void append(const std::string& sale, sale::Event event) {
    const std::lock_guard lock(mutex_);
    events_.push_back({Position(events_.size() + 1), SaleId(sale), std::move(event)});
  }

  [[nodiscard]] Position durable_position() const override {
    const std::lock_guard lock(mutex_);
    return Position(events_.size());
  }

  [[nodiscard]] Result<std::string> epoch_of(const SaleId& /*sale*/) const override {
    return epoch;
  }
  std::string epoch = "fake";

  [[nodiscard]] std::unique_ptr<store::EventReader> read_events(
      store::Taken taken, std::optional<SaleId> sale) const override {
    return std::make_unique<Reader>(*this, std::move(taken), std::move(sale));
  }

 private:
  class Reader final : public store::EventReader {
   public:
    Reader(const FakeFeed& feed, store::Taken taken, std::optional<SaleId> sale)
        : feed_(feed),
          read_(taken.position.value() == 0 ? 0 : taken.position.value() - 1),
          taken_(std::move(taken)),
          sale_(std::move(sale)) {}

    Result<store::EventBatch> next(std::size_t limit) override {
      const std::lock_guard lock(feed_.mutex_);
      store::EventBatch batch;
      for (; read_ < feed_.events_.size() && batch.events.size() < limit; ++read_) {
        const store::FedEvent& one = feed_.events_[read_];
        const auto known = taken_.sales.find(one.sale);
        if (known != taken_.sales.end() && one.event.seq <= known->second) continue;
        if (!sale_ || one.sale == *sale_) batch.events.push_back(one);
      }
      batch.caught_up = read_ >= feed_.events_.size();
      return batch;
    }

   private:
    const FakeFeed& feed_;
    std::size_t read_;
    store::Taken taken_;
    std::optional<SaleId> sale_;
  };

  mutable std::mutex mutex_;
  std::vector<store::FedEvent> events_;
};

}  // namespace dibs::events
