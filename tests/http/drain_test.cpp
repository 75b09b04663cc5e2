#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "http/support.h"

namespace dibs::http::testing {
namespace {

/// A server whose answers wait until they are told to come.
class Draining : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  std::size_t waiting() {
    const std::scoped_lock lock(mutex_);
    return waiting_.size();
  }
  void answer_all() {
    const std::scoped_lock lock(mutex_);
    for (auto& [response, responder] : waiting_) responder.respond(std::move(response));
    waiting_.clear();
  }

  static bool refuses(std::uint16_t port) {
    try {
      Client client(port);
      return false;
    } catch (const std::runtime_error&) {
      return true;
    }
  }

  std::mutex mutex_;
  std::vector<std::pair<Response, Responder>> waiting_;
  RunningServer running_{[this](const Request& request, Responder responder) {
                           const std::scoped_lock lock(mutex_);
                           waiting_.emplace_back(echo(request), std::move(responder));
                         },
                         {.limits = {}, .loops = GetParam(), .listeners = 1}};
};

TEST_P(Draining, every_request_that_was_read_is_answered_and_every_connection_closed) {
  std::vector<Client> clients;
  for (int i = 0; i < 20; ++i) {
    clients.emplace_back(running_.port());
    ASSERT_TRUE(clients.back().send(get("/" + std::to_string(i))));
  }
  Client idle(running_.port());
  Client half(running_.port());
  ASSERT_TRUE(half.send("GET / HT"));
  ASSERT_TRUE(eventually([&] { return waiting() == clients.size(); }));
  std::jthread drain([&] { running_.server().drain(kPatience); });
  EXPECT_TRUE(idle.closed_by_server());
  EXPECT_TRUE(half.closed_by_server());
  EXPECT_TRUE(clients[0].silent_for(20ms));
  answer_all();
  for (std::size_t i = 0; i < clients.size(); ++i) {
    const auto response = clients[i].receive();
    ASSERT_TRUE(response) << i;
    EXPECT_EQ(response->body, "/" + std::to_string(i) + "|");
    EXPECT_TRUE(response->close);
    EXPECT_TRUE(clients[i].closed_by_server());
  }
}

TEST_P(Draining, pipelined_requests_that_were_read_are_answered_too) {
  Client client(running_.port());
  ASSERT_TRUE(client.send(get("/1") + get("/2")));
  ASSERT_TRUE(eventually([&] { return waiting() == 1; }));
  std::jthread drain([&] { running_.server().drain(kPatience); });
  std::jthread answers([&] {
    for (int i = 0; i < 2; ++i) {
      if (!eventually([&] { return waiting() == 1; })) return;
      answer_all();
    }
  });
  EXPECT_EQ(client.receive()->body, "/1|");
  EXPECT_EQ(client.receive()->body, "/2|");
  EXPECT_TRUE(client.closed_by_server());
}

TEST_P(Draining, patience_ends_and_answers_that_come_later_go_nowhere) {
  Client client(running_.port());
  ASSERT_TRUE(client.send(get("/")));
  ASSERT_TRUE(eventually([&] { return waiting() == 1; }));
  running_.server().drain(50ms);
  EXPECT_TRUE(client.closed_by_server());
  answer_all();
}

TEST_P(Draining, no_new_connection_is_taken) {
  const std::uint16_t port = running_.port();
  running_.server().drain(kPatience);
  EXPECT_THROW(Client late(port), std::runtime_error);
}

TEST_P(Draining,
       in_the_grace_what_comes_on_open_connections_is_answered_and_the_connection_closed) {
  Client fresh(running_.port());
  Client used(running_.port());
  Client half(running_.port());
  ASSERT_TRUE(used.send(get("/used-before")));
  ASSERT_TRUE(eventually([&] { return waiting() == 1; }));
  answer_all();
  ASSERT_TRUE(used.receive());
  ASSERT_TRUE(half.send("GET /half"));
  std::jthread drain([&] { running_.server().drain(kPatience, kPatience); });
  const std::uint16_t port = running_.port();
  ASSERT_TRUE(eventually([&] { return refuses(port); }));
  ASSERT_TRUE(fresh.send(get("/fresh")));
  ASSERT_TRUE(used.send(get("/used")));
  ASSERT_TRUE(half.send(" HTTP/1.1\r\nHost: x\r\n\r\n"));
  ASSERT_TRUE(eventually([&] { return waiting() == 3; }));
  answer_all();
  for (Client* client : {&fresh, &used, &half}) {
    const auto response = client->receive();
    ASSERT_TRUE(response);
    EXPECT_TRUE(response->close);
    EXPECT_TRUE(client->closed_by_server());
  }
}

TEST_P(Draining, the_grace_ends_and_connections_that_say_nothing_are_closed) {
  Client silent(running_.port());
  ASSERT_TRUE(eventually([&] { return running_.server().counters().connections_open == 1; }));
  running_.server().drain(kPatience, 20ms);
  EXPECT_TRUE(silent.closed_by_server());
}

TEST_P(Draining, twice_is_as_good_as_once) {
  running_.server().drain(kPatience);
  running_.server().drain(kPatience);
}

INSTANTIATE_TEST_SUITE_P(Loops, Draining, ::testing::Values(1, 3));

TEST(Drain, closes_streams) {
  std::shared_ptr<Responder::Stream> stream;
  RunningServer running([&](const Request&, Responder responder) { stream = responder.stream(); });
  Client client(running.port());
  ASSERT_TRUE(client.send(get("/")));
  ASSERT_TRUE(client.receive());
  running.server().drain(kPatience);
  EXPECT_TRUE(client.closed_by_server());
  EXPECT_FALSE(stream->open());
}

TEST(Drain, a_server_that_never_started_goes_quietly) {
  FunctionHandler handler(echoing());
  NoWatermarks watermarks;
  Server::Options options;
  options.listen = {"127.0.0.1:0"};
  auto server = Server::open(options, handler, watermarks, system_clock());
  ASSERT_TRUE(server);
  (*server)->drain(kPatience);
}

}  // namespace
}  // namespace dibs::http::testing
