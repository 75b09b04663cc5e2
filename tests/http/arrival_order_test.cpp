#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "http/support.h"

// The order of arrival, end to end: one sender presses over many connections in an order it knows,
// half of the presses in two segments. A small sequencer in this test merges what the loops hand
// out by their watermarks, as the engine does; what it releases must be in the order of sending.

namespace dibs::http::testing {
namespace {

constexpr std::size_t kConnections = 400;
constexpr std::size_t kRounds = 10;
constexpr std::size_t kPresses = kConnections * kRounds;

struct Press {
  Stamp stamp;
  std::size_t number = 0;   ///< in the order of sending
  std::size_t handled = 0;  ///< in the order in which handlers were called
};

/// Merges presses by watermark, and holds every loop to its promise.
class Sequencer final : public WatermarkListener {
 public:
  explicit Sequencer(std::uint32_t loops) : watermarks_(loops, Instant::min()) {}

  void submit(const Press& press) {
    const std::scoped_lock lock(mutex_);
    if (press.stamp.received <= watermarks_.at(press.stamp.loop)) ++broken_promises_;
    pending_.emplace(press.stamp, press);
    ++of_loop_[press.stamp.loop];
  }

  void on_watermark(std::uint32_t loop, Instant upto) noexcept override {
    const std::scoped_lock lock(mutex_);
    if (upto < watermarks_[loop]) ++broken_promises_;
    watermarks_[loop] = upto;
  }

  /// Releases what every loop is past, and asks the loops that hold the rest up.
  void release(Server& server) {
    std::vector<std::uint32_t> behind;
    {
      const std::scoped_lock lock(mutex_);
      const Instant upto = *std::ranges::min_element(watermarks_);
      while (!pending_.empty() && pending_.begin()->first.received <= upto) {
        released_.push_back(pending_.begin()->second);
        pending_.erase(pending_.begin());
      }
      for (std::uint32_t loop = 0; loop < watermarks_.size() && !pending_.empty(); ++loop)
        if (watermarks_[loop] < pending_.begin()->first.received) behind.push_back(loop);
    }
    for (const std::uint32_t loop : behind) server.wake(loop);
  }

  [[nodiscard]] std::size_t released_count() {
    const std::scoped_lock lock(mutex_);
    return released_.size();
  }
  [[nodiscard]] const std::vector<Press>& released() const { return released_; }
  [[nodiscard]] int broken_promises() const { return broken_promises_; }
  [[nodiscard]] std::map<std::uint32_t, std::size_t> of_loop() const { return of_loop_; }

 private:
  std::mutex mutex_;
  std::vector<Instant> watermarks_;
  std::map<Stamp, Press> pending_;
  std::map<std::uint32_t, std::size_t> of_loop_;
  std::vector<Press> released_;
  int broken_promises_ = 0;
};

/// Pairs in which a later number comes before an earlier one.
std::size_t inversions(std::vector<std::size_t> numbers) {
  std::size_t count = 0;
  for (std::size_t i = 1; i < numbers.size(); ++i)  // insertion sort; nearly sorted input
    for (std::size_t j = i; j > 0 && numbers[j - 1] > numbers[j]; --j, ++count)
      std::swap(numbers[j - 1], numbers[j]);
  return count;
}

template <class Key>
std::vector<std::size_t> numbers_by(std::vector<Press> presses, Key key) {
  std::ranges::sort(presses, {}, key);
  std::vector<std::size_t> numbers;
  for (const Press& press : presses) numbers.push_back(press.number);
  return numbers;
}

class ArrivalOrder : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  void handle(const Request& request, Responder responder) {
    Press press{request.stamp, 0, handled_.fetch_add(1)};
    const std::string_view number = request.target.substr(1);
    std::from_chars(number.data(), number.data() + number.size(), press.number);
    sequencer_.submit(press);
    // A loop that is held up now and then: it may delay the others, never reorder them.
    if (request.stamp.loop == 0 && press.number % 97 == 0) std::this_thread::sleep_for(500us);
    responder.respond(echo(request));
  }

  /// Each press over one of the connections that are open already.
  void press_over_open_connections() {
    std::vector<Client> clients;
    for (std::size_t i = 0; i < kConnections; ++i) clients.emplace_back(running_.port());
    std::size_t number = 0;
    for (std::size_t round = 0; round < kRounds; ++round) {
      std::ranges::shuffle(clients_order_, random_);
      std::vector<std::string> rest(kConnections);
      for (std::size_t i = 0; i < kConnections; ++i) {
        const std::string request = get("/" + std::to_string(number + i));
        const std::size_t first = i % 2 == 0 ? 0 : 1 + random_() % (request.size() - 1);
        clients[clients_order_[i]].send(request.substr(0, first));
        rest[i] = request.substr(first);
      }
      for (std::size_t i = 0; i < kConnections; ++i) clients[clients_order_[i]].send(rest[i]);
      for (Client& client : clients) ASSERT_TRUE(client.receive());
      number += kConnections;
    }
  }

  /// Each press over a connection of its own, opened just before it.
  void press_over_new_connections() {
    std::vector<Client> clients;
    clients.reserve(kConnections);
    for (std::size_t number = 0; number < kPresses; ++number) {
      const std::string request = get("/" + std::to_string(number));
      clients.emplace_back(running_.port());
      clients.back().send(request);
      if (clients.size() < kConnections) continue;
      for (Client& client : clients) ASSERT_TRUE(client.receive());
      clients.clear();
    }
  }

  /// Runs the presses beside a sequencer until it has released them all, and judges the order.
  void expect_order_of_sending(const std::function<void()>& press) {
    std::jthread releasing([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        sequencer_.release(running_.server());
        std::this_thread::sleep_for(100us);
      }
    });
    press();
    ASSERT_TRUE(eventually([&] { return sequencer_.released_count() == kPresses; }));
    releasing.request_stop();
    releasing.join();
    const auto& released = sequencer_.released();
    std::vector<std::size_t> online;
    for (const Press& one : released) online.push_back(one.number);
    EXPECT_EQ(inversions(online), 0U) << "released by watermark";
    EXPECT_EQ(inversions(numbers_by(released, &Press::stamp)), 0U) << "sorted by stamp afterwards";
    EXPECT_EQ(sequencer_.broken_promises(), 0);
    EXPECT_EQ(running_.server().counters().unstamped, 0U);
  }

  /// Prints how it went, and gives the inversions there would be without stamps.
  std::size_t inversions_by_handling() {
    const std::size_t count = inversions(numbers_by(sequencer_.released(), &Press::handled));
    std::printf(
        "loops %u: %zu inversions by order of handling; %lu stamps moved; per loop:", GetParam(),
        count, static_cast<unsigned long>(running_.server().counters().stamps_moved));
    for (const auto& [loop, presses] : sequencer_.of_loop()) std::printf(" %zu", presses);
    std::printf("\n");
    return count;
  }

  std::mt19937 random_{20260731};
  std::vector<std::size_t> clients_order_ = [] {
    std::vector<std::size_t> order(kConnections);
    for (std::size_t i = 0; i < kConnections; ++i) order[i] = i;
    return order;
  }();
  std::atomic<std::size_t> handled_{0};
  Sequencer sequencer_{GetParam()};
  RunningServer running_{
      [this](const Request& request, Responder to) { handle(request, std::move(to)); },
      {.limits = {}, .loops = GetParam(), .listeners = 1},
      sequencer_};
};

TEST_P(ArrivalOrder, is_the_order_of_sending_over_open_connections) {
  expect_order_of_sending([&] { press_over_open_connections(); });
  // The planted bug: numbering in the order in which handlers are called.
  const std::size_t by_handling = inversions_by_handling();
  if (GetParam() > 1) {
    EXPECT_GT(by_handling, 0U) << "the planted bug was not seen";
  }
}

TEST_P(ArrivalOrder, is_the_order_of_sending_over_new_connections) {
  expect_order_of_sending([&] { press_over_new_connections(); });
  inversions_by_handling();
}

INSTANTIATE_TEST_SUITE_P(Loops, ArrivalOrder, ::testing::Values(1, 2, 4));

}  // namespace
}  // namespace dibs::http::testing
