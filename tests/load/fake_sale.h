#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "load/fake_server.h"

namespace dibs::load::testing {

struct FakeRequest {
  std::string method;
  std::string path;
  std::string buyer;
  std::string key;
  std::string body;
};

struct FakeAnswer {
  int status = 200;
  std::string body = {};
  std::string type = "application/json";
  std::string headers = {};
  bool cut = false;  ///< close the connection instead
};

/// The rules of a sale with one item, with the planted bug. No sockets.
class FakeSale {
 public:
  explicit FakeSale(FakeServer::Options options)
      : options_(std::move(options)), available_(options_.stock) {}

  FakeAnswer answer(const FakeRequest& request);
  /// Stock and line as the stream tells them.
  [[nodiscard]] std::string stream_events() const;
  [[nodiscard]] std::uint64_t presses() const { return presses_; }

 private:
  struct Order {
    std::string id;
    std::string buyer;
    std::string state;
    std::string reason;
    std::uint64_t arrival = 0;
    std::uint64_t place = 0;
    std::uint64_t seq = 0;
    bool slowed = false;  ///< has been answered 429
  };

  FakeAnswer sale() const;
  FakeAnswer buy(const FakeRequest& request);
  FakeAnswer buy_by_rules(const FakeRequest& request, std::uint64_t arrival);
  void promote();
  void happen();
  FakeAnswer accept(const FakeRequest& request, std::uint64_t arrival, bool waits);
  FakeAnswer refuse(int status, const std::string& code, std::uint64_t arrival) const;
  FakeAnswer move(Order& order, const FakeRequest& request, std::string_view action);
  FakeAnswer show(const Order& order, int status) const;
  void pay(Order& order);
  void release(Order& order);
  void end_line(const std::string& state);
  [[nodiscard]] std::uint64_t number();
  [[nodiscard]] std::uint64_t count(std::string_view state) const;

  FakeServer::Options options_;
  std::uint64_t available_;
  std::uint64_t added_ = 0;
  std::uint64_t sold_ = 0;
  std::uint64_t presses_ = 0;
  std::uint64_t arrivals_ = 0;
  std::uint64_t places_ = 0;
  std::uint64_t seq_ = 0;
  bool shut_ = false;
  std::deque<Order> orders_;
  std::deque<Order*> line_;
  std::map<std::string, Order*> keys_;
};

}  // namespace dibs::load::testing
