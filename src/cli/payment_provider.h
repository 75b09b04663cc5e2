#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/api.h"
#include "base/result.h"
#include "cli/serve_options.h"
#include "payment/http_provider.h"
#include "payment/provider.h"

namespace dibs::cli {

/// The payment provider of a server, as its settings say: the one at --payments, in the demo the
/// one in the process, else none.
struct ChosenProvider {
  std::unique_ptr<payment::Provider> provider;
  /// The provider, when it is to be told where its webhooks go, and the secret to tell it.
  payment::HttpProvider* untold = nullptr;
  std::optional<webhook::Secret> secret;
};

/// Reads the webhook secrets into `api`; where there are none and the provider is on this machine,
/// makes one up, for `tell_webhook`. Fails naming the setting that is wrong.
[[nodiscard]] Result<ChosenProvider> choose_provider(const ServeOptions& options,
                                                     api::Options& api);

/// Tells a provider that is untold that we listen at `address`. Returns at once.
void tell_webhook(const ChosenProvider& chosen, const std::string& address);

}  // namespace dibs::cli
