#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sale/codes.h"
#include "sale/command.h"
#include "sale/order.h"
#include "sale/sale.h"

/// A second statement of the rules, written from docs/ARCHITECTURE.md's list and not from the code
/// in src/sale: every figure is counted afresh from a plain list of orders, every search is a scan.
/// Slow, obvious, and wrong in other places than the real one.
namespace dibs::sale::checkers {

struct ModelOrder {
  OrderKey key;
  std::string buyer;
  std::string idempotency_key;
  std::string reference;
  Arrival arrival;
  std::map<std::string, std::int64_t> wants;  ///< SKU -> units
  std::map<std::string, std::uint64_t> places;
  OrderState state = OrderState::held;
  Money money = Money::none;
  Reason reason = Reason::none;
  Instant received;
  Instant deadline;
  unsigned failed_attempts = 0;
  bool window_used = false;  ///< a begun payment has prolonged the hold
};

/// One fact: its public type, and the arrival or SKU it is about.
struct Told {
  Instant at;
  std::string what;

  friend bool operator==(const Told&, const Told&) = default;
};

struct ModelAnswer {
  Code code = Code::ok;
  bool replayed = false;
  bool created = false;
  bool numbered = false;
  std::optional<OrderKey> order;
  std::vector<OrderKey> live;
};

[[nodiscard]] inline bool has_hold(const ModelOrder& o) {
  return o.state == OrderState::held || o.state == OrderState::paying;
}

/// Whether its units count towards the limit.
[[nodiscard]] inline bool is_counted(const ModelOrder& o) {
  if (o.state == OrderState::waiting || has_hold(o)) return true;
  const bool given_back = o.money == Money::refund_due || o.money == Money::refunded;
  return o.state == OrderState::paid && !given_back;
}

[[nodiscard]] inline ModelAnswer answer(Code code, const ModelOrder* o = nullptr) {
  ModelAnswer a;
  a.code = code;
  if (o != nullptr) a.order = o->key;
  return a;
}

class Model {
 public:
  /// Lets everything happen that is due up to and at `now`, each thing at its own time.
  void advance(Instant now);
  /// One command at `now`; `received` is the request's own time. Everything due has happened.
  ModelAnswer apply(const Command& command, Instant received, Instant now);

  [[nodiscard]] bool exists() const { return exists_; }
  [[nodiscard]] const SaleSpec& spec() const { return spec_; }
  /// Every fact so far, in order.
  [[nodiscard]] const std::vector<Told>& told() const { return told_; }
  [[nodiscard]] const std::vector<ModelOrder>& orders() const { return orders_; }
  /// What the real one must show for this order (seq left out).
  [[nodiscard]] OrderView view(const ModelOrder& order, const SaleId& sale) const;
  [[nodiscard]] SaleView view(const SaleId& sale) const;

 private:
  ModelAnswer on(const Buy& c);
  ModelAnswer on(const BeginPayment& c);
  ModelAnswer on(const PaymentSucceeded& c);
  ModelAnswer on(const PaymentFailed& c);
  ModelAnswer on(const CaptureSettled& c);
  ModelAnswer on(const Release& c);
  ModelAnswer on(const Cancel& c);
  ModelAnswer on(const Refund& c);
  ModelAnswer on(const RefundSettled& c);
  ModelAnswer on(const Put& c);
  ModelAnswer on(const Pause& c);
  ModelAnswer on(const Resume& c);
  ModelAnswer on(const Restart& c);
  ModelAnswer on(const Close& c);
  ModelAnswer on(const Restock& c);
  ModelAnswer on(const Remove& c);
  ModelAnswer on(const Archive& c);

  SaleSpec as_far_as_allowed(const SaleSpec& next) const;
  void stock_up();
  void open_up();
  void shut_down();
  bool end_line(const std::string& sku, OrderState end);
  void give_back(ModelOrder& order, Reason reason);
  void serve();
  bool serve_one();

  ModelOrder* find(const OrderKey& key);
  const ItemSpec* item(const std::string& sku) const;
  std::int64_t units(const std::string& sku, OrderState a, OrderState b) const;
  std::int64_t available(const std::string& sku) const;
  std::int64_t most_ever(const std::string& sku) const;
  std::vector<const ModelOrder*> line(const std::string& sku) const;
  std::int64_t counted_units(const std::string& buyer) const;
  std::uint64_t waiting() const;
  bool heads_any(const ModelOrder& order) const;
  bool is_head(const ModelOrder& order, const std::string& sku) const;
  void tell(const std::string& type, const std::string& subject = "");
  void tell(const std::string& type, const ModelOrder& order);
  Instant clock() const { return paused_ ? paused_at_ : now_; }

  bool exists_ = false;
  SaleSpec spec_;
  bool opened_ = false;
  bool paused_ = false;
  bool closed_ = false;
  Instant paused_at_;
  Instant now_;
  Instant received_;
  std::map<std::string, std::int64_t> total_;
  std::map<std::string, bool> shut_;
  std::map<std::string, std::uint64_t> last_place_;
  std::map<std::string, std::pair<std::string, std::int64_t>> restocks_;
  std::vector<ModelOrder> orders_;
  std::vector<Told> told_;
};

}  // namespace dibs::sale::checkers
