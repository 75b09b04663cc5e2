#pragma once

#include <memory>
#include <utility>

#include "api/patience.h"
#include "store/sale_store.h"

namespace dibs::api {

/// A store in front of one that may hang (a disk that does not answer): passes every call on, and
/// answers it with a fault of kind `unknown` when the other has not within its time. What was
/// passed on may still take effect; asked again with the same key the answer is the truth.
class TimelyStore final : public store::SaleStore {
 public:
  struct Times {
    Duration answer;   ///< commands, and reads that wait for commands before them
    Duration reading;  ///< reads of the journal
  };
  TimelyStore(store::SaleStore& behind, Worker& worker, const Clock& clock, Times times)
      : behind_(behind),
        answers_(worker, clock, times.answer),
        readings_(worker, clock, times.reading) {}

  void submit(const Stamp& stamp, SaleId sale, sale::Command command,
              store::Reply<sale::Outcome> reply) override {
    behind_.submit(stamp, std::move(sale), std::move(command), answers_.bound(std::move(reply)));
  }
  void find_sale(const Stamp& stamp, SaleId sale,
                 store::Reply<std::optional<sale::SaleView>> reply) override {
    behind_.find_sale(stamp, std::move(sale), answers_.bound(std::move(reply)));
  }
  void list_sales(const Stamp& stamp, store::Reply<std::vector<sale::SaleView>> reply) override {
    behind_.list_sales(stamp, answers_.bound(std::move(reply)));
  }
  void find_order(const Stamp& stamp, OrderId order,
                  store::Reply<std::optional<sale::OrderView>> reply) override {
    behind_.find_order(stamp, std::move(order), answers_.bound(std::move(reply)));
  }
  void list_orders(const Stamp& stamp, SaleId sale, sale::Sale::OrderFilter filter,
                   store::Reply<std::vector<sale::OrderView>> reply) override {
    behind_.list_orders(stamp, std::move(sale), std::move(filter),
                        answers_.bound(std::move(reply)));
  }
  void list_arrivals(SaleId sale, store::ArrivalFilter filter,
                     store::Reply<std::vector<store::ArrivalRecord>> reply) override {
    behind_.list_arrivals(std::move(sale), std::move(filter), readings_.bound(std::move(reply)));
  }
  void history(OrderId order, store::Reply<std::vector<sale::Event>> reply) override {
    behind_.history(std::move(order), readings_.bound(std::move(reply)));
  }
  [[nodiscard]] std::shared_ptr<const sale::SaleView> glance(const SaleId& sale) const override {
    return behind_.glance(sale);
  }
  [[nodiscard]] store::Durability durability() const override { return behind_.durability(); }

 private:
  store::SaleStore& behind_;
  Patience answers_;
  Patience readings_;
};

}  // namespace dibs::api
