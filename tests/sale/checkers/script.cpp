#include "sale/checkers/script.h"

#include <algorithm>
#include <array>
#include <map>
#include <ostream>

#include "sale/checkers/model.h"

namespace dibs::sale::checkers {
namespace {

using std::chrono::seconds;

constexpr std::array<std::string_view, kActs> kActNames{
    "buy",    "buy_again", "begin",          "succeed", "fail",  "capture", "release",
    "cancel", "refund",    "refund_settled", "restock", "pause", "resume",  "restart",
    "close",  "put",       "remove"};

constexpr int kPutMembers = 16;
static_assert(Put::kTest == 1U << (kPutMembers - 1));

OrderKey key_of(std::uint64_t number) {
  OrderKey key;
  for (std::size_t i = 0; i < 8; ++i) key.bytes.at(i) = static_cast<std::uint8_t>(number >> 8 * i);
  return key;
}

/// Makes commands of moves.
class Interpreter {
 public:
  explicit Interpreter(const Scene& scene) : scene_(scene) {}

  Command::Action act(const Move& move) {
    const OrderKey order = pick(move);
    const bool flag = move.a % 2 == 0;
    switch (move.act) {
      case Act::buy:
        return buy(move);
      case Act::buy_again:
        return buy_again(move);
      case Act::begin:
        return BeginPayment{order};
      case Act::succeed:
        return PaymentSucceeded{order, flag};
      case Act::fail:
        return PaymentFailed{order};
      case Act::capture:
        return CaptureSettled{order, flag};
      case Act::release:
        return Release{order, flag ? Reason::payment_failed : Reason::cancelled};
      case Act::cancel:
        return Cancel{order};
      case Act::refund:
        return Refund{order, flag};
      case Act::refund_settled:
        return RefundSettled{order};
      case Act::restock:
        return restock(move);
      case Act::pause:
        return Pause{};
      case Act::resume:
      case Act::restart:
        return Resume{};
      case Act::close:
        return Close{};
      case Act::put:
        return put(move);
      case Act::remove:
        return Remove{};
    }
    return Pause{};
  }

  /// A known order: mostly one of those that are not over, else one of the latest; now and then
  /// one that is not there.
  OrderKey pick(const Move& move) const {
    std::vector<OrderKey> keys;
    for (const ModelOrder& o : scene_.model.orders()) {
      const bool over = o.state == OrderState::released || o.state == OrderState::sold_out ||
                        o.state == OrderState::closed;
      if (!over || move.pick % 4 == 0) keys.push_back(o.key);
    }
    if (move.pick == 255 || keys.empty()) return key_of(1'000'000);
    const std::size_t count = std::min<std::size_t>(keys.size(), 8);
    return keys[keys.size() - 1 - move.pick / 4 % count];
  }

  Buy buy(const Move& move) {
    Buy buy;
    buy.buyer = BuyerId("b" + std::to_string(move.buyer % 5));
    if (move.pick % 2 == 0) buy.key = IdempotencyKey("k" + std::to_string(move.pick % 16));
    if (move.pick % 3 == 0) buy.reference = Reference("cart");
    std::map<std::string, std::uint32_t> wanted;
    const auto items = spec_of(scene_.world).items;
    wanted[items[move.b % items.size()].sku.value()] = move.a % 3 + 1;
    if (move.b / 16 % 2 == 1) wanted[items[move.b / 32 % items.size()].sku.value()] = 1;
    if (move.b == 255) wanted["unknown"] = 1;
    for (const auto& [sku, quantity] : wanted) buy.lines.push_back({SkuId(sku), quantity, 0});
    buy.order = key_of(scene_.number);
    buy.arrival = Arrival(scene_.number);
    return buy;
  }

  Buy buy_again(const Move& move) {
    Buy again = buy(move);
    if (scene_.model.orders().empty()) return again;
    const ModelOrder& o = scene_.model.orders()[move.pick % scene_.model.orders().size()];
    again.buyer = BuyerId(o.buyer);
    again.key = IdempotencyKey(o.idempotency_key);
    again.lines.clear();
    for (const auto& [sku, quantity] : o.wants) {
      again.lines.push_back({SkuId(sku), static_cast<std::uint32_t>(quantity), 0});
    }
    if (move.b % 4 == 0) again.lines[0].quantity = again.lines[0].quantity % 3 + 1;
    return again;
  }

  static Restock restock(const Move& move) {
    Restock restock;
    restock.sku = SkuId(move.b % 3 == 0 ? "b" : "a");
    restock.delta = move.a % 8 - 3;
    if (move.a % 32 == 31) restock.delta = 200;  // more than one step can promote
    if (move.pick % 4 == 0) restock.key = IdempotencyKey("r" + std::to_string(move.b % 4));
    return restock;
  }

  Put put(const Move& move) const {
    Put put;
    put.spec = spec_of(scene_.world);
    put.present = 1U << move.b % kPutMembers;
    put.spec.currency = move.a % 2 == 0 ? "KRW" : "EUR";
    for (ItemSpec& item : put.spec.items) item.stock += move.a % 2;
    put.spec.opens_at.reset();
    if (move.a % 4 != 0) put.spec.opens_at = scene_.now + seconds(move.a % 8);
    put.spec.payment_seconds = move.a % 8;
    put.spec.promotion_seconds = 3 + move.a % 3;
    put.spec.payment = static_cast<PaymentMode>(move.a % 3);
    if (move.a % 2 == 1) put.spec.checkout_url = "https://shop.example/{order}";
    if (move.a % 2 == 1) put.spec.notify_url = "https://shop.example/notices";
    put.spec.public_stock_hidden = move.a % 2 == 1;
    put.spec.test = move.a % 4 < 3;
    put.spec.title = "title " + std::to_string(move.a % 4);
    put.spec.hold_seconds = 3 + move.a % 3;
    put.spec.line_limit = move.a % 4;
    put.spec.closes_at = scene_.now + seconds(move.a % 32);
    put.spec.payment_attempts = 1 + move.a % 3;
    put.spec.limit_per_buyer = 2 + move.a % 2;
    return put;
  }

 private:
  const Scene& scene_;
};

}  // namespace

Command::Action action_of(const Move& move, const Scene& scene) {
  return Interpreter(scene).act(move);
}

std::ostream& operator<<(std::ostream& out, const Move& move) {
  out << kActNames.at(static_cast<std::size_t>(move.act)) << "(buyer " << int{move.buyer}
      << ", pick " << int{move.pick} << ", a " << int{move.a} << ", b " << int{move.b} << ", wait "
      << int{move.wait};
  return out << (move.owner < kOwned ? ", as its owner" : "") << (move.reload ? ", reload" : "")
             << (move.out_of_order ? ", late" : "") << ")";
}

std::ostream& operator<<(std::ostream& out, const Script& script) {
  out << "world " << int{script.world} << "\n";
  for (const Move& move : script.moves) out << "  " << move << "\n";
  return out;
}

SaleSpec spec_of(std::uint8_t world) {
  SaleSpec spec;
  spec.title = "small";
  spec.currency = "KRW";
  spec.hold_seconds = 5;
  spec.payment_seconds = 3;
  spec.promotion_seconds = 4;
  spec.limit_per_buyer = 3;
  spec.line_limit = 3;
  spec.payment = PaymentMode::provider;
  const auto item = [&spec](std::string sku, std::int64_t stock, std::int64_t price = 5) {
    spec.items.push_back({SkuId(std::move(sku)), "", price, stock});
  };
  switch (world % kWorlds) {
    case 0:
      item("a", 3);
      break;
    case 1:  // two SKUs, wanted crosswise
      item("b", 2);
      item("a", 2);
      spec.line_limit = 6;
      break;
    case 2:  // no line
      item("a", 2);
      spec.line_limit = 0;
      break;
    case 3:  // the shop takes the money, in up to three attempts
      item("a", 2);
      spec.payment = PaymentMode::shop;
      spec.payment_attempts = 3;
      break;
    case 4:  // nothing to pay
      item("a", 4, 0);
      spec.payment = PaymentMode::none;
      break;
    case 5:  // opens and closes by itself
      item("a", 2);
      spec.opens_at = kStart + seconds(6);
      spec.closes_at = kStart + seconds(25);
      spec.test = true;
      break;
    case 6:  // a long line and many units for one buyer
      item("a", 4);
      spec.limit_per_buyer = 400;
      spec.line_limit = 1'000;
      break;
    case 7:  // three SKUs, two attempts
      item("c", 1);
      item("a", 3);
      item("b", 2);
      spec.limit_per_buyer = 8;
      spec.line_limit = 4;
      spec.payment_attempts = 2;
      break;
    case 8:  // one place in the line
      item("a", 1);
      spec.line_limit = 1;
      break;
    case 10:  // two SKUs, the shop takes the money
      item("a", 2);
      item("b", 1);
      spec.limit_per_buyer = 4;
      spec.line_limit = 4;
      spec.payment = PaymentMode::shop;
      spec.payment_attempts = 2;
      break;
    case 11:  // two SKUs, nothing to pay
      item("b", 3, 0);
      item("a", 2, 0);
      spec.limit_per_buyer = 4;
      spec.line_limit = 4;
      spec.payment = PaymentMode::none;
      break;
    default:  // begins without stock
      item("a", 0);
      item("b", 3);
      spec.limit_per_buyer = 6;
      spec.line_limit = 5;
      break;
  }
  return spec;
}

}  // namespace dibs::sale::checkers
