#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "payment/wire.h"

namespace dibs::sandbox {

using payment::Intent;

/// Why the bank does not do what it is asked.
struct Refusal {
  std::uint16_t status = 409;
  std::string why;  ///< a sentence for a person
};
template <class T>
using Decided = std::expected<T, Refusal>;

/// An event that waits until it has been sent.
struct BankEvent {
  std::int64_t number = 0;  ///< in the order in which they happened
  std::string id;           ///< the webhook-id
  std::string body;
};

/// Where events go.
struct WebhookEndpoint {
  std::string url;
  std::string secret;
};

/// The books of the sandbox: intents, the events that they cause, and where events go, in SQLite.
/// What a call has changed survives the end of the process when it returns. One thread.
class Bank {
 public:
  /// `file`: `:memory:` keeps nothing. Fails when it cannot be opened or is of another program.
  [[nodiscard]] static Result<Bank> open(const std::string& file);
  Bank(Bank&&) noexcept;
  Bank& operator=(Bank&&) = delete;
  Bank(const Bank&) = delete;
  Bank& operator=(const Bank&) = delete;
  ~Bank();

  /// The intent of that key, made in `status` if there is none; 409 when there is one of another
  /// request.
  [[nodiscard]] Decided<Intent> create(const payment::IntentRequest& request,
                                       const std::string& key, Intent::Status status);
  /// Moves an intent on; repeating what has been done changes nothing. 404 when there is none, 409
  /// when its status forbids it. Each change is an event.
  [[nodiscard]] Decided<Intent> move(const std::string& id, Intent::Status to);
  [[nodiscard]] Decided<Intent> find(const std::string& id) const;
  /// The token that the intent was made with; empty when there is none.
  [[nodiscard]] std::string token(const std::string& id) const;

  struct Filter {
    std::string order;    ///< empty: any
    std::string attempt;  ///< empty: any
    std::string status;   ///< empty: any; `open`: processing or requires_capture
    std::string after;    ///< only intents made after that one
  };
  static constexpr std::size_t kPage = 100;
  /// At most kPage, oldest first.
  [[nodiscard]] std::vector<Intent> list(const Filter& filter) const;
  [[nodiscard]] std::vector<Intent> processing() const;

  [[nodiscard]] std::vector<BankEvent> unsent() const;
  void sent(std::int64_t number);

  [[nodiscard]] std::optional<WebhookEndpoint> endpoint() const;
  void set_endpoint(const WebhookEndpoint& endpoint);

 private:
  struct Impl;
  explicit Bank(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dibs::sandbox
