#include "load/sale_facts.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <chrono>
#include <thread>

#include "load/monotonic.h"

namespace dibs::load {
namespace {

namespace json = boost::json;

/// A gateway hears of what others have sold within 0.1 s; a busy machine takes longer.
constexpr std::int64_t kAgreeNs = 2'000'000'000;
constexpr std::chrono::milliseconds kBetweenLooks(10);

[[nodiscard]] std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

template <class Number = std::uint64_t>
[[nodiscard]] std::optional<Number> number_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) return std::nullopt;
  boost::system::error_code error;
  const auto number = value->to_number<Number>(error);
  if (error) return std::nullopt;
  return number;
}

[[nodiscard]] const json::object* find_item(const json::object& sale, std::string_view sku) {
  const auto* items = sale.if_contains("items");
  if (items == nullptr || !items->is_array()) return nullptr;
  for (const json::value& item : items->get_array()) {
    if (!item.is_object()) continue;
    if (sku.empty() || text_of(item.get_object(), "sku") == sku) return &item.get_object();
  }
  return nullptr;
}

[[nodiscard]] SaleFacts facts_of(const json::object& sale, const json::object& item) {
  SaleFacts out;
  out.title = text_of(sale, "title");
  out.sku = text_of(item, "sku");
  out.sku_title = text_of(item, "title");
  out.payment = text_of(sale, "payment");
  out.durability = text_of(sale, "durability");
  out.state = text_of(sale, "state");
  out.line_limit = number_of(sale, "line_limit").value_or(0);
  out.stock_shown = item.contains("available");
  out.total = number_of(item, "total").value_or(0);
  out.available = number_of<std::int64_t>(item, "available").value_or(0);
  out.held = number_of(item, "held").value_or(0);
  out.sold = number_of(item, "sold").value_or(0);
  out.waiting = number_of(item, "waiting").value_or(0);
  return out;
}

/// The value of an unlabelled counter in the Prometheus text format.
[[nodiscard]] std::optional<std::uint64_t> metric(std::string_view page, std::string_view name) {
  for (auto at = page.find(name); at != std::string_view::npos; at = page.find(name, at + 1)) {
    const bool line_start = at == 0 || page[at - 1] == '\n';
    const auto end = at + name.size();
    if (!line_start || end >= page.size() || page[end] != ' ') continue;
    double value = 0;
    std::from_chars(page.data() + end + 1, page.data() + page.size(), value);
    return static_cast<std::uint64_t>(value);
  }
  return std::nullopt;
}

/// Why there is no sale to read.
[[nodiscard]] Fault no_sale(const Options& options, std::uint16_t status) {
  const std::string what =
      "The server answers " + std::to_string(status) + " when asked for sale " + options.sale + ".";
  if (status == 404) {
    return {FaultKind::not_found, what, "Create the sale first, or correct --sale."};
  }
  if (status == 401 || status == 403) {
    return {FaultKind::bad_input, what, "Correct the operator's token."};
  }
  return {FaultKind::unavailable, what, "Is this a Dibs server, and does it run well?"};
}

[[nodiscard]] Result<SaleFacts> ask_for_sale(PlainClient& client, const Options& options,
                                             const std::string& credentials) {
  const auto answer = client.ask(plain_get(options, "/v1/sales/" + options.sale, credentials));
  if (!answer) {
    return fault(FaultKind::unavailable, "No answer from " + authority(options) + ".",
                 "Start the server, or correct --url.");
  }
  if (answer->status != 200) return std::unexpected(no_sale(options, answer->status));
  boost::system::error_code error;
  const json::value value = json::parse(answer->body, error);
  const auto* item =
      !error && value.is_object() ? find_item(value.get_object(), options.sku) : nullptr;
  if (item == nullptr) {
    return fault(FaultKind::not_found, "Sale " + options.sale + " has no item " + options.sku + ".",
                 "Name one of its SKUs, or none for the first.");
  }
  return facts_of(value.get_object(), *item);
}

[[nodiscard]] Result<SaleFacts> read_one(PlainClient& client, const Options& options) {
  auto facts = ask_for_sale(client, options, "");
  if (!facts || facts->stock_shown || options.operator_token.empty()) return facts;
  // The token is shown only where it is needed: operators may have a listener of their own.
  return ask_for_sale(client, options, "Authorization: Bearer " + options.operator_token + "\r\n");
}

[[nodiscard]] bool same_figures(const SaleFacts& a, const SaleFacts& b) {
  return a.total == b.total && a.available == b.available && a.held == b.held && a.sold == b.sold &&
         a.waiting == b.waiting;
}

/// What another server sold from the same stock.
void add_book(const SaleFacts& other, SaleFacts& sum) {
  sum.available += other.available - static_cast<std::int64_t>(other.total);
  sum.held += other.held;
  sum.sold += other.sold;
  sum.waiting += other.waiting;
}

[[nodiscard]] std::vector<CounterGrowth> counters_of(PlainClient& client, const Options& options) {
  std::vector<CounterGrowth> out;
  const auto answer = client.ask(plain_get(options, "/metrics"));
  if (!answer || answer->status != 200) return out;
  for (const ZeroCounter& counter : options.zero_counters) {
    if (const auto value = metric(answer->body, counter.name)) out.push_back({counter, *value});
  }
  return out;
}

}  // namespace

std::vector<ZeroCounter> default_zero_counters() {
  return {
      {"dibs_engine_late_numbers_total", "requests numbered late", "늦게 번호를 받은 요청"},
      {"dibs_http_unstamped_total", "reads without the kernel's receive time",
       "커널 수신 시각이 없는 읽기"},
      {"dibs_http_accept_pauses_total", "pauses of accepting: too many connections",
       "연결이 너무 많아 수락을 멈춘 횟수"},
  };
}

std::string plain_get(const Options& options, std::string_view path,
                      std::string_view extra_header) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: " + authority(options) + "\r\n" +
         std::string(extra_header) + "\r\n";
}

Result<SaleFacts> read_sale(std::span<PlainClient> gateways, const Options& options) {
  const std::int64_t deadline_ns = monotonic_ns() + kAgreeNs;
  while (true) {
    auto sum = read_one(gateways.front(), options);
    if (!sum) return sum;
    for (PlainClient& client : gateways.subspan(1)) {
      const auto facts = read_one(client, options);
      if (!facts) return facts;
      if (options.books_apart) {
        add_book(*facts, *sum);
      } else {
        sum->gateways_agree &= same_figures(*facts, *sum);
      }
    }
    if (sum->gateways_agree || monotonic_ns() > deadline_ns) return sum;
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

std::vector<CounterGrowth> read_counters(std::span<PlainClient> gateways, const Options& options) {
  std::vector<CounterGrowth> sum = counters_of(gateways.front(), options);
  for (PlainClient& client : gateways.subspan(1)) {
    const auto more = counters_of(client, options);
    for (std::size_t i = 0; i < std::min(sum.size(), more.size()); ++i) {
      sum[i].growth += more[i].growth;
    }
  }
  return sum;
}

}  // namespace dibs::load
