#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>

#include <array>
#include <utility>

#include "base/limits.h"
#include "events/cloud_event.h"
#include "events/json_members.h"

namespace dibs::events {
namespace {

namespace json = boost::json;

/// What most events take as a tree, and some more; larger ones go to the heap.
constexpr std::size_t kTreeBytes = 8'192;

constexpr std::int64_t kNsPerMs = 1'000'000;

/// Reads `data` as the fact that `type` names.
class DataReader {
 public:
  DataReader(const json::value* data, const SaleId& sale, Objection& objection)
      : members_(data, "data", objection), sale_(sale), objection_(objection) {}

  std::optional<sale::Fact> read(std::string_view type);
  void finish() { members_.finish(); }

 private:
  sale::OrderRef order();
  SkuId sku(JsonMembers& members) { return SkuId(members.text("sku", is_sale_or_sku_id)); }
  Arrival arrival(std::string_view name) { return Arrival(members_.number(name, 0, UINT64_MAX)); }
  /// Calls `read` with each element of the array `items`.
  template <class Read>
  void each_item(std::uint64_t most, const Read& read);

  sale::SaleSpec spec();
  sale::Resumed resumed();
  sale::StockChanged stock_changed();
  sale::LineEnded line_ended();
  sale::Archived archived();
  sale::Accepted accepted();
  sale::Promoted promoted();
  sale::Paying paying();
  sale::Paid paid();
  sale::Money money() { return members_.named("money", sale::Money::refunded); }
  sale::OrderState state() { return members_.named("state", sale::OrderState::closed); }

  JsonMembers members_;
  const SaleId& sale_;
  Objection& objection_;
};

sale::OrderRef DataReader::order() {
  const auto id = parse_order_id(members_.text("order"));
  if (!id || id->sale != sale_) members_.wrong("order");
  return {id ? id->key : OrderKey{}, arrival("arrival")};
}

template <class Read>
void DataReader::each_item(std::uint64_t most, const Read& read) {
  const json::value* found = members_.require("items");
  const json::array* items = found == nullptr ? nullptr : found->if_array();
  if (items == nullptr || items->size() > most) return members_.wrong("items");
  for (const json::value& item : *items) {
    JsonMembers members(&item, "an item", objection_);
    read(members);
    members.finish();
  }
}

sale::SaleSpec DataReader::spec() {
  sale::SaleSpec spec;
  spec.title = members_.text("title");
  spec.currency = members_.text("currency");
  each_item(limits::kItemsPerSale, [&](JsonMembers& item) {
    spec.items.push_back({sku(item), item.text("title"), item.integer("price", 0, limits::kPrice),
                          item.integer("stock", 0, limits::kStock)});
  });
  spec.opens_at = members_.optional_instant("opens_at");
  spec.closes_at = members_.optional_instant("closes_at");
  spec.hold_seconds = members_.integer("hold_seconds", 1, limits::kHoldSecondsMax);
  spec.payment_seconds = members_.integer("payment_seconds", 0, limits::kHoldSecondsMax);
  spec.payment_attempts =
      static_cast<std::uint32_t>(members_.number("payment_attempts", 1, UINT32_MAX));
  spec.promotion_seconds = members_.integer("promotion_seconds", 1, limits::kHoldSecondsMax);
  spec.limit_per_buyer = members_.number("limit_per_buyer", 1, UINT64_MAX);
  spec.line_limit = members_.optional_number("line_limit");
  spec.payment = members_.named("payment", sale::PaymentMode::none);
  spec.checkout_url = members_.optional_text("checkout_url");
  if (const json::value* notify = members_.find("notify")) {
    JsonMembers target(notify, "notify", objection_);
    spec.notify_url = target.text("url");
    target.finish();
  }
  spec.public_stock_hidden = members_.second_of("public_stock", "exact", "hidden");
  spec.test = members_.flag("test");
  if (const auto problem = sale::problem_of(spec)) objection_.note("data's " + *problem);
  return spec;
}

sale::Resumed DataReader::resumed() {
  constexpr std::int64_t kMost = INT64_MAX / kNsPerMs - 1;
  const std::int64_t ms = members_.integer("shift_ms", -kMost, kMost);
  const std::int64_t rest = members_.integer("shift_rest_ns", 0, kNsPerMs - 1);
  return {Duration(ms * kNsPerMs + rest), members_.flag("restart")};
}

sale::StockChanged DataReader::stock_changed() {
  return {sku(members_), members_.integer("delta", -limits::kStock, limits::kStock),
          IdempotencyKey(members_.optional_text("idempotency_key", is_short_visible_text))};
}

sale::LineEnded DataReader::line_ended() {
  return {sku(members_), arrival("upto_arrival"),
          members_.second_of("reason", "sold_out", "closed")};
}

sale::Archived DataReader::archived() {
  const auto hash = parse_hash(members_.text("file_sha256"));
  if (!hash) members_.wrong("file_sha256");
  return {hash.value_or(sale::FileHash{})};
}

sale::Accepted DataReader::accepted() {
  sale::Accepted fact;
  fact.order = order();
  fact.state = state();
  fact.received = members_.instant("received_at");
  fact.buyer = BuyerId(members_.text("buyer", is_buyer_id));
  fact.key = IdempotencyKey(members_.optional_text("idempotency_key", is_short_visible_text));
  fact.reference = Reference(members_.optional_text("reference", is_short_visible_text));
  each_item(limits::kItemsPerOrder, [&](JsonMembers& item) {
    fact.lines.push_back({sku(item),
                          static_cast<std::uint32_t>(item.number("quantity", 0, limits::kQuantity)),
                          item.integer("price", INT64_MIN, INT64_MAX)});
  });
  fact.expires_at = members_.optional_instant("expires_at");
  return fact;
}

sale::Promoted DataReader::promoted() {
  return {order(), state(), members_.optional_instant("expires_at")};
}

sale::Paying DataReader::paying() {
  return {order(), static_cast<std::uint32_t>(members_.number("attempt", 0, UINT32_MAX)),
          members_.instant("expires_at"), members_.flag("extends")};
}

sale::Paid DataReader::paid() { return {order(), money(), members_.flag("late")}; }

// Braced lists evaluate from left to right, so each member below is asked for once.
std::optional<sale::Fact> DataReader::read(std::string_view type) {
  if (type == "dibs.sale.created") return sale::Created{spec()};
  if (type == "dibs.sale.changed") return sale::Changed{spec()};
  if (type == "dibs.sale.opened") return sale::Opened{};
  if (type == "dibs.sale.paused") return sale::Paused{};
  if (type == "dibs.sale.resumed") return resumed();
  if (type == "dibs.sale.closed") return sale::Closed{};
  if (type == "dibs.sale.stock_changed") return stock_changed();
  if (type == "dibs.sale.line_ended") return line_ended();
  if (type == "dibs.sale.line_shut") {
    return sale::LineShut{sku(members_), arrival("refused_arrival")};
  }
  if (type == "dibs.sale.line_reopened") return sale::LineReopened{sku(members_)};
  if (type == "dibs.sale.removed") return sale::Removed{};
  if (type == "dibs.sale.archived") return archived();
  if (type == "dibs.order.held" || type == "dibs.order.waiting") return accepted();
  if (type == "dibs.order.paid") {
    // A buy with nothing to pay is paid at once, and says all that a buy says.
    if (members_.has("items")) return accepted();
    return paid();
  }
  if (type == "dibs.order.promoted") return promoted();
  if (type == "dibs.order.paying") return paying();
  if (type == "dibs.order.declined") return sale::Declined{order()};
  if (type == "dibs.order.captured" || type == "dibs.order.voided" ||
      type == "dibs.order.refunded") {
    return sale::MoneyMoved{order(), money()};
  }
  if (type == "dibs.order.refund_due") return sale::RefundDue{order()};
  if (type == "dibs.order.released") {
    return sale::Released{order(), members_.named("reason", sale::Reason::refunded), money()};
  }
  if (type == "dibs.order.sold_out") return sale::EndedSoldOut{order()};
  return std::nullopt;
}

ChainHash hash_of(JsonMembers& members, std::string_view name) {
  const auto hash = parse_hash(members.text(name));
  if (!hash) members.wrong(name);
  return hash.value_or(ChainHash{});
}

/// The attributes around `data`, in any order.
ChainedEvent read_event(const json::value& root, Objection& objection) {
  JsonMembers members(&root, "the event", objection);
  ChainedEvent out;
  if (members.text("specversion") != "1.0") members.wrong("specversion");
  const std::int64_t schema = members.integer("schemaversion", 1, INT64_MAX);
  if (schema != kSchemaVersion) {
    objection.note("its schema is " + std::to_string(schema) + ", and this program knows only " +
                   std::to_string(kSchemaVersion));
  }
  out.sale = SaleId(members.text("sale", is_sale_or_sku_id));
  out.event.seq = Seq(members.number("seq", 1, UINT64_MAX));
  out.epoch = members.text("epoch", is_short_visible_text);
  out.event.at = members.instant("time");
  if (members.has("test")) out.test = members.flag("test");
  out.event.actor = members.optional_text("actor").value_or("");
  out.previous = hash_of(members, "previous");
  out.hash = hash_of(members, "hash");
  const std::string& sale = out.sale.value();
  if (members.text("id") != sale + ":" + std::to_string(out.event.seq.value())) members.wrong("id");
  if (members.text("source") != "/v1/sales/" + sale) members.wrong("source");
  const std::string type = members.text("type");
  DataReader data(members.require("data"), out.sale, objection);
  auto fact = data.read(type);
  if (!fact) {
    objection.note("its type " + type + " is unknown");
    return out;
  }
  data.finish();
  members.finish();
  out.event.fact = *std::move(fact);
  if (sale::type_of(out.event) != type) members.wrong("type");
  return out;
}

std::unexpected<Fault> no_event(const std::string& why) {
  return fault(FaultKind::corrupt, "This is no event that can be read: " + why + ".",
               "If a newer Dibs has written it, read it with that; if something else writes to "
               "where events are kept, stop it.");
}

}  // namespace

Result<ChainedEvent> parse_cloud_event(std::string_view text) {
  std::array<unsigned char, kTreeBytes> tree;
  json::monotonic_resource memory(tree.data(), tree.size());
  json::parse_options options;
  options.allow_invalid_utf8 = true;  // a name that the store took must not stop its readers
  json::error_code error;
  const json::value root = json::parse(text, error, &memory, options);
  if (error) return no_event("it is not JSON (" + error.message() + ")");
  Objection objection;
  ChainedEvent event = read_event(root, objection);
  if (!objection.any() && chain_hash(event.previous, event.sale, event.event) != event.hash) {
    objection.note("its hash is not that of what it says");
  }
  if (objection.any()) return no_event(objection.what);
  return event;
}

}  // namespace dibs::events
