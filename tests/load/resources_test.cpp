// What a run costs, and whether the kernel dropped any of it.

#include "load/resources.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "load/endpoint.h"
#include "load/listen_drops.h"
#include "load/proc.h"

namespace dibs::load {
namespace {

constexpr std::int64_t kMs = 1'000'000;

TEST(Usage, IsTakenFromTheCurveBetweenTheTwoMoments) {
  // A quarter of a core for 200 ms, then all of it for 200 ms, then idle.
  UsageCurve curve;
  for (int i = 0; i <= 30; ++i) {
    const double at = i * 0.02;
    const double cpu = at <= 0.2 ? at * 0.25 : at <= 0.4 ? 0.05 + (at - 0.2) : 0.25;
    curve.samples.push_back({i * 20 * kMs, 5 + cpu, i == 15 ? 40.0 : 20.0});
  }
  const auto usage = usage_of(curve, 0, 400 * kMs, 1'000);
  ASSERT_TRUE(usage.has_value());
  EXPECT_NEAR(usage->cpu_seconds, 0.25, 1e-9);
  EXPECT_NEAR(usage->cpu_percent_mean, 62.5, 1e-6);
  EXPECT_NEAR(usage->cpu_percent_peak, 100, 1e-6);
  EXPECT_DOUBLE_EQ(usage->rss_mib, 40);
  EXPECT_DOUBLE_EQ(usage->rss_share_percent, 4);
}

TEST(Usage, OfTooFewSamplesIsNotGuessed) {
  EXPECT_FALSE(usage_of({}, 0, 100 * kMs, 1'000).has_value());
  EXPECT_FALSE(usage_of({{{0, 1, 1}}}, 0, 100 * kMs, 1'000).has_value());
}

TEST(Sampler, SeesThisProcessWork) {
  Sampler sampler({.servers = {getpid()}, .redis = std::nullopt});
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(120);
  while (std::chrono::steady_clock::now() < end) {
  }
  const Sampler::Curves curves = sampler.stop();
  ASSERT_GE(curves.server.samples.size(), 2U);
  EXPECT_GT(curves.server.samples.back().cpu_seconds, curves.server.samples.front().cpu_seconds);
  EXPECT_GT(curves.tool.samples.front().rss_mib, 0);
  EXPECT_TRUE(curves.redis.samples.empty());
}

TEST(Sampler, AddsUpAllGatewaysAndIsSilentWhenOneIsGone) {
  const auto one = sample_processes({getpid()});
  const auto three = sample_processes({getpid(), getpid(), getpid()});
  ASSERT_TRUE(one && three);
  EXPECT_GE(three->cpu_seconds, 3 * one->cpu_seconds);
  EXPECT_NEAR(three->rss_mib, 3 * one->rss_mib, one->rss_mib);
  EXPECT_FALSE(sample_processes({getpid(), -1}).has_value());
  EXPECT_FALSE(sample_processes({}).has_value());
}

TEST(Netstat, ValuesAreFoundUnderTheirNames) {
  constexpr std::string_view kTable =
      "TcpExt: SyncookiesSent ListenOverflows ListenDrops X\nTcpExt: 1 22 333 4\n"
      "IpExt: InNoRoutes ListenDrops\nIpExt: 5 6\n";
  EXPECT_EQ(proc::netstat_value(kTable, "ListenOverflows"), 22U);
  EXPECT_EQ(proc::netstat_value(kTable, "ListenDrops"), 333U);
  EXPECT_EQ(proc::netstat_value(kTable, "InNoRoutes"), 5U);
  EXPECT_EQ(proc::netstat_value(kTable, "Nothing"), 0U);
}

/// Listens and accepts nobody.
struct DeafListener {
  Fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::uint16_t port = 0;

  explicit DeafListener(int backlog) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(socket.get(), generic, size), 0);
    EXPECT_EQ(listen(socket.get(), backlog), 0);
    EXPECT_EQ(getsockname(socket.get(), generic, &size), 0);
    port = ntohs(address.sin_port);
  }
};

TEST(ListenDrops, AFullBacklogIsSeenOnItsOwnSocketOnly) {
  const DeafListener full(1);
  const DeafListener other(100);
  const ListenDrops full_before = read_listen_drops(full.port);
  const ListenDrops other_before = read_listen_drops(other.port);
  ASSERT_TRUE(full_before.own.has_value());
  const auto endpoint = resolve("127.0.0.1", full.port);
  ASSERT_TRUE(endpoint.has_value());
  std::vector<Fd> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(begin_connect(*endpoint));
  EXPECT_TRUE(dropped_between(full_before, read_listen_drops(full.port)));
  EXPECT_FALSE(dropped_between(other_before, read_listen_drops(other.port)));
}

TEST(ListenDrops, WithoutItsSocketTheWholeMachineDecides) {
  EXPECT_FALSE(dropped_between({1, 2, std::nullopt}, {1, 2, std::nullopt}));
  EXPECT_TRUE(dropped_between({1, 2, std::nullopt}, {2, 3, std::nullopt}));
}

}  // namespace
}  // namespace dibs::load
