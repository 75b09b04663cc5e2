#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "api/harness.h"

// Several loops, one of which blocks now and then, from the socket to the number: one sender
// presses over many connections in an order it knows, and every answer carries its arrival.

namespace dibs::api::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kConnections = 32;

class Sender {
 public:
  explicit Sender(Harness& harness) : harness_(harness), sale_(harness.sale("", 100'000)) {
    for (std::size_t i = 0; i < kConnections; ++i) {
      clients_.push_back(std::make_unique<Client>(harness.address()));
    }
  }

  /// One press over each connection, one after another, then all their answers. Gives the arrivals
  /// in the order of sending. Every round begins at another connection: else a loop with eight of
  /// them would stall in each round at the same one, for ever at the last, where nobody waits
  /// behind.
  std::vector<std::int64_t> press_round() {
    std::rotate(clients_.begin(), clients_.begin() + 1, clients_.end());
    for (const auto& client : clients_) {
      client->send("POST", "/v1/sales/" + sale_ + "/orders",
                   in_demo("b-" + std::to_string(++presses_)),
                   R"({"items":[{"sku":"floor","quantity":1}]})");
    }
    std::vector<std::int64_t> arrivals;
    for (const auto& client : clients_) arrivals.push_back(client->receive().number("arrival"));
    return arrivals;
  }

  /// Neighbours numbered against the order of sending, in `rounds` rounds.
  std::size_t inversions(int rounds) {
    std::size_t count = 0;
    for (int i = 0; i < rounds; ++i) {
      const auto arrivals = press_round();
      for (std::size_t k = 1; k < arrivals.size(); ++k) count += arrivals[k] < arrivals[k - 1];
    }
    return count;
  }

 private:
  Harness& harness_;
  std::string sale_;
  std::vector<std::unique_ptr<Client>> clients_;
  int presses_ = 0;
};

HarnessOptions stalling(std::uint32_t loops, Duration stall) {
  HarnessOptions options = demo();
  options.loops = loops;
  options.stall = stall;
  return options;
}

class StalledLoop : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(StalledLoop, delays_the_others_and_nobody_is_overtaken) {
  Harness harness(stalling(GetParam(), 20ms));
  EXPECT_EQ(Sender(harness).inversions(8), 0U);
  EXPECT_EQ(harness.engine().counters().late_numbers, 0U);
}

INSTANTIATE_TEST_SUITE_P(Loops, StalledLoop, ::testing::Values(1, 2, 4));

TEST(StalledLoopPlanted, without_the_merge_people_are_overtaken) {
  HarnessOptions options = stalling(4, 20ms);
  options.merge = false;
  Harness harness(options);
  Sender sender(harness);
  std::size_t inversions = 0;
  for (int i = 0; i < 50 && inversions == 0; ++i) inversions = sender.inversions(1);
  EXPECT_GT(inversions, 0U);
}

TEST(StalledLoopPlanted, one_that_hangs_for_longer_than_it_is_waited_for_is_counted) {
  HarnessOptions options = stalling(4, 50ms);
  options.late_after = 5ms;
  Harness harness(options);
  Sender sender(harness);
  for (int i = 0; i < 50 && harness.engine().counters().late_numbers == 0; ++i) {
    static_cast<void>(sender.press_round());
  }
  EXPECT_GT(harness.engine().counters().late_numbers, 0U);
}

}  // namespace
}  // namespace dibs::api::test
