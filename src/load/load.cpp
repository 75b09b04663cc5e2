#include "load/load.h"

#include <algorithm>
#include <limits>
#include <span>

#include "base/ids.h"
#include "load/aftermath.h"
#include "load/contract.h"
#include "load/driver.h"
#include "load/listen_drops.h"
#include "load/monotonic.h"
#include "load/preflight.h"
#include "load/sale_facts.h"

namespace dibs::load {
namespace {

/// For a question before or after the timed part.
constexpr Duration kAnswerPatience = std::chrono::seconds(10);

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

/// A later try takes the place of an earlier one, unless it was answered as a replay of that.
void take_times(const Exchange& exchange, Press& press) {
  if (press.due_ns == 0) press.due_ns = exchange.due_ns;
  if (exchange.sent_at_ns == kNever) return;
  if (press.replayed && exchange.answered_at_ns == press.answered_at_ns) return;
  if (!press.replayed || press.sent_at_ns == kNever) press.sent_at_ns = exchange.sent_at_ns;
  if (!press.replayed || exchange.sent_done_ns != kNever) {
    press.sent_done_ns = exchange.sent_done_ns;
  }
}

/// Gives every press the times of its request, and every time the first press as its
/// zero.
void place_times(Driver& driver, Run& run, std::int64_t zero_ns) {
  for (const Exchange& exchange : driver.exchanges().list) {
    if (exchange.answered_at_ns != kNever) {
      run.answered_ns.push_back(exchange.answered_at_ns - zero_ns);
    }
    if (is_first(exchange.task.ask)) take_times(exchange, run.presses[exchange.task.buyer]);
  }
  for (Press& press : run.presses) {
    press.due_ns -= zero_ns;
    for (auto* time :
         {&press.sent_at_ns, &press.sent_done_ns, &press.answered_at_ns, &press.final_at_ns}) {
      if (*time != kNever) *time -= zero_ns;
    }
  }
  run.stock_curve = driver.take_curve();
  for (StockSample& sample : run.stock_curve) sample.at_ns -= zero_ns;
  for (auto* curve : {&run.usage_curves.server, &run.usage_curves.redis, &run.usage_curves.tool}) {
    for (UsageSample& sample : curve->samples) sample.at_ns -= zero_ns;
  }
}

/// Of the gateways' listeners, in their order.
[[nodiscard]] std::vector<ListenDrops> drops_of_all(const Options& options) {
  std::vector<ListenDrops> out = {read_listen_drops(options.port)};
  for (const Address& address : options.further) out.push_back(read_listen_drops(address.port));
  return out;
}

void note_drops(const std::vector<ListenDrops>& before, const std::vector<ListenDrops>& after,
                Run& run) {
  for (std::size_t i = 0; i < before.size(); ++i) {
    const auto dropped = dropped_between(before[i], after[i]);
    if (dropped) return run.invalid_because.push_back(*dropped);
  }
}

void note_growth(std::vector<CounterGrowth> before, std::vector<CounterGrowth> after, Run& run) {
  if (before.size() != after.size()) return;
  for (std::size_t i = 0; i < after.size(); ++i) {
    after[i].growth -= std::min(before[i].growth, after[i].growth);
  }
  run.counters = std::move(after);
}

void check_sale(const Run& run, const SaleFacts& after, Findings& findings) {
  const std::string figures = "available " + std::to_string(after.available) + ", held " +
                              std::to_string(after.held) + ", sold " + std::to_string(after.sold) +
                              ", total " + std::to_string(after.total);
  findings.expect(after.available + static_cast<std::int64_t>(after.held + after.sold) ==
                      static_cast<std::int64_t>(after.total),
                  "Available, held and sold do not add up to the total", figures);
  findings.expect(after.gateways_agree, "Gateways show different stock of the same sale", figures);
  std::uint64_t paid = 0;
  bool all_final = true;
  for (const Press& press : run.presses) {
    paid += press.outcome == Outcome::paid ? 1U : 0U;
    all_final &= press.final_at_ns != kNever;
  }
  // Who had no answer may have bought, and so may they who held a unit before the run, or waited.
  const std::uint64_t least = run.sale_before.sold + paid;
  const std::uint64_t most = least + run.sale_before.held;
  const bool bounded = all_final && run.sale_before.waiting == 0;
  findings.expect(after.sold >= least && (!bounded || after.sold <= most),
                  "The sale counts other units as sold than its buyers have bought",
                  figures + "; bought in this run: " + std::to_string(paid));
}

/// What is asked when all is over. A server that answers no more is asked once.
void ask_afterwards(std::span<PlainClient> gateways, const Script& script,
                    const std::vector<CounterGrowth>& counters, Run& run, Findings& findings) {
  if (!run.timed_out) ask_once_more(gateways, script, run.options.replays, run.presses, findings);
  note_growth(counters, read_counters(gateways, run.options), run);
  if (auto after = read_sale(gateways, run.options)) run.sale_after = *after;
  if (run.sale_after) {
    if (run.sale_after->stock_shown) check_sale(run, *run.sale_after, findings);
    return;
  }
  run.invalid_because.push_back({"The server was lost: it could not be asked when all was over.",
                                 "시험이 끝난 뒤 서버에 물어볼 수 없었습니다."});
}

}  // namespace

Result<Run> run(const Options& options, const ProgressListener& progress) {
  if (auto good = check_options(options); !good) return std::unexpected(good.error());
  raise_file_limit();
  const auto endpoints = resolve_all(options);
  if (!endpoints) return std::unexpected(endpoints.error());
  std::vector<PlainClient> gateways;  // to ask one thing after another
  for (const Endpoint& endpoint : *endpoints) {
    gateways.emplace_back(endpoint, std::min(options.patience, kAnswerPatience));
  }
  auto sale = read_sale(gateways, options);
  if (!sale) return std::unexpected(sale.error());
  if (!is_sale_or_sku_id(sale->sku)) {
    return fault(FaultKind::bad_input, "The server names an item that is no SKU.",
                 "Is this really a Dibs server?");
  }

  Run run;
  run.options = options;
  run.machine = this_machine();
  run.sale_before = *sale;
  run.stock = options.stock.value_or(
      static_cast<std::uint64_t>(std::max<std::int64_t>(sale->available, 0)));
  const Script script(options, sale->sku);
  run.presses = make_presses(options, script);
  for (PlainClient& client : gateways) {
    if (auto way = check_way_in(client, script, options, *sale); !way) {
      return std::unexpected(way.error());
    }
  }
  const std::vector<CounterGrowth> counters = read_counters(gateways, options);

  Driver driver(options, script, *sale, *endpoints, run.presses);
  const auto drops = drops_of_all(options);
  if (auto ready = driver.prepare(); !ready) return std::unexpected(ready.error());
  Sampler sampler({options.servers, options.redis});
  driver.run(progress);
  run.usage_curves = sampler.stop();
  note_drops(drops, drops_of_all(options), run);

  Findings findings;
  const Exchanges& exchanges = driver.exchanges();
  run.exchanges = exchanges.list.size();
  run.timed_out = driver.timed_out();
  run.over_limit = driver.over_limit();
  run.later_refusals = driver.crowd().later_refusals();
  const std::int64_t zero_ns = first_sent_ns(exchanges, driver.first_press_ns());
  run.started = system_clock().now() - Duration(monotonic_ns() - zero_ns);
  place_times(driver, run, zero_ns);
  check_answers(exchanges, script, options.sale, run.presses, findings);
  check_arrivals(run.presses, options, findings);
  if (sale->payment != "none") check_payments(run.presses, findings);
  ask_afterwards(gateways, script, counters, run, findings);
  if (driver.cuts().count > 0 && !run.server_lost()) findings.add(driver.cuts());
  run.violations = findings.all();
  std::optional<std::int64_t> border = driver.border_ns();
  if (border) *border = std::max<std::int64_t>(*border - zero_ns, 0);
  summarise(run, border);
  return run;
}

}  // namespace dibs::load
