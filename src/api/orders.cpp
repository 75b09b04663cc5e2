// Routes of orders: buy, look, leave. Paying is in order_payment.cpp.
#include <algorithm>

#include "api/body.h"
#include "api/core.h"
#include "api/order_answer.h"
#include "api/order_command.h"
#include "api/routes.h"
#include "base/limits.h"

namespace dibs::api::orders {
namespace {

constexpr std::uint64_t kWaitSecondsMax = 30;

/// The lines of a buy, sorted by SKU.
std::vector<sale::OrderLine> read_lines(json::ObjectReader& members, Body& body) {
  std::vector<sale::OrderLine> lines;
  const auto* list = members.require("items");
  if (list == nullptr) return lines;
  const auto all = list->kind == json::Kind::array ? json::elements(body.document, *list)
                                                   : std::vector<std::size_t>();
  if (all.empty() || all.size() > limits::kItemsPerOrder) {
    members.note("items", "must be a list of 1 to 16 items");
    return lines;
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    json::ObjectReader item(body.document, all[i], "items[" + std::to_string(i) + "]",
                            body.complaint);
    item.require("sku");
    item.require("quantity");
    const auto sku = item.text("sku", is_sale_or_sku_id, "1 to 64 of a-z A-Z 0-9 . _ -");
    const auto quantity = item.integer("quantity", 1, limits::kQuantity);
    item.finish();
    if (!sku || !quantity) return lines;
    lines.push_back({SkuId(std::string(*sku)), static_cast<std::uint32_t>(*quantity), 0});
  }
  std::ranges::sort(lines, {}, &sale::OrderLine::sku);
  const auto twice = std::ranges::adjacent_find(lines, {}, &sale::OrderLine::sku);
  if (twice != lines.end()) {
    body.complaint.note("items names the SKU " + twice->sku.value() + " twice");
  }
  return lines;
}

/// Prices are the sale's, so what an order would cost is known before it is made.
void check_amount(const Core& core, const SaleId& sale, const std::vector<sale::OrderLine>& lines,
                  json::Complaint& complaint) {
  const auto view = core.store.glance(sale);
  if (!view) return;
  std::int64_t amount = 0;  // at most 16 x 1,000 x 10^12: fits
  for (const auto& line : lines) {
    const auto& items = view->spec->items;
    const auto item = std::ranges::find(items, line.sku, &sale::ItemSpec::sku);
    if (item != items.end()) amount += item->price * line.quantity;
  }
  if (amount > limits::kAmount) complaint.note("items come to an amount of 2^53 or more");
}

void answer_buy(const Core& core, Answer& answer, const sale::Outcome& outcome) {
  const auto& order = *outcome.order;
  Answer::Headers headers = {{"Location", "/v1/orders/" + to_text(order.id)}};
  if (outcome.replayed) headers.emplace_back("Idempotency-Replayed", "true");
  const std::uint16_t status = order.state == sale::OrderState::waiting ? 202 : 201;
  answer_order(core, answer, status, order, std::move(headers));
}

}  // namespace

Prepared buy(Core& core, const Call& call) {
  Body body(call);
  if (!body.parsed()) return std::unexpected(body.problem());
  auto members = body.members();
  sale::Buy command;
  command.lines = read_lines(members, body);
  const auto reference =
      members.text("reference", is_short_visible_text, "1 to 64 visible ASCII characters");
  if (reference) command.reference = Reference(std::string(*reference));
  members.finish();
  auto key = key_of(call);
  if (!key) body.complaint.note(kKeyRule);
  if (call.who.role == kShop && call.who.buyer.empty()) {
    body.complaint.note("the header Dibs-Buyer must name the buyer");
  }
  check_amount(core, call.sale, command.lines, body.complaint);
  if (body.complaint.any()) return std::unexpected(body.problem());
  command.buyer = call.who.buyer;
  command.key = std::move(*key);
  return [&core, sale = call.sale, stamp = call.request.stamp,
          command = std::move(command)](Answer answer) mutable {
    core.store.submit(
        stamp, sale, {std::move(command), {}, {}},
        [&core, sale, answer = std::move(answer)](Result<sale::Outcome> result) mutable {
          if (!result) return answer.refuse(problem_of(result.error(), true));
          if (result->code == sale::Code::ok) return answer_buy(core, answer, *result);
          if (sale::info(result->code).numbered) core.tallies.refused(sale, result->code);
          answer.refuse(problem_of(core, *result));
        });
  };
}

Prepared get(Core& core, const Call& call) {
  std::uint64_t wait = 0;
  if (const auto text = call.query.get("wait")) {
    const auto seconds = parse_number(*text, kWaitSecondsMax);
    if (!seconds) return std::unexpected(malformed("wait must be 0 to 30 seconds"));
    wait = *seconds;
  }
  // A client that names the order it has seen (by its ETag) misses no change between two polls.
  std::optional<std::string> known;
  if (auto etag = call.request.header("If-None-Match")) {
    if (etag->starts_with("W/")) etag->remove_prefix(2);  // a proxy that compresses marks it so
    if (etag->starts_with('"')) known = std::string(*etag);
  }
  if (call.request.method == http::Method::head || core.broadcaster.full()) wait = 0;
  return [&core, order = call.order, owner = call.owner(), stamp = call.request.stamp, known,
          wait](Answer answer) mutable {
    if (wait > 0) {
      answer.waits();
      auto watch = std::make_shared<Watch>(order, owner, std::move(answer), false);
      watch->known = std::move(known);
      return core.broadcaster.wait_for_order(std::move(watch), std::chrono::seconds(wait));
    }
    find_order(
        core, stamp, order, owner, std::move(answer),
        [&core](Answer to, const sale::OrderView& found) { answer_order(core, to, 200, found); });
  };
}

Prepared cancel(Core& core, const Call& call) {
  return submit(core, call, sale::Cancel{call.order.key});
}

}  // namespace dibs::api::orders
