#include "redis/random_commands.h"

#include <algorithm>
#include <map>
#include <string>

#include "sale/checkers/script.h"

namespace dibs::redis {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Those of the checkers of src/sale, and seven of our own.
constexpr std::uint64_t kWorlds = sale::checkers::kWorlds + 7;
constexpr std::uint64_t kDear = sale::checkers::kWorlds;
constexpr std::uint64_t kWide = kDear + 1;
constexpr std::uint64_t kCrowded = kDear + 2;
constexpr std::uint64_t kRush = kDear + 3;
constexpr std::uint64_t kEnding = kDear + 4;
constexpr std::uint64_t kBundles = kDear + 5;
constexpr std::uint64_t kPairs = kDear + 6;
constexpr std::size_t kLatest = 40;  // presses whose orders most commands are about
constexpr int kTries = 40;           // to find an order that is not over

bool is_over(const sale::OrderView& order) {
  if (order.state == sale::OrderState::released) return order.money == sale::Money::voided;
  return order.state == sale::OrderState::sold_out || order.state == sale::OrderState::closed;
}

sale::SaleSpec small(std::uint64_t items, std::int64_t stock, std::int64_t price) {
  sale::SaleSpec spec;
  spec.title = "Jacke, 겨울";
  spec.currency = "KRW";
  for (std::uint64_t i = 0; i < items; ++i) {
    // Not in the order of their names.
    spec.items.push_back({SkuId("sku" + std::to_string(i * 7 % items)), "t", price, stock});
  }
  spec.hold_seconds = 4;
  spec.payment_seconds = 3;
  spec.promotion_seconds = 2;
  return spec;
}

sale::SaleSpec dear() {  // amounts beyond 2^53, and a limit beyond it
  sale::SaleSpec spec = small(16, 1'000'000, 1'000'000'000'000);
  spec.limit_per_buyer = UINT64_MAX;
  return spec;
}

sale::SaleSpec wide() {  // many SKUs, wanted crosswise
  sale::SaleSpec spec = small(40, 2, 5);
  spec.limit_per_buyer = 9;
  spec.line_limit = 12;
  spec.payment_attempts = 2;
  return spec;
}

sale::SaleSpec crowded() {  // one place after another in a line that is full at once
  sale::SaleSpec spec = small(3, 2, 5);
  spec.limit_per_buyer = 2;
  spec.line_limit = 2;
  spec.test = true;
  return spec;
}

sale::SaleSpec rush() {  // more holds that end at one moment, and more who wait, than a call does
  sale::SaleSpec spec = small(1, 1'400, 5);
  spec.limit_per_buyer = 3;
  spec.line_limit = 600;
  return spec;
}

sale::SaleSpec ending() {  // lines that end with more in them than one call takes out
  sale::SaleSpec spec = small(1, 3, 5);
  spec.limit_per_buyer = 3;
  spec.line_limit = 400;
  spec.hold_seconds = 60;
  spec.payment = sale::PaymentMode::shop;
  return spec;
}

sale::SaleSpec bundles() {  // the same where most want several SKUs
  sale::SaleSpec spec = ending();
  spec.items = small(4, 3, 5).items;
  spec.limit_per_buyer = 6;
  return spec;
}

sale::SaleSpec pairs() {  // short lines of such orders, which end and begin again
  sale::SaleSpec spec = bundles();
  spec.items = small(3, 2, 5).items;
  spec.line_limit = 30;
  return spec;
}

/// Many people press, and little else happens.
bool is_busy(std::uint64_t world) {
  return world == kRush || world == kEnding || world == kBundles;
}
bool wants_bundles(std::uint64_t world) { return world == kBundles || world == kPairs; }
bool has_long_lines(std::uint64_t world) { return world == kEnding || wants_bundles(world); }

}  // namespace

RandomCommands::RandomCommands(std::uint64_t seed)
    : random_(seed), world_(one_in(4) ? kPairs : below(kWorlds)), spec_(spec_of_world()) {}

sale::SaleSpec RandomCommands::spec_of_world() const {
  switch (world_) {
    case kDear:
      return dear();
    case kWide:
      return wide();
    case kCrowded:
      return crowded();
    case kRush:
      return rush();
    case kEnding:
      return ending();
    case kBundles:
      return bundles();
    case kPairs:
      return pairs();
    default:
      return sale::checkers::spec_of(static_cast<std::uint8_t>(world_));
  }
}

sale::Command RandomCommands::first_put() const {
  sale::Put put;
  put.spec = spec_;
  return {.action = put, .actor = "anna"};
}

Instant RandomCommands::start() const { return sale::checkers::kStart; }

std::size_t RandomCommands::length() const { return is_busy(world_) ? 4'000 : 400; }

Duration RandomCommands::pause() {
  if (is_busy(world_)) return seconds(one_in(12) ? 5 : 0);
  if (one_in(100)) return seconds(20);
  if (one_in(60)) return milliseconds(-700);
  constexpr std::array<int, 8> kPausesMs{0, 0, 0, 1, 300, 1'000, 1'000, 3'000};
  return milliseconds(kPausesMs.at(below(kPausesMs.size())));
}

/// From none to as many as a call takes: a rush fills its calls.
std::size_t RandomCommands::batch_size() {
  constexpr std::array<std::size_t, 8> kSizes{0, 1, 1, 2, 3, 8, 16, 64};
  constexpr std::array<std::size_t, 8> kBusy{0, 1, 3, 16, 64, 256, 512, 512};
  return is_busy(world_) ? kBusy.at(below(kBusy.size())) : kSizes.at(below(kSizes.size()));
}

sale::Command RandomCommands::next(const sale::Sale& sale, Instant now) {
  sale::Command command{.action = action(sale, now)};
  if (one_in(20)) command.actor = "ben";
  if (one_in(8)) command.owner = BuyerId("b" + std::to_string(below(6)));
  return command;
}

sale::Command::Action RandomCommands::action(const sale::Sale& sale, Instant now) {
  const OrderKey order = some_order(sale);
  const bool flag = one_in(2);
  std::uint64_t die = below(is_busy(world_) ? 970 : 1'000);
  if (is_busy(world_) && !one_in(12)) die = 0;
  const bool paused = sale.exists() && sale.view().state == sale::SaleState::paused;
  if (paused && one_in(10)) return sale::Resume{};
  // A closed sale soon has nothing more to tell: it is removed, or archived, and made anew.
  const bool closed = sale.exists() && sale.view().state == sale::SaleState::closed;
  if (!sale.exists() && die < 700) return std::get<sale::Put>(first_put().action);
  if (closed && die < 60) {
    sale::Archive archive{.seq = Seq(sale.view().seq.value() + below(8) / 7), .file_hash = {}};
    archive.file_hash[0] = static_cast<std::uint8_t>(die);
    return archive;
  }
  if (closed && die < 160) return sale::Remove{};
  if (wants_bundles(world_) && one_in(300)) return sale::Close{};
  if (die < 420) return one_in(9) ? buy_again() : buy();
  if (die < 480) return sale::BeginPayment{order};
  if (die < 600) return sale::PaymentSucceeded{order, flag};
  if (die < 660) return sale::PaymentFailed{order};
  if (die < 700) return sale::CaptureSettled{order, flag};
  if (die < 730) {
    return sale::Release{order, flag ? sale::Reason::payment_failed : sale::Reason::cancelled};
  }
  if (die < 800) return sale::Cancel{order};
  if (die < 840) return sale::Refund{order, flag};
  if (die < 860) return sale::RefundSettled{order};
  if (die < 920) return restock();
  if (die < 930) return sale::Pause{};
  if (die < 932) return sale::Resume{};
  if (die < 970) return sale::Restart{milliseconds(below(flag ? 6'000 : 900))};
  if (die < 973) return sale::Close{};
  if (die < 997) return put(now);
  return sale::Remove{};
}

/// Mostly one of the latest, now and then any, or one that nobody has.
OrderKey RandomCommands::some_order(const sale::Sale& sale) {
  if (bought_.empty() || one_in(100)) return OrderKey{.bytes = {99}};
  if (one_in(10)) return bought_[below(bought_.size())].order;
  OrderKey key;
  for (int tries = 0; tries < kTries; ++tries) {
    const std::size_t latest = has_long_lines(world_) ? bought_.size() : kLatest;
    key = bought_[bought_.size() - 1 - below(std::min(bought_.size(), latest))].order;
    const auto order = sale.find(key);
    const bool too_early =
        has_long_lines(world_) && order && order->state == sale::OrderState::waiting;
    if (order && !is_over(*order) && !too_early) break;
  }
  return key;
}

sale::Buy RandomCommands::buy() {
  sale::Buy buy;
  const std::uint64_t others = wants_bundles(world_) ? 100 : 8;
  buy.buyer = BuyerId("b" + std::to_string(below(is_busy(world_) ? 2'000 : others)));
  if (one_in(2)) buy.key = IdempotencyKey("k" + std::to_string(below(20)));
  if (one_in(3)) buy.reference = Reference("cart");
  const bool dear = world_ == kDear;
  std::map<std::string, std::uint32_t> wanted;
  const unsigned alone = wants_bundles(world_) ? 1 : 3;
  for (std::uint64_t i = one_in(alone) ? 1 + below(dear ? 16 : 4) : 1; i > 0; --i) {
    const auto quantity = static_cast<std::uint32_t>(1 + below(dear ? 1'000 : 3));
    wanted[spec_.items[below(spec_.items.size())].sku.value()] = quantity;
  }
  if (one_in(150)) wanted["unknown"] = 1;
  for (const auto& [sku, quantity] : wanted) buy.lines.push_back({SkuId(sku), quantity, 0});
  if (one_in(100)) spoil(buy);
  ++numbered_;
  // As the gateways' keys, which are random all over: the rules take their first bytes for a hash.
  const std::uint64_t bits = random_();
  for (unsigned i = 0; i < 8; ++i) {
    buy.order.bytes.at(i) = static_cast<std::uint8_t>(bits >> 8 * i);
    buy.order.bytes.at(i + 8) = static_cast<std::uint8_t>(numbered_ >> 8 * i);
  }
  bought_.push_back(buy);
  return buy;
}

void RandomCommands::spoil(sale::Buy& buy) {
  switch (below(6)) {
    case 0:
      buy.buyer = BuyerId("not one");
      break;
    case 1:
      buy.key = IdempotencyKey(std::string(65, 'k'));
      break;
    case 2:
      buy.reference = Reference("a b");
      break;
    case 3:
      buy.lines.clear();
      break;
    case 4:
      buy.lines.front().quantity = 1'001;
      break;
    default:
      buy.lines.push_back(buy.lines.front());
  }
}

/// An earlier press, the same or with other items.
sale::Buy RandomCommands::buy_again() {
  sale::Buy again = buy();
  const sale::Buy& earlier = bought_[below(bought_.size())];
  again.buyer = earlier.buyer;
  again.key = earlier.key;
  again.lines = earlier.lines;
  if (one_in(3) && !again.lines.empty()) again.lines[0].quantity = again.lines[0].quantity % 3 + 1;
  return again;
}

sale::Restock RandomCommands::restock() {
  sale::Restock restock;
  restock.sku = one_in(20) ? SkuId("unknown") : spec_.items[below(spec_.items.size())].sku;
  restock.delta = static_cast<std::int64_t>(below(7)) - 3;
  if (one_in(12)) restock.delta = 200;  // more than one step can promote
  if (one_in(40)) restock.delta = 10'000'000;
  if (one_in(4)) restock.key = IdempotencyKey("r" + std::to_string(below(6)));
  if (one_in(40)) restock.key = IdempotencyKey("not one");
  return restock;
}

sale::Put RandomCommands::put(Instant now) {
  sale::Put put;
  put.spec = spec_;
  put.present = 1U << below(16);
  if (one_in(6)) put.present |= 1U << below(16);
  sale::SaleSpec& spec = put.spec;
  const auto seconds_from_now = [&](std::uint64_t most) { return now + seconds(below(most)); };
  spec.title = "title " + std::to_string(below(4));
  spec.currency = one_in(2) ? "KRW" : (one_in(5) ? "euro" : "EUR");
  for (sale::ItemSpec& item : spec.items) item.stock += static_cast<std::int64_t>(below(2));
  if (one_in(6)) spec.items.push_back(spec.items.front());
  spec.opens_at.reset();
  if (!one_in(4)) spec.opens_at = seconds_from_now(8);
  spec.closes_at = seconds_from_now(600) + milliseconds(1);
  spec.hold_seconds = static_cast<std::int64_t>(below(6));
  spec.payment_seconds = static_cast<std::int64_t>(below(8));
  spec.payment_attempts = static_cast<std::uint32_t>(below(4));
  spec.promotion_seconds = static_cast<std::int64_t>(below(6));
  spec.limit_per_buyer = 2 + below(2);
  spec.line_limit = one_in(8) ? 2'000'000 : below(8);
  spec.payment = static_cast<sale::PaymentMode>(below(3));
  if (one_in(2)) spec.checkout_url = "https://shop.example/{order}";
  if (one_in(2)) spec.notify_url = "https://shop.example/notices";
  spec.public_stock_hidden = one_in(2);
  spec.test = !one_in(4);
  return put;
}

}  // namespace dibs::redis
