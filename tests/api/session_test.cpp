// A buyer's page: a token traded for a cookie, and whose calls by cookie count.
#include <gtest/gtest.h>

#include "api/cookie.h"
#include "api/harness.h"

namespace dibs::api::test {
namespace {

constexpr const char* kOne = R"({"items":[{"sku":"floor","quantity":1}]})";
const std::string kOwn = "https://dibs.test";  ///< the client's Host is dibs.test

Reply trade(Harness& server, const std::string& token) {
  return server.call("POST", "/v1/session", {{"Origin", kOwn}}, R"({"token":")" + token + R"("})");
}

/// What the browser sends back after `trade`.
Headers cookie_of(const Reply& traded) {
  const auto cookie = traded.header("Set-Cookie");
  return {{"Cookie", "theme=dark; " + cookie.substr(0, cookie.find(';'))}};
}

Headers session_of(Harness& server, const std::string& buyer, const std::string& more = {}) {
  return cookie_of(trade(server, hs256_token(claims_of(buyer, more))));
}

TEST(Session, ATokenBecomesACookieThatEndsWithIt) {
  Harness server;
  const auto traded = trade(server, hs256_token(claims_of("anna")));
  ASSERT_EQ(traded.status, 200) << traded.body;
  EXPECT_EQ(traded["buyer"], "anna");
  const auto cookie = traded.header("Set-Cookie");
  EXPECT_TRUE(cookie.starts_with("__Host-dibs=")) << cookie;
  for (const auto* attribute : {"; HttpOnly", "; Secure", "; SameSite=Lax", "; Path=/"}) {
    EXPECT_NE(cookie.find(attribute), std::string::npos) << attribute;
  }
  EXPECT_EQ(cookie.find("Domain"), std::string::npos);
  // claims_of gives an hour.
  const auto at = cookie.find("Max-Age=");
  ASSERT_NE(at, std::string::npos);
  const int seconds = std::stoi(cookie.substr(at + 8));
  EXPECT_LE(seconds, 3'600);
  EXPECT_GT(seconds, 3'500);
}

TEST(Session, TheCookieIsTheBuyer) {
  Harness server;
  const auto sale = server.sale();
  const auto anna = session_of(server, "anna");
  const auto bought =
      server.call("POST", "/v1/sales/" + sale + "/orders", with(anna, "Origin", kOwn), kOne);
  ASSERT_EQ(bought.status, 201) << bought.body;
  EXPECT_EQ(bought["buyer"], "anna");
  const std::string path = "/v1/orders/" + bought["id"];
  EXPECT_EQ(server.call("GET", path, anna).status, 200) << "reading needs no Origin";
  expect_problem(server.call("GET", path, session_of(server, "ben")), 404, "unknown_order");
  const auto list = server.call("GET", "/v1/sales/" + sale + "/orders", anna);
  EXPECT_EQ(list.json.as_object().at("orders").as_array().size(), 1U);
  expect_problem(server.call("GET", "/v1/sales", anna), 403, "forbidden");
}

TEST(Session, ByCookieNothingChangesUnlessOurOwnPageAsks) {
  auto options = usual();
  options.api.cors_origins = {"https://shop.example"};
  Harness server(options);
  const auto sale = server.sale();
  const auto anna = session_of(server, "anna");
  const std::string buy = "/v1/sales/" + sale + "/orders";
  const auto order = server.call("POST", buy, with(anna, "Origin", kOwn), kOne)["id"];
  const std::vector<Headers> others = {
      anna, with(anna, "Origin", "https://evil.example"), with(anna, "Origin", "null"),
      with(anna, "Origin", "https://shop.example"),  // may call, but not with the cookie
  };
  for (const auto& headers : others) {
    expect_problem(server.call("POST", buy, headers, kOne), 403, "forbidden");
    expect_problem(
        server.call("POST", "/v1/orders/" + order + "/payment", headers, R"({"token":"tok_ok"})"),
        403, "forbidden");
    expect_problem(server.call("DELETE", "/v1/orders/" + order, headers), 403, "forbidden");
    expect_problem(server.call("DELETE", "/v1/session", headers), 403, "forbidden");
  }
  EXPECT_EQ(server.call("GET", "/v1/orders/" + order, anna)["state"], "held");
  EXPECT_EQ(server.call("DELETE", "/v1/orders/" + order, with(anna, "Origin", kOwn)).status, 200);
}

TEST(Session, NobodyIsLoggedInByAnotherSitesPage) {
  Harness server;
  const auto token = hs256_token(claims_of("evil"));
  const auto reply = server.call("POST", "/v1/session", {{"Origin", "https://evil.example"}},
                                 R"({"token":")" + token + R"("})");
  expect_problem(reply, 403, "forbidden");
  EXPECT_EQ(reply.header("Set-Cookie"), "");
}

TEST(Session, ACookieThatIsNotGoodIsNoCookie) {
  Harness server;
  const auto sale = server.sale();
  const auto good = session_of(server, "anna")[0].second;
  const auto token = good.substr(good.find("__Host-dibs=") + 12);
  for (const std::string& cookie :
       {std::string("__Host-dibs="), "__Host-dibs=" + token + "x", "dibs=" + token,
        "__Host-dibs=" + hs256_token(claims_of("anna"), "another secret of thirty-two bytes.."),
        "__Host-dibs=" + token + "; __Host-dibs=" + token, std::string(";;=;")}) {
    const Headers headers = {{"Cookie", cookie}};
    EXPECT_EQ(server.call("GET", "/v1/sales/" + sale, headers).status, 200) << cookie;
    EXPECT_EQ(server.call("GET", "/s/" + sale, headers).status, 200) << cookie;
    expect_problem(server.call("GET", "/v1/sales/" + sale + "/orders", headers), 401,
                   "unauthenticated");
  }
}

TEST(Session, ATokenThatIsNotGoodIsNotTraded) {
  Harness server;
  for (const auto& token :
       {std::string("x"), hs256_token(R"({"sub":"a","aud":"dibs.test","exp":1})"),
        hs256_token(claims_of("a"), "another secret of thirty-two bytes..")}) {
    const auto reply = trade(server, token);
    expect_problem(reply, 401, "unauthenticated");
    EXPECT_EQ(reply.header("Set-Cookie"), "");
  }
  const auto filler = ",\"more\":\"" + std::string(3'200, 'x') + "\"";
  expect_problem(trade(server, hs256_token(claims_of("a", filler))), 400, "malformed");
  expect_problem(server.call("POST", "/v1/session", {}, "{}"), 400, "malformed");
  expect_problem(server.call("POST", "/v1/session", {}, R"({"token":1})"), 400, "malformed");
}

TEST(Session, LogOutRemovesTheCookie) {
  Harness server;
  const auto out =
      server.call("DELETE", "/v1/session", with(session_of(server, "anna"), "Origin", kOwn));
  EXPECT_EQ(out.status, 204);
  EXPECT_TRUE(out.header("Set-Cookie").starts_with("__Host-dibs=; Max-Age=0;"));
}

TEST(Session, OfOneSaleOpensNoOther) {
  Harness server;
  const auto mine = server.sale();
  const auto other = server.sale();
  const auto headers =
      with(session_of(server, "anna", ",\"sale\":\"" + mine + "\""), "Origin", kOwn);
  EXPECT_EQ(server.call("POST", "/v1/sales/" + mine + "/orders", headers, kOne).status, 201);
  expect_problem(server.call("POST", "/v1/sales/" + other + "/orders", headers, kOne), 403,
                 "forbidden");
}

TEST(Session, ACredentialInAHeaderGoesBeforeTheCookie) {
  Harness server;
  const auto sale = server.sale();
  auto both = session_of(server, "anna");
  both.push_back(as_buyer("ben")[0]);
  EXPECT_EQ(server.call("POST", "/v1/sales/" + sale + "/orders", both, kOne)["buyer"], "ben");
}

TEST(Cookie, IsFoundAmongOthersAndNeverGuessed) {
  EXPECT_EQ(cookie_value("a=1; b=2", "b"), "2");
  EXPECT_EQ(cookie_value("b=2", "b"), "2");
  EXPECT_EQ(cookie_value("a=1;b=2=3", "b"), "2=3");
  EXPECT_EQ(cookie_value("ab=1", "b"), std::nullopt);
  EXPECT_EQ(cookie_value("b", "b"), std::nullopt);
  EXPECT_EQ(cookie_value("", "b"), std::nullopt);
  EXPECT_EQ(cookie_value("b=1; b=2", "b"), std::nullopt);
}

}  // namespace
}  // namespace dibs::api::test
