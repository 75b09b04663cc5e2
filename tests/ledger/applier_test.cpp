// The applier on every database: what random sales come to, whatever batches, repeats and rivals
// they come through; and what it does with events that are not the next.
#include "ledger/applier.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include "ledger/database.h"
#include "ledger/history.h"
#include "ledger/sql_servers.h"

namespace dibs::ledger {
namespace {

class ApplierTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!ledger_.there()) GTEST_SKIP() << GetParam() << " is not installed";
  }

  Report apply(std::span<const Delivered> events) {
    auto report = applier_.apply(events);
    EXPECT_TRUE(report) << report.error().what;
    return report.value_or(Report{});
  }
  Report apply(const std::vector<Delivered>& events, std::size_t from, std::size_t count) {
    return apply(std::span(events).subspan(from, count));
  }
  /// What the audit says; one line, empty when it agrees.
  std::string audit(const std::vector<Delivered>& events) {
    std::string all;
    for (const std::string& words : differences(ledger_.url(), events)) all += words + "\n";
    return all;
  }

  TestLedger ledger_{GetParam()};
  Applier applier_{*parse_address(ledger_.url().empty() ? "sqlite:none" : ledger_.url())};
};

TEST_P(ApplierTest, GivesWhatTheRulesGiveInAnyBatchesWithAnyRepeats) {
  // Random sales, cut into random batches, each with some of what came before once more.
  const std::uint64_t seeds = std::string(GetParam()) == "sqlite" ? 60 : 12;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const SaleId sale("random-" + std::to_string(seed));
    const auto events = chained(sale, random_events(seed));
    std::mt19937_64 random(seed);
    std::uint64_t applied = 0;
    for (std::size_t at = 0; at < events.size();) {
      const std::size_t repeats = std::min<std::size_t>(at, random() % 40);
      const std::size_t fresh = std::min<std::size_t>(events.size() - at, random() % 200);
      const Report report = apply(events, at - repeats, repeats + fresh);
      ASSERT_EQ(report.stopped.size() + report.gaps.size(), 0U)
          << seed << ": " << (report.stopped.empty() ? "" : report.stopped.begin()->second);
      ASSERT_EQ(report.duplicates, repeats);
      applied += report.applied;
      at += fresh;
      if (random() % 8 != 0) continue;
      ASSERT_EQ(audit(events), "") << "seed " << seed << ", event " << at;
    }
    ASSERT_EQ(applied, events.size());
    ASSERT_EQ(audit(events), "") << "seed " << seed;
    ledger_.sql("DELETE FROM applied");  // or the next audit misses this sale
    ledger_.sql("DELETE FROM sales");
  }
}

TEST_P(ApplierTest, StopsAtAGapAndGoesOnWhenItIsClosed) {
  const auto events = chained(SaleId("gap"), rush_events(20));
  apply(events, 0, 10);
  const Report report = apply(events, 12, 5);
  EXPECT_EQ(report.applied, 0U);
  ASSERT_EQ(report.gaps.size(), 1U);
  EXPECT_EQ(report.gaps.begin()->second, Seq(10));
  EXPECT_EQ(apply(events, 10, events.size() - 10).applied, events.size() - 10);
  EXPECT_EQ(audit(events), "");
}

TEST_P(ApplierTest, RefusesAnotherHistoryAndNamesIt) {
  // Foreign events, each with a chain that holds in itself.
  const auto events = chained(SaleId("one"), rush_events(20));
  auto other = rush_events(20);
  other.at(9).actor = "somebody else";
  const auto foreign = chained(SaleId("one"), other);
  apply(events, 0, 12);

  Report report = apply(foreign, 12, 3);
  EXPECT_EQ(report.applied, 0U);
  ASSERT_EQ(report.stopped.size(), 1U);
  const std::string follows = report.stopped.begin()->second;
  EXPECT_NE(follows.find("sale one, event 13 follows an event with the hash"), std::string::npos)
      << follows;
  EXPECT_NE(follows.find(events::to_hex(events[11].event.hash)), std::string::npos);
  EXPECT_NE(follows.find(events::to_hex(foreign[11].event.hash)), std::string::npos);

  report = apply(foreign, 11, 1);  // the last one, differently
  ASSERT_EQ(report.stopped.size(), 1U);
  EXPECT_NE(report.stopped.begin()->second.find("the ledger has applied one with the hash"),
            std::string::npos);

  EXPECT_NE(audit(events).find("the ledger has stopped"), std::string::npos);
  EXPECT_EQ(apply(events, 12, 3).applied, 3U) << "the right ones are taken as before";
  EXPECT_EQ(audit(events), "");
}

TEST_P(ApplierTest, RefusesAnotherEpochAndNamesBoth) {
  const auto events = chained(SaleId("one"), rush_events(20));
  const auto other = chained(SaleId("one"), rush_events(20), "another-epoch");
  apply(events, 0, 12);
  const Report report = apply(other, 12, 3);
  ASSERT_EQ(report.stopped.size(), 1U);
  EXPECT_EQ(report.stopped.begin()->second,
            "sale one, event 13 is of epoch another-epoch; the ledger follows epoch "
            "epoch-of-the-tests, up to event 12");
}

TEST_P(ApplierTest, RefusesAnEventThatIsNotWhatItsHashSays) {
  auto events = chained(SaleId("one"), rush_events(20));
  apply(events, 0, 5);
  events[6].event.event.actor = "a hand on the wire";
  const Report report = apply(events, 5, 4);
  EXPECT_EQ(report.applied, 1U) << "what comes before it is sound";
  ASSERT_EQ(report.stopped.size(), 1U);
  EXPECT_NE(report.stopped.begin()->second.find("sale one, event 7 is not what its hash"),
            std::string::npos);
}

TEST_P(ApplierTest, OneSaleThatStopsHoldsBackNoOther) {
  const auto good = chained(SaleId("good"), rush_events(20));
  const auto bad = chained(SaleId("bad"), rush_events(20), "another-epoch");
  apply(chained(SaleId("bad"), rush_events(1)), 0, 2);
  std::vector<Delivered> both;
  for (std::size_t i = 0; i < good.size(); ++i) {
    both.push_back(good[i]);
    both.push_back(bad[i]);
  }
  const Report report = apply(both);
  EXPECT_EQ(report.applied, good.size());
  EXPECT_TRUE(report.stopped.contains(SaleId("bad")));
}

TEST_P(ApplierTest, FindsAHandInItsTables) {
  const auto events = chained(SaleId("one"), rush_events(30));
  apply(events, 0, events.size());
  ASSERT_EQ(audit(events), "");
  const auto found = [&](const std::string& sql, const std::string& words) {
    ledger_.sql(sql);
    const std::string said = audit(events);
    EXPECT_NE(said.find(words), std::string::npos) << sql << "\nfound: " << said;
  };
  found("UPDATE orders SET state = 'held' WHERE arrival = 3",
        "sale one: the order of arrival 3: state is paid in the store and held in the ledger");
  found("UPDATE orders SET buyer = 'me' WHERE arrival = 4", "buyer is buyer-4 in the store and me");
  found("UPDATE orders SET state = 'nonsense' WHERE arrival = 6", "nonsense in the ledger");
  found("DELETE FROM orders WHERE arrival = 7", "arrival 7 is in the store only");
  found(
      "INSERT INTO orders SELECT sale, 1000, order_id, buyer, reference, state, money, reason, "
      "amount, created_at, changed_at, seq FROM orders WHERE arrival = 8",
      "arrival 1000 is in the ledger only");
  found("UPDATE order_lines SET quantity = 2 WHERE arrival = 9", "what it wants is 1 x floor");
  found("UPDATE items SET held = held - 1, available = available + 1", "item floor: available is");
  found("UPDATE applied SET seq = seq - 1", "events up to there give");
  found("UPDATE applied SET seq = seq + 5", "events; the store has");
  found("UPDATE applied SET epoch = 'x'", "the ledger follows epoch x");
}

TEST_P(ApplierTest, TheDatabaseItselfRefusesUnitsThatDoNotAddUp) {
  apply(chained(SaleId("one"), rush_events(5)), 0, 4);
  auto database = Database::open(*parse_address(ledger_.url()));
  ASSERT_TRUE(database);
  EXPECT_FALSE((*database)->run("UPDATE items SET held = held + 1"));
}

TEST_P(ApplierTest, AHandInTheStockIsNotBuiltUpon) {
  // Units that are not there are given back: the sale stops instead of guessing.
  const auto events = chained(SaleId("one"), rush_events(9));
  apply(events, 0, 6);
  ledger_.sql("UPDATE items SET held = 0, available = total");
  Applier fresh(*parse_address(ledger_.url()));
  const auto report = fresh.apply(std::span(events).subspan(6));
  ASSERT_TRUE(report);
  ASSERT_EQ(report->stopped.size(), 1U);
  EXPECT_NE(report->stopped.begin()->second.find("gives back more of floor than is out"),
            std::string::npos)
      << report->stopped.begin()->second;
}

TEST_P(ApplierTest, ManyAtOnceDoWhatOneDoes) {
  // Four appliers, each giving all events in batches of its own, far ahead of and far behind each
  // other; what meets a gap comes again.
  const auto events = chained(SaleId("rivals"), rush_events(400));
  std::atomic<std::uint64_t> applied = 0;
  std::vector<std::thread> rivals;
  for (std::uint64_t number = 0; number < 4; ++number) {
    rivals.emplace_back([&, number] {
      Applier mine(*parse_address(ledger_.url()));
      std::mt19937_64 random(number);
      for (std::size_t at = 0; at < events.size();) {
        const std::size_t count = std::min<std::size_t>(events.size() - at, 1 + random() % 60);
        const auto report = mine.apply(std::span(events).subspan(at, count));
        if (!report) continue;  // two met: the database lets one of them try again
        applied += report->applied;
        ASSERT_TRUE(report->stopped.empty()) << report->stopped.begin()->second;
        if (report->gaps.empty()) at += count;
      }
    });
  }
  for (std::thread& rival : rivals) rival.join();
  EXPECT_EQ(applied, events.size());
  EXPECT_EQ(audit(events), "");
}

TEST_P(ApplierTest, GoesOnFromWhereARivalHasLeftIt) {
  const auto events = chained(SaleId("rivals"), rush_events(100));
  Applier rival(*parse_address(ledger_.url()));
  apply(events, 0, 50);
  ASSERT_TRUE(rival.apply(std::span(events).subspan(50, 50)));
  EXPECT_EQ(apply(events, 60, 40).duplicates, 40U);
  apply(events, 100, events.size() - 100);
  EXPECT_EQ(audit(events), "");
}

TEST_P(ApplierTest, KeepsWhereASourceIsAndNeverGoesBack) {
  const auto events = chained(SaleId("one"), rush_events(5));
  const Progress far{"topic 0", 100};
  const Progress near{"topic 0", 50};
  ASSERT_TRUE(applier_.apply(events, std::span(&far, 1)));
  ASSERT_TRUE(applier_.apply({}, std::span(&near, 1)));
  EXPECT_EQ(applier_.position("topic 0").value(), 100U);
  EXPECT_EQ(applier_.position("topic 1").value(), std::nullopt);
}

TEST_P(ApplierTest, OutlivesADatabaseThatIsKilledAtAnyMoment) {
  if (ledger_.server() == nullptr) return;  // a file does not die
  const auto events = chained(SaleId("killed"), rush_events(4'000));
  std::atomic<bool> done = false;
  std::uint64_t failures = 0;
  std::thread writer([&] {
    for (std::size_t at = 0; at < events.size();) {
      const std::size_t count = std::min<std::size_t>(events.size() - at, 64);
      const auto report = applier_.apply(std::span(events).subspan(at, count));
      if (!report) {
        ASSERT_LT(++failures, 3'000U) << report.error().what;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        continue;  // committed or not: it comes again
      }
      EXPECT_TRUE(report->stopped.empty() && report->gaps.empty());
      at += count;
    }
    done = true;
  });
  for (int kills = 0; kills < 5 && !done; ++kills) {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    ledger_.server()->kill();
    ledger_.server()->start();
  }
  writer.join();
  EXPECT_GT(failures, 0U);
  EXPECT_EQ(audit(events), "");
}

INSTANTIATE_TEST_SUITE_P(Databases, ApplierTest, testing::Values("sqlite", "postgresql", "mysql"),
                         [](const auto& of) { return std::string(of.param); });

}  // namespace
}  // namespace dibs::ledger
