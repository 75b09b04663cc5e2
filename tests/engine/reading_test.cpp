#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "engine/layout.h"
#include "engine/manual_clock.h"
#include "engine/memory_disk.h"
#include "engine/running_engine.h"

/// How much of the journal is read for what: counted, since time proves nothing.
namespace dibs::engine {
namespace {

using namespace std::chrono_literals;

class Reading : public testing::Test {
 protected:
  /// From now on the openings of journal segments are counted: all, and of the first.
  void count_openings() {
    disk_.set_fault([this, first = path_in("data", segment_name(Position(1)))](
                        const std::string& call, const std::string& path) {
      if (call == "open" && path.ends_with(".log")) ++openings_;
      if (call == "open" && path == first) ++openings_of_first_;
      return 0;
    });
  }

  static std::vector<store::ArrivalRecord> page(RunningEngine& running, Arrival after,
                                                std::size_t limit,
                                                std::optional<BuyerId> buyer = std::nullopt) {
    store::Pending<std::vector<store::ArrivalRecord>> answer;
    running.engine().list_arrivals(SaleId("concert"), {std::move(buyer), after, limit},
                                   answer.reply());
    auto records = answer.wait();
    EXPECT_TRUE(records.has_value());
    return records.value_or(std::vector<store::ArrivalRecord>{});
  }

  ManualClock clock_;
  MemoryDisk disk_;
  std::atomic<std::size_t> openings_{0};
  std::atomic<std::size_t> openings_of_first_{0};
};

TEST_F(Reading, arrivals_page_by_page_open_each_segment_about_once) {
  RunningEngine running(small_options("data"), clock_, disk_);
  ASSERT_TRUE(running.run(put_of(1'000, 1'000)).has_value());
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(running.run(buy_of("b")).has_value());
  const std::size_t segments = list_segments(disk_, "data")->size();
  ASSERT_GT(segments, 5U);
  const auto all = running.arrivals();
  ASSERT_EQ(all.size(), 300U);
  count_openings();
  constexpr std::size_t kLimit = 7;
  std::vector<store::ArrivalRecord> joined;
  std::size_t pages = 0;
  for (;; ++pages) {
    const auto next = page(running, joined.empty() ? Arrival() : joined.back().arrival, kLimit);
    joined.insert(joined.end(), next.begin(), next.end());
    if (next.size() < kLimit) break;
  }
  EXPECT_EQ(joined, all);
  // Each page opens where it begins, and each segment's end leads into the next.
  EXPECT_LE(openings_, 2 * (pages + 1) + segments)
      << pages << " pages, " << segments << " segments";
}

TEST_F(Reading, pages_of_one_buyer_and_of_new_arrivals_are_whole) {
  RunningEngine running(small_options("data"), clock_, disk_);
  ASSERT_TRUE(running.run(put_of(1'000, 1'000)).has_value());
  const auto buy = [&](int times) {
    for (int i = 0; i < times; ++i) {
      ASSERT_TRUE(running.run(buy_of(i % 3 == 0 ? "third" : "other")).has_value());
    }
  };
  buy(30);
  EXPECT_EQ(page(running, Arrival(), 1'000).size(), 30U);
  EXPECT_EQ(page(running, Arrival(), 1'000, BuyerId("third")).size(), 10U);
  EXPECT_EQ(page(running, Arrival(15), 1'000).size(), 15U);
  buy(30);  // behind the place at which all had been read
  EXPECT_EQ(page(running, Arrival(30), 1'000).size(), 30U);
  EXPECT_EQ(page(running, Arrival(29), 1'000).front().arrival, Arrival(30));
  EXPECT_EQ(page(running, Arrival(), 1'000, BuyerId("third")).size(), 20U);
  EXPECT_EQ(page(running, Arrival(60), 1'000).size(), 0U);
}

TEST_F(Reading, a_snapshot_reads_nothing_that_lies_before_the_last_one) {
  auto options = small_options("data");
  options.journal.snapshot_bytes = 24 * 1024;
  const auto newest = [&] {
    const auto snapshots = *list_snapshots(disk_, "data");
    return snapshots.empty() ? Position() : snapshots.back().position;
  };
  const auto sell_until_snapshot = [&](RunningEngine& running) {
    const Position before = newest();
    for (int i = 0; i < 100'000 && newest() == before && !HasFailure(); ++i) {
      ASSERT_TRUE(running.run(buy_of("b")).has_value());
      if (i >= 100) std::this_thread::sleep_for(10ms);
    }
    ASSERT_GT(newest(), before);
  };
  {
    RunningEngine running(options, clock_, disk_);
    ASSERT_TRUE(running.run(put_of(1'000'000, 1'000'000)).has_value());
    sell_until_snapshot(running);
    ASSERT_GT(list_segments(disk_, "data")->size(), 1U);
    count_openings();
    sell_until_snapshot(running);
    EXPECT_EQ(openings_of_first_, 0U);
    disk_.set_fault(nullptr);
  }
  RunningEngine again(options, clock_, disk_);  // reads and checks all of it, once
  ASSERT_TRUE(again.opened()) << again.refusal().what;
  count_openings();
  sell_until_snapshot(again);
  EXPECT_EQ(openings_of_first_, 0U);
}

}  // namespace
}  // namespace dibs::engine
