// The follower beside a store in memory: that it takes up where the ledger is, and notices when
// ledger and store are not of one history.
#include "ledger/follower.h"

#include <gtest/gtest.h>

#include <mutex>
#include <thread>

#include "events/fake_feed.h"
#include "ledger/applier.h"
#include "ledger/database.h"
#include "ledger/history.h"
#include "ledger/sql_servers.h"

namespace dibs::ledger {
namespace {

constexpr Duration kPatience = std::chrono::seconds(30);

class FollowerTest : public testing::Test {
 protected:
  /// Gives the store the events of `rush_events` from `from` on.
  void sell(const std::vector<sale::Event>& events, std::size_t from, std::size_t count) {
    for (std::size_t i = from; i < from + count; ++i) feed_.append("rush", events[i]);
  }
  [[nodiscard]] std::unique_ptr<Follower> follow(bool sync = false) {
    Follower::Options options;
    options.address = *parse_address(ledger_.url());
    options.pace = std::chrono::milliseconds(1);
    options.sync = sync;
    options.on_warning = [this](const std::string& warning) {
      const std::lock_guard lock(mutex_);
      warnings_ += warning + "\n";
    };
    auto follower = std::make_unique<Follower>(std::move(options), feed_, system_clock());
    follower->begin();
    return follower;
  }
  std::string warnings() {
    const std::lock_guard lock(mutex_);
    return warnings_;
  }
  [[nodiscard]] Seq applied() const {
    Applier looking(*parse_address(ledger_.url()));
    const auto rows = looking.applied();
    EXPECT_TRUE(rows) << rows.error().what;
    const auto found = rows->find(SaleId("rush"));
    return found == rows->end() ? Seq() : found->second.seq;
  }
  template <class Condition>
  static bool eventually(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < until) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }
  /// What the audit says of ledger and store.
  std::string audit() {
    std::vector<Delivered> all;
    const auto reader = feed_.read_events({}, std::nullopt);
    const auto batch = reader->next(1'000'000);
    for (const store::FedEvent& fed : batch->events) {
      Delivered one;
      one.event.sale = fed.sale;
      one.event.epoch = feed_.epoch;
      one.event.event = fed.event;
      all.push_back(one);
    }
    std::string words;
    for (const std::string& one : differences(ledger_.url(), all)) words += one + "\n";
    return words;
  }

  TestLedger ledger_{"sqlite"};
  events::FakeFeed feed_;
  std::mutex mutex_;
  std::string warnings_;
};

TEST_F(FollowerTest, TakesUpWhereTheLedgerIs) {
  const auto events = rush_events(60);
  sell(events, 0, 40);
  {
    const auto first = follow();
    EXPECT_TRUE(eventually([&] { return applied() == Seq(40); }));
  }
  sell(events, 40, 40);
  const auto second = follow();
  EXPECT_TRUE(eventually([&] { return applied() == Seq(80); }));
  EXPECT_EQ(second->state().applied, 40U) << "nothing is applied twice";
  EXPECT_EQ(second->state().duplicates, 0U);
  EXPECT_EQ(audit(), "");
  EXPECT_EQ(warnings(), "");
}

TEST_F(FollowerTest, ReadsAgainWhereTheLedgerHasGoneBack) {
  // An older copy of the ledger is put in its place while it is followed.
  const auto events = rush_events(60);
  sell(events, 0, 40);
  const auto follower = follow();
  EXPECT_TRUE(eventually([&] { return applied() == Seq(40); }));
  ledger_.sql("DELETE FROM applied");
  ledger_.sql("DELETE FROM followed");
  ledger_.sql("DELETE FROM sales");
  ledger_.sql("DELETE FROM items");
  sell(events, 40, 10);
  EXPECT_TRUE(eventually([&] { return applied() == Seq(50); })) << warnings();
  EXPECT_EQ(audit(), "");
  EXPECT_EQ(follower->state().stopped, 0U);
}

TEST_F(FollowerTest, ReadsAgainTheSaleWhoseRowIsGone) {
  const auto events = rush_events(60);
  sell(events, 0, 40);
  {
    const auto first = follow();
    EXPECT_TRUE(eventually([&] { return applied() == Seq(40); }));
  }
  ledger_.sql("DELETE FROM applied");
  ledger_.sql("DELETE FROM sales");
  ledger_.sql("DELETE FROM items");
  sell(events, 40, 1);
  const auto second = follow();
  EXPECT_TRUE(eventually([&] { return applied() == Seq(41); })) << warnings();
  EXPECT_EQ(audit(), "");
}

TEST_F(FollowerTest, StopsWhereTheJournalIsAnOlderCopy) {
  const auto events = rush_events(60);
  sell(events, 0, 40);
  {
    const auto first = follow();
    EXPECT_TRUE(eventually([&] { return applied() == Seq(40); }));
  }
  ledger_.sql("UPDATE followed SET position = position + 1000");
  const auto second = follow();
  EXPECT_TRUE(eventually([&] { return warnings().contains("older copy"); }));
  EXPECT_NE(second->state().last_error, "");
}

TEST_F(FollowerTest, StopsASaleWhoseHistoryIsAnother) {
  // The store was restored from an older copy and has sold on: the same seqs, other events.
  const auto events = rush_events(60);
  sell(events, 0, 40);
  {
    const auto first = follow();
    EXPECT_TRUE(eventually([&] { return applied() == Seq(40); }));
  }
  const std::string hash(64, 'a');
  ledger_.sql("UPDATE applied SET hash = '" + hash + "'");
  sell(events, 40, 10);
  const auto second = follow();
  EXPECT_TRUE(eventually([&] { return second->state().stopped == 1; }));
  EXPECT_TRUE(eventually([&] { return warnings().contains("event 40 with the hash aaaa"); }))
      << warnings();
  EXPECT_EQ(applied(), Seq(40));
}

TEST_F(FollowerTest, StopsASaleOfAnotherEpochAndTakesItUpOnceThatIsMended) {
  const auto events = rush_events(60);
  sell(events, 0, 40);
  {
    const auto first = follow();
    EXPECT_TRUE(eventually([&] { return applied() == Seq(40); }));
  }
  ledger_.sql("UPDATE applied SET epoch = 'another'");
  sell(events, 40, 10);
  {
    const auto second = follow();
    EXPECT_TRUE(eventually([&] { return warnings().contains("is of epoch fake"); })) << warnings();
  }
  EXPECT_EQ(applied(), Seq(40));
  ledger_.sql("UPDATE applied SET epoch = 'fake'");
  const auto third = follow();
  EXPECT_TRUE(eventually([&] { return applied() == Seq(50); })) << warnings();
  EXPECT_EQ(audit(), "");
}

TEST_F(FollowerTest, SyncHoldsTheAnswerUntilTheLedgerHasIt) {
  const auto events = rush_events(20);
  const auto follower = follow(true);
  for (std::size_t i = 0; i < 10; ++i) {
    sell(events, i, 1);
    auto view = std::make_shared<sale::SaleView>();
    view->id = SaleId("rush");
    view->seq = Seq(i + 1);
    follower->on_events(view, {});
    ASSERT_EQ(applied(), Seq(i + 1));
  }
}

TEST_F(FollowerTest, CountsWhatHasDrifted) {
  // A hand in the figures; the next event of the sale makes it compare again.
  const auto events = rush_events(20);
  sale::Sale sale(SaleId("rush"));
  const auto tell = [&](Follower& follower, std::size_t i) {
    feed_.append("rush", events[i]);
    ASSERT_TRUE(sale.replay(events[i]));
    follower.on_events(std::make_shared<const sale::SaleView>(sale.view()), {});
  };
  Follower::Options options;
  options.address = *parse_address(ledger_.url());
  options.pace = std::chrono::milliseconds(1);
  options.compare_every = std::chrono::milliseconds(1);
  Follower follower(std::move(options), feed_, system_clock());
  follower.begin();
  for (std::size_t i = 0; i < 10; ++i) tell(follower, i);
  EXPECT_TRUE(eventually([&] { return follower.state().behind == 0; }));
  EXPECT_EQ(follower.state().drift, 0U);
  follower.stop(kPatience);

  ledger_.sql("UPDATE items SET held = held - 1, available = available + 1");
  Follower::Options again;
  again.address = *parse_address(ledger_.url());
  again.pace = std::chrono::milliseconds(1);
  again.compare_every = std::chrono::milliseconds(1);
  Follower second(std::move(again), feed_, system_clock());
  second.begin();
  tell(second, 10);
  EXPECT_TRUE(eventually([&] { return second.state().drift == 1; }));
}

}  // namespace
}  // namespace dibs::ledger
