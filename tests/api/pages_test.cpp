// Pages and what they load: caches, packing, and the policy that keeps strange scripts out.
#include <gtest/gtest.h>

#include <regex>

#include "api/harness.h"
#include "api/web_files.h"

namespace dibs::api::test {
namespace {

/// The paths of the assets that a page names.
std::vector<std::string> assets_of(const std::string& page) {
  const std::regex path("/assets/[^\"]+");
  std::vector<std::string> found;
  for (auto it = std::sregex_iterator(page.begin(), page.end(), path); it != std::sregex_iterator();
       ++it) {
    found.push_back(it->str());
  }
  return found;
}

TEST(Pages, TheWayInIsTheDemosSaleOrAPageThatSaysWhatRuns) {
  auto options = demo();
  options.api.home_sale = SaleId("s-1");
  Harness server(options);
  EXPECT_EQ(server.call("GET", "/").status, 200) << "the sale is not there yet";
  server.sale();
  const auto there = server.call("GET", "/");
  EXPECT_EQ(there.status, 303);
  EXPECT_EQ(there.header("Location"), "/s/s-1");
  EXPECT_EQ(server.call("GET", "/?buyer=anna&lang=ko").header("Location"),
            "/s/s-1?buyer=anna&lang=ko");
  Harness live;
  const auto page = live.call("GET", "/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(live.call("GET", "/", {{"If-None-Match", page.header("ETag")}}).status, 304);
}

TEST(Pages, AReloadCostsNoBody) {
  Harness server;
  const auto sale = server.sale();
  for (const std::string& path : {"/s/" + sale, std::string("/console")}) {
    const auto page = server.call("GET", path);
    EXPECT_EQ(page.status, 200);
    EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(page.header("Cache-Control"), "no-cache");
    const auto etag = page.header("ETag");
    for (const auto& known : {etag, "W/" + etag, "\"other\", " + etag}) {
      const auto again = server.call("GET", path, {{"If-None-Match", known}});
      EXPECT_EQ(again.status, 304) << known;
      EXPECT_EQ(again.body, "");
      EXPECT_EQ(again.header("ETag"), etag);
    }
    EXPECT_EQ(server.call("GET", path, {{"If-None-Match", "\"other\""}}).status, 200);
  }
}

TEST(Pages, OfAnUnknownSaleIsAPageToo) {
  Harness server;
  const auto page = server.call("GET", "/s/nowhere");
  EXPECT_EQ(page.status, 404);
  EXPECT_TRUE(page.body.starts_with("<!doctype html>"));
  EXPECT_EQ(page.body, server.call("GET", "/s/" + server.sale()).body);
}

TEST(Pages, RunAndShowNothingButOurOwnFiles) {
  Harness server;
  for (const std::string& path :
       {"/s/" + server.sale(), std::string("/console"), std::string("/")}) {
    const auto page = server.call("GET", path);
    const auto policy = page.header("Content-Security-Policy");
    for (const auto* rule :
         {"default-src 'none';", "script-src 'self';", "style-src 'self';", "connect-src 'self';",
          "base-uri 'none';", "frame-ancestors 'none';", "require-trusted-types-for 'script'"}) {
      EXPECT_NE(policy.find(rule), std::string::npos) << path << rule;
    }
    EXPECT_EQ(policy.find("unsafe"), std::string::npos);
    EXPECT_EQ(page.header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(page.header("Referrer-Policy"), "no-referrer");
    EXPECT_EQ(page.body.find("<style"), std::string::npos) << "would not be applied";
    EXPECT_EQ(page.body.find("style=\""), std::string::npos) << "would not be applied";
  }
}

TEST(Pages, SayWhenTheyAreOfTheInsecureDemo) {
  Harness live;
  Harness insecure(demo());
  for (const std::string& path : {std::string("/s/x"), std::string("/console"), std::string("/")}) {
    EXPECT_NE(live.call("GET", path).body.find("data-mode=\"live\""), std::string::npos);
    const auto page = insecure.call("GET", path);
    EXPECT_NE(page.body.find("data-mode=\"insecure-demo\""), std::string::npos) << path;
    EXPECT_EQ(page.body.find("data-mode=\"live\""), std::string::npos) << path;
  }
}

TEST(Assets, OfTheseFilesAreKeptForEverAndOfAnyOtherBuildAskedForAnew) {
  Harness server;
  const auto page = server.call("GET", "/console");
  const auto paths = assets_of(page.body);
  ASSERT_FALSE(paths.empty());
  for (const auto& path : paths) {
    const auto asset = server.call("GET", path);
    EXPECT_EQ(asset.status, 200) << path;
    EXPECT_EQ(asset.header("Cache-Control"), "public, max-age=31536000, immutable");
    EXPECT_EQ(server.call("GET", path, {{"If-None-Match", asset.header("ETag")}}).status, 304);
    const auto name = path.substr(path.find('/', 8));
    const auto old = server.call("GET", "/assets/older" + name);
    EXPECT_EQ(old.body, asset.body);
    EXPECT_EQ(old.header("Cache-Control"), "no-cache");
  }
}

TEST(Assets, EveryFileIsServedAsWhatItIs) {
  Harness server;
  const std::string build = "/assets/" + std::string(web_build()) + "/";
  const std::vector<std::pair<std::string, std::string>> kinds = {
      {".css", "text/css; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".svg", "image/svg+xml"}};
  int served = 0;
  for (const auto& file : web_files()) {
    const auto asset = server.call("GET", build + std::string(file.name));
    if (file.name.ends_with(".html")) {
      expect_problem(asset, 404, "unknown_path");
      continue;
    }
    ++served;
    EXPECT_EQ(asset.body, file.bytes) << file.name;
    for (const auto& [ending, type] : kinds) {
      if (file.name.ends_with(ending)) {
        EXPECT_EQ(asset.header("Content-Type"), type) << file.name;
      }
    }
  }
  EXPECT_GE(served, 3);
  expect_problem(server.call("GET", build + "shop/nothing.js"), 404, "unknown_path");
  expect_problem(server.call("GET", build + "shop/..%2f..%2fREADME.md"), 404, "unknown_path");
}

TEST(Assets, ArePackedForThoseWhoTakeIt) {
  Harness server;
  const std::string path = "/assets/" + std::string(web_build()) + "/lib/chart.js";
  const auto plain = server.call("GET", path);
  const auto packed = server.call("GET", path, {{"Accept-Encoding", "br;q=1.0, gzip"}});
  EXPECT_EQ(packed.header("Content-Encoding"), "gzip");
  EXPECT_EQ(packed.header("Vary"), "Accept-Encoding");
  EXPECT_LT(packed.body.size() * 2, plain.body.size());
  EXPECT_TRUE(packed.body.starts_with("\x1f\x8b"));
  EXPECT_NE(packed.header("ETag"), plain.header("ETag"));
  for (const auto* refusing : {"gzip;q=0", "identity", ""}) {
    const auto asset = server.call("GET", path, {{"Accept-Encoding", refusing}});
    EXPECT_EQ(asset.header("Content-Encoding"), "") << refusing;
  }
  EXPECT_EQ(server.call("GET", path, {{"Accept-Encoding", "gzip;q=0.5"}}).body, packed.body);
}

TEST(Reload, OfASaleThatIsKnownCostsA304) {
  Harness server;
  const auto path = "/v1/sales/" + server.sale();
  const auto first = server.call("GET", path);
  EXPECT_EQ(server.call("GET", path, {{"If-None-Match", first.header("ETag")}}).status, 304);
  server.buy(path.substr(10), "a");
  EXPECT_EQ(server.call("GET", path, {{"If-None-Match", first.header("ETag")}}).status, 200);
}

}  // namespace
}  // namespace dibs::api::test
