#include "http/response_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace dibs::http {
namespace {

constexpr std::string_view kTwo =
    "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    "HTTP/1.1 409 \r\nX-A:  b \r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

void expect_both(ResponseReader& reader) {
  const auto first = reader.take();
  const auto second = reader.take();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->status, 201);
  EXPECT_EQ(first->body, "{}");
  EXPECT_EQ(first->header("content-type"), "application/json");
  EXPECT_FALSE(first->close);
  EXPECT_EQ(second->status, 409);
  EXPECT_EQ(second->header("X-a"), "b");
  EXPECT_TRUE(second->close);
  EXPECT_FALSE(reader.take());
  EXPECT_TRUE(reader.finish());
}

TEST(ResponseReader, takes_several_answers_out_of_one_piece) {
  ResponseReader reader;
  ASSERT_TRUE(reader.feed(kTwo));
  expect_both(reader);
}

TEST(ResponseReader, does_not_care_where_the_network_cuts) {
  for (std::size_t cut = 0; cut <= kTwo.size(); ++cut) {
    ResponseReader reader;
    ASSERT_TRUE(reader.feed(kTwo.substr(0, cut)));
    ASSERT_TRUE(reader.feed(kTwo.substr(cut)));
    expect_both(reader);
  }
  ResponseReader byte_by_byte;
  for (const char byte : kTwo) ASSERT_TRUE(byte_by_byte.feed({&byte, 1}));
  expect_both(byte_by_byte);
}

TEST(ResponseReader, refuses_what_is_not_strict) {
  const std::vector<std::string> malformed = {
      "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\n",
      "HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 200 OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx",
      "HTTP/1.1 200 OK\r\nContent-Length: 01\r\n\r\nx",
      "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\nx",
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nx",
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\nx",
      "HTTP/1.1 200 OK\r\n: 1\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX-A: 1\n2\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX-A: " + std::string(17'000, 'a'),
      "garbage\r\n\r\n",
  };
  for (const std::string& bytes : malformed) {
    ResponseReader reader;
    EXPECT_FALSE(reader.feed(bytes)) << bytes.substr(0, 60);
    EXPECT_TRUE(reader.malformed());
    EXPECT_FALSE(reader.complaint().empty());
    EXPECT_FALSE(reader.take());
    EXPECT_FALSE(reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  }
}

TEST(ResponseReader, keeps_the_good_answers_before_a_malformed_one) {
  ResponseReader reader;
  EXPECT_FALSE(reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/2 200\r\n\r\n"));
  EXPECT_EQ(reader.take()->body, "a");
  EXPECT_FALSE(reader.take());
}

TEST(ResponseReader, an_answer_cut_short_is_malformed) {
  for (const char* bytes :
       {"HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na"}) {
    ResponseReader reader;
    ASSERT_TRUE(reader.feed(bytes));
    EXPECT_FALSE(reader.finish());
    EXPECT_TRUE(reader.malformed());
  }
}

TEST(ResponseReader, knows_which_answers_have_no_body) {
  ResponseReader reader;
  reader.expect_no_body();
  reader.expect_body();
  ASSERT_TRUE(
      reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
                  "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"
                  "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\n"));
  EXPECT_EQ(reader.take()->body, "");
  EXPECT_EQ(reader.take()->body, "x");
  EXPECT_EQ(reader.take()->status, 204);
  EXPECT_EQ(reader.take()->status, 304);
}

constexpr std::string_view kStream =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n"
    ": hello\n\nevent: stock\nid: 7\ndata: {\"a\":1}\n\ndata: two\r\ndata:  lines\r\n\r\n"
    "id: 9\n\nevent: none\n\ndata\rdata:\r\r";

void expect_events(ResponseReader& reader) {
  ASSERT_TRUE(reader.take());
  EXPECT_TRUE(reader.streaming());
  const auto first = reader.take_event();
  const auto second = reader.take_event();
  const auto third = reader.take_event();
  ASSERT_TRUE(first && second && third);
  EXPECT_EQ(first->event, "stock");
  EXPECT_EQ(first->id, "7");
  EXPECT_EQ(first->data, "{\"a\":1}");
  EXPECT_EQ(second->event, "message");
  EXPECT_EQ(second->id, "7") << "an id holds until another one comes";
  EXPECT_EQ(second->data, "two\n lines");
  EXPECT_EQ(third->id, "9");
  EXPECT_EQ(third->data, "\n");
  EXPECT_FALSE(reader.take_event()) << "an event without data is none";
  EXPECT_TRUE(reader.finish());
}

TEST(ResponseReader, gives_the_events_of_a_stream_wherever_it_is_cut) {
  for (std::size_t cut = 0; cut <= kStream.size(); ++cut) {
    ResponseReader reader;
    ASSERT_TRUE(reader.feed(kStream.substr(0, cut)));
    ASSERT_TRUE(reader.feed(kStream.substr(cut)));
    expect_events(reader);
  }
}

TEST(EventReader, a_half_event_waits_for_its_end) {
  EventReader reader;
  reader.feed("data: a");
  EXPECT_FALSE(reader.take());
  reader.feed("b\n");
  EXPECT_FALSE(reader.take());
  reader.feed("\n");
  EXPECT_EQ(reader.take()->data, "ab");
  reader.feed(": beat\n: beat\n");
  EXPECT_EQ(reader.comments(), 2U);
}

}  // namespace
}  // namespace dibs::http
