#include <array>

#include "base/limits.h"
#include "sale/codec.h"
#include "sale/event.h"

/// The packed form of events; docs/formats/events.md is its description. A tag is never given a
/// second meaning: a changed fact gets a new tag.
namespace dibs::sale {
namespace {

enum class Tag : std::uint8_t {
  created = 1,
  changed = 2,
  opened = 3,
  paused = 4,
  resumed = 5,
  closed = 6,
  stock_changed = 7,
  line_ended = 8,
  line_shut = 9,
  line_reopened = 10,
  removed = 11,
  archived = 12,
  accepted = 32,
  promoted = 33,
  paying = 34,
  declined = 35,
  paid = 36,
  money_moved = 37,
  refund_due = 38,
  released = 39,
  ended_sold_out = 40,
  paying_in_time = 41,
};

template <class Enum>
Enum get_enum(ByteReader& in, Enum last) {
  return static_cast<Enum>(get_number(in, static_cast<std::uint64_t>(last)));
}

template <class Enum>
void put_enum(Enum value, ByteWriter& out) {
  out.u8(static_cast<std::uint8_t>(value));
}

void put_ref(const OrderRef& order, ByteWriter& out) {
  put_key(order.key, out);
  out.number(order.arrival.value());
}

OrderRef get_ref(ByteReader& in) {
  OrderRef order;
  order.key = get_key(in);
  order.arrival = Arrival(in.number());
  return order;
}

void put_lines(const std::vector<OrderLine>& lines, ByteWriter& out) {
  out.number(lines.size());
  for (const OrderLine& line : lines) {
    out.text(line.sku.view());
    out.number(line.quantity);
    out.signed_number(line.price);
  }
}

std::vector<OrderLine> get_lines(ByteReader& in) {
  std::vector<OrderLine> lines;
  const std::uint64_t count = get_number(in, limits::kItemsPerOrder);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    OrderLine& line = lines.emplace_back();
    line.sku = get_text<SkuId>(in, is_sale_or_sku_id);
    line.quantity = static_cast<std::uint32_t>(get_number(in, limits::kQuantity));
    line.price = in.signed_number();
  }
  return lines;
}

SkuId get_sku(ByteReader& in) { return get_text<SkuId>(in, is_sale_or_sku_id); }

class Encode {
 public:
  explicit Encode(ByteWriter& out) : out_(out) {}

  void operator()(const Created& f) { put_spec(f.spec, out_); }
  void operator()(const Changed& f) { put_spec(f.spec, out_); }
  void operator()(const Opened&) {}
  void operator()(const Paused&) {}
  void operator()(const Resumed& f) {
    out_.signed_number(f.shift.count());
    put_flag(f.restart, out_);
  }
  void operator()(const Closed&) {}
  void operator()(const StockChanged& f) {
    out_.text(f.sku.view());
    out_.signed_number(f.delta);
    out_.text(f.key.view());
  }
  void operator()(const LineEnded& f) {
    out_.text(f.sku.view());
    out_.number(f.upto.value());
    put_flag(f.by_close, out_);
  }
  void operator()(const LineShut& f) {
    out_.text(f.sku.view());
    out_.number(f.refused.value());
  }
  void operator()(const LineReopened& f) { out_.text(f.sku.view()); }
  void operator()(const Removed&) {}
  void operator()(const Archived& f) {
    for (const std::uint8_t byte : f.file_hash) out_.u8(byte);
  }
  void operator()(const Accepted& f) {
    put_ref(f.order, out_);
    put_enum(f.state, out_);
    put_instant(f.received, out_);
    out_.text(f.buyer.view());
    out_.text(f.key.view());
    out_.text(f.reference.view());
    put_lines(f.lines, out_);
    put_optional(f.expires_at, out_);
  }
  void operator()(const Promoted& f) {
    put_ref(f.order, out_);
    put_enum(f.state, out_);
    put_optional(f.expires_at, out_);
  }
  void operator()(const Paying& f) {
    put_ref(f.order, out_);
    out_.number(f.attempt);
    put_instant(f.expires_at, out_);
  }
  void operator()(const Declined& f) { put_ref(f.order, out_); }
  void operator()(const Paid& f) {
    put_ref(f.order, out_);
    put_enum(f.money, out_);
    put_flag(f.late, out_);
  }
  void operator()(const MoneyMoved& f) {
    put_ref(f.order, out_);
    put_enum(f.money, out_);
  }
  void operator()(const RefundDue& f) { put_ref(f.order, out_); }
  void operator()(const Released& f) {
    put_ref(f.order, out_);
    put_enum(f.reason, out_);
    put_enum(f.money, out_);
  }
  void operator()(const EndedSoldOut& f) { put_ref(f.order, out_); }

 private:
  ByteWriter& out_;
};

struct TagOf {
  Tag operator()(const Created&) const { return Tag::created; }
  Tag operator()(const Changed&) const { return Tag::changed; }
  Tag operator()(const Opened&) const { return Tag::opened; }
  Tag operator()(const Paused&) const { return Tag::paused; }
  Tag operator()(const Resumed&) const { return Tag::resumed; }
  Tag operator()(const Closed&) const { return Tag::closed; }
  Tag operator()(const StockChanged&) const { return Tag::stock_changed; }
  Tag operator()(const LineEnded&) const { return Tag::line_ended; }
  Tag operator()(const LineShut&) const { return Tag::line_shut; }
  Tag operator()(const LineReopened&) const { return Tag::line_reopened; }
  Tag operator()(const Removed&) const { return Tag::removed; }
  Tag operator()(const Archived&) const { return Tag::archived; }
  Tag operator()(const Accepted&) const { return Tag::accepted; }
  Tag operator()(const Promoted&) const { return Tag::promoted; }
  Tag operator()(const Paying& f) const { return f.extends ? Tag::paying : Tag::paying_in_time; }
  Tag operator()(const Declined&) const { return Tag::declined; }
  Tag operator()(const Paid&) const { return Tag::paid; }
  Tag operator()(const MoneyMoved&) const { return Tag::money_moved; }
  Tag operator()(const RefundDue&) const { return Tag::refund_due; }
  Tag operator()(const Released&) const { return Tag::released; }
  Tag operator()(const EndedSoldOut&) const { return Tag::ended_sold_out; }
};

Archived get_archived(ByteReader& in) {
  Archived f;
  for (std::uint8_t& byte : f.file_hash) byte = in.u8();
  return f;
}

Accepted get_accepted(ByteReader& in) {
  Accepted f;
  f.order = get_ref(in);
  f.state = get_enum(in, OrderState::closed);
  f.received = get_instant(in);
  f.buyer = get_text<BuyerId>(in, is_buyer_id);
  f.key = get_short_text<IdempotencyKey>(in);
  f.reference = get_short_text<Reference>(in);
  f.lines = get_lines(in);
  f.expires_at = get_optional_instant(in);
  return f;
}

// Braced lists evaluate from left to right, so each field below is read in its turn.
std::optional<Fact> get_fact(std::uint8_t tag, ByteReader& in) {
  switch (static_cast<Tag>(tag)) {
    case Tag::created:
      return Created{get_spec(in)};
    case Tag::changed:
      return Changed{get_spec(in)};
    case Tag::opened:
      return Opened{};
    case Tag::paused:
      return Paused{};
    case Tag::resumed:
      return Resumed{Duration(in.signed_number()), get_flag(in)};
    case Tag::closed:
      return Closed{};
    case Tag::stock_changed:
      return StockChanged{get_sku(in), in.signed_number(), get_short_text<IdempotencyKey>(in)};
    case Tag::line_ended:
      return LineEnded{get_sku(in), Arrival(in.number()), get_flag(in)};
    case Tag::line_shut:
      return LineShut{get_sku(in), Arrival(in.number())};
    case Tag::line_reopened:
      return LineReopened{get_sku(in)};
    case Tag::removed:
      return Removed{};
    case Tag::archived:
      return get_archived(in);
    case Tag::accepted:
      return get_accepted(in);
    case Tag::promoted:
      return Promoted{get_ref(in), get_enum(in, OrderState::closed), get_optional_instant(in)};
    case Tag::paying:
    case Tag::paying_in_time:
      return Paying{get_ref(in), static_cast<std::uint32_t>(get_number(in, UINT32_MAX)),
                    get_instant(in), static_cast<Tag>(tag) == Tag::paying};
    case Tag::declined:
      return Declined{get_ref(in)};
    case Tag::paid:
      return Paid{get_ref(in), get_enum(in, Money::refunded), get_flag(in)};
    case Tag::money_moved:
      return MoneyMoved{get_ref(in), get_enum(in, Money::refunded)};
    case Tag::refund_due:
      return RefundDue{get_ref(in)};
    case Tag::released:
      return Released{get_ref(in), get_enum(in, Reason::refunded), get_enum(in, Money::refunded)};
    case Tag::ended_sold_out:
      return EndedSoldOut{get_ref(in)};
  }
  return std::nullopt;
}

}  // namespace

void encode(const Event& event, ByteWriter& out) {
  out.u8(static_cast<std::uint8_t>(std::visit(TagOf{}, event.fact)));
  out.number(event.seq.value());
  put_instant(event.at, out);
  out.text(event.actor);
  std::visit(Encode(out), event.fact);
}

std::optional<Event> decode(ByteReader& in) {
  const std::uint8_t tag = in.u8();
  Event event;
  event.seq = Seq(in.number());
  event.at = get_instant(in);
  event.actor = std::string(in.text());
  auto fact = get_fact(tag, in);
  if (!fact) in.refuse();
  if (!in.ok()) return std::nullopt;
  event.fact = *std::move(fact);
  return event;
}

}  // namespace dibs::sale
