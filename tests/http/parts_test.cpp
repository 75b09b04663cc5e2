#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "http/connection_table.h"
#include "http/doorbell.h"
#include "http/promise.h"
#include "http/response_reader.h"
#include "http/response_writer.h"

// The small parts of a loop, each by itself.

namespace dibs::http {
namespace {

class Promises final : public WatermarkListener {
 public:
  void on_watermark(std::uint32_t, Instant upto) noexcept override { made.push_back(to_ns(upto)); }
  [[nodiscard]] Instant furthest_watermark() const noexcept override { return furthest; }
  std::vector<std::int64_t> made;
  Instant furthest = Instant::min();
};

TEST(ArrivalPromise, a_stamp_later_than_the_promise_is_given_as_it_is) {
  Promises promises;
  ArrivalPromise promise(3, promises);
  promise.end_round(from_ns(100));
  const auto given = promise.give(from_ns(101));
  EXPECT_FALSE(given.moved);
  EXPECT_EQ(given.stamp, (Stamp{from_ns(101), 3, 1}));
  EXPECT_FALSE(promise.settled());
  promise.end_round(from_ns(101));
  EXPECT_TRUE(promise.settled());
  EXPECT_EQ(promises.made, (std::vector<std::int64_t>{100, 101}));
}

TEST(ArrivalPromise, a_stamp_that_would_break_the_promise_is_moved_behind_it_in_its_order) {
  Promises promises;
  ArrivalPromise promise(0, promises);
  promise.end_round(from_ns(100));
  const auto first = promise.give(from_ns(99));
  const auto second = promise.give(from_ns(100));
  EXPECT_TRUE(first.moved);
  EXPECT_TRUE(second.moved);
  EXPECT_GT(first.stamp.received, from_ns(100));
  EXPECT_LT(first.stamp, second.stamp);
}

TEST(ArrivalPromise, never_goes_back) {
  Promises promises;
  ArrivalPromise promise(0, promises);
  promise.end_round(from_ns(100));
  promise.publish(from_ns(50));
  promise.end_round(from_ns(50));
  promise.publish(from_ns(100));
  EXPECT_EQ(promises.made, (std::vector<std::int64_t>{100}));
}

TEST(ArrivalPromise, follows_the_requests_when_the_wall_clock_was_set_back) {
  Promises promises;
  ArrivalPromise promise(0, promises);
  promise.end_round(from_ns(1'000'000));
  const auto before = promise.give(from_ns(10)).stamp;
  promise.end_round(from_ns(20));
  EXPECT_TRUE(promise.settled()) << "or the loop would spin until the clock has caught up";
  EXPECT_EQ(promises.made.back(), to_ns(before.received));
  const auto after = promise.give(from_ns(30)).stamp;
  EXPECT_LT(before, after);
  EXPECT_GT(to_ns(after.received), promises.made.back());
}

TEST(ArrivalPromise, follows_the_other_loops_when_the_wall_clock_was_set_back) {
  Promises promises;
  ArrivalPromise promise(0, promises);
  promise.end_round(from_ns(100));
  promises.furthest = from_ns(500);
  promise.end_round(from_ns(200));
  EXPECT_EQ(promises.made.back(), 200) << "of the others nothing is known while the clock goes on";
  promise.end_round(from_ns(50));
  EXPECT_EQ(promises.made.back(), 500)
      << "or they wait for this loop until the clock is there again";
  EXPECT_GT(promise.give(from_ns(60)).stamp.received, from_ns(500));
}

TEST(ConnectionTable, an_id_finds_its_connection_and_no_later_one) {
  ConnectionTable table;
  const std::uint64_t first = table.add(std::make_unique<Connection>()).id;
  const std::uint64_t second = table.add(std::make_unique<Connection>()).id;
  EXPECT_NE(first, second);
  ASSERT_NE(table.find(first), nullptr);
  table.remove(first);
  EXPECT_EQ(table.find(first), nullptr);
  const std::uint64_t third = table.add(std::make_unique<Connection>()).id;
  EXPECT_EQ(table.find(first), nullptr) << "its slot is in use again";
  EXPECT_NE(table.find(third), nullptr);
  EXPECT_EQ(table.size(), 2U);
}

TEST(ConnectionTable, tells_who_is_overdue) {
  ConnectionTable table;
  const std::uint64_t never = table.add(std::make_unique<Connection>()).id;
  const std::uint64_t early = table.add(std::make_unique<Connection>()).id;
  const std::uint64_t late = table.add(std::make_unique<Connection>()).id;
  table.set_deadline(early, Duration(10));
  table.set_deadline(late, Duration(20));
  const auto overdue = [&](Duration now) {
    std::vector<std::uint64_t> ids;
    table.overdue(now, ids);
    return ids;
  };
  EXPECT_TRUE(overdue(Duration(9)).empty());
  EXPECT_EQ(overdue(Duration(10)), (std::vector<std::uint64_t>{early}));
  table.clear_deadline(early);
  EXPECT_EQ(overdue(Duration(20)), (std::vector<std::uint64_t>{late}));
  table.remove(late);
  EXPECT_TRUE(overdue(Duration::max() - Duration(1)).empty());
  EXPECT_NE(table.find(never), nullptr);
}

TEST(Doorbell, a_ring_before_sleep_forbids_it_and_one_during_sleep_ends_it) {
  Doorbell bell;
  bell.ring();
  EXPECT_FALSE(bell.may_sleep());
  bell.awake(false);
  EXPECT_TRUE(bell.may_sleep());
  bell.ring();
  bell.ring();
  bell.awake(true);
  EXPECT_TRUE(bell.may_sleep());
}

std::string written(const Response& response, WriteOptions options = {}) {
  std::string bytes;
  write_response(bytes, response, options);
  return bytes;
}

Response with_headers(HeaderList headers) {
  Response response;
  response.headers = std::move(headers);
  return response;
}

TEST(ResponseWriter, what_it_writes_the_reader_reads) {
  Response response = with_headers({{"Retry-After", "1"}});
  response.status = 503;
  response.content_type = "application/problem+json";
  response.body = "{}";
  ResponseReader reader;
  ASSERT_TRUE(reader.feed(written(response, {.close = true})));
  const auto read = reader.take();
  ASSERT_TRUE(read);
  EXPECT_EQ(read->status, 503);
  EXPECT_EQ(read->body, "{}");
  EXPECT_TRUE(read->close);
  EXPECT_EQ(read->header("Retry-After"), "1");
  EXPECT_EQ(read->header("Cache-Control"), "no-store");
  EXPECT_EQ(read->header("Content-Type"), "application/problem+json");
}

TEST(ResponseWriter, leaves_out_headers_that_could_begin_another_answer) {
  const Response response = with_headers({{"Location", "/a\r\nX-Evil: 1"},
                                          {"X-B\r\nX-Evil", "1"},
                                          {"X-Null", std::string("a\0b", 3)},
                                          {"", "empty"},
                                          {"X-Good", "kept"}});
  const std::string bytes = written(response);
  EXPECT_EQ(bytes.find("X-Evil"), std::string::npos);
  EXPECT_EQ(bytes.find("X-Null"), std::string::npos);
  EXPECT_NE(bytes.find("X-Good: kept\r\n"), std::string::npos);
}

TEST(ResponseWriter, lets_the_handler_decide_about_caching) {
  const std::string bytes = written(with_headers({{"cache-control", "max-age=1"}}));
  EXPECT_EQ(bytes.find("no-store"), std::string::npos);
}

TEST(ResponseWriter, gives_204_and_304_neither_body_nor_length) {
  for (const auto status : {std::uint16_t{204}, std::uint16_t{304}}) {
    Response response;
    response.status = status;
    response.body = "ignored";
    const std::string bytes = written(response);
    EXPECT_EQ(bytes.find("Content-Length"), std::string::npos);
    EXPECT_TRUE(bytes.ends_with("\r\n\r\n"));
  }
}

}  // namespace
}  // namespace dibs::http
