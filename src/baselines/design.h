#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"
#include "baselines/book.h"
#include "baselines/redis.h"
#include "sale/order.h"

/// The ways in which the shop sold before. Each is as faithful as its description allows, its
/// mistakes included: they are what is measured. **For comparison only; nothing may be sold so.**
namespace dibs::baselines {

/// What a sale has in Redis.
struct Keys {
  std::string stock;   ///< a counter
  std::string lock;    ///< there while somebody has the lock
  std::string queue;   ///< list of orders that wait for the worker
  std::string orders;  ///< list of orders that are not completed
};

struct Settings {
  Duration lock_expiry = std::chrono::seconds(10);     ///< as the shop had it
  Duration lock_wait = std::chrono::seconds(5);        ///< `lock-wait` gives up after it
  Duration lock_pause = std::chrono::milliseconds(2);  ///< between two tries of `lock-wait`
  /// How a pause passes; a test may decide.
  std::function<void(Duration)> sleep;
  /// Takes the money for an order and says whether it was had; blocks as long as that takes. The
  /// token is the order's reference: where a design pays inside the buy, nothing else could tell.
  std::function<bool(const sale::OrderView& order, std::string_view token)> pay;
};

/// What a design has at hand while it serves one call.
struct Desk {
  Redis& redis;
  const Keys& keys;
  Book& book;
  const Settings& settings;
  /// What the counter in Redis stands at: every change made to it is added here too.
  std::atomic<std::int64_t>& stock;

  [[nodiscard]] std::int64_t look_at_stock() { return redis.number({"GET", keys.stock}); }
  /// Takes units off the counter, without a look.
  void take(std::int64_t units);
  void give_back(std::int64_t units);
  [[nodiscard]] bool pay(const sale::OrderView& order);
};

enum class Bought : std::uint8_t { lock_failed, sold_out, held, queued, paid, payment_failed };

/// One way of selling. Called on several threads at once, each with a desk of its own.
class Design {
 public:
  Design() = default;
  Design(const Design&) = delete;
  Design& operator=(const Design&) = delete;
  virtual ~Design() = default;

  /// `order` is a draft, `held`. A design whose order others can meet notes it in the book before
  /// that; the order of any other is noted by the caller, as what it came to.
  virtual Bought buy(Desk& desk, sale::OrderView& order) = 0;
  /// The buyer's money for a held order is there.
  virtual void payment_succeeded(Desk& desk, const sale::OrderView& order);
  /// It is not, and will not be.
  virtual void payment_failed(Desk& desk, const sale::OrderView& order);
  /// One turn of the worker beside the buyers. False: it has nothing to do, ever.
  virtual bool work(Desk& desk);
};

/// `lock`, `lock-improved`, `lock-wait`, `queue` or `lua`; null when there is no such design.
[[nodiscard]] std::unique_ptr<Design> make_design(std::string_view name);

std::unique_ptr<Design> make_lock();
std::unique_ptr<Design> make_lock_improved();
std::unique_ptr<Design> make_lock_wait();
std::unique_ptr<Design> make_queue();
std::unique_ptr<Design> make_lua();

}  // namespace dibs::baselines
