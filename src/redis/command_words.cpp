#include <string>
#include <type_traits>

#include "base/assert.h"
#include "base/limits.h"
#include "redis/call.h"
#include "redis/names.h"
#include "redis/pack.h"

/// Commands as the functions read them: src/redis/functions/parts/{buy,payment,manage}.lua say
/// which values stand where. What is wrong with the words of a command themselves is found here
/// and goes along as an objection; whether it matters is decided over there.
namespace dibs::redis {
namespace {

constexpr std::string_view kBadKey = "The idempotency key is not 1 to 64 visible ASCII characters.";

bool is_bad(std::string_view text) { return !text.empty() && !is_short_visible_text(text); }

/// The same as Rules::objection_to.
std::string_view objection_to(const sale::Buy& buy) {
  if (!is_buyer_id(buy.buyer.view())) return "The buyer's id is not one.";
  if (is_bad(buy.key.view())) return kBadKey;
  if (is_bad(buy.reference.view())) {
    return "The reference is not 1 to 64 visible ASCII characters.";
  }
  if (buy.lines.empty() || buy.lines.size() > limits::kItemsPerOrder) {
    return "An order has 1 to 16 items.";
  }
  for (std::size_t i = 0; i < buy.lines.size(); ++i) {
    const std::uint32_t quantity = buy.lines[i].quantity;
    if (quantity < 1 || quantity > limits::kQuantity) return "A quantity is 1 to 1,000.";
    if (i > 0 && !(buy.lines[i - 1].sku < buy.lines[i].sku)) return "An SKU is named twice.";
  }
  return {};
}

/// What sale::problem_of says of the members that a change gives, put into a spec in which nothing
/// else is wrong.
std::string objection_to_change(const sale::Put& put, bool free) {
  using sale::Put;
  sale::SaleSpec spec;
  spec.currency = "KRW";
  spec.items.push_back({SkuId("sku"), "", 0, 0});
  const sale::SaleSpec& given = put.spec;
  const auto present = [&put](Put::Member member) { return (put.present & member) != 0; };
  if (present(Put::kTitle)) spec.title = given.title;
  if (present(Put::kCurrency)) spec.currency = given.currency;
  if (present(Put::kItems)) spec.items = given.items;
  if (present(Put::kOpensAt)) spec.opens_at = given.opens_at;
  if (present(Put::kClosesAt)) spec.closes_at = given.closes_at;
  if (present(Put::kHoldSeconds)) spec.hold_seconds = given.hold_seconds;
  if (present(Put::kPaymentSeconds)) spec.payment_seconds = given.payment_seconds;
  if (present(Put::kPaymentAttempts)) spec.payment_attempts = given.payment_attempts;
  if (present(Put::kPromotionSeconds)) spec.promotion_seconds = given.promotion_seconds;
  if (present(Put::kLimitPerBuyer)) spec.limit_per_buyer = given.limit_per_buyer;
  if (present(Put::kLineLimit)) spec.line_limit = given.line_limit;
  if (present(Put::kCheckoutUrl)) spec.checkout_url = given.checkout_url;
  if (present(Put::kNotify)) spec.notify_url = given.notify_url;
  spec.payment = free ? sale::PaymentMode::none : sale::PaymentMode::provider;
  return sale::problem_of(spec).value_or("");
}

void pack_optional(const std::optional<Instant>& instant, Packer& out) {
  if (instant) {
    out.number(to_us(*instant));
  } else {
    out.flag(false);
  }
}

void pack_optional(const std::optional<std::string>& text, Packer& out) {
  if (text) {
    out.text(*text);
  } else {
    out.flag(false);
  }
}

/// In the order of Put::Member, as parts/spec.lua has it.
void pack_spec(const sale::SaleSpec& spec, Packer& out) {
  constexpr std::size_t kMembers = 16;
  static_assert(sale::Put::kTest == 1U << (kMembers - 1));
  out.array(kMembers);
  out.text(spec.title);
  out.text(spec.currency);
  out.array(spec.items.size());
  for (const sale::ItemSpec& item : spec.items) {
    out.array(4);
    out.text(item.sku.view());
    out.text(item.title);
    out.number(item.price);
    out.number(item.stock);
  }
  pack_optional(spec.opens_at, out);
  pack_optional(spec.closes_at, out);
  out.number(spec.hold_seconds);
  out.number(spec.payment_seconds);
  out.number(spec.payment_attempts);
  out.number(spec.promotion_seconds);
  out.text(std::to_string(spec.limit_per_buyer));
  if (spec.line_limit) {
    out.number(static_cast<std::int64_t>(*spec.line_limit));
  } else {
    out.flag(false);
  }
  out.text(to_word(spec.payment));
  pack_optional(spec.checkout_url, out);
  pack_optional(spec.notify_url, out);
  out.flag(spec.public_stock_hidden);
  out.flag(spec.test);
}

class Pack {
 public:
  explicit Pack(const sale::Command& command) : command_(command) {}

  std::string word() {
    std::visit(*this, command_.action);
    return out_.take();
  }

  void operator()(const sale::Buy& buy) {
    const std::string_view objection = objection_to(buy);
    if (buy.lines.size() == 1 && objection.empty() && command_.actor.empty() &&
        command_.owner.empty()) {
      return plain(buy);
    }
    begin("buy", 5 + 2 * buy.lines.size());
    out_.text(order_word(buy.order));
    out_.text(objection);
    out_.text(buy.buyer.view());
    out_.text(buy.key.view());
    out_.text(buy.reference.view());
    for (const sale::OrderLine& line : buy.lines) {
      out_.text(line.sku.view());
      out_.number(line.quantity);
    }
  }

  void operator()(const sale::BeginPayment& c) { order("begin", c.order); }
  void operator()(const sale::PaymentSucceeded& c) { order("succeed", c.order, c.captured); }
  void operator()(const sale::PaymentFailed& c) { order("fail", c.order); }
  void operator()(const sale::CaptureSettled& c) { order("capture", c.order, c.captured); }
  void operator()(const sale::Release& c) {
    const bool failed = c.reason == sale::Reason::payment_failed;
    begin("release", 2);
    out_.text(order_word(c.order));
    out_.text(sale::to_text(failed ? sale::Reason::payment_failed : sale::Reason::cancelled));
  }
  void operator()(const sale::Cancel& c) { order("cancel", c.order); }
  void operator()(const sale::Refund& c) { order("refund", c.order, c.restock); }
  void operator()(const sale::RefundSettled& c) { order("refund_settled", c.order); }

  void operator()(const sale::Put& put) {
    begin("put", 5);
    pack_spec(put.spec, out_);
    out_.number(put.present);
    out_.text(sale::problem_of(put.spec).value_or(""));
    out_.text(objection_to_change(put, false));
    out_.text(objection_to_change(put, true));
  }
  void operator()(const sale::Pause&) { begin("pause", 0); }
  void operator()(const sale::Resume&) { begin("resume", 0); }
  void operator()(const sale::Restart& c) {
    begin("restart", 1);
    out_.number(to_us(c.downtime));
  }
  void operator()(const sale::Close&) { begin("close", 0); }
  void operator()(const sale::Restock& c) {
    begin("restock", 4);
    out_.text(c.sku.view());
    out_.number(c.delta);
    out_.text(c.key.view());
    out_.text(is_bad(c.key.view()) ? kBadKey : std::string_view());
  }
  void operator()(const sale::Remove&) { begin("remove", 0); }
  void operator()(const sale::Archive& c) {
    begin("archive", 2);
    out_.number(static_cast<std::int64_t>(c.seq.value()));
    out_.text(hash_word(c.file_hash));
  }

 private:
  void begin(std::string_view name, std::size_t values) {
    out_.array(3 + values);
    out_.text(name);
    out_.text(command_.actor);
    out_.text(command_.owner.view());
  }

  /// Not as MessagePack: see unpack_command of apply.lua. An SKU that is no id is no item's.
  void plain(const sale::Buy& buy) {
    const sale::OrderLine& line = buy.lines.front();
    out_.raw("b");
    out_.short_text(order_word(buy.order));
    out_.short_text(buy.buyer.view());
    out_.short_text(is_sale_or_sku_id(line.sku.view()) ? line.sku.view() : "?");
    out_.short_text(buy.key.view());
    out_.short_text(buy.reference.view());
    static_assert(limits::kQuantity <= UINT16_MAX);
    out_.raw(std::string{static_cast<char>(line.quantity), static_cast<char>(line.quantity >> 8U)});
  }

  void order(std::string_view name, const OrderKey& key) {
    begin(name, 1);
    out_.text(order_word(key));
  }
  void order(std::string_view name, const OrderKey& key, bool argument) {
    begin(name, 2);
    out_.text(order_word(key));
    out_.flag(argument);
  }

  const sale::Command& command_;
  Packer out_;
};

std::vector<std::string> call(std::string_view how, const std::string& function,
                              const SaleId& sale) {
  const auto keys = keys_of(sale);
  std::vector<std::string> words{std::string(how), function, std::to_string(keys.size())};
  words.insert(words.end(), keys.begin(), keys.end());
  return words;
}

std::string time_word(const BatchContext& context) {
  return context.now ? std::to_string(to_us(*context.now)) : std::string();
}

}  // namespace

std::vector<std::string> keys_of(const SaleId& sale) {
  std::vector<std::string> keys;
  for (const char* name :
       {"meta", "items", "orders", "buyers", "keys", "line", "due", "events", "arrivals"}) {
    keys.push_back("dibs:{" + sale.value() + "}:" + name);
  }
  return keys;
}

std::string events_key(const SaleId& sale) { return "dibs:{" + sale.value() + "}:events"; }
std::string arrivals_key(const SaleId& sale) { return "dibs:{" + sale.value() + "}:arrivals"; }

std::vector<std::string> words_of(const Library& library, const BatchContext& context,
                                  std::span<const sale::Command* const> commands) {
  DIBS_ASSERT(commands.size() <= kCommandsPerCall);
  std::vector<std::string> words = call("FCALL", library.apply(), context.sale);
  words.push_back(context.epoch);
  words.push_back(context.fresh_epoch);
  words.push_back(std::to_string(context.known.value()));
  words.push_back(std::to_string(context.min_seq.value()));
  words.push_back(time_word(context));
  words.push_back(std::to_string(to_us(context.away_after)));
  words.emplace_back(context.writes ? "1" : "");
  for (const sale::Command* command : commands) words.push_back(Pack(*command).word());
  return words;
}

std::vector<std::string> words_of_look(const Library& library, const BatchContext& context) {
  std::vector<std::string> words = call("FCALL_RO", library.look(), context.sale);
  words.push_back(context.epoch);
  words.push_back(std::to_string(context.min_seq.value()));
  words.push_back(time_word(context));
  return words;
}

}  // namespace dibs::redis
