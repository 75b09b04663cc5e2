#include "load/preflight.h"

#include "base/ids.h"
#include "load/token.h"

namespace dibs::load {
namespace {

[[nodiscard]] bool is_share(double value) { return value >= 0 && value <= 1; }
[[nodiscard]] bool is_rate(double value) { return value > 0 && value <= kRateMax; }

}  // namespace

Result<void> check_options(const Options& options) {
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
    return bad("The number of connections is out of bounds.", "Give 1 to 14,900.");
  }
  if (options.gateways() > kGatewaysMax || options.connections < options.gateways()) {
    return bad("The number of gateways is out of bounds.",
               "Give 1 to 16, and at least one connection for each.");
  }
  const bool known_order = options.pacing == Pacing::known_order;
  if (known_order && options.new_connections) {
    return bad("A known order needs connections that are open and idle before the first press.",
               "Leave out either of the two.");
  }
  if (known_order && options.buyers > kKnownOrderMax) {
    return bad("In a known order each press has a connection of its own.",
               "Give at most 14,800 buyers.");
  }
  if (!is_share(options.entry_failure) || !is_share(options.payment_failure)) {
    return bad("A share is out of bounds.", "Give a number from 0 to 1.");
  }
  if (options.pacing == Pacing::rate && !is_rate(options.per_second)) {
    return bad("The rate is out of bounds.", "Give a number of presses a second above 0.");
  }
  if (options.credentials.kind == Credentials::Kind::jwt) {
    const std::string wrong = check_token_key(options.credentials);
    if (!wrong.empty()) return bad(wrong, "Give another --jwt-key-file.");
  }
  return {};
}

Result<void> check_way_in(PlainClient& client, const Script& script, const Options& options,
                          const SaleFacts& sale) {
  if (sale.state == "closed" || sale.state == "paused") {
    return fault(
        FaultKind::bad_input,
        "Sale " + options.sale + " is " + sale.state + ": nobody can buy in it.",
        sale.state == "closed" ? "Take another sale: closing is final." : "Resume it first.");
  }
  if (!sale.stock_shown && !options.stock) {
    return fault(FaultKind::bad_input, "Sale " + options.sale + " hides its stock.",
                 "Give --operator-tokens-file or DIBS_OPERATOR_TOKENS.");
  }
  if (sale.payment == "shop" && options.credentials.kind != Credentials::Kind::shop) {
    return fault(FaultKind::bad_input,
                 "In sale " + options.sale +
                     " the shop takes the money, and only its key may begin a payment.",
                 "Give --shop-key-file or DIBS_SHOP_KEY.");
  }
  const auto answer = client.ask(script.probe());
  if (!answer) {
    return fault(FaultKind::unavailable, "No answer from " + authority(options) + ".",
                 "Look at the server's log.");
  }
  if (answer->status == 401 || answer->status == 403) {
    return fault(
        FaultKind::bad_input,
        "The server answers " + std::to_string(answer->status) + " to the buyers' credentials.",
        "Give the key that this server knows; without one, only `dibs serve "
        "--insecure-demo` lets buyers in.");
  }
  return {};
}

}  // namespace dibs::load
