#include "http/framing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "http/framing_rows.h"
#include "http/text.h"

// The framing without a network: what it says about each row, in one piece and cut at every byte.

namespace dibs::http::testing {
namespace {

using namespace std::string_literals;

constexpr Limits kLimits{};

/// What a connection would make of `bytes` if they came in pieces that end at `cuts`.
struct Verdict {
  std::uint16_t refused = 0;
  bool whole = false;
  std::size_t request_bytes = 0;

  friend bool operator==(const Verdict&, const Verdict&) = default;
};

Verdict judge(std::string_view bytes, const std::vector<std::size_t>& cuts) {
  HeadScan scan;
  for (const std::size_t cut : cuts) {
    const std::string_view seen = bytes.substr(0, cut);
    if (const auto wrong = scan.advance(seen, kLimits.head_bytes)) return {wrong->status};
    if (scan.head_bytes() == 0) continue;
    Request request;
    const auto facts = read_head(seen.substr(0, scan.head_bytes()), kLimits, request);
    if (!facts) return {facts.error().status};
    const std::size_t size = scan.head_bytes() + facts->body_bytes;
    if (seen.size() >= size) return {0, true, size};
  }
  return {};
}

/// Long rows are cut at their first and last bytes and here and there between.
std::vector<std::size_t> places_to_cut(std::size_t size) {
  constexpr std::size_t kAllUpTo = 600;
  std::vector<std::size_t> places;
  for (std::size_t at = 1; at < size; ++at)
    if (at < kAllUpTo || at + kAllUpTo / 4 > size || at % 97 == 0) places.push_back(at);
  return places;
}

TEST(Framing, every_refused_row_is_refused_with_its_status) {
  for (const FramingRow& row : refused_rows())
    EXPECT_EQ(judge(row.bytes, {row.bytes.size()}), Verdict{row.refused}) << row.name;
}

TEST(Framing, every_accepted_row_is_one_whole_request) {
  for (const FramingRow& row : accepted_rows())
    EXPECT_EQ(judge(row.bytes, {row.bytes.size()}), (Verdict{0, true, row.bytes.size()}))
        << row.name;
}

TEST(Framing, the_verdict_does_not_depend_on_where_the_network_cuts) {
  for (const auto* rows : {&refused_rows(), &accepted_rows()}) {
    for (const FramingRow& row : *rows) {
      const Verdict whole = judge(row.bytes, {row.bytes.size()});
      for (const std::size_t cut : places_to_cut(row.bytes.size()))
        ASSERT_EQ(judge(row.bytes, {cut, row.bytes.size()}), whole) << row.name << " at " << cut;
    }
  }
}

TEST(Framing, bytes_behind_a_request_do_not_change_its_verdict) {
  for (const FramingRow& row : accepted_rows()) {
    const std::string followed = row.bytes + "\0\r\n garbage"s;
    EXPECT_EQ(judge(followed, {followed.size()}), (Verdict{0, true, row.bytes.size()})) << row.name;
  }
}

TEST(Framing, no_beginning_of_a_good_request_is_whole) {
  for (const FramingRow& row : accepted_rows())
    for (const std::size_t cut : places_to_cut(row.bytes.size()))
      ASSERT_EQ(judge(row.bytes, {cut}), Verdict{}) << row.name << " at " << cut;
}

TEST(Framing, a_head_is_taken_apart_into_views_of_itself) {
  const std::string head =
      "PUT /v1/sales/a?b=c?d HTTP/1.1\r\nHost: shop:80\r\nX-Odd:  a b \r\n"
      "Content-Length: 7\r\nConnection: Keep-Alive, CLOSE\r\n\r\n";
  Request request;
  const auto facts = read_head(head, kLimits, request);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->body_bytes, 7U);
  EXPECT_TRUE(facts->close);
  EXPECT_EQ(request.method, Method::put);
  EXPECT_EQ(request.target, "/v1/sales/a?b=c?d");
  EXPECT_EQ(request.path, "/v1/sales/a");
  EXPECT_EQ(request.query, "b=c?d");
  EXPECT_EQ(request.headers.size(), 4U);
  EXPECT_EQ(request.header("HOST"), "shop:80");
  EXPECT_EQ(request.header("x-odd"), "a b");
  EXPECT_FALSE(request.header("x-odder"));
  for (const Header& header : request.headers) {
    EXPECT_GE(header.name.data(), head.data());
    EXPECT_LE(header.value.data() + header.value.size(), head.data() + head.size());
  }
}

TEST(Framing, nothing_of_one_request_is_left_in_the_next) {
  Request request;
  ASSERT_TRUE(read_head("GET /a?b HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n\r\n", kLimits, request));
  ASSERT_TRUE(
      read_head("POST /c HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", kLimits, request));
  EXPECT_EQ(request.method, Method::post);
  EXPECT_EQ(request.query, "");
  EXPECT_EQ(request.headers.size(), 2U);
}

TEST(Framing, methods_are_told_apart_with_case) {
  const auto method = [](std::string_view name) {
    Request request;
    const std::string head =
        std::string(name) + " / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    EXPECT_TRUE(read_head(head, kLimits, request));
    return request.method;
  };
  EXPECT_EQ(method("GET"), Method::get);
  EXPECT_EQ(method("HEAD"), Method::head);
  EXPECT_EQ(method("POST"), Method::post);
  EXPECT_EQ(method("PUT"), Method::put);
  EXPECT_EQ(method("DELETE"), Method::del);
  EXPECT_EQ(method("OPTIONS"), Method::options);
  EXPECT_EQ(method("PATCH"), Method::other);
  EXPECT_EQ(method("get"), Method::other);
}

TEST(Text, a_list_is_searched_token_by_token) {
  EXPECT_TRUE(list_has("close", "close"));
  EXPECT_TRUE(list_has("a, Close ,b", "close"));
  EXPECT_FALSE(list_has("closed, a close", "close"));
  EXPECT_FALSE(list_has("", "close"));
}

}  // namespace
}  // namespace dibs::http::testing
