#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "sale/command.h"
#include "store/sale_store.h"
#include "store/waiting.h"

/// What every store of sales promises, whatever it is made of. A store's tests include this header
/// once and instantiate the suite with a way to make the store:
///
///     INSTANTIATE_TEST_SUITE_P(Engine, StoreContract, testing::Values(StoreMaker{...}));
namespace dibs::store {

/// A store under test, its clock, and its restarts.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  [[nodiscard]] virtual SaleStore& store() = 0;
  /// The moment the store takes it to be; moves only by advance().
  [[nodiscard]] virtual Instant now() const = 0;
  virtual void advance(Duration by) = 0;
  /// Ends the store in order and starts it again on the same data.
  virtual void restart() = 0;
};

struct StoreMaker {
  std::string name;
  std::function<std::unique_ptr<StoreUnderTest>()> make;

  friend void PrintTo(const StoreMaker& maker, std::ostream* out) { *out << maker.name; }
};

class StoreContract : public testing::TestWithParam<StoreMaker> {
 protected:
  void SetUp() override { under_test_ = GetParam().make(); }

  [[nodiscard]] SaleStore& store() { return under_test_->store(); }
  [[nodiscard]] Instant now() const { return under_test_->now(); }
  void advance(Duration by) { under_test_->advance(by); }
  void restart() { under_test_->restart(); }

  /// Stamps of now, one after another.
  [[nodiscard]] Stamp stamp() { return {now(), 0, ++reads_}; }

  static sale::Put concert(std::int64_t stock, std::int64_t price = 100) {
    sale::SaleSpec spec;
    spec.title = "Concert";
    spec.currency = "KRW";
    spec.items = {{SkuId("floor"), "Floor", price, stock}};
    spec.payment = price == 0 ? sale::PaymentMode::none : sale::PaymentMode::shop;
    return {.spec = spec, .present = UINT32_MAX};
  }

  sale::Outcome run(const SaleId& sale, sale::Command::Action action) {
    Pending<sale::Outcome> answer;
    store().submit(stamp(), sale, {.action = std::move(action)}, answer.reply());
    auto result = answer.wait();
    EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().what);
    return result.value_or(sale::Outcome{});
  }

  static sale::Buy buy_of(const std::string& buyer, const std::string& key = "",
                          std::uint32_t quantity = 1) {
    sale::Buy buy;
    buy.buyer = BuyerId(buyer);
    buy.key = IdempotencyKey(key);
    buy.lines = {{SkuId("floor"), quantity, 0}};
    return buy;
  }

  sale::Outcome buy(const std::string& buyer, const std::string& key = "",
                    std::uint32_t quantity = 1) {
    return run(sale_, buy_of(buyer, key, quantity));
  }

  template <class T, class Call>
  T ask(Call call) {
    Pending<T> answer;
    call(answer.reply());
    auto result = answer.wait();
    EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().what);
    return result ? std::move(*result) : T{};
  }

  std::optional<sale::SaleView> find_sale() {
    return ask<std::optional<sale::SaleView>>(
        [&](auto reply) { store().find_sale(stamp(), sale_, std::move(reply)); });
  }
  std::optional<sale::OrderView> find_order(const OrderKey& key) {
    return ask<std::optional<sale::OrderView>>(
        [&](auto reply) { store().find_order(stamp(), {key, sale_}, std::move(reply)); });
  }
  std::vector<ArrivalRecord> arrivals(ArrivalFilter filter = {}) {
    return ask<std::vector<ArrivalRecord>>(
        [&](auto reply) { store().list_arrivals(sale_, filter, std::move(reply)); });
  }
  /// Arrivals are recorded a moment after a refusal is answered; waits until `count` are there.
  std::vector<ArrivalRecord> arrivals_once_recorded(std::size_t count) {
    for (int i = 0; i < 600; ++i) {
      if (auto found = arrivals(); found.size() >= count) return found;
      advance(std::chrono::milliseconds(100));
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return arrivals();
  }

  const SaleId sale_{"concert"};

 private:
  std::unique_ptr<StoreUnderTest> under_test_;
  std::uint64_t reads_ = 0;
};

using namespace std::chrono_literals;

TEST_P(StoreContract, sells_what_there_is_and_no_more) {
  EXPECT_TRUE(run(sale_, concert(2)).created);
  EXPECT_EQ(buy("a").order->state, sale::OrderState::held);
  EXPECT_EQ(buy("b").order->state, sale::OrderState::held);
  EXPECT_EQ(buy("c").order->state, sale::OrderState::waiting);
  const auto view = find_sale();
  ASSERT_TRUE(view);
  EXPECT_EQ(view->items.at(0).available, 0);
  EXPECT_EQ(view->items.at(0).held, 2);
  EXPECT_EQ(view->waiting, 1U);
}

TEST_P(StoreContract, knows_no_sale_that_was_not_created) {
  EXPECT_EQ(buy("a").code, sale::Code::unknown_sale);
  EXPECT_FALSE(find_sale());
  EXPECT_EQ(store().glance(sale_), nullptr);
  EXPECT_FALSE(find_order(OrderKey{}));
  EXPECT_TRUE(arrivals().empty());
}

TEST_P(StoreContract, arrivals_are_unique_and_increasing_refused_or_not) {
  run(sale_, concert(1));
  std::vector<Arrival> given;
  for (int i = 0; i < 5; ++i) {
    given.push_back(buy("b" + std::to_string(i), "", i == 3 ? 2 : 1).arrival);
  }
  EXPECT_GE(given.front(), Arrival(1));
  EXPECT_TRUE(std::ranges::is_sorted(given));
  EXPECT_EQ(std::ranges::adjacent_find(given), given.end());
}

TEST_P(StoreContract, a_replay_answers_with_the_same_order_and_takes_no_number) {
  run(sale_, concert(5));
  const auto first = buy("a", "key-1");
  const auto again = buy("a", "key-1");
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.arrival, Arrival());
  EXPECT_EQ(again.order->id, first.order->id);
  EXPECT_EQ(buy("b").arrival, first.arrival.next());
}

TEST_P(StoreContract, order_ids_differ_and_find_their_order) {
  run(sale_, concert(5));
  const auto a = buy("a");
  const auto b = buy("b");
  EXPECT_NE(a.order->id, b.order->id);
  EXPECT_EQ(find_order(a.order->id.key)->buyer, BuyerId("a"));
  EXPECT_EQ(find_order(b.order->id.key)->buyer, BuyerId("b"));
}

TEST_P(StoreContract, a_unit_given_back_goes_to_the_head_of_the_line) {
  run(sale_, concert(1));
  const auto held = buy("a");
  const auto first = buy("b");
  const auto second = buy("c");
  run(sale_, sale::Cancel{held.order->id.key});
  EXPECT_EQ(find_order(first.order->id.key)->state, sale::OrderState::held);
  EXPECT_EQ(find_order(second.order->id.key)->state, sale::OrderState::waiting);
}

TEST_P(StoreContract, a_sale_opens_by_itself_at_its_time) {
  auto put = concert(1);
  put.spec.opens_at = now() + 10s;
  run(sale_, put);
  EXPECT_EQ(buy("early").code, sale::Code::not_open);
  advance(10s);
  EXPECT_EQ(find_sale()->state, sale::SaleState::open);
  EXPECT_EQ(buy("in-time").code, sale::Code::ok);
}

TEST_P(StoreContract, a_hold_that_ends_goes_to_the_next_in_line) {
  auto put = concert(1);
  put.spec.hold_seconds = 30;
  run(sale_, put);
  const auto held = buy("a");
  const auto waiting = buy("b");
  advance(30s);
  EXPECT_EQ(find_order(held.order->id.key)->reason, sale::Reason::expired);
  EXPECT_EQ(find_order(waiting.order->id.key)->state, sale::OrderState::held);
}

TEST_P(StoreContract, glance_shows_what_was_answered) {
  run(sale_, concert(3));
  buy("a");
  const auto seen = store().glance(sale_);
  ASSERT_NE(seen, nullptr);
  EXPECT_EQ(seen->items.at(0).held, 1);
  EXPECT_EQ(seen->spec->title, "Concert");
}

TEST_P(StoreContract, numbered_requests_can_be_listed_with_their_fate) {
  auto put = concert(1);
  put.spec.line_limit = 0;
  run(sale_, put);
  const auto winner = buy("a");
  const auto loser = buy("b");
  const auto found = arrivals_once_recorded(2);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].order, winner.order->id.key);
  EXPECT_EQ(found[0].code, sale::Code::ok);
  EXPECT_EQ(found[1].arrival, loser.arrival);
  EXPECT_EQ(found[1].code, sale::Code::sold_out);
  EXPECT_EQ(found[1].buyer, BuyerId("b"));
  EXPECT_EQ(arrivals({BuyerId("b"), Arrival(), 100}).size(), 1U);
  EXPECT_EQ(arrivals({std::nullopt, winner.arrival, 100}).size(), 1U);
  EXPECT_EQ(arrivals({std::nullopt, Arrival(), 1}).size(), 1U);
}

TEST_P(StoreContract, the_history_of_an_order_is_its_events_in_order) {
  run(sale_, concert(1));
  const auto held = buy("a");
  const auto waiting = buy("b");
  run(sale_, sale::BeginPayment{held.order->id.key});
  run(sale_, sale::PaymentSucceeded{held.order->id.key, true});
  const auto events = ask<std::vector<sale::Event>>(
      [&](auto reply) { store().history({held.order->id.key, sale_}, std::move(reply)); });
  std::vector<std::string> types;
  for (const auto& event : events) types.emplace_back(sale::type_of(event));
  EXPECT_EQ(types,
            (std::vector<std::string>{"dibs.order.held", "dibs.order.paying", "dibs.order.paid"}));
  // The last unit is sold: the line ends, which ends the wait of the other order.
  const auto line = ask<std::vector<sale::Event>>(
      [&](auto reply) { store().history({waiting.order->id.key, sale_}, std::move(reply)); });
  ASSERT_EQ(line.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<sale::LineEnded>(line[1].fact));
}

TEST_P(StoreContract, orders_are_listed_in_order_of_arrival) {
  run(sale_, concert(2));
  for (const char* buyer : {"a", "b", "c"}) buy(buyer);
  const auto list = [&](sale::Sale::OrderFilter filter) {
    return ask<std::vector<sale::OrderView>>(
        [&](auto reply) { store().list_orders(stamp(), sale_, filter, std::move(reply)); });
  };
  const auto all = list({});
  ASSERT_EQ(all.size(), 3U);
  EXPECT_LT(all[0].arrival, all[1].arrival);
  EXPECT_LT(all[1].arrival, all[2].arrival);
  sale::Sale::OrderFilter waiting;
  waiting.state = sale::OrderState::waiting;
  EXPECT_EQ(list(waiting).size(), 1U);
  sale::Sale::OrderFilter of_b;
  of_b.buyer = BuyerId("b");
  EXPECT_EQ(list(of_b).size(), 1U);
}

TEST_P(StoreContract, sales_are_listed_and_a_removed_one_is_gone) {
  auto put = concert(2);
  put.spec.test = true;
  run(sale_, put);
  run(SaleId("another"), concert(1));
  const auto list = [&] {
    return ask<std::vector<sale::SaleView>>(
        [&](auto reply) { store().list_sales(stamp(), std::move(reply)); });
  };
  EXPECT_EQ(list().size(), 2U);
  EXPECT_EQ(run(sale_, sale::Remove{}).code, sale::Code::ok);
  EXPECT_EQ(list().size(), 1U);
  EXPECT_FALSE(find_sale());
  EXPECT_EQ(store().glance(sale_), nullptr);
}

TEST_P(StoreContract, everything_answered_is_there_after_a_restart) {
  run(sale_, concert(2));
  const auto held = buy("a", "key-a");
  const auto paid = buy("b");
  const auto waiting = buy("c");
  run(sale_, sale::PaymentSucceeded{paid.order->id.key, true});
  restart();
  EXPECT_EQ(find_order(held.order->id.key)->state, sale::OrderState::held);
  EXPECT_EQ(find_order(paid.order->id.key)->state, sale::OrderState::paid);
  EXPECT_EQ(find_order(waiting.order->id.key)->state, sale::OrderState::waiting);
  EXPECT_TRUE(buy("a", "key-a").replayed);
  EXPECT_EQ(buy("d").arrival, waiting.arrival.next()) << "a clean end leaves no gap";
  ASSERT_NE(store().glance(sale_), nullptr);
}

TEST_P(StoreContract, no_hold_ends_because_the_server_was_away) {
  auto put = concert(1);
  put.spec.hold_seconds = 30;
  run(sale_, put);
  const auto held = buy("a");
  advance(20s);
  find_sale();
  restart();
  const auto again = find_order(held.order->id.key);
  EXPECT_EQ(again->state, sale::OrderState::held);
  EXPECT_GE(again->expires_at, held.order->expires_at);
}

TEST_P(StoreContract, commands_of_many_threads_are_all_answered_once) {
  run(sale_, concert(10));
  constexpr int kThreads = 4;
  constexpr int kEach = 250;
  std::vector<std::vector<Pending<sale::Outcome>>> answers(kThreads);
  std::vector<std::thread> threads;
  const Instant at = now();
  for (int t = 0; t < kThreads; ++t) {
    answers[static_cast<std::size_t>(t)] = std::vector<Pending<sale::Outcome>>(kEach);
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        auto& answer = answers[static_cast<std::size_t>(t)][static_cast<std::size_t>(i)];
        const auto number = static_cast<std::uint64_t>(1'000'000 + t * kEach + i);
        store().submit({at, 0, number}, sale_,
                       {.action = buy_of("t" + std::to_string(t) + "-" + std::to_string(i))},
                       answer.reply());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  int held = 0;
  std::vector<Arrival> numbers;
  for (auto& of_thread : answers) {
    for (auto& answer : of_thread) {
      const auto outcome = answer.wait();
      ASSERT_TRUE(outcome.has_value());
      numbers.push_back(outcome->arrival);
      if (outcome->order && outcome->order->state == sale::OrderState::held) ++held;
    }
  }
  std::ranges::sort(numbers);
  EXPECT_EQ(std::ranges::adjacent_find(numbers), numbers.end());
  EXPECT_EQ(held, 10);
}

}  // namespace dibs::store
