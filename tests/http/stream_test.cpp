#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "http/support.h"

namespace dibs::http::testing {
namespace {

using Stream = Responder::Stream;

std::shared_ptr<const std::string> event(const std::string& data) {
  return std::make_shared<const std::string>("data: " + data + "\n\n");
}

/// A server that makes a stream of every GET of /events and keeps it.
class Streams : public ::testing::Test {
 protected:
  void start(Limits limits = {}) {
    running_ = std::make_unique<RunningServer>(
        [this](const Request& request, Responder responder) {
          if (request.target != "/events") return responder.respond(echo(request));
          const std::scoped_lock lock(mutex_);
          streams_.push_back(responder.stream({{"X-Sale", "a"}}));
        },
        RunningServer::Setup{.limits = limits, .loops = 1, .listeners = 1});
  }

  Client open_stream() {
    Client client(running_->port());
    const std::size_t before = count();
    EXPECT_TRUE(client.send(get("/events")));
    EXPECT_TRUE(eventually([&] { return count() == before + 1; }));
    const auto head = client.receive();
    EXPECT_TRUE(head);
    EXPECT_TRUE(client.reader().streaming());
    EXPECT_EQ(head->header("X-Sale"), "a");
    return client;
  }

  std::size_t count() {
    const std::scoped_lock lock(mutex_);
    return streams_.size();
  }
  Counters counters() { return running_->server().counters(); }

  std::mutex mutex_;
  std::vector<std::shared_ptr<Stream>> streams_;
  std::unique_ptr<RunningServer> running_;
};

TEST_F(Streams, one_buffer_goes_to_many_clients_from_any_thread) {
  start();
  std::vector<Client> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(open_stream());
  EXPECT_EQ(counters().streams_open, 5U);
  const auto shared = event("shared");
  for (const auto& stream : streams_) EXPECT_TRUE(stream->send(shared));
  std::jthread([&] {
    for (const auto& stream : streams_) EXPECT_TRUE(stream->send(event("from a thread")));
  }).join();
  for (Client& client : clients) {
    EXPECT_EQ(client.receive_event()->data, "shared");
    EXPECT_EQ(client.receive_event()->data, "from a thread");
  }
}

TEST_F(Streams, what_is_sent_at_once_follows_the_head) {
  running_ = std::make_unique<RunningServer>([this](const Request&, Responder responder) {
    streams_.push_back(responder.stream());
    EXPECT_TRUE(streams_.back()->send(event("at once")));
  });
  Client client(running_->port());
  ASSERT_TRUE(client.send(get("/events")));
  EXPECT_EQ(client.receive()->status, 200);
  EXPECT_EQ(client.receive_event()->data, "at once");
}

TEST_F(Streams, a_stream_is_not_closed_for_being_idle) {
  Limits limits;
  limits.idle_time = limits.head_time = limits.body_time = limits.write_stall = 40ms;
  start(limits);
  Client client = open_stream();
  EXPECT_TRUE(client.silent_for(300ms));
  EXPECT_TRUE(streams_[0]->send(event("still here")));
  EXPECT_EQ(client.receive_event()->data, "still here");
}

TEST_F(Streams, when_the_client_goes_the_stream_is_no_longer_open) {
  start();
  {
    Client client = open_stream();
    EXPECT_TRUE(streams_[0]->open());
  }
  EXPECT_TRUE(eventually([&] { return !streams_[0]->open(); }));
  EXPECT_FALSE(streams_[0]->send(event("nobody")));
  EXPECT_TRUE(eventually([&] { return counters().connections_open == 0; }));
  EXPECT_EQ(counters().streams_open, 0U);
}

TEST_F(Streams, the_connection_closes_with_the_last_reference_after_what_was_sent) {
  start();
  Client client = open_stream();
  EXPECT_TRUE(streams_[0]->send(event("last words")));
  streams_.clear();
  EXPECT_EQ(client.receive_event()->data, "last words");
  EXPECT_TRUE(client.closed_by_server());
}

TEST_F(Streams, a_client_too_far_behind_is_cut_off_and_the_others_are_not) {
  Limits limits;
  limits.stream_backlog_bytes = 64 * 1024;
  start(limits);
  Client slow = open_stream();
  slow.keep_receive_buffer_small();
  Client quick = open_stream();
  const auto block = event(std::string(8 * 1024, 'x'));
  std::size_t sent = 0;
  while (streams_[0]->send(block)) {
    ASSERT_TRUE(streams_[1]->send(block));
    ASSERT_TRUE(quick.receive_event());
    // The kernel's own buffers (at most some megabytes) come before our backlog.
    ASSERT_LT(++sent, 10'000U);
  }
  EXPECT_FALSE(streams_[0]->open());
  EXPECT_TRUE(streams_[1]->open());
  EXPECT_TRUE(eventually([&] { return counters().connections_open == 1; }));
  EXPECT_TRUE(streams_[1]->send(event("go on")));
  EXPECT_EQ(quick.receive_event()->data, "go on");
}

TEST_F(Streams, a_client_that_reads_may_get_any_amount) {
  Limits limits;
  limits.stream_backlog_bytes = 64 * 1024;
  start(limits);
  Client client = open_stream();
  const auto block = event(std::string(8 * 1024, 'x'));
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(streams_[0]->send(block));
    ASSERT_TRUE(client.receive_event());
  }
}

TEST_F(Streams, a_client_that_does_not_read_is_cut_off_after_the_stall_time) {
  Limits limits;
  limits.write_stall = 100ms;
  limits.stream_backlog_bytes = 64 * 1024 * 1024;
  start(limits);
  Client slow = open_stream();
  slow.keep_receive_buffer_small();
  ASSERT_TRUE(streams_[0]->send(event(std::string(32 * 1024 * 1024, 'x'))));
  EXPECT_TRUE(eventually([&] { return !streams_[0]->open(); }));
  EXPECT_EQ(counters().timed_out, 1U);
}

TEST_F(Streams, what_the_client_sends_on_a_stream_is_not_read_as_requests) {
  start();
  Client client = open_stream();
  ASSERT_TRUE(client.send(get("/events") + "\0garbage"));
  EXPECT_TRUE(streams_[0]->send(event("one")));
  EXPECT_EQ(client.receive_event()->data, "one");
  EXPECT_EQ(count(), 1U);
}

TEST_F(Streams, many_threads_may_send_while_clients_come_and_go) {
  start();
  std::vector<std::jthread> senders;
  std::atomic<bool> stop{false};
  for (int i = 0; i < 2; ++i)
    senders.emplace_back([&] {
      const auto tick = event("tick");
      while (!stop.load()) {
        std::vector<std::shared_ptr<Stream>> streams;
        {
          const std::scoped_lock lock(mutex_);
          streams = streams_;
        }
        for (const auto& stream : streams) stream->send(tick);
        std::this_thread::sleep_for(1ms);
      }
    });
  for (int i = 0; i < 50; ++i) {
    Client client = open_stream();
    EXPECT_EQ(client.receive_event()->data, "tick");
  }
  stop.store(true);
  senders.clear();
  EXPECT_TRUE(eventually([&] { return counters().streams_open == 0; }));
}

}  // namespace
}  // namespace dibs::http::testing
