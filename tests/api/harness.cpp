#include "api/harness.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#include <algorithm>
#include <thread>

namespace dibs::api::test {
namespace {

std::string base64url(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  while (!text.empty() && text.back() == '=') text.pop_back();
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

std::filesystem::path temporary_directory() {
  std::string path = (std::filesystem::temp_directory_path() / "dibs-api-XXXXXX").string();
  if (mkdtemp(path.data()) == nullptr) ADD_FAILURE() << "no temporary directory";
  return path;
}

/// The API behind loops of which the first does not keep its word never to block.
class StallingHandler final : public http::Handler {
 public:
  StallingHandler(http::Handler& api, Duration stall) : api_(api), stall_(stall) {}

  void handle(const http::Request& request, http::Responder responder) override {
    if (request.stamp.loop == 0 && request.stamp.read_order % 8 == 0 && stall_ > Duration(0)) {
      std::this_thread::sleep_for(stall_);
    }
    api_.handle(request, std::move(responder));
  }
  http::Response refusal(std::uint16_t status, std::string_view what) override {
    return api_.refusal(status, what);
  }

 private:
  http::Handler& api_;
  const Duration stall_;
};

}  // namespace

std::string hs256_token(const std::string& claims, const std::string& secret) {
  const std::string text = base64url(R"({"alg":"HS256","typ":"JWT"})") + "." + base64url(claims);
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac, &size);
  return text + "." + base64url({reinterpret_cast<const char*>(mac), size});
}

std::string claims_of(const std::string& buyer, const std::string& more) {
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(system_clock().now().time_since_epoch());
  return "{\"sub\":\"" + buyer + "\",\"aud\":\"" + kAudience +
         "\",\"exp\":" + std::to_string(now.count() + 3'600) + more + "}";
}

Headers as_operator() { return {{"Authorization", "Bearer " + kOperatorToken}}; }
Headers as_support() { return {{"Authorization", "Bearer " + kSupportToken}}; }
Headers as_shop(const std::string& buyer) {
  Headers headers = {{"Authorization", "Bearer " + kShopKey}};
  if (!buyer.empty()) headers.emplace_back("Dibs-Buyer", buyer);
  return headers;
}
Headers as_buyer(const std::string& buyer) {
  return {{"Authorization", "Bearer " + hs256_token(claims_of(buyer))}};
}
Headers in_demo(const std::string& buyer) { return {{"Dibs-Buyer", buyer}}; }
Headers with(Headers headers, std::string name, std::string value) {
  headers.emplace_back(std::move(name), std::move(value));
  return headers;
}

HarnessOptions usual() {
  HarnessOptions options;
  options.api.operators = {{"anna", kOperatorToken}};
  options.api.support_tokens = {kSupportToken};
  options.api.shop_keys = {kShopKey, kShopKeyNew};
  options.api.jwt = JwtOptions{JwtAlgorithm::hs256, {kJwtSecret}, kAudience};
  return options;
}

HarnessOptions demo() {
  HarnessOptions options = usual();
  options.api.insecure_demo = true;
  return options;
}

Harness::Harness(HarnessOptions options) : directory_(temporary_directory()) {
  engine::Engine::Options engine_options;
  engine_options.data_dir = (directory_ / "data").string();
  engine_options.ingress_loops = options.loops;
  engine_options.merge = options.merge;
  engine_options.late_after = options.late_after;
  auto engine = engine::Engine::open(engine_options, system_clock());
  if (!engine) throw std::runtime_error(engine.error().what);
  engine_ = std::move(*engine);
  store_ = std::make_unique<SilentStore>(*engine_);
  if (options.sandbox && options.provider == nullptr) {
    sandbox_ = payment::make_demo_provider(system_clock());
  }
  auto* provider = options.provider != nullptr ? options.provider : sandbox_.get();
  auto api = Api::make(options.api, *store_, provider, system_clock(), [this] {
    return std::vector<Stat>{
        {"dibs_engine_commits_total", static_cast<double>(engine_->counters().commits)}};
  });
  if (!api) throw std::runtime_error(api.error().what);
  api_ = std::move(*api);
  engine_->add_listener(*api_);

  http::Server::Options server_options;
  server_options.listen.assign(options.listeners, "127.0.0.1:0");
  server_options.limits = options.limits;
  server_options.loops = options.loops;
  handler_ = std::make_unique<StallingHandler>(*api_, options.stall);
  auto server = http::Server::open(server_options, *handler_, *engine_, system_clock());
  if (!server) throw std::runtime_error(server.error().what);
  server_ = std::move(*server);
  engine_->set_waker([this](std::uint32_t loop) { server_->wake(loop); });
  engine_->start();
  server_->start();
}

Harness::~Harness() {
  client_.reset();
  api_->stop();
  store_->speak();
  server_->drain(std::chrono::seconds(10));
  engine_->drain();
  server_.reset();
  handler_.reset();
  api_.reset();
  sandbox_.reset();
  engine_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string Harness::address(std::size_t listener) const {
  return server_->addresses().at(listener);
}

Client& Harness::client() {
  if (!client_) client_ = std::make_unique<Client>(address());
  return *client_;
}

std::string Harness::sale(const std::string& members, int stock, int price) {
  const std::string id = "s-" + std::to_string(++sales_);
  const std::string body =
      R"({"title":"Concert","currency":"KRW","items":[{"sku":"floor","title":"Floor","price":)" +
      std::to_string(price) + R"(,"stock":)" + std::to_string(stock) + "}]" +
      (members.empty() ? "" : "," + members) + "}";
  const auto reply = call("PUT", "/v1/sales/" + id, as_operator(), body);
  EXPECT_EQ(reply.status, 201) << reply.body;
  return id;
}

Reply Harness::buy(const std::string& sale, const std::string& buyer, const std::string& key,
                   int quantity) {
  Headers headers = as_buyer(buyer);
  if (!key.empty()) headers.emplace_back("Idempotency-Key", key);
  return call("POST", "/v1/sales/" + sale + "/orders", headers,
              R"({"items":[{"sku":"floor","quantity":)" + std::to_string(quantity) + "}]}");
}

void expect_problem(const Reply& reply, int status, const std::string& code, bool numbered) {
  EXPECT_EQ(reply.status, status) << reply.body;
  EXPECT_EQ(reply["code"], code) << reply.body;
  EXPECT_EQ(reply.header("Content-Type"), "application/problem+json");
  EXPECT_EQ(reply.number("status"), status);
  std::string type = "/problems/" + code;
  std::ranges::replace(type, '_', '-');
  EXPECT_EQ(reply["type"], type);
  EXPECT_TRUE(reply.has("title") && reply.has("detail") && reply.has("retryable")) << reply.body;
  EXPECT_EQ(reply.has("arrival"), numbered) << reply.body;
  if (status == 429 || status == 503) {
    EXPECT_FALSE(reply.header("Retry-After").empty());
  }
}

}  // namespace dibs::api::test
