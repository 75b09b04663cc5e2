#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "api/api.h"
#include "api/client.h"
#include "api/silent_store.h"
#include "engine/engine.h"
#include "http/server.h"
#include "payment/demo_provider.h"
#include "payment/provider.h"

namespace dibs::api::test {

inline const std::string kOperatorToken = "operator-token-of-anna";
inline const std::string kSupportToken = "support-token-1";
inline const std::string kShopKey = "shop-key-old";
inline const std::string kShopKeyNew = "shop-key-new";
inline const std::string kJwtSecret = "a secret of thirty-two bytes or more";
inline const std::string kAudience = "dibs.test";

/// The callers of the contract, as headers.
Headers as_operator();
Headers as_support();
Headers as_shop(const std::string& buyer = {});
Headers as_buyer(const std::string& buyer);  ///< by JWT
Headers in_demo(const std::string& buyer);   ///< by Dibs-Buyer alone
Headers with(Headers headers, std::string name, std::string value);

/// An HS256 token signed with `secret`; `claims` are the members of the payload as JSON.
std::string hs256_token(const std::string& claims, const std::string& secret = kJwtSecret);
std::string claims_of(const std::string& buyer, const std::string& more = {});

struct HarnessOptions {
  Options api;
  bool sandbox = true;
  payment::Provider* provider = nullptr;  ///< instead of the sandbox
  std::size_t listeners = 1;
  http::Limits limits;
  std::uint32_t loops = 1;
  bool merge = true;
  Duration late_after = std::chrono::seconds(1);
  Duration stall{0};  ///< loop 0 sleeps so long in every eighth of its requests
};

/// Operators, support, two shop keys and HS256 tokens.
HarnessOptions usual();
/// The same as the demo.
HarnessOptions demo();

/// The real thing: engine in a directory of its own, API and HTTP server on a free port.
class Harness {
 public:
  explicit Harness(HarnessOptions options = usual());
  ~Harness();

  [[nodiscard]] std::string address(std::size_t listener = 0) const;
  Api& api() { return *api_; }
  engine::Engine& engine() { return *engine_; }
  SilentStore& store() { return *store_; }  ///< what the API takes for its store
  http::Server& server() { return *server_; }

  /// Creates a sale of one item `floor` and says its id. `members` are added to the body.
  std::string sale(const std::string& members = {}, int stock = 10, int price = 50'000);
  Reply buy(const std::string& sale, const std::string& buyer, const std::string& key = {},
            int quantity = 1);
  Reply call(std::string_view method, std::string_view path, const Headers& headers = {},
             std::string_view body = {}) {
    return client().call(method, path, headers, body);
  }
  Client& client();

 private:
  std::filesystem::path directory_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<SilentStore> store_;
  std::unique_ptr<payment::Provider> sandbox_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<http::Handler> handler_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<Client> client_;
  int sales_ = 0;
};

/// What a refusal must look like: status, code, type, and `arrival` only where it belongs.
void expect_problem(const Reply& reply, int status, const std::string& code, bool numbered = false);

}  // namespace dibs::api::test
