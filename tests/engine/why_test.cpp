#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/temp_dir.h"
#include "engine/inspect.h"
#include "engine/manual_clock.h"
#include "engine/running_engine.h"

/// What a buyer is told must be true of the moment at which they were refused.
namespace dibs::engine {
namespace {

class Why : public testing::Test {
 protected:
  void start(sale::Put put) {
    put.spec.line_limit = 0;
    put.spec.test = true;  // so that it can be removed
    ASSERT_TRUE(running_.run(std::move(put)).has_value());
  }
  sale::Outcome buy(const std::string& buyer, std::uint32_t quantity = 1) {
    return *running_.run(buy_of(buyer, "", quantity));
  }
  sale::Outcome buy(const std::string& buyer, const std::vector<std::string>& skus) {
    sale::Buy buy = buy_of(buyer);
    buy.lines.clear();
    for (const std::string& sku : skus) buy.lines.push_back({SkuId(sku), 1, 0});
    return *running_.run(buy);
  }
  void run(sale::Command::Action action) {
    const auto outcome = running_.run(std::move(action));
    ASSERT_TRUE(outcome.has_value());
    ASSERT_EQ(outcome->code, sale::Code::ok);
  }
  /// What `buyer` is told, without the time, once the engine has ended.
  std::vector<std::string> told(const std::string& buyer) {
    running_.engine().drain();
    const auto sentences = why(dir_.path(), SaleId("concert"), BuyerId(buyer));
    EXPECT_TRUE(sentences.has_value()) << sentences.error().what;
    std::vector<std::string> words = sentences.value_or(std::vector<std::string>());
    for (std::string& sentence : words) {
      const std::string time = " at 08:00:00.0000";
      if (const auto at = sentence.find(time); at != std::string::npos)
        sentence.erase(at, time.size());
    }
    return words;
  }

  using Sentences = std::vector<std::string>;
  TempDir dir_;
  ManualClock clock_;
  RunningEngine running_{small_options(dir_.path()), clock_};
};

TEST_F(Why, counts_the_units_and_only_those_given_to_earlier_arrivals) {
  start(put_of(5, 5));
  buy("a", 2);
  buy("b", 2);
  EXPECT_EQ(buy("late", 2).code, sale::Code::sold_out);
  buy("c");
  EXPECT_EQ(told("late"),
            Sentences{"arrival 3, sold_out; four of the five units went to arrivals 1 "
                      "to 2; later one unit came free and went to arrival 4"});
}

TEST_F(Why, tells_a_unit_that_came_back_later_apart) {
  start(put_of(1));
  const auto first = buy("a");
  buy("late");
  run(sale::Cancel{first.order->id.key});
  buy("c");
  EXPECT_EQ(told("late"),
            Sentences{"arrival 2, sold_out; the one unit went to arrival 1 (1 gave theirs "
                      "back); later one unit came free and went to arrival 3"});
}

TEST_F(Why, tells_units_that_were_added_later_apart) {
  start(put_of(2));
  buy("a");
  buy("b");
  buy("late");
  run(sale::Restock{SkuId("floor"), 5, IdempotencyKey()});
  buy("c");
  buy("d");
  EXPECT_EQ(told("late"),
            Sentences{"arrival 3, sold_out; the two units went to arrivals 1 to 2; later "
                      "five units were added, and two units went to arrivals 4 to 5"});
}

TEST_F(Why, says_it_for_each_item) {
  auto put = put_of(1);
  put.spec.items.push_back({SkuId("balcony"), "Balcony", 100, 2});
  start(put);
  buy("a", {"floor"});
  buy("b", {"balcony"});
  buy("late", {"floor"});
  EXPECT_EQ(told("late"),
            Sentences{"arrival 3, sold_out; one of the two units of balcony went to arrival "
                      "2; the one unit of floor went to arrival 1"});
}

TEST_F(Why, keeps_what_happened_in_an_earlier_sale_of_the_same_id) {
  start(put_of(1));
  buy("a");
  buy("late");
  run(sale::Remove{});
  start(put_of(3));
  buy("late");
  buy("d");
  EXPECT_EQ(told("late"),
            (Sentences{"in an earlier sale of this id, arrival 2, sold_out; the one unit went "
                       "to arrival 1",
                       "arrival 3, held"}));
}

TEST_F(Why, an_earlier_sale_disturbs_no_audit) {
  start(put_of(1));
  buy("a");
  run(sale::Remove{});
  start(put_of(3));
  buy("b");
  running_.engine().drain();
  const auto report = audit(dir_.path());
  ASSERT_TRUE(report.has_value()) << report.error().what;
  EXPECT_TRUE(report->differences.empty()) << report->differences.front();
  EXPECT_EQ(report->orders, 1U);
}

}  // namespace
}  // namespace dibs::engine
