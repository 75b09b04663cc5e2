#include "load/load.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/ids.h"
#include "load/aftermath.h"
#include "load/contract.h"
#include "load/driver.h"
#include "load/listen_drops.h"
#include "load/monotonic.h"
#include "load/sale_facts.h"
#include "load/token.h"

namespace dibs::load {
namespace {

constexpr std::uint32_t kBuyersMax = 10'000'000;
constexpr std::uint32_t kConnectionsMax = 15'000;

[[nodiscard]] bool is_share(double value) { return value >= 0 && value <= 1; }

[[nodiscard]] Result<void> check_options(const Options& options) {
  const auto bad = [](std::string what, std::string remedy) {
    return fault(FaultKind::bad_input, std::move(what), std::move(remedy));
  };
  if (!is_sale_or_sku_id(options.sale)) {
    return bad("'" + options.sale + "' is no id of a sale.", "Give --sale.");
  }
  if (options.buyers == 0 || options.buyers > kBuyersMax) {
    return bad("The number of buyers is out of bounds.", "Give 1 to 10,000,000.");
  }
  if (options.connections == 0 || options.connections > kConnectionsMax) {
    return bad("The number of connections is out of bounds.", "Give 1 to 15,000.");
  }
  if (options.pacing == Pacing::known_order && options.buyers > kConnectionsMax) {
    return bad("In a known order each press has a connection of its own.",
               "Give at most 15,000 buyers.");
  }
  if (!is_share(options.entry_failure) || !is_share(options.payment_failure)) {
    return bad("A share is out of bounds.", "Give a number from 0 to 1.");
  }
  if (options.pacing == Pacing::rate && !(options.per_second > 0)) {
    return bad("The rate is out of bounds.", "Give a number of presses a second above 0.");
  }
  if (options.credentials.kind == Credentials::Kind::jwt) {
    const std::string wrong = check_token_key(options.credentials);
    if (!wrong.empty()) return bad(wrong, "Give another --jwt-key-file.");
  }
  return {};
}

[[nodiscard]] std::vector<Press> make_presses(const Options& options, const Script& script) {
  std::vector<Press> out(options.buyers);
  for (std::uint32_t buyer = 0; buyer < options.buyers; ++buyer) {
    out[buyer].buyer = buyer;
    out[buyer].leaves_early = script.leaves_early(buyer);
    out[buyer].payment_fails = script.payment_fails(buyer);
  }
  return out;
}

[[nodiscard]] std::int64_t first_sent_ns(const Exchanges& exchanges, std::int64_t otherwise_ns) {
  std::int64_t first_ns = std::numeric_limits<std::int64_t>::max();
  for (const Exchange& exchange : exchanges.list) {
    if (exchange.sent_at_ns != kNever) first_ns = std::min(first_ns, exchange.sent_at_ns);
  }
  return first_ns == std::numeric_limits<std::int64_t>::max() ? otherwise_ns : first_ns;
}

/// Gives every press the times of its first request, and every time the first press as its zero.
void place_times(Driver& driver, Run& run, std::int64_t zero_ns) {
  for (const Exchange& exchange : driver.exchanges().list) {
    if (exchange.answered_at_ns != kNever) {
      run.answered_ns.push_back(exchange.answered_at_ns - zero_ns);
    }
    const bool first = exchange.task.ask == Ask::entry || exchange.task.ask == Ask::press;
    Press& press = run.presses[exchange.task.buyer];
    if (!first || press.sent_at_ns != kNever) continue;
    press.due_ns = exchange.due_ns;
    press.sent_at_ns = exchange.sent_at_ns;
    press.sent_done_ns = exchange.sent_done_ns;
  }
  for (Press& press : run.presses) {
    press.due_ns -= zero_ns;
    for (auto* time :
         {&press.sent_at_ns, &press.sent_done_ns, &press.answered_at_ns, &press.final_at_ns}) {
      if (*time != kNever) *time -= zero_ns;
    }
  }
  run.stock_curve = driver.watch().take_curve();
  for (StockSample& sample : run.stock_curve) sample.at_ns -= zero_ns;
  for (auto* curve : {&run.usage_curves.server, &run.usage_curves.redis, &run.usage_curves.tool}) {
    for (UsageSample& sample : curve->samples) sample.at_ns -= zero_ns;
  }
}

void note_growth(std::vector<CounterGrowth> before, std::vector<CounterGrowth> after, Run& run) {
  if (before.size() != after.size()) return;
  for (std::size_t i = 0; i < after.size(); ++i) {
    after[i].growth -= std::min(before[i].growth, after[i].growth);
  }
  run.counters = std::move(after);
}

void check_sale(const Run& run, Findings& findings) {
  const SaleFacts& after = run.sale_after;
  const std::string figures = "available " + std::to_string(after.available) + ", held " +
                              std::to_string(after.held) + ", sold " + std::to_string(after.sold) +
                              ", total " + std::to_string(after.total);
  findings.expect(after.available + after.held + after.sold == after.total,
                  "Available, held and sold do not add up to the total", figures);
  std::uint64_t paid = 0;
  for (const Press& press : run.presses) paid += press.outcome == Outcome::paid ? 1 : 0;
  findings.expect(after.sold == run.sale_before.sold + paid,
                  "The sale counts other units as sold than its buyers have bought",
                  figures + "; bought in this run: " + std::to_string(paid));
}

}  // namespace

Result<void> set_url(Options& options, std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  const auto bad = [&] {
    return fault(FaultKind::bad_input, "'" + std::string(url) + "' is not http://HOST:PORT.",
                 "Give the address of the server, without a path.");
  };
  std::string_view rest = url;
  if (rest.starts_with(kScheme)) rest.remove_prefix(kScheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const auto colon = rest.rfind(':');
  const std::string_view host = rest.substr(0, colon);
  if (host.empty() || host.find_first_of("/?#@ ") != std::string_view::npos) return bad();
  std::uint16_t port = 80;
  if (colon != std::string_view::npos) {
    const std::string_view digits = rest.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size() || port == 0) return bad();
  }
  options.host = host;
  options.port = port;
  return {};
}

Result<Run> run(const Options& options, const ProgressListener& progress) {
  if (auto good = check_options(options); !good) return std::unexpected(good.error());
  raise_file_limit();
  const auto endpoint = resolve(options.host, options.port);
  if (!endpoint) return std::unexpected(endpoint.error());
  PlainClient client(*endpoint);
  auto sale = read_sale(client, options);
  if (!sale) return std::unexpected(sale.error());
  if (!is_sale_or_sku_id(sale->sku)) {
    return fault(FaultKind::bad_input, "The server names an item that is no SKU.",
                 "Is this really a Dibs server?");
  }

  Run run;
  run.options = options;
  run.machine = this_machine();
  run.sale_before = *sale;
  run.stock = options.stock.value_or(sale->available);
  const Script script(options, sale->sku);
  run.presses = make_presses(options, script);
  const std::vector<CounterGrowth> counters = read_counters(client, options);

  Driver driver(options, script, *sale, *endpoint, run.presses);
  const ListenDrops drops = read_listen_drops(options.port);
  if (auto ready = driver.prepare(); !ready) return std::unexpected(ready.error());
  Sampler sampler({options.server, options.redis});
  driver.run(progress);
  run.usage_curves = sampler.stop();
  const std::string dropped = dropped_between(drops, read_listen_drops(options.port));
  if (!dropped.empty()) run.invalid_because.push_back(dropped);

  Findings findings;
  if (driver.cuts().count > 0) findings.add(driver.cuts());
  const Exchanges& exchanges = driver.exchanges();
  run.exchanges = exchanges.list.size();
  run.timed_out = driver.timed_out();
  const std::int64_t zero_ns = first_sent_ns(exchanges, driver.first_press_ns());
  run.started = system_clock().now() - Duration(monotonic_ns() - zero_ns);
  place_times(driver, run, zero_ns);
  check_answers(exchanges, script, options.sale, run.presses, findings);
  check_arrivals(run.presses, findings);
  if (sale->payment != "none") check_payments(run.presses, findings);
  ask_once_more(client, script, run.presses, findings);
  note_growth(counters, read_counters(client, options), run);
  if (auto after = read_sale(client, options)) run.sale_after = *after;
  if (!options.stock) check_sale(run, findings);
  run.violations = findings.all();
  std::optional<std::int64_t> border = driver.watch().border_ns();
  if (border) *border = std::max<std::int64_t>(*border - zero_ns, 0);
  summarise(run, border);
  return run;
}

}  // namespace dibs::load
