#include <gtest/gtest.h>

#include <deque>

#include "base/network.h"
#include "http/network_counts.h"
#include "http/support.h"

namespace dibs::http::testing {
namespace {

TEST(NetworkCounts, let_in_as_many_as_may_be_and_again_when_one_has_left) {
  NetworkCounts counts;
  const auto one = IpAddress::parse("192.0.2.1").value();
  const auto other = IpAddress::parse("192.0.2.2").value();
  EXPECT_TRUE(counts.enter(one, 2));
  EXPECT_TRUE(counts.enter(one, 2));
  EXPECT_FALSE(counts.enter(one, 2));
  EXPECT_TRUE(counts.enter(other, 2));
  counts.leave(one);
  EXPECT_TRUE(counts.enter(one, 2));
  EXPECT_FALSE(counts.enter(one, 2));
}

TEST(NetworkConnections, beyond_the_limit_are_closed_unanswered_and_come_in_when_one_has_left) {
  RunningServer::Setup setup;
  setup.limits.network_connections = 3;
  setup.loops = 2;
  RunningServer server(echoing(), setup);
  std::deque<Client> inside;
  for (int i = 0; i < 3; ++i) {
    auto& client = inside.emplace_back(server.port());
    ASSERT_TRUE(client.send(get("/in")));
    ASSERT_TRUE(client.receive());
  }
  Client beyond(server.port());
  beyond.send(get("/beyond"));
  EXPECT_TRUE(beyond.closed_by_server());
  EXPECT_EQ(server.server().counters().connections_refused, 1U);
  EXPECT_EQ(server.server().counters().connections_open, 3U) << "those inside are let alone";

  inside.pop_front();
  EXPECT_TRUE(eventually([&] {
    Client next(server.port());
    return next.send(get("/next")) && next.receive().has_value();
  }));
}

TEST(NetworkConnections, of_a_trusted_proxy_are_not_counted) {
  RunningServer::Setup setup;
  setup.limits.network_connections = 1;
  setup.trusted_proxies = {Network::parse("127.0.0.0/8").value()};
  RunningServer server(echoing(), setup);
  std::deque<Client> inside;
  for (int i = 0; i < 5; ++i) {
    auto& client = inside.emplace_back(server.port());
    ASSERT_TRUE(client.send(get("/in")));
    EXPECT_TRUE(client.receive());
  }
  EXPECT_EQ(server.server().counters().connections_refused, 0U);
}

}  // namespace
}  // namespace dibs::http::testing
