#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "redis/server_connection.h"
#include "sale/event.h"
#include "store/sale_store.h"

/// Readings of a sale's streams, a page a call, for questions that the replica cannot answer. Each
/// lives until it has answered; of the store's thread.
namespace dibs::redis {

/// The numbered requests of a sale.
class ArrivalsReading : public std::enable_shared_from_this<ArrivalsReading> {
 public:
  ArrivalsReading(SaleId sale, const store::ArrivalFilter& filter,
                  store::Reply<std::vector<store::ArrivalRecord>> reply)
      : sale_(std::move(sale)), filter_(filter), reply_(std::move(reply)) {}

  [[nodiscard]] const SaleId& sale() const { return sale_; }
  void begin(ServerConnection& connection);
  void fail(const Fault& fault) { reply_(std::unexpected(fault)); }

 private:
  void next_page(ServerConnection& connection, const std::string& from);
  void take(ServerConnection& connection, const redisReply& page);

  SaleId sale_;
  store::ArrivalFilter filter_;
  store::Reply<std::vector<store::ArrivalRecord>> reply_;
  std::vector<store::ArrivalRecord> found_;
};

/// The events of one order, and the end of a line that it stood in.
class HistoryReading : public std::enable_shared_from_this<HistoryReading> {
 public:
  HistoryReading(OrderId order, store::Reply<std::vector<sale::Event>> reply)
      : order_(std::move(order)), reply_(std::move(reply)) {}

  [[nodiscard]] const SaleId& sale() const { return order_.sale; }
  void begin(ServerConnection& connection) { next_page(connection, "-"); }
  void fail(const Fault& fault) { reply_(std::unexpected(fault)); }

 private:
  void next_page(ServerConnection& connection, const std::string& from);
  void take(const sale::Event& event);
  void end();

  OrderId order_;
  store::Reply<std::vector<sale::Event>> reply_;
  std::optional<sale::Accepted> accepted_;
  bool waiting_ = false;
  Seq first_;  ///< the first event that is left
  std::vector<sale::Event> found_;
};

}  // namespace dibs::redis
