#include "http/server.h"

#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "http/support.h"

namespace dibs::http::testing {
namespace {

TEST(Server, answers_a_request_and_keeps_the_connection) {
  RunningServer running(echoing());
  Client client(running.port());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.send(post("/a?b=c", "body")));
    const auto response = client.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "/a?b=c|body");
    EXPECT_EQ(response->header("X-Content-Type-Options"), "nosniff");
    EXPECT_FALSE(response->close);
  }
}

TEST(Server, pipelined_requests_are_answered_in_order) {
  RunningServer running(echoing());
  Client client(running.port());
  std::string all;
  for (int i = 0; i < 100; ++i) all += post("/" + std::to_string(i), "x");
  ASSERT_TRUE(client.send(all));
  for (int i = 0; i < 100; ++i) {
    const auto response = client.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body, "/" + std::to_string(i) + "|x");
  }
}

/// Two requests in one segment: whoever sends the second one with the first has not waited for its
/// answer, and must gain nothing by that over somebody who has.
TEST(Server, a_pipelined_request_counts_from_the_answer_before_it) {
  std::vector<Instant> stamps;
  std::vector<Instant> answered;
  RunningServer running([&](const Request& request, Responder responder) {
    stamps.push_back(request.stamp.received);
    const Instant begun = system_clock().now();
    while (system_clock().now() == begun) {
    }
    answered.push_back(system_clock().now());
    responder.respond(echo(request));
  });
  Client client(running.port());
  ASSERT_TRUE(client.send(get("/") + get("/") + get("/")));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(client.receive());
  for (std::size_t i = 1; i < 3; ++i) EXPECT_GE(stamps[i], answered[i - 1]) << i;
}

/// Answers from a thread of its own, latest first.
class LateAnswers {
 public:
  void add(const Request& request, Responder responder) {
    const std::scoped_lock lock(mutex_);
    waiting_.emplace_back(echo(request), std::move(responder));
  }
  std::size_t waiting() {
    const std::scoped_lock lock(mutex_);
    return waiting_.size();
  }
  void answer_all_backwards() {
    std::thread([this] {
      const std::scoped_lock lock(mutex_);
      for (; !waiting_.empty(); waiting_.pop_back())
        waiting_.back().second.respond(std::move(waiting_.back().first));
    }).join();
  }

 private:
  std::mutex mutex_;
  std::vector<std::pair<Response, Responder>> waiting_;
};

TEST(Server, answers_may_come_from_any_thread_in_any_order_of_connections) {
  LateAnswers late;
  RunningServer running([&](const Request& r, Responder to) { late.add(r, std::move(to)); });
  std::vector<Client> clients;
  for (int i = 0; i < 20; ++i) {
    clients.emplace_back(running.port());
    ASSERT_TRUE(clients.back().send(get("/" + std::to_string(i))));
  }
  ASSERT_TRUE(eventually([&] { return late.waiting() == clients.size(); }));
  late.answer_all_backwards();
  for (std::size_t i = 0; i < clients.size(); ++i) {
    const auto response = clients[i].receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body, "/" + std::to_string(i) + "|");
  }
}

TEST(Server, one_request_of_a_connection_is_with_the_handler_at_a_time) {
  LateAnswers late;
  RunningServer running([&](const Request& r, Responder to) { late.add(r, std::move(to)); });
  Client client(running.port());
  ASSERT_TRUE(client.send(get("/1") + get("/2") + get("/3")));
  for (int i = 1; i <= 3; ++i) {
    ASSERT_TRUE(eventually([&] { return late.waiting() == 1; }));
    EXPECT_TRUE(client.silent_for(20ms));
    EXPECT_EQ(late.waiting(), 1U);
    late.answer_all_backwards();
    const auto response = client.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body, "/" + std::to_string(i) + "|");
  }
}

TEST(Server, an_answer_that_never_comes_is_500) {
  RunningServer running([](const Request& request, Responder responder) {
    if (request.target == "/keeps") responder.respond(echo(request));
  });
  Client client(running.port());
  ASSERT_TRUE(client.send(get("/drops") + get("/keeps")));
  const auto dropped = client.receive();
  const auto kept = client.receive();
  ASSERT_TRUE(dropped && kept);
  EXPECT_EQ(dropped->status, 500);
  EXPECT_EQ(kept->status, 200);
}

TEST(Server, head_is_answered_without_a_body_and_with_its_length) {
  RunningServer running(echoing());
  Client client(running.port());
  client.reader().expect_no_body();
  client.reader().expect_body();
  ASSERT_TRUE(client.send("HEAD /abc HTTP/1.1\r\nHost: a\r\n\r\n" + get("/next")));
  const auto head = client.receive();
  const auto next = client.receive();
  ASSERT_TRUE(head && next);
  EXPECT_EQ(head->header("Content-Length"), "5");
  EXPECT_EQ(next->body, "/next|");
}

TEST(Server, closes_after_the_answer_when_the_client_asks_for_it) {
  RunningServer running(echoing());
  Client client(running.port());
  ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
  const auto response = client.receive();
  ASSERT_TRUE(response);
  EXPECT_TRUE(response->close);
  EXPECT_TRUE(client.closed_by_server());
}

TEST(Server, closes_after_the_answer_when_the_handler_asks_for_it) {
  RunningServer running([](const Request& request, Responder responder) {
    Response response = echo(request);
    response.close = true;
    responder.respond(std::move(response));
  });
  Client client(running.port());
  ASSERT_TRUE(client.send(get("/")));
  const auto response = client.receive();
  ASSERT_TRUE(response);
  EXPECT_TRUE(response->close);
  EXPECT_TRUE(client.closed_by_server());
}

TEST(Server, a_client_that_stops_sending_still_gets_its_answers) {
  RunningServer running(echoing());
  Client client(running.port());
  ASSERT_TRUE(client.send(get("/1") + get("/2") + "GET /half"));
  client.shutdown_sending();
  EXPECT_EQ(client.receive()->body, "/1|");
  EXPECT_EQ(client.receive()->body, "/2|");
  EXPECT_TRUE(client.closed_by_server());
}

TEST(Server, a_client_that_goes_before_its_answer_costs_nothing) {
  LateAnswers late;
  RunningServer running([&](const Request& r, Responder to) { late.add(r, std::move(to)); });
  {
    Client client(running.port());
    ASSERT_TRUE(client.send(get("/")));
    ASSERT_TRUE(eventually([&] { return late.waiting() == 1; }));
    client.reset();
  }
  EXPECT_TRUE(eventually([&] { return running.server().counters().connections_open == 0; }));
  late.answer_all_backwards();
  Client next(running.port());
  ASSERT_TRUE(next.send(get("/next")));
  ASSERT_TRUE(eventually([&] { return late.waiting() == 1; }));
  late.answer_all_backwards();
  EXPECT_EQ(next.receive()->body, "/next|");
}

TEST(Server, tells_the_handler_who_asks_and_through_which_listener) {
  RunningServer running(
      [](const Request& request, Responder responder) {
        Response response;
        response.body = std::string(request.peer) + " " + std::to_string(request.listener);
        responder.respond(std::move(response));
      },
      {.limits = {}, .loops = 1, .listeners = 2});
  for (const std::size_t listener : {0U, 1U}) {
    Client client(running.port(listener));
    ASSERT_TRUE(client.send(get("/")));
    EXPECT_EQ(client.receive()->body, "127.0.0.1 " + std::to_string(listener));
  }
}

TEST(Server, a_large_answer_leaves_in_full_while_others_are_served) {
  const std::string large(8 * 1024 * 1024, 'x');
  RunningServer running([&](const Request& request, Responder responder) {
    Response response = echo(request);
    if (request.target == "/large") response.body = large;
    responder.respond(std::move(response));
  });
  Client slow(running.port());
  ASSERT_TRUE(slow.send(get("/large") + get("/after")));
  Client other(running.port());
  ASSERT_TRUE(other.send(get("/other")));
  EXPECT_EQ(other.receive()->body, "/other|");
  EXPECT_EQ(slow.receive()->body, large);
  EXPECT_EQ(slow.receive()->body, "/after|");
}

TEST(Server, an_address_in_use_is_a_fault_that_names_it) {
  for (const std::uint32_t loops : {1U, 3U}) {
    RunningServer running(echoing(), {.limits = {}, .loops = loops, .listeners = 1});
    const std::string address = "127.0.0.1:" + std::to_string(running.port());
    FunctionHandler handler(echoing());
    NoWatermarks watermarks;
    Server::Options options;
    options.listen = {address};
    for (const std::uint32_t second_loops : {1U, 3U}) {
      options.loops = second_loops;
      const auto second = Server::open(options, handler, watermarks, system_clock());
      ASSERT_FALSE(second) << loops << " and " << second_loops << " loops";
      EXPECT_NE(second.error().what.find(address), std::string::npos) << second.error().what;
    }
  }
}

TEST(Server, what_is_no_address_is_a_fault) {
  FunctionHandler handler(echoing());
  NoWatermarks watermarks;
  for (const char* address : {"", ":", "8080", "127.0.0.1", "127.0.0.1:", ":80", "::1:80",
                              "127.0.0.1:99999", "127.0.0.1:x", "no.such.host.invalid:80"}) {
    Server::Options options;
    options.listen = {address};
    EXPECT_FALSE(Server::open(options, handler, watermarks, system_clock())) << address;
  }
}

TEST(Server, listens_on_ipv6_where_there_is_any) {
  FunctionHandler handler(echoing());
  NoWatermarks watermarks;
  Server::Options options;
  options.listen = {"[::1]:0"};
  const auto server = Server::open(options, handler, watermarks, system_clock());
  if (!server) GTEST_SKIP() << server.error().what;
  EXPECT_TRUE((*server)->addresses().at(0).starts_with("[::1]:"));
}

TEST(Server, requests_carry_the_stamp_of_the_kernel) {
  std::vector<Instant> stamps;
  RunningServer running([&](const Request& request, Responder responder) {
    stamps.push_back(request.stamp.received);
    responder.respond(echo(request));
  });
  Client client(running.port());
  const Instant before = system_clock().now();
  ASSERT_TRUE(client.send(get("/")));
  std::this_thread::sleep_for(5ms);
  const Instant after = system_clock().now();
  ASSERT_TRUE(client.receive());
  ASSERT_EQ(stamps.size(), 1U);
  EXPECT_GE(stamps[0], before);
  EXPECT_LE(stamps[0], after);
  EXPECT_EQ(running.server().counters().unstamped, 0U);
}

}  // namespace
}  // namespace dibs::http::testing
