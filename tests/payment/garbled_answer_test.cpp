// A provider that takes an attempt and says something else than what became of it.
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "http/server.h"
#include "payment/http_provider.h"
#include "payment/wire.h"

namespace dibs::payment {
namespace {

/// Takes an attempt and answers without an intent; asked again with the same key, with it.
class GarbledProvider final : public http::Handler {
 public:
  void handle(const http::Request& request, http::Responder responder) override {
    const auto asked = parse_intent_request(request.body);
    if (!asked) return responder.respond(refusal(400, "no request"));
    const Intent intent{.id = "pi_1",
                        .key = std::string(request.header("Idempotency-Key").value_or("")),
                        .order = asked->order,
                        .amount = asked->amount,
                        .currency = asked->currency,
                        .status = Intent::Status::requires_capture};
    http::Response response;
    response.status = 201;
    response.body = attempts++ == 0 ? "{}" : to_json(intent);
    responder.respond(std::move(response));
  }
  http::Response refusal(std::uint16_t status, std::string_view /*what*/) override {
    http::Response response;
    response.status = status;
    return response;
  }
  std::atomic<int> attempts = 0;
};

class NoOrder final : public WatermarkListener {
 public:
  void on_watermark(std::uint32_t /*loop*/, Instant /*upto*/) noexcept override {}
};

TEST(GarbledProvider, what_it_has_taken_is_found_out_and_not_guessed) {
  GarbledProvider garbled;
  NoOrder nobody;
  http::Server::Options options;
  options.listen = {"127.0.0.1:0"};
  auto server = std::move(http::Server::open(options, garbled, nobody, system_clock()).value());
  server->start();
  HttpProvider::Options client;
  client.url = "http://" + server->addresses().front();
  auto provider = std::move(make_http_provider(std::move(client), system_clock()).value());
  std::promise<Verdict> verdict;
  OrderId order;
  order.sale = SaleId("concert");
  provider->authorise({.order = order,
                       .amount = 500,
                       .currency = "KRW",
                       .token = "tok_ok",
                       .key = to_text(order) + ":1"},
                      [&](Verdict told) { verdict.set_value(told); });
  auto told = verdict.get_future();
  ASSERT_EQ(told.wait_for(std::chrono::seconds(60)), std::future_status::ready);
  EXPECT_EQ(told.get(), Verdict::authorised) << "a decline would leave the money reserved";
  EXPECT_GE(garbled.attempts, 2);
  provider.reset();
  server->drain(std::chrono::seconds(5));
}

}  // namespace
}  // namespace dibs::payment
