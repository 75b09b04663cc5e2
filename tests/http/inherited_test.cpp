#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "http/sockets.h"
#include "http/support.h"

namespace dibs::http::testing {
namespace {

/// A listening socket as a service manager would open it, with nothing set on it.
class Manager {
 public:
  Manager() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    EXPECT_EQ(::listen(socket_.get(), 16), 0);
  }
  [[nodiscard]] Fd handed_over() const { return Fd(::dup(socket_.get())); }
  [[nodiscard]] std::uint16_t port() const {
    const std::string address = local_address(socket_);
    return static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
  }

 private:
  Fd socket_;
};

/// One process of those that serve the manager's socket one after another.
class Process {
 public:
  explicit Process(std::vector<Fd> sockets, std::uint32_t loops = 1) {
    Server::Inherited inherited;
    inherited.push_back(std::move(sockets));
    auto server = Server::open({.listen = {""}, .loops = loops, .limits = {}}, handler_,
                               watermarks_, system_clock(), std::move(inherited));
    if (!server) {
      refusal = server.error().what;
      return;
    }
    server_ = std::move(*server);
    server_->start();
  }
  [[nodiscard]] Server& server() { return *server_; }

  std::string refusal;

 private:
  NoWatermarks watermarks_;
  FunctionHandler handler_{echoing()};
  std::unique_ptr<Server> server_;
};

std::vector<Fd> one(Fd socket) {
  std::vector<Fd> sockets;
  sockets.push_back(std::move(socket));
  return sockets;
}

TEST(Inherited, what_connects_between_two_processes_is_answered_by_the_second) {
  const Manager manager;
  {
    Process first(one(manager.handed_over()));
    Client client(manager.port());
    ASSERT_TRUE(client.send(get("/first")));
    EXPECT_TRUE(client.receive());
    first.server().drain(kPatience);
  }
  Client between(manager.port());
  ASSERT_TRUE(between.send(get("/between")));
  Process second(one(manager.handed_over()));
  const auto response = between.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "/between|");
}

TEST(Inherited, requests_carry_the_stamp_of_the_kernel) {
  const Manager manager;
  Client before(manager.port());  // it came when nobody had asked for stamps
  Process process(one(manager.handed_over()));
  Client after(manager.port());
  for (Client* client : {&before, &after}) {
    ASSERT_TRUE(eventually([&] { return process.server().counters().connections_open == 2; }));
    ASSERT_TRUE(client->send(get("/")));
    ASSERT_TRUE(client->receive());
  }
  EXPECT_EQ(process.server().counters().unstamped, 0U);
}

TEST(Inherited, with_fewer_sockets_than_loops_the_others_accept_nothing_and_all_are_answered) {
  const Manager manager;
  Process process(one(manager.handed_over()), 3);
  for (int i = 0; i < 20; ++i) {
    Client client(manager.port());
    ASSERT_TRUE(client.send(get("/")));
    ASSERT_TRUE(client.receive());
  }
}

TEST(Inherited, more_sockets_than_loops_are_refused_since_one_would_be_left_unserved) {
  const Manager manager;
  std::vector<Fd> two = one(manager.handed_over());
  two.push_back(manager.handed_over());
  EXPECT_NE(Process(std::move(two)).refusal.find("2 inherited sockets"), std::string::npos);
}

TEST(Inherited, what_is_no_listening_socket_is_refused) {
  EXPECT_NE(Process(one(Fd(::dup(0)))).refusal.find("is none"), std::string::npos);
  EXPECT_NE(Process(one(Fd(::socket(AF_INET, SOCK_STREAM, 0)))).refusal.find("is none"),
            std::string::npos);
  EXPECT_NE(Process(one(Fd(::socket(AF_UNIX, SOCK_STREAM, 0)))).refusal.find("is none"),
            std::string::npos);
}

}  // namespace
}  // namespace dibs::http::testing
