#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "payment/provider.h"
#include "webhook/signature.h"

namespace dibs::payment {

/// A provider that speaks the protocol of docs/formats/provider.md over HTTP.
class HttpProvider : public Provider {
 public:
  struct Options {
    std::string url;  ///< of the provider, without what follows the host: `http://127.0.0.1:8090`
    std::string api_key;                          ///< sent as a bearer token; empty: none
    Duration patience = std::chrono::seconds(5);  ///< with one call, before it is made again
    /// Told when the provider begins to fail and when it is back; any thread.
    std::move_only_function<void(const std::string&)> on_warning = [](const std::string&) {};
  };

  /// Tells the provider where to send events and with which secret to sign them; asks until it is
  /// taken, or gives up with a warning when the provider has no such call.
  virtual void register_webhook(const std::string& url, const webhook::Secret& secret) = 0;
};

/// Fails when the URL is not one. Does not call it yet.
[[nodiscard]] Result<std::unique_ptr<HttpProvider>> make_http_provider(
    HttpProvider::Options options, const Clock& clock);

}  // namespace dibs::payment
