#include "sale/snapshot.h"

#include <array>

#include "base/bytes.h"
#include "base/limits.h"
#include "sale/codec.h"
#include "sale/laws.h"

namespace dibs::sale {
namespace {

/// Whether there is a sale, and whether there can be one.
enum class Life : std::uint8_t { none = 0, exists = 1, archived = 2 };

void put_life(const State& state, ByteWriter& out) {
  const Life life = state.exists() ? Life::exists : state.archived ? Life::archived : Life::none;
  out.u8(static_cast<std::uint8_t>(life));
}

void put_sale(const State& state, ByteWriter& out) {
  put_spec(*state.spec, out);
  put_flag(state.opened, out);
  put_flag(state.paused, out);
  put_flag(state.closed, out);
  if (state.paused) put_instant(state.paused_at, out);
  for (const Item& item : state.items) {
    out.signed_number(item.total);
    out.signed_number(item.held);
    out.signed_number(item.sold);
    out.signed_number(item.restocked);
    out.number(item.line.places_given());
    put_flag(item.shut, out);
  }
  out.number(state.restocks.size());
  for (const auto& [key, restock] : state.restocks) {
    out.text(key);
    out.text(restock.sku.view());
    out.signed_number(restock.delta);
  }
}

/// What follows from the rest is left out: lines, holds, allowances. What no rule can ask for any
/// more is left out too: the deadline of an order that holds nothing, a place in a line left.
void put_order(const State& state, OrderIndex order, ByteWriter& out) {
  const StoredOrder& o = state.book.at(order);
  const OrderState where = state.state_of(order);
  put_key(o.key, out);
  out.number(o.arrival.value());
  put_instant(from_ns(o.received_ns), out);
  out.number(state.seq_of(order).value());
  out.text(state.book.buyer_text(o.buyer));
  out.text(state.book.key_text(order));
  out.text(state.book.reference_text(order));
  out.u8(static_cast<std::uint8_t>(where));
  out.u8(static_cast<std::uint8_t>(o.money));
  out.u8(static_cast<std::uint8_t>(o.reason));
  out.number(o.declines);
  put_flag(o.extended, out);
  if (holds_units(where)) put_instant(state.expires_at(order), out);
  const auto lines = state.book.lines(order);
  out.number(lines.size());
  for (const StoredLine& line : lines) {
    out.number(line.item);
    out.number(line.quantity);
    if (where == OrderState::waiting) out.number(line.place);
  }
}

class Load {
 public:
  Load(std::string_view bytes, State& state) : in_(bytes), state_(state) {}

  std::string run() {
    const std::uint64_t format = in_.number();
    if (in_.ok() && format != kSnapshotFormat) {
      return "its format is " + std::to_string(format) + ", this program reads " +
             std::to_string(kSnapshotFormat) + ".";
    }
    state_.seq = Seq(in_.number());
    state_.last_at = get_instant(in_);
    const Life life = get_enum(Life::archived);
    state_.archived = life == Life::archived;
    if (life == Life::exists) {
      get_sale();
      const std::uint64_t orders = get_number(in_, kNoOrder - 1);
      for (std::uint64_t i = 0; i < orders && in_.ok(); ++i) get_order();
    }
    if (!in_.finished()) return "a field is malformed, missing or too many.";
    state_.touch_all();  // it may have been saved between two steps
    const auto differences = recount(state_);
    return differences.empty() ? std::string() : differences.front() + ".";
  }

 private:
  void get_sale() {
    set_spec(state_, get_spec(in_));
    if (in_.ok() && !state_.spec->opens_at) in_.refuse();
    state_.opened = get_flag(in_);
    state_.paused = get_flag(in_);
    state_.closed = get_flag(in_);
    if (state_.paused) state_.paused_at = get_instant(in_);
    for (Item& item : state_.items) {
      item.total = in_.signed_number();
      item.held = in_.signed_number();
      item.sold = in_.signed_number();
      item.restocked = in_.signed_number();
      for (const std::int64_t figure : {item.total, item.held, item.sold}) {
        if (figure < 0 || figure > limits::kStock) in_.refuse();
      }
      if (item.restocked < -limits::kStock || item.restocked > limits::kStock) in_.refuse();
      item.available = item.total - item.held - item.sold;
      item.line.set_places_given(static_cast<std::uint32_t>(get_number(in_, UINT32_MAX)));
      item.shut = get_flag(in_);
    }
    const std::uint64_t restocks = in_.number();
    for (std::uint64_t i = 0; i < restocks && in_.ok(); ++i) get_restock();
  }

  void get_restock() {
    auto key = get_text<IdempotencyKey>(in_, is_short_visible_text);
    RestockRecord record;
    record.sku = get_text<SkuId>(in_, is_sale_or_sku_id);
    record.delta = in_.signed_number();
    const bool is_new = state_.restocks.emplace(key.value(), std::move(record)).second;
    if (!is_new) in_.refuse();
  }

  template <class Enum>
  Enum get_enum(Enum last) {
    return static_cast<Enum>(get_number(in_, static_cast<std::uint64_t>(last)));
  }

  void get_order() {
    NewOrder order;
    order.key = get_key(in_);
    order.arrival = Arrival(in_.number());
    order.received_ns = to_ns(get_instant(in_));
    const Seq seq(in_.number());
    const auto buyer = get_text<BuyerId>(in_, is_buyer_id);
    const auto key = get_short_text<IdempotencyKey>(in_);
    const auto reference = get_short_text<Reference>(in_);
    order.buyer = buyer.view();
    order.idempotency_key = key.view();
    order.reference = reference.view();

    StoredOrder told;
    told.state = get_enum(OrderState::closed);
    told.money = get_enum(Money::refunded);
    told.reason = get_enum(Reason::refunded);
    told.declines = static_cast<std::uint32_t>(get_number(in_, UINT32_MAX));
    told.extended = get_flag(in_);
    if (holds_units(told.state)) told.deadline_ns = to_ns(get_instant(in_));
    std::array<StoredLine, limits::kItemsPerOrder> storage;
    order.lines = get_lines(storage, told.state == OrderState::waiting);
    if (!in_.ok() || !is_new(order) || seq > state_.seq || seq == Seq()) return in_.refuse();
    enter(order, told, seq);
  }

  std::span<const StoredLine> get_lines(std::span<StoredLine> storage, bool waiting) {
    const std::uint64_t count = get_number(in_, storage.size());
    if (count == 0) in_.refuse();
    for (std::uint64_t i = 0; i < count && in_.ok(); ++i) {
      StoredLine& line = storage[i];
      line.item = static_cast<ItemIndex>(get_number(in_, state_.items.size() - 1));
      line.quantity = static_cast<std::uint16_t>(get_number(in_, limits::kQuantity));
      if (line.quantity == 0) in_.refuse();
      if (i > 0 && !(sku(storage[i - 1]) < sku(line))) in_.refuse();
      if (!waiting) continue;
      line.place = static_cast<std::uint32_t>(get_number(in_, UINT32_MAX));
      if (in_.ok() && !fits(line)) in_.refuse();
    }
    return storage.first(in_.ok() ? count : 0);
  }

  [[nodiscard]] std::string_view sku(const StoredLine& line) const {
    return state_.item_spec(line.item).sku.view();
  }

  /// Whether the place can be the next one in its line.
  [[nodiscard]] bool fits(const StoredLine& line) const {
    const Line& in_line = state_.items[line.item].line;
    const std::uint32_t last = in_line.empty() ? 0 : in_line.tail_place();
    return line.place > last && line.place <= in_line.places_given();
  }

  [[nodiscard]] bool is_new(const NewOrder& order) const {
    const Book& book = state_.book;
    const bool later = book.size() == 0 || book.at(book.size() - 1).arrival < order.arrival;
    if (!later || order.arrival == Arrival() || book.find(order.key) != kNoOrder) return false;
    const BuyerIndex buyer = book.find_buyer(order.buyer);
    return buyer == kNoBuyer || book.find(buyer, order.idempotency_key) == kNoOrder;
  }

  void enter(const NewOrder& order, const StoredOrder& told, Seq seq) {
    const OrderIndex index = state_.book.add(order, state_.line_ends);
    StoredOrder& o = state_.book.at(index);
    o.seq = seq;
    o.state = told.state;
    o.money = told.money;
    o.reason = told.reason;
    o.declines = told.declines;
    o.extended = told.extended;
    o.deadline_ns = told.deadline_ns;
    if (counts(o.state, o.money)) state_.book.count(index);
    if (holds_units(o.state)) state_.holds.add(state_.book, index);
    if (o.state == OrderState::paid) state_.winners.add(index);
    if (is_uncaptured(o.state, o.money)) {
      for (const StoredLine& line : order.lines)
        state_.items[line.item].uncaptured += line.quantity;
    }
    if (o.state != OrderState::waiting) return;
    ++state_.waiting;
    for (const StoredLine& line : order.lines) {
      state_.items[line.item].line.join_at(line.place, index, order.lines.size() > 1);
    }
  }

  ByteReader in_;
  State& state_;
};

}  // namespace

void save_state(const State& state, std::string& out) {
  ByteWriter writer(out);
  writer.number(kSnapshotFormat);
  writer.number(state.seq.value());
  put_instant(state.last_at, writer);
  put_life(state, writer);
  if (!state.exists()) return;
  put_sale(state, writer);
  writer.number(state.book.size());
  for (OrderIndex order = 0; order < state.book.size(); ++order) put_order(state, order, writer);
}

std::string load_state(std::string_view bytes, State& state) { return Load(bytes, state).run(); }

}  // namespace dibs::sale
