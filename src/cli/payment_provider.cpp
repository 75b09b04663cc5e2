#include "cli/payment_provider.h"

#include <cstdlib>

#include "cli/log.h"
#include "cli/loopback.h"
#include "cli/secrets.h"
#include "payment/demo_provider.h"

namespace dibs::cli {
namespace {

/// `HOST:PORT` of a URL.
std::string authority_of(const std::string& url) {
  const auto start = url.find("://");
  const auto rest = start == std::string::npos ? url : url.substr(start + 3);
  const auto authority = rest.substr(0, rest.find('/'));
  return authority.find(':') == std::string::npos ? authority + ":80" : authority;
}

}  // namespace

Result<ChosenProvider> choose_provider(const ServeOptions& options, api::Options& api) {
  ChosenProvider chosen;
  if (options.payments.empty()) {
    if (options.insecure_demo) {
      chosen.provider = payment::make_demo_provider(
          system_clock(), std::chrono::milliseconds(options.payment_delay_ms));
    }
    return chosen;
  }
  auto secrets =
      read_signing_secrets("DIBS_WEBHOOK_SECRET", options.webhook_secret_file, "webhooks");
  if (!secrets) return std::unexpected(secrets.error());
  api.webhook_secrets = std::move(*secrets);
  payment::HttpProvider::Options settings;
  settings.url = options.payments;
  if (const char* key = std::getenv("DIBS_PAYMENTS_KEY")) settings.api_key = key;
  settings.on_warning = [](const std::string& warning) { log_warning(warning); };
  auto provider = payment::make_http_provider(std::move(settings), system_clock());
  if (!provider) return std::unexpected(provider.error());
  if (api.webhook_secrets.empty()) {
    if (is_loopback(authority_of(options.payments))) {
      chosen.secret = webhook::Secret::random();
      chosen.untold = provider->get();
      api.webhook_secrets.push_back(*chosen.secret);
    } else {
      log_warning(
          "no --webhook-secret-file: webhooks are refused, and payments that the provider does not "
          "decide at once are asked for");
    }
  }
  chosen.provider = std::move(*provider);
  return chosen;
}

void tell_webhook(const ChosenProvider& chosen, const std::string& address) {
  if (chosen.untold == nullptr) return;
  chosen.untold->register_webhook("http://" + address + "/v1/payments/webhook", *chosen.secret);
}

}  // namespace dibs::cli
