#include <array>
#include <cstdio>
#include <map>

#include "engine/archive.h"
#include "engine/disk.h"
#include "engine/entry.h"
#include "engine/inspect.h"
#include "engine/json_line.h"
#include "engine/recovery.h"

namespace dibs::engine {
namespace {

std::string lines_json(const std::vector<sale::OrderLine>& lines) {
  std::string json = "[";
  for (const sale::OrderLine& line : lines) {
    if (json.size() > 1) json += ',';
    json += JsonLine()
                .text("sku", line.sku.view())
                .number("quantity", std::uint64_t{line.quantity})
                .number("price", line.price)
                .finish();
  }
  return json + "]";
}

std::string items_json(const sale::SaleSpec& spec) {
  std::string json = "[";
  for (const sale::ItemSpec& item : spec.items) {
    if (json.size() > 1) json += ',';
    json += JsonLine()
                .text("sku", item.sku.view())
                .text("title", item.title)
                .number("price", item.price)
                .number("stock", item.stock)
                .finish();
  }
  return json + "]";
}

std::string_view payment_name(sale::PaymentMode mode) {
  switch (mode) {
    case sale::PaymentMode::provider:
      return "provider";
    case sale::PaymentMode::shop:
      return "shop";
    case sale::PaymentMode::none:
      break;
  }
  return "none";
}

void add_spec(JsonLine& line, const sale::SaleSpec& spec) {
  const auto instant = [&](std::string_view name, const std::optional<Instant>& at) {
    if (at) line.text(name, to_rfc3339(*at));
  };
  const auto text = [&](std::string_view name, const std::optional<std::string>& value) {
    if (value) line.text(name, *value);
  };
  line.text("title", spec.title).text("currency", spec.currency).raw("items", items_json(spec));
  instant("opens_at", spec.opens_at);
  instant("closes_at", spec.closes_at);
  line.number("hold_seconds", spec.hold_seconds)
      .number("payment_seconds", spec.payment_seconds)
      .number("payment_attempts", std::uint64_t{spec.payment_attempts})
      .number("promotion_seconds", spec.promotion_seconds)
      .number("limit_per_buyer", spec.limit_per_buyer);
  if (spec.line_limit) line.number("line_limit", *spec.line_limit);
  line.text("payment", payment_name(spec.payment));
  text("checkout_url", spec.checkout_url);
  text("notify_url", spec.notify_url);
  line.text("public_stock", spec.public_stock_hidden ? "hidden" : "exact").flag("test", spec.test);
}

/// As text: a JSON reader may not keep 64 bits of a number.
std::string hex_of_number(std::uint64_t value) {
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(value));
  return digits.data();
}

std::string ends_json(const CleanEndEntry& end) {
  std::string json = "[";
  for (const SaleEnd& sale : end.sales) {
    if (json.size() > 1) json += ',';
    json += JsonLine()
                .text("sale", sale.sale.view())
                .number("seq", sale.seq.value())
                .number("last_arrival", sale.last.value())
                .text("state_hash", hex_of_number(sale.state_hash))
                .finish();
  }
  return json + "]";
}

/// Adds what a fact holds, beside the order it is about.
struct FactMembers {
  JsonLine& line;

  void operator()(const sale::Created& f) { add_spec(line, f.spec); }
  void operator()(const sale::Changed& f) { add_spec(line, f.spec); }
  void operator()(const sale::Opened&) {}
  void operator()(const sale::Paused&) {}
  void operator()(const sale::Resumed& f) {
    line.number("shift_ns", std::int64_t{f.shift.count()}).flag("restart", f.restart);
  }
  void operator()(const sale::Closed&) {}
  void operator()(const sale::StockChanged& f) {
    line.text("sku", f.sku.view()).number("delta", f.delta);
    if (!f.key.empty()) line.text("key", f.key.view());
  }
  void operator()(const sale::LineEnded& f) {
    line.text("sku", f.sku.view()).number("upto", f.upto.value()).flag("by_close", f.by_close);
  }
  void operator()(const sale::LineShut& f) {
    line.text("sku", f.sku.view()).number("refused", f.refused.value());
  }
  void operator()(const sale::LineReopened& f) { line.text("sku", f.sku.view()); }
  void operator()(const sale::Removed&) {}
  void operator()(const sale::Archived& f) { line.text("file_sha256", hex(f.file_hash)); }
  void operator()(const sale::Accepted& f) {
    state(f.state);
    line.text("received", to_rfc3339(f.received)).text("buyer", f.buyer.view());
    if (!f.key.empty()) line.text("key", f.key.view());
    if (!f.reference.empty()) line.text("reference", f.reference.view());
    line.raw("items", lines_json(f.lines));
    expires(f.expires_at);
  }
  void operator()(const sale::Promoted& f) {
    state(f.state);
    expires(f.expires_at);
  }
  void operator()(const sale::Paying& f) {
    line.number("attempt", std::uint64_t{f.attempt});
    expires(f.expires_at);
  }
  void operator()(const sale::Declined&) {}
  void operator()(const sale::Paid& f) {
    money(f.money);
    line.flag("late", f.late);
  }
  void operator()(const sale::MoneyMoved& f) { money(f.money); }
  void operator()(const sale::RefundDue&) {}
  void operator()(const sale::Released& f) {
    line.text("reason", sale::to_text(f.reason));
    money(f.money);
  }
  void operator()(const sale::EndedSoldOut&) {}

  void state(sale::OrderState state) { line.text("state", sale::to_text(state)); }
  void money(sale::Money money) { line.text("money", sale::to_text(money)); }
  void expires(const std::optional<Instant>& at) {
    if (at) line.text("expires_at", to_rfc3339(*at));
  }
};

void add_event(JsonLine& line, const SaleId& sale, const sale::Event& event) {
  line.text("sale", sale.view())
      .number("seq", event.seq.value())
      .text("type", sale::type_of(event))
      .text("at", to_rfc3339(event.at));
  if (!event.actor.empty()) line.text("actor", event.actor);
  if (const auto order = sale::order_of(event)) {
    line.text("order", to_text(OrderId{order->key, sale}));
    line.number("arrival", order->arrival.value());
  }
  std::visit(FactMembers{line}, event.fact);
}

/// What an entry holds, wherever it lies.
void add_entry(JsonLine& line, const Entry& entry) {
  const SaleId sale{std::string(entry.sale)};
  if (const auto* event = std::get_if<EventEntry>(&entry.body)) {
    line.text("entry", "event");
    add_event(line, sale, event->event);
  } else if (const auto* refused = std::get_if<RefusedEntry>(&entry.body)) {
    line.text("entry", "refused")
        .text("sale", sale.view())
        .number("arrival", refused->record.arrival.value())
        .text("received", to_rfc3339(refused->record.received))
        .text("buyer", refused->record.buyer.view())
        .text("code", sale::info(refused->record.code).name);
  } else if (const auto* reserve = std::get_if<ReserveEntry>(&entry.body)) {
    line.text("entry", "reserve").text("sale", sale.view()).number("upto", reserve->upto.value());
  } else if (const auto* start = std::get_if<StartEntry>(&entry.body)) {
    line.text("entry", "start").number("downtime_ns", std::int64_t{start->downtime.count()});
  } else if (const auto* end = std::get_if<CleanEndEntry>(&entry.body)) {
    line.text("entry", "clean_end").number("state_form", end->state_form);
    line.raw("sales", ends_json(*end));
  }
}

std::string line_of(const RecordHead& head, const Entry& entry) {
  JsonLine line;
  line.number("position", head.position.value()).number("epoch", head.epoch);
  line.text("committed", to_rfc3339(head.time));
  add_entry(line, entry);
  return line.finish();
}

std::string line_of(const sale::OrderView& order) {
  JsonLine line;
  line.text("entry", "order")
      .text("order", to_text(order.id))
      .number("arrival", order.arrival.value())
      .text("buyer", order.buyer.view())
      .text("state", sale::to_text(order.state))
      .text("money", sale::to_text(order.money))
      .number("amount", order.amount)
      .raw("items", lines_json(order.lines));
  if (order.reason != sale::Reason::none) line.text("reason", sale::to_text(order.reason));
  return line.finish();
}

constexpr std::size_t kOrdersAtOnce = 10'000;

void each_order(const sale::Sale& sale, const std::function<void(std::string_view)>& line) {
  sale::Sale::OrderFilter filter;
  filter.limit = kOrdersAtOnce;
  while (true) {
    const auto page = sale.orders(filter);
    for (const sale::OrderView& order : page) line(line_of(order));
    if (page.size() < filter.limit) return;
    filter.after = page.back().arrival;
  }
}

bool beyond(const Entry& entry, Seq to_seq) {
  const auto* event = std::get_if<EventEntry>(&entry.body);
  return to_seq != Seq() && event != nullptr && event->event.seq > to_seq;
}

Result<void> each_entry(const std::string& dir,
                        const std::function<void(const RecordHead&, const Entry&)>& visit) {
  RecoverOptions options{.beside_server = true, .must_exist = true, .fold = false};
  options.visit = [&](const Record& record) {
    EntryReader reader(record.payload);
    while (const auto entry = reader.next()) visit(record.head, *entry);
    return true;
  };
  if (auto done = recover(posix_disk(), dir, options); !done) return std::unexpected(done.error());
  return {};
}

}  // namespace

Result<void> dump(const std::string& dir, Seq to_seq,
                  const std::function<void(std::string_view)>& line) {
  return each_entry(dir, [&](const RecordHead& head, const Entry& entry) {
    if (!beyond(entry, to_seq)) line(line_of(head, entry));
  });
}

Result<ArchiveReport> dump_archive(const std::string& path,
                                   const std::function<void(std::string_view)>& line) {
  const auto content = read_archive(posix_disk(), path);
  if (!content) return std::unexpected(content.error());
  EntryReader reader(content->entries);
  while (const auto entry = reader.next()) {
    JsonLine words;
    add_entry(words, *entry);
    line(words.finish());
  }
  Sales sales;
  if (auto folded = sales.fold(content->entries); !folded) return std::unexpected(folded.error());
  each_order(sales.find(content->sale)->sale, line);
  return content->report;
}

namespace {

/// The sales as the rules make them from their events up to `to_seq` (0: all).
Result<std::map<std::string, sale::Sale>> replayed(const std::string& dir, Seq to_seq) {
  std::map<std::string, sale::Sale> sales;
  std::optional<Fault> wrong;
  const auto done = each_entry(dir, [&](const RecordHead&, const Entry& entry) {
    const auto* event = std::get_if<EventEntry>(&entry.body);
    if (event == nullptr || beyond(entry, to_seq) || wrong) return;
    const std::string id(entry.sale);
    sale::Sale& sale = sales.try_emplace(id, SaleId(id)).first->second;
    if (auto replayed = sale.replay(event->event); !replayed) wrong = replayed.error();
  });
  if (!done) return std::unexpected(done.error());
  if (wrong) return std::unexpected(*wrong);
  std::erase_if(sales, [](const auto& entry) { return !entry.second.exists(); });
  return sales;
}

}  // namespace

Result<std::vector<sale::SaleView>> replay(const std::string& dir, Seq to_seq) {
  const auto sales = replayed(dir, to_seq);
  if (!sales) return std::unexpected(sales.error());
  std::vector<sale::SaleView> views;
  for (const auto& [id, sale] : *sales) views.push_back(sale.view());
  return views;
}

Result<void> orders(
    const std::string& dir,
    const std::function<void(const sale::OrderView&, const sale::SaleSpec&)>& order) {
  constexpr std::size_t kPage = 1'000;
  const auto sales = replayed(dir, Seq(0));
  if (!sales) return std::unexpected(sales.error());
  for (const auto& [id, sale] : *sales) {
    const auto spec = sale.view().spec;
    sale::Sale::OrderFilter filter;
    filter.limit = kPage;
    while (true) {
      const auto page = sale.orders(filter);
      for (const sale::OrderView& one : page) order(one, *spec);
      if (page.size() < kPage) break;
      filter.after = page.back().arrival;
    }
  }
  return {};
}

}  // namespace dibs::engine
