// Limits by network: for those without a valid credential, and never for those with one.
#include <gtest/gtest.h>

#include <chrono>

#include "api/client_address.h"
#include "api/harness.h"

namespace dibs::api::test {
namespace {

IpAddress from(const std::string& peer, const std::vector<std::string>& forwarded_for,
               const std::vector<std::string>& trusted = {"127.0.0.0/8", "10.0.0.0/8",
                                                          "fd00::/8"}) {
  std::vector<Network> networks;
  for (const auto& text : trusted) networks.push_back(Network::parse(text).value());
  http::Request request;
  request.peer = peer;
  for (const auto& value : forwarded_for) request.headers.push_back({"x-forwarded-for", value});
  return client_address(request, networks);
}

IpAddress address(const std::string& text) { return IpAddress::parse(text).value(); }

TEST(ClientAddress, IsThePeerWhereThatIsNoTrustedProxy) {
  EXPECT_EQ(from("192.0.2.1", {}), address("192.0.2.1"));
  EXPECT_EQ(from("192.0.2.1", {"203.0.113.5"}), address("192.0.2.1")) << "anyone can write that";
  EXPECT_EQ(from("127.0.0.1", {"203.0.113.5"}, {}), address("127.0.0.1"));
}

TEST(ClientAddress, IsTheLastOneThatNoTrustedProxyHas) {
  EXPECT_EQ(from("127.0.0.1", {"203.0.113.5"}), address("203.0.113.5"));
  EXPECT_EQ(from("10.1.1.1", {"198.51.100.1, 203.0.113.5"}), address("203.0.113.5"));
  EXPECT_EQ(from("10.1.1.1", {"198.51.100.1,203.0.113.5 , 10.2.2.2"}), address("203.0.113.5"));
  EXPECT_EQ(from("10.1.1.1", {"198.51.100.1", "203.0.113.5", "10.2.2.2"}), address("203.0.113.5"));
  EXPECT_EQ(from("fd00::1", {"2001:db8::5"}), address("2001:db8::5"));
  EXPECT_EQ(from("10.1.1.1", {"203.0.113.5:4711"}), address("203.0.113.5"));
  EXPECT_EQ(from("10.1.1.1", {"[2001:db8::5]:4711"}), address("2001:db8::5"));
  EXPECT_EQ(from("10.1.1.1", {"10.3.3.3"}), address("10.3.3.3")) << "a client among the proxies";
}

TEST(ClientAddress, IsTheProxyWhereItNamesNone) {
  EXPECT_EQ(from("10.1.1.1", {}), address("10.1.1.1"));
  for (const auto* text :
       {"", "unknown", "_hidden", "203.0.113.5, ", "203.0.113.5,x", "[::1", "::g"})
    EXPECT_EQ(from("10.1.1.1", {text}), address("10.1.1.1")) << text;
  EXPECT_EQ(from("10.1.1.1", {"203.0.113.5, nonsense, 10.2.2.2"}), address("10.2.2.2"));
}

class Strangers : public ::testing::Test {
 protected:
  static HarnessOptions options() {
    auto options = usual();
    options.api.rate_per_network = kRate;
    options.api.trusted_proxies = {Network::parse("127.0.0.1").value()};
    return options;
  }
  static Headers by(const std::string& client, Headers headers = {}) {
    return with(std::move(headers), "X-Forwarded-For", client);
  }
  /// Asks until the network has nothing left; how many were served.
  int exhaust(const std::string& client) {
    int served = 0;
    while (server.call("GET", "/v1/time", by(client)).status == 200) ++served;
    return served;
  }

  static constexpr std::uint32_t kRate = 2;
  Harness server{options()};
};

TEST_F(Strangers, AreLimitedByTheirNetworkWhateverTheyAskFor) {
  EXPECT_GE(exhaust("203.0.113.5"), 2);
  EXPECT_GE(exhaust("203.0.113.6"), 2) << "a network of its own";
  EXPECT_GE(exhaust("2001:db8::1"), 2);
  EXPECT_LE(exhaust("2001:db8::2"), 2) << "the same /64";
  const auto sale = server.sale();
  const auto refused = [&](std::string_view method, const std::string& path, Headers headers,
                           std::string_view body = {}) {
    // Time goes by, and each half of a second one may be served: so it is asked twice.
    auto reply = server.call(method, path, headers, body);
    if (reply.status != 429) reply = server.call(method, path, headers, body);
    expect_problem(reply, 429, "slow_down");
    EXPECT_FALSE(reply.header("Retry-After").empty());
  };
  exhaust("203.0.113.5");
  const Headers there = by("203.0.113.5");
  refused("GET", "/v1/sales/" + sale, there);
  refused("GET", "/s/" + sale, there);
  refused("GET", "/nowhere", there);
  refused("GET", "/v1/sales", there);
  refused("GET", "/v1/sales", with(there, "Authorization", "Bearer guessed"));
  refused("GET", "/v1/sales", with(there, "Cookie", "__Host-dibs=guessed"));
  refused("POST", "/v1/session", there, R"({"token":"guessed"})");
  refused("POST", "/v1/payments/webhook", there, "{}");
}

TEST_F(Strangers, TakeNothingFromThoseWithACredential) {
  const auto sale = server.sale();
  const std::string crowded = "203.0.113.5";
  const std::string one = R"({"items":[{"sku":"floor","quantity":1}]})";
  for (int buyer = 0; buyer < 20; ++buyer) {
    exhaust(crowded);
    const auto name = "b-" + std::to_string(buyer);
    const auto path = "/v1/sales/" + sale + "/orders";
    const auto bought = server.call("POST", path, by(crowded, as_buyer(name)), one);
    EXPECT_EQ(bought.status, buyer < 10 ? 201 : 202) << bought.body;
    const auto begun = server.call("POST", "/v1/session", by(crowded),
                                   R"({"token":")" + hs256_token(claims_of(name)) + R"("})");
    EXPECT_EQ(begun.status, 200) << "the token it brings is its credential";
  }
  for (const auto& who : {as_operator(), as_support(), as_shop()})
    EXPECT_EQ(server.call("GET", "/v1/sales/" + sale + "/orders", by(crowded, who)).status, 200);
  EXPECT_EQ(server.call("GET", "/nowhere", by(crowded, as_operator())).status, 404);
}

TEST(StrangersUnlimited, IsTheDefault) {
  Harness server;
  for (int i = 0; i < 200; ++i) EXPECT_EQ(server.call("GET", "/v1/time").status, 200);
}

}  // namespace
}  // namespace dibs::api::test
