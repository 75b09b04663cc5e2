#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/limits.h"
#include "redis/call.h"
#include "redis/fields.h"

/// Events as the functions append them to a sale's stream: docs/formats/redis.md.
namespace dibs::redis {
namespace {

using sale::Fact;

/// Takes the word up to the next blank off `text`.
std::string_view take_word(std::string_view& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

std::int64_t take_number(std::string_view& text, Fields& in) {
  const std::string_view word = take_word(text);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (word.empty() || error != std::errc() || end != word.data() + word.size()) in.fail();
  return value;
}

sale::OrderRef ref_of(Fields& in) {
  return {in.word("order", order_key), Arrival(in.count("arrival"))};
}

SkuId sku_of(Fields& in) { return SkuId(std::string(in.text("sku"))); }

std::optional<std::string> optional_string(Fields& in, std::string_view name) {
  const auto text = in.optional_text(name);
  if (!text) return std::nullopt;
  return std::string(*text);
}

sale::SaleSpec spec_of(Fields& in) {
  sale::SaleSpec spec;
  spec.title = std::string(in.text("title"));
  spec.currency = std::string(in.text("currency"));
  in.each("item", [&](std::string_view text) {
    sale::ItemSpec& item = spec.items.emplace_back();
    item.sku = SkuId(std::string(take_word(text)));
    item.price = take_number(text, in);
    item.stock = take_number(text, in);
    item.title = std::string(text);
  });
  spec.opens_at = in.instant("opens_at");
  spec.closes_at = in.optional_instant("closes_at");
  spec.hold_seconds = in.number("hold_seconds");
  spec.payment_seconds = in.number("payment_seconds");
  spec.payment_attempts = static_cast<std::uint32_t>(in.number("payment_attempts"));
  spec.promotion_seconds = in.number("promotion_seconds");
  const std::string_view limit = in.text("limit_per_buyer");
  std::from_chars(limit.data(), limit.data() + limit.size(), spec.limit_per_buyer);
  if (const auto line = in.optional_number("line_limit")) {
    spec.line_limit = static_cast<std::uint64_t>(*line);
  }
  spec.payment = in.word("payment", to_payment);
  spec.checkout_url = optional_string(in, "checkout_url");
  spec.notify_url = optional_string(in, "notify");
  spec.public_stock_hidden = in.find("public_stock") != nullptr;
  spec.test = in.find("test") != nullptr;
  return spec;
}

sale::Accepted accepted_of(Fields& in) {
  sale::Accepted f;
  f.order = ref_of(in);
  f.state = in.word("state", to_state);
  f.received = in.instant("received");
  f.buyer = BuyerId(std::string(in.text("buyer")));
  f.key = IdempotencyKey(std::string(in.text("key")));
  f.reference = Reference(std::string(in.text("reference")));
  std::string_view lines = in.text("lines");
  while (!lines.empty() && f.lines.size() < limits::kItemsPerOrder) {
    sale::OrderLine& line = f.lines.emplace_back();
    line.sku = SkuId(std::string(take_word(lines)));
    line.quantity = static_cast<std::uint32_t>(take_number(lines, in));
    line.price = take_number(lines, in);
  }
  f.expires_at = in.optional_instant("expires_at");
  return f;
}

using Read = Fact (*)(Fields&);

const std::map<std::string_view, Read, std::less<>>& readers() {
  static const std::map<std::string_view, Read, std::less<>> table{
      {"created", [](Fields& in) -> Fact { return sale::Created{spec_of(in)}; }},
      {"changed", [](Fields& in) -> Fact { return sale::Changed{spec_of(in)}; }},
      {"opened", [](Fields&) -> Fact { return sale::Opened{}; }},
      {"paused", [](Fields&) -> Fact { return sale::Paused{}; }},
      {"resumed",
       [](Fields& in) -> Fact { return sale::Resumed{in.duration("shift"), in.flag("restart")}; }},
      {"closed", [](Fields&) -> Fact { return sale::Closed{}; }},
      {"stock_changed",
       [](Fields& in) -> Fact {
         return sale::StockChanged{sku_of(in), in.number("delta"),
                                   IdempotencyKey(std::string(in.text("key")))};
       }},
      {"line_ended",
       [](Fields& in) -> Fact {
         return sale::LineEnded{sku_of(in), Arrival(in.count("upto")), in.flag("by_close")};
       }},
      {"line_shut",
       [](Fields& in) -> Fact { return sale::LineShut{sku_of(in), Arrival(in.count("refused"))}; }},
      {"line_reopened", [](Fields& in) -> Fact { return sale::LineReopened{sku_of(in)}; }},
      {"removed", [](Fields&) -> Fact { return sale::Removed{}; }},
      {"archived",
       [](Fields& in) -> Fact { return sale::Archived{in.word("file_hash", file_hash)}; }},
      {"accepted", [](Fields& in) -> Fact { return accepted_of(in); }},
      {"promoted",
       [](Fields& in) -> Fact {
         return sale::Promoted{ref_of(in), in.word("state", to_state),
                               in.optional_instant("expires_at")};
       }},
      {"paying",
       [](Fields& in) -> Fact {
         return sale::Paying{ref_of(in), static_cast<std::uint32_t>(in.number("attempt")),
                             in.instant("expires_at"), in.flag("extends")};
       }},
      {"declined", [](Fields& in) -> Fact { return sale::Declined{ref_of(in)}; }},
      {"paid",
       [](Fields& in) -> Fact {
         return sale::Paid{ref_of(in), in.word("money", to_money), in.flag("late")};
       }},
      {"money_moved",
       [](Fields& in) -> Fact { return sale::MoneyMoved{ref_of(in), in.word("money", to_money)}; }},
      {"refund_due", [](Fields& in) -> Fact { return sale::RefundDue{ref_of(in)}; }},
      {"released",
       [](Fields& in) -> Fact {
         return sale::Released{ref_of(in), in.word("reason", to_reason),
                               in.word("money", to_money)};
       }},
      {"ended_sold_out", [](Fields& in) -> Fact { return sale::EndedSoldOut{ref_of(in)}; }}};
  return table;
}

std::unexpected<Fault> no_event(std::string_view id) {
  return fault(FaultKind::corrupt,
               "Entry " + std::string(id) + " of a sale's stream of events is not an event.",
               "Look at it with XRANGE; something else than Dibs has written there.");
}

/// Whether it keeps every bound that the packed form has. What was written to the stream by hand
/// may not, and must not get into a replica, a ledger or Kafka: rules and readers rely on these
/// bounds.
bool is_within_bounds(const sale::Event& event) {
  thread_local std::string packed;
  packed.clear();
  ByteWriter out(packed);
  sale::encode(event, out);
  ByteReader in(packed);
  return sale::decode(in) == event;
}

}  // namespace

Result<sale::Event> decode_event(const redisReply& entry) {
  const auto parts = elements(entry);
  if (parts.size() != 2) return no_event("(none)");
  const std::string_view id = text_of(*parts[0]).value_or("");
  const std::string_view digits = id.substr(0, std::min(id.find('-'), id.size()));
  std::uint64_t seq = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seq);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  if (!whole || id.substr(digits.size()) != "-0") return no_event(id);

  Fields in(*parts[1]);
  const auto reader = readers().find(in.text("type"));
  if (reader == readers().end()) return no_event(id);
  sale::Event event;
  event.seq = Seq(seq);
  event.at = in.instant("at");
  event.actor = std::string(in.optional_text("actor").value_or(""));
  event.fact = reader->second(in);
  if (!in.ok() || !is_within_bounds(event)) return no_event(id);
  return event;
}

}  // namespace dibs::redis
