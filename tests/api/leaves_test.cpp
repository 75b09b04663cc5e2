// The small parts: writer, CSV, query, base64url, rate limit, worker.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "api/base64url.h"
#include "api/csv.h"
#include "api/json_reader.h"
#include "api/query.h"
#include "api/rate_limit.h"
#include "api/sse.h"
#include "base/json_writer.h"
#include "base/worker.h"

namespace dibs::api {
namespace {

TEST(JsonWriter, EscapesEveryByteSoThatAReaderGetsItBack) {
  std::string all;
  for (int c = 1; c < 0x80; ++c) all += static_cast<char>(c);
  all += "\xc3\xa9\xe2\x80\xa8</script>";
  std::string out;
  JsonWriter(out).begin_object().member("t", all).end_object();
  json::Document document;
  ASSERT_FALSE(json::parse(out, document)) << out;
  EXPECT_EQ(document.text(document.nodes.at(1)), all);
}

TEST(JsonWriter, PutsCommasBetweenValuesOnly) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().member("a", 1).key("b").begin_array();
  json.number(1).begin_object().end_object().null().boolean(true).end_array();
  json.member("c", "x").end_object();
  EXPECT_EQ(out, R"({"a":1,"b":[1,{},null,true],"c":"x"})");
}

TEST(Csv, QuotesWhatMustBeQuotedAndDefusesFormulas) {
  std::string out;
  append_csv_row(out, {"plain", "a,b", "say \"x\"", "two\nlines", "=1+1", "+1", "-1", "@x", ""});
  EXPECT_EQ(out, "plain,\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",'=1+1,'+1,'-1,'@x,\r\n");
}

TEST(Query, RefusesDuplicatesAndBrokenEscapes) {
  EXPECT_EQ(Query::parse("a=1&b=%2Fx+y")->get("b"), "/x+y");
  EXPECT_TRUE(Query::parse(""));
  for (const auto* bad :
       {"a=1&a=2", "a=1&%61=2", "a=%", "a=%4", "a=%zz", "a=%00", "=1", "&", "a=1&&b=2"}) {
    EXPECT_FALSE(Query::parse(bad)) << bad;
  }
}

TEST(Query, NumbersHaveOneSpelling) {
  EXPECT_EQ(parse_number("30", 30), 30U);
  for (const auto* bad : {"", "31", "-1", "+1", "1.0", "01", " 1", "1 ", "99999999999999999999"}) {
    EXPECT_FALSE(parse_number(bad, 30)) << bad;
  }
}

TEST(Base64url, HasOneSpellingForEveryText) {
  EXPECT_EQ(base64url_decoded("TQ"), "M");
  EXPECT_EQ(base64url_decoded("TWE"), "Ma");
  EXPECT_EQ(base64url_decoded("TWFu"), "Man");
  for (const auto* bad : {"TR", "TWF", "T", "TQ==", "T+E", "T/E", "TQ\n", "T Q"}) {
    EXPECT_FALSE(base64url_decoded(bad)) << bad;
  }
}

TEST(RateLimiter, GivesNAtOnceThenOneEveryNthOfASecond) {
  RateLimiter limiter(4);
  const std::string buyer = "a";
  const Duration start = std::chrono::seconds(100);
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(limiter.refuse(buyer, start)) << i;
  const auto wait = limiter.refuse(buyer, start);
  ASSERT_TRUE(wait);
  EXPECT_EQ(*wait, std::chrono::milliseconds(250));
  EXPECT_TRUE(limiter.refuse(buyer, start + *wait - Duration(1)));
  EXPECT_FALSE(limiter.refuse(buyer, start + *wait));
  EXPECT_FALSE(limiter.refuse("b", start)) << "everybody has a bucket of their own";
}

TEST(RateLimiter, IsOffAtZero) {
  RateLimiter limiter(0);
  for (int i = 0; i < 10'000; ++i) EXPECT_FALSE(limiter.refuse("a", Duration(0)));
}

TEST(RateLimiter, ForgetsTheOldestButNeverOneWhoPressesAllTheTime) {
  RateLimiter limiter(1);
  const Duration start = std::chrono::seconds(100);
  EXPECT_FALSE(limiter.refuse("hammer", start));
  int let_through = 0;
  for (int i = 0; i < 200'000; ++i) {
    // More buyers than buckets: an empty bucket may be forgotten, which lets its buyer in again.
    EXPECT_FALSE(limiter.refuse("b" + std::to_string(i), start + Duration(i)));
    if (i % 10 == 0 && !limiter.refuse("hammer", start + Duration(i))) ++let_through;
  }
  EXPECT_LT(let_through, 20);
}

TEST(Worker, DoesThingsInTimeAndInOrder) {
  Worker worker(system_clock());
  std::vector<int> order;
  std::promise<void> done;
  const auto now = system_clock().monotonic();
  worker.at(now + std::chrono::milliseconds(30), [&] { done.set_value(); });
  worker.at(now + std::chrono::milliseconds(20), [&] { order.push_back(3); });
  worker.soon([&] {
    order.push_back(1);
    worker.soon([&] { order.push_back(2); });
  });
  done.get_future().wait();
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

TEST(Worker, TakesTasksFromManyThreadsAndDropsWhatItDidNotBeginWhenItStops) {
  std::atomic<int> ran = 0;
  auto held = std::make_shared<int>(1);
  Worker worker(system_clock());
  {
    std::vector<std::jthread> givers;
    for (int i = 0; i < 4; ++i) {
      givers.emplace_back([&] {
        for (int k = 0; k < 1'000; ++k) worker.soon([&ran] { ++ran; });
      });
    }
  }
  worker.at(system_clock().monotonic() + std::chrono::hours(1), [held] { FAIL(); });
  while (ran < 4'000) std::this_thread::yield();
  worker.stop();
  worker.soon([] { FAIL(); });
  EXPECT_EQ(held.use_count(), 1) << "what a dropped task held is let go";
}

TEST(StreamId, IsReadBackAndNothingElseIs) {
  EXPECT_EQ(parse_stream_id("12-3"), (StreamId{12, 3}));
  EXPECT_EQ(parse_stream_id("12-3+40"), (StreamId{12, 3}));
  for (const auto* bad : {"", "12", "-", "12-", "-3", "12-3~1", "a-b", "012-3", "12-3-4"}) {
    EXPECT_FALSE(parse_stream_id(bad)) << bad;
  }
}

}  // namespace
}  // namespace dibs::api
