#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "engine/entry.h"
#include "sale/event.h"

/// The second account of a journal: a plain fold over its entries, written apart from src/sale so
/// that a mistake there is not repeated here. Slow and simple on purpose.
namespace dibs::engine {

/// Units that an order got, or gave back (below 0).
struct TallyMove {
  Arrival arrival;
  std::int64_t units = 0;
};

struct TallyItem {
  std::int64_t total = 0;
  std::int64_t available = 0;
  std::int64_t held = 0;
  std::int64_t sold = 0;
  std::vector<TallyMove> moves;     ///< as they happened
  std::vector<TallyMove> restocks;  ///< each with the last arrival before it
};

struct TallyOrder {
  OrderKey key;
  Arrival arrival;
  Instant received;
  BuyerId buyer;
  std::vector<sale::OrderLine> lines;
  sale::OrderState state = sale::OrderState::waiting;
  sale::Money money = sale::Money::none;
  sale::Reason reason = sale::Reason::none;
  bool had_units = false;
};

struct TallyRefusal {
  Arrival arrival;
  Instant received;
  BuyerId buyer;
  sale::Code code = sale::Code::ok;
};

/// One life of a sale: an id can be removed and made again, and goes on counting.
struct TallyLife {
  std::map<std::string, TallyItem> items;
  std::map<Arrival, TallyOrder> orders;
  std::vector<TallyRefusal> refusals;
};

class TallySale {
 public:
  explicit TallySale(std::string id) : id_(std::move(id)) {}

  void take(const sale::Event& event);
  void take(const store::ArrivalRecord& refused);
  void reserve(Arrival upto) { reserved_ = upto; }

  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] Seq seq() const { return seq_; }
  /// In order; the last is the sale as it is.
  [[nodiscard]] const std::vector<TallyLife>& lives() const { return lives_; }
  [[nodiscard]] const std::map<std::string, TallyItem>& items() const { return life().items; }
  [[nodiscard]] const std::map<Arrival, TallyOrder>& orders() const { return life().orders; }
  /// What broke a law on the way, in words.
  [[nodiscard]] const std::vector<std::string>& faults() const { return faults_; }
  [[nodiscard]] std::uint64_t arrivals() const { return arrivals_; }

 private:
  struct Taker;
  [[nodiscard]] const TallyLife& life() const { return lives_.back(); }
  TallyLife& life() { return lives_.back(); }
  void arrive(Arrival arrival);
  void move(const sale::OrderRef& ref, sale::OrderState to);
  void move(TallyOrder& order, sale::OrderState to);
  TallyOrder* find(const sale::OrderRef& ref);
  void set_items(const sale::SaleSpec& spec);
  void broke(const std::string& words);

  std::string id_;
  Seq seq_;
  Instant at_;
  Arrival last_arrival_;
  Arrival reserved_;
  std::uint64_t arrivals_ = 0;
  std::vector<sale::ItemSpec> spec_items_;
  std::vector<TallyLife> lives_{1};
  std::vector<std::string> faults_;
};

/// All sales of a journal.
class Tally {
 public:
  /// Takes a record's payload.
  void take(std::string_view payload);
  [[nodiscard]] const std::map<std::string, TallySale>& sales() const { return sales_; }
  [[nodiscard]] std::uint64_t events() const { return events_; }

 private:
  std::map<std::string, TallySale> sales_;
  std::uint64_t events_ = 0;
};

}  // namespace dibs::engine
