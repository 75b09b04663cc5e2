#include "cli/payment_audit.h"

#include <cstdlib>
#include <future>
#include <set>
#include <thread>

#include "client/http_client.h"
#include "engine/inspect.h"
#include "payment/agreement.h"

namespace dibs::cli {
namespace {

Result<payment::IntentPage> read_page(client::HttpClient& client, const std::string& url) {
  client::HttpCall call{.method = "GET", .url = url, .headers = {}, .body = {}};
  if (const char* key = std::getenv("DIBS_PAYMENTS_KEY")) {
    call.headers.emplace_back("Authorization", std::string("Bearer ") + key);
  }
  std::promise<Result<client::HttpAnswer>> answered;
  client.send(std::move(call), [&answered](Result<client::HttpAnswer> answer) {
    answered.set_value(std::move(answer));
  });
  const auto answer = answered.get_future().get();
  if (!answer) return std::unexpected(answer.error());
  if (answer->status == 200) return payment::parse_intents(answer->body);
  return fault(FaultKind::unavailable,
               url + " answers with status " + std::to_string(answer->status) + ".",
               "Check the provider's address and DIBS_PAYMENTS_KEY.");
}

/// Every intent that `query` names; a page that fails is asked for again, since reading is safe.
Result<std::vector<payment::Intent>> read_intents(const std::string& url,
                                                  const std::string& query) {
  constexpr int kTries = 50;
  constexpr Duration kPause = std::chrono::milliseconds(100);
  client::HttpClient client({.patience = std::chrono::seconds(2)});
  std::vector<payment::Intent> all;
  std::string after;
  for (int tries = 0; tries < kTries;) {
    const auto page = read_page(client, url + "/v1/payment_intents?" + query + "&after=" + after);
    if (!page) {
      if (++tries == kTries) return std::unexpected(page.error());
      std::this_thread::sleep_for(kPause);
      continue;
    }
    tries = 0;
    all.insert(all.end(), page->intents.begin(), page->intents.end());
    if (page->next.empty()) break;
    after = page->next;
  }
  return all;
}

payment::OrderMoney::Where where_is(const sale::OrderView& order) {
  using Where = payment::OrderMoney::Where;
  switch (order.money) {
    case sale::Money::authorised:
      return Where::authorised;
    case sale::Money::captured:
      return Where::captured;
    case sale::Money::refund_due:
      return Where::refund_due;
    case sale::Money::refunded:
      return Where::refunded;
    case sale::Money::none:
    case sale::Money::voided:
      break;
  }
  return Where::none;
}

}  // namespace

Result<PaymentAudit> audit_payments(const std::string& data, const std::string& url) {
  std::vector<payment::OrderMoney> orders;
  std::set<std::string, std::less<>> sales;
  const auto read = engine::orders(data, [&](const sale::OrderView& order, const auto& spec) {
    if (spec.payment != sale::PaymentMode::provider) return;
    sales.insert(order.id.sale.value());
    orders.push_back({.order = to_text(order.id),
                      .amount = order.amount,
                      .currency = spec.currency,
                      .where = where_is(order),
                      .paying = order.state == sale::OrderState::paying});
  });
  if (!read) return std::unexpected(read.error());
  auto intents = read_intents(url, "status=");
  if (!intents) return std::unexpected(intents.error());
  std::erase_if(*intents, [&](const payment::Intent& intent) {
    const auto order = parse_order_id(intent.order);
    return !order || !sales.contains(order->sale.view());
  });
  PaymentAudit audit{.orders = orders.size(),
                     .intents = intents->size(),
                     .taken = 0,
                     .differences = payment::differences(orders, *intents)};
  for (const payment::Intent& intent : *intents) {
    if (intent.status == payment::Intent::Status::captured) audit.taken += intent.amount;
  }
  return audit;
}

Result<void> try_provider(const std::string& url) {
  client::HttpClient client({.patience = std::chrono::seconds(5)});
  const auto page = read_page(client, url + "/v1/payment_intents?status=open");
  if (!page) return std::unexpected(page.error());
  return {};
}

void await_settled(const std::string& url, Duration patience) {
  constexpr Duration kPause = std::chrono::milliseconds(50);
  const auto deadline = system_clock().monotonic() + patience;
  while (system_clock().monotonic() < deadline) {
    const auto open = read_intents(url, "status=open");
    if (open && open->empty()) return;
    std::this_thread::sleep_for(kPause);
  }
}

std::string summary(const PaymentAudit& audit) {
  const std::string compared = std::to_string(audit.orders) + " orders, " +
                               std::to_string(audit.intents) + " payment intents; " +
                               std::to_string(audit.taken) + " minor units taken";
  if (audit.differences.empty()) return "equal: " + compared;
  return std::to_string(audit.differences.size()) + " differences: " + compared;
}

}  // namespace dibs::cli
