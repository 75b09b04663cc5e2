#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "ledger/rows.h"
#include "sale/event.h"

namespace dibs::ledger {

/// The part of one sale's rows that a batch touches, in memory, and what of it has changed. The
/// figures of items are kept whole; orders are there as far as they have been added.
///
/// A second reading of docs/formats/events.md, beside the rules: it takes each fact on trust of
/// the chain, and refuses what contradicts the rows.
class SaleFold {
 public:
  /// A whole set of `waiting` orders that end at once, too many to be in memory.
  struct End {
    SkuId sku;
    Arrival upto;
    bool by_close = false;
    Instant at;
    Seq seq;
  };

  SaleFold() = default;
  SaleFold(SaleId id, std::optional<SaleRow> sale, std::vector<ItemRow> items);

  /// The order that `event` is about and that must be added before it is taken; nothing where it
  /// is there or the event brings it.
  [[nodiscard]] std::optional<Arrival> wants(const sale::Event& event) const;
  void add(OrderRow order);

  /// Takes the next event. Gives what contradicts it, in words, and then has changed nothing;
  /// empty: taken.
  [[nodiscard]] std::string take(const sale::Event& event);

  /// `event` concerns orders that are not in memory: what has changed must be written before it is
  /// taken, and what it did (end() or removed()) right after.
  [[nodiscard]] static bool is_wide(const sale::Event& event);
  [[nodiscard]] const std::optional<End>& end() const { return end_; }
  [[nodiscard]] bool removed() const { return removed_; }

  [[nodiscard]] const SaleId& id() const { return id_; }
  [[nodiscard]] const std::optional<SaleRow>& sale() const { return sale_; }
  [[nodiscard]] const std::vector<ItemRow>& items() const { return items_; }
  [[nodiscard]] std::size_t orders() const { return orders_.size(); }

  [[nodiscard]] bool sale_changed() const { return sale_changed_; }
  [[nodiscard]] bool items_replaced() const { return items_replaced_; }
  [[nodiscard]] std::vector<const ItemRow*> changed_items() const;
  [[nodiscard]] std::vector<const OrderRow*> new_orders() const;
  [[nodiscard]] std::vector<const OrderRow*> changed_orders() const;
  /// All that has changed is written.
  void written();
  /// Orders may be forgotten once written; they will be asked for again.
  void forget_orders() { orders_.clear(); }

 private:
  friend struct Taking;
  struct Kept {
    OrderRow row;
    bool is_new = false;
  };
  [[nodiscard]] ItemRow* find_item(const SkuId& sku);
  [[nodiscard]] std::string move(Kept& order, sale::OrderState to, const sale::Event& event);
  void set_spec(const sale::SaleSpec& spec, Seq seq);
  SaleRow& change_sale(Seq seq);
  [[nodiscard]] std::vector<const OrderRow*> touched_orders(bool are_new) const;

  SaleId id_;
  std::optional<SaleRow> sale_;
  std::vector<ItemRow> items_;
  std::unordered_map<Arrival, Kept> orders_;
  std::vector<Arrival> touched_;  ///< of orders_, as they came, repeats too
  std::set<std::size_t> touched_items_;
  std::optional<End> end_;
  bool removed_ = false;
  bool sale_changed_ = false;
  bool items_replaced_ = false;
};

}  // namespace dibs::ledger
