#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "http/framing_rows.h"
#include "http/support.h"

// The framing through a whole server: every row over a socket, in one piece and in pieces, with a
// request smuggled in behind it. What counts is what the handler gets to see.

namespace dibs::http::testing {
namespace {

class Framed : public ::testing::Test {
 protected:
  /// Sends the pieces, and gives the status of the only answer; 0 when there was none or more.
  std::uint16_t status_of_only_answer(const std::vector<std::string_view>& pieces) {
    Client client(running_.port());
    for (const std::string_view piece : pieces) client.send(piece);
    const auto first = client.receive();
    if (!first || client.receive()) return 0;
    EXPECT_TRUE(first->close);
    return first->status;
  }

  std::size_t handled() {
    const std::scoped_lock lock(mutex_);
    return targets_.size();
  }

  std::mutex mutex_;
  std::vector<std::string> targets_;
  RunningServer running_{[this](const Request& request, Responder responder) {
    {
      const std::scoped_lock lock(mutex_);
      targets_.emplace_back(request.target);
    }
    responder.respond(echo(request));
  }};
};

TEST_F(Framed, a_refused_request_is_answered_once_and_nothing_behind_it_is_read) {
  const std::string smuggled = get("/smuggled");
  for (const FramingRow& row : refused_rows())
    EXPECT_EQ(status_of_only_answer({row.bytes, smuggled}), row.refused) << row.name;
  EXPECT_EQ(handled(), 0U);
}

TEST_F(Framed, a_refused_request_in_two_segments_is_refused_just_so) {
  for (const FramingRow& row : refused_rows()) {
    if (row.bytes.size() > 1000) continue;
    const std::string_view bytes = row.bytes;
    for (std::size_t cut = 1; cut < bytes.size(); ++cut)
      ASSERT_EQ(status_of_only_answer({bytes.substr(0, cut), bytes.substr(cut)}), row.refused)
          << row.name << " at " << cut;
  }
  EXPECT_EQ(handled(), 0U);
}

TEST_F(Framed, a_good_request_is_read_and_the_next_one_begins_right_behind_it) {
  for (const FramingRow& row : accepted_rows()) {
    Client client(running_.port());
    ASSERT_TRUE(client.send(row.bytes + get("/next")));
    const auto first = client.receive();
    const auto second = client.receive();
    ASSERT_TRUE(first && second) << row.name;
    EXPECT_EQ(first->status, 200) << row.name;
    EXPECT_EQ(second->body, "/next|") << row.name;
  }
}

TEST_F(Framed, a_good_request_byte_by_byte_is_read_once_it_is_whole) {
  for (const FramingRow& row : accepted_rows()) {
    if (row.bytes.size() > 1000) continue;
    Client client(running_.port());
    const std::size_t before = handled();
    for (std::size_t i = 0; i + 1 < row.bytes.size(); ++i)
      ASSERT_TRUE(client.send(std::string_view(row.bytes).substr(i, 1)));
    EXPECT_EQ(handled(), before) << row.name;
    ASSERT_TRUE(client.send(std::string_view(row.bytes).substr(row.bytes.size() - 1)));
    const auto response = client.receive();
    ASSERT_TRUE(response) << row.name;
    EXPECT_EQ(response->status, 200) << row.name;
  }
}

TEST_F(Framed, a_bad_request_behind_a_good_one_is_refused_after_its_answer) {
  Client client(running_.port());
  ASSERT_TRUE(client.send(get("/good") + "GET / HTTP/1.1\nHost: shop\r\n\r\n" + get("/smuggled")));
  const auto good = client.receive();
  const auto bad = client.receive();
  ASSERT_TRUE(good && bad);
  EXPECT_EQ(good->body, "/good|");
  EXPECT_EQ(bad->status, 400);
  EXPECT_TRUE(client.closed_by_server());
  EXPECT_EQ(handled(), 1U);
}

TEST_F(Framed, a_refusal_is_read_by_a_client_that_goes_on_sending) {
  Client client(running_.port());
  ASSERT_TRUE(client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"));
  const std::string block(10'000, 'x');
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(1ms);
    EXPECT_TRUE(client.send(block)) << "a reset would take the answer away from many clients";
  }
  const auto response = client.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 413);
  EXPECT_EQ(running_.server().counters().refused_framing, 1U);
}

}  // namespace
}  // namespace dibs::http::testing
