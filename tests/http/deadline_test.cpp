#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "http/support.h"

// Deadlines and bounds, with short ones. Nothing here asks how long something took, only whether it
// happened, and that it did not happen to somebody who behaved.

namespace dibs::http::testing {
namespace {

RunningServer::Setup with(Limits limits) { return {.limits = limits, .loops = 1, .listeners = 1}; }

/// Long ones, so that a test that shortens one deadline meets only that one.
Limits patient() {
  Limits limits;
  limits.head_time = limits.body_time = limits.write_stall = limits.idle_time = kPatience * 2;
  return limits;
}

/// Sends one byte now and again; whether the server answered or closed before all were sent.
bool interrupted_trickle(Client& client, std::string_view bytes) {
  return std::ranges::any_of(bytes, [&](const char& byte) {
    return !client.silent_for(10ms) || !client.send(std::string_view(&byte, 1));
  });
}

TEST(Deadlines, a_head_that_trickles_in_is_answered_408) {
  Limits limits = patient();
  limits.head_time = 100ms;
  RunningServer running(echoing(), with(limits));
  Client client(running.port());
  const std::string endless(500, 'a');
  EXPECT_TRUE(interrupted_trickle(client, "GET / HTTP/1.1\r\nHost: a\r\nX-A: " + endless));
  const auto response = client.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 408);
  EXPECT_TRUE(client.closed_by_server());
  EXPECT_EQ(running.server().counters().timed_out, 1U);
}

TEST(Deadlines, a_body_that_trickles_in_is_answered_408) {
  Limits limits = patient();
  limits.body_time = 100ms;
  RunningServer running(echoing(), with(limits));
  Client client(running.port());
  ASSERT_TRUE(client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 501\r\n\r\n"));
  EXPECT_TRUE(interrupted_trickle(client, std::string(500, 'a')));
  const auto response = client.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 408);
  EXPECT_TRUE(client.closed_by_server());
}

TEST(Deadlines, a_connection_that_never_says_anything_is_closed_without_a_word) {
  Limits limits = patient();
  limits.idle_time = 50ms;
  RunningServer running(echoing(), with(limits));
  Client client(running.port());
  EXPECT_TRUE(client.closed_by_server());
}

TEST(Deadlines, a_connection_idle_after_an_answer_is_closed_without_a_word) {
  Limits limits = patient();
  limits.idle_time = 50ms;
  RunningServer running(echoing(), with(limits));
  Client client(running.port());
  ASSERT_TRUE(client.send(get("/")));
  ASSERT_TRUE(client.receive());
  EXPECT_TRUE(client.closed_by_server());
}

TEST(Deadlines, a_pipelined_half_request_has_its_own_deadline_once_it_is_its_turn) {
  Limits limits = patient();
  limits.head_time = 100ms;
  RunningServer running(echoing(), with(limits));
  Client client(running.port());
  ASSERT_TRUE(client.send(get("/whole") + "GET /half HTTP/1.1\r\n"));
  EXPECT_EQ(client.receive()->status, 200);
  EXPECT_EQ(client.receive()->status, 408);
}

TEST(Deadlines, a_handler_that_takes_its_time_is_not_interrupted) {
  Limits limits;
  limits.head_time = limits.body_time = limits.write_stall = limits.idle_time = 40ms;
  std::vector<std::jthread> threads;
  RunningServer running(
      [&](const Request& request, Responder responder) {
        threads.emplace_back(
            [response = echo(request), responder = std::move(responder)]() mutable {
              std::this_thread::sleep_for(300ms);
              responder.respond(std::move(response));
            });
      },
      with(limits));
  Client client(running.port());
  ASSERT_TRUE(client.send(get("/slow")));
  EXPECT_EQ(client.receive()->body, "/slow|");
}

TEST(Deadlines, a_reader_that_does_not_read_is_cut_off) {
  Limits limits = patient();
  limits.write_stall = 100ms;
  RunningServer running(
      [](const Request&, Responder responder) {
        Response response;
        response.body.assign(32 * 1024 * 1024, 'x');
        responder.respond(std::move(response));
      },
      with(limits));
  Client client(running.port());
  client.keep_receive_buffer_small();
  ASSERT_TRUE(client.send(get("/")));
  EXPECT_TRUE(eventually([&] { return running.server().counters().timed_out == 1; }));
  EXPECT_TRUE(eventually([&] { return running.server().counters().connections_open == 0; }));
}

TEST(Deadlines, a_reader_that_reads_little_by_little_is_cut_off_too) {
  Limits limits = patient();
  limits.write_stall = 200ms;
  constexpr std::size_t kBody = 64 * 1024 * 1024;
  RunningServer running(
      [](const Request&, Responder responder) {
        Response response;
        response.body.assign(kBody, 'x');
        responder.respond(std::move(response));
      },
      with(limits));
  Client client(running.port());
  ASSERT_TRUE(client.send(get("/")));
  std::size_t read = 0;
  std::vector<char> buffer(256 * 1024);
  for (ssize_t got = 1; got > 0; read += static_cast<std::size_t>(std::max<ssize_t>(got, 0))) {
    std::this_thread::sleep_for(10ms);
    got = ::recv(client.fd(), buffer.data(), buffer.size(), 0);
  }
  EXPECT_LT(read, kBody);
  EXPECT_EQ(running.server().counters().timed_out, 1U);
}

TEST(Bounds, what_is_pipelined_beyond_the_bound_stays_in_the_kernel_and_is_answered_later) {
  Limits limits = patient();
  limits.pipelined_bytes = 32 * 1024;
  std::mutex mutex;
  std::vector<std::pair<Response, Responder>> held;
  RunningServer running(
      [&](const Request& request, Responder responder) {
        if (request.target != "/hold") return responder.respond(echo(request));
        const std::scoped_lock lock(mutex);
        held.emplace_back(echo(request), std::move(responder));
      },
      with(limits));
  Client client(running.port());
  constexpr int kRequests = 3000;
  std::jthread sender([&] {
    std::string all = get("/hold");
    for (int i = 0; i < kRequests; ++i) all += post("/" + std::to_string(i), "some bytes");
    client.send(all);
  });
  ASSERT_TRUE(eventually([&] {
    const std::scoped_lock lock(mutex);
    return held.size() == 1;
  }));
  EXPECT_TRUE(client.silent_for(50ms));
  held[0].second.respond(std::move(held[0].first));
  EXPECT_EQ(client.receive()->body, "/hold|");
  for (int i = 0; i < kRequests; ++i)
    ASSERT_EQ(client.receive()->body, "/" + std::to_string(i) + "|some bytes");
}

TEST(Bounds, connections_over_the_limit_wait_until_another_one_goes) {
  Limits limits = patient();
  limits.connections = 10;
  RunningServer running(echoing(), with(limits));
  std::vector<Client> clients;
  for (std::size_t i = 0; i < limits.connections; ++i) {
    clients.emplace_back(running.port());
    ASSERT_TRUE(clients.back().send(get("/")));
    ASSERT_TRUE(clients.back().receive());
  }
  Client waiting(running.port());
  ASSERT_TRUE(waiting.send(get("/waited")));
  EXPECT_TRUE(waiting.silent_for(100ms));
  EXPECT_EQ(running.server().counters().connections_open, limits.connections);
  clients.pop_back();
  EXPECT_EQ(waiting.receive()->body, "/waited|");
  EXPECT_GE(running.server().counters().accept_pauses, 1U);
  EXPECT_EQ(running.server().counters().stamps_moved, 0U) << "waiting for a limit is no late find";
}

/// Lowers the number of descriptors this process may have, until it goes.
class FewDescriptors {
 public:
  explicit FewDescriptors(rlim_t most) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit few{most, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
  }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST(Bounds, without_descriptors_accepting_waits_and_does_not_spin) {
  RunningServer running(echoing(), with(patient()));
  const int lowest_free = ::dup(STDIN_FILENO);
  ASSERT_GE(lowest_free, 0);
  ::close(lowest_free);
  auto few = std::make_unique<FewDescriptors>(static_cast<rlim_t>(lowest_free) + 1);
  Client client(running.port());  // takes the last one
  ASSERT_TRUE(client.send(get("/")));
  EXPECT_TRUE(client.silent_for(200ms));
  const std::uint64_t pauses = running.server().counters().accept_pauses;
  EXPECT_GE(pauses, 1U);
  EXPECT_LE(pauses, 20U) << "about one each 50 ms; a spinning loop would make thousands";
  few.reset();
  EXPECT_EQ(client.receive()->body, "/|");
}

TEST(Bounds, the_second_listener_is_served_when_the_first_has_used_up_its_connections) {
  Limits limits = patient();
  limits.connections = 8;
  limits.reserved_connections = 2;
  RunningServer running(echoing(), {.limits = limits, .loops = 1, .listeners = 2});
  std::vector<Client> buyers;
  for (std::size_t i = 0; i < limits.connections; ++i) {
    buyers.emplace_back(running.port(0));
    ASSERT_TRUE(buyers.back().send(get("/")));
  }
  Client operator_client(running.port(1));
  ASSERT_TRUE(operator_client.send(get("/pause")));
  EXPECT_EQ(operator_client.receive()->body, "/pause|");
  EXPECT_EQ(running.server().counters().connections_open, 7U);
}

}  // namespace
}  // namespace dibs::http::testing
