#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "events/chained_event.h"
#include "sale/order.h"
#include "sale/spec.h"

/// What the ledger knows of a sale, as its rows hold it.
namespace dibs::ledger {

struct SaleRow {
  bool test = false;
  std::string state = "scheduled";  ///< as SaleState is spelt, or `removed`, `archived`
  bool ever_opened = false;
  std::string title;
  std::string currency;
  std::string payment;
  std::string opens_at;  ///< RFC 3339; empty: none
  std::string closes_at;
  Seq seq;

  friend bool operator==(const SaleRow&, const SaleRow&) = default;
};

struct ItemRow {
  SkuId sku;
  std::uint32_t number = 0;  ///< its place in the sale's list
  std::string title;
  std::int64_t price = 0;
  std::int64_t stock = 0;  ///< as the operator put it; restocks are in `total` only
  std::int64_t total = 0;
  std::int64_t available = 0;
  std::int64_t held = 0;
  std::int64_t sold = 0;
  Seq seq;

  friend bool operator==(const ItemRow&, const ItemRow&) = default;
};

struct OrderRow {
  Arrival arrival;
  OrderKey key;
  BuyerId buyer;
  Reference reference;
  sale::OrderState state = sale::OrderState::waiting;
  sale::Money money = sale::Money::none;
  sale::Reason reason = sale::Reason::none;
  std::vector<sale::OrderLine> lines;
  Instant created_at;
  Instant changed_at;
  Seq seq;  ///< the last event that changed it
};

/// How far a sale has been applied.
struct AppliedRow {
  std::string epoch;
  Seq seq;
  events::ChainHash hash{};
  events::ChainHash previous{};
  std::string at;
  Position position;    ///< in the feed; 0: it came another way
  std::string stopped;  ///< why nothing more of this sale is applied, in words; empty: it is
};

}  // namespace dibs::ledger
