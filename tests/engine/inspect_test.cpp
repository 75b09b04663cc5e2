#include "engine/inspect.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/temp_dir.h"
#include "engine/disk.h"
#include "engine/entry.h"
#include "engine/layout.h"
#include "engine/manual_clock.h"
#include "engine/running_engine.h"
#include "engine/tally.h"

namespace dibs::engine {
namespace {

using namespace std::chrono_literals;

/// Ten units, no line: thirteen arrive, three of the first give theirs back, one is refused.
class Inspect : public testing::Test {
 protected:
  void SetUp() override {
    RunningEngine running(small_options(dir_.path()), clock_);
    auto put = put_of(10);
    put.spec.line_limit = 0;
    ASSERT_TRUE(running.run(put).has_value());
    std::vector<OrderKey> orders;
    for (int i = 1; i <= 10; ++i) {
      orders.push_back(running.run(buy_of("b" + std::to_string(i)))->order->id.key);
    }
    for (const std::size_t i : {1U, 4U, 7U}) {
      ASSERT_EQ(running.run(sale::Cancel{orders[i]})->code, sale::Code::ok);
    }
    for (int i = 11; i <= 13; ++i) {
      ASSERT_EQ(running.run(buy_of("b" + std::to_string(i)))->code, sale::Code::ok);
    }
    clock_.advance(13'700us);
    ASSERT_EQ(running.run(buy_of("late"))->code, sale::Code::sold_out);
    ASSERT_EQ(running.run(sale::PaymentSucceeded{orders[0], true})->code, sale::Code::ok);
  }

  void damage(const std::string& name, std::uint64_t offset) {
    auto file = posix_disk().open(path_in(dir_.path(), name), Disk::Mode::write);
    ASSERT_TRUE((*file)->write_at(offset, "damage").has_value());
  }

  TempDir dir_;
  ManualClock clock_;
};

TEST_F(Inspect, verify_counts_what_is_there) {
  const JournalReport report = verify(dir_.path());
  EXPECT_FALSE(report.fault) << report.fault->what;
  EXPECT_EQ(report.sales, 1U);
  EXPECT_EQ(report.refused, 1U);
  EXPECT_GE(report.events, 18U);
  EXPECT_TRUE(report.clean_end);
  EXPECT_EQ(report.epoch, 1U);
  EXPECT_EQ(report.records, report.last.value());
}

TEST_F(Inspect, verify_names_file_offset_and_position_of_the_first_fault) {
  damage(segment_name(Position(1)), 2 * 512 + 120);
  const JournalReport report = verify(dir_.path());
  ASSERT_TRUE(report.fault);
  EXPECT_NE(report.fault->what.find(segment_name(Position(1))), std::string::npos);
  EXPECT_NE(report.fault->what.find("offset 1024"), std::string::npos) << report.fault->what;
  EXPECT_NE(report.fault->what.find("record 3"), std::string::npos) << report.fault->what;
}

TEST_F(Inspect, verify_and_audit_work_beside_a_running_engine) {
  RunningEngine running(small_options(dir_.path()), clock_);
  ASSERT_TRUE(running.opened());
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(running.run(buy_of("beside" + std::to_string(i))).has_value());
    ASSERT_FALSE(verify(dir_.path()).fault);
    const auto report = audit(dir_.path());
    ASSERT_TRUE(report.has_value());
    ASSERT_TRUE(report->differences.empty()) << report->differences.front();
  }
}

TEST_F(Inspect, audit_agrees_with_itself) {
  const auto report = audit(dir_.path());
  ASSERT_TRUE(report.has_value()) << report.error().what;
  EXPECT_TRUE(report->differences.empty()) << report->differences.front();
  EXPECT_EQ(report->orders, 13U);
  EXPECT_EQ(report->arrivals, 14U);
  EXPECT_EQ(report->units_total, 10U);
  EXPECT_EQ(report->units_sold, 1U);
}

TEST_F(Inspect, why_says_it_in_a_sentence) {
  const auto sentences = why(dir_.path(), SaleId("concert"), BuyerId("late"));
  ASSERT_TRUE(sentences.has_value()) << sentences.error().what;
  ASSERT_EQ(sentences->size(), 1U);
  EXPECT_EQ(sentences->front(),
            "arrival 14 at 08:00:00.0137, sold_out; the ten units went to arrivals 1 to 13 (3 gave "
            "theirs back)");
  EXPECT_EQ(why(dir_.path(), SaleId("concert"), BuyerId("b1"))->front(),
            "arrival 1 at 08:00:00.0000, paid");
  EXPECT_EQ(why(dir_.path(), SaleId("concert"), BuyerId("b2"))->front(),
            "arrival 2 at 08:00:00.0000, released (cancelled)");
  EXPECT_FALSE(why(dir_.path(), SaleId("concert"), BuyerId("nobody")).has_value());
  EXPECT_FALSE(why(dir_.path(), SaleId("other"), BuyerId("b1")).has_value());
}

TEST_F(Inspect, replay_gives_the_sale_as_it_was) {
  const auto last = replay(dir_.path(), Seq());
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(last->front().items.at(0).sold, 1);
  const auto early = replay(dir_.path(), Seq(4));
  ASSERT_TRUE(early.has_value());
  EXPECT_EQ(early->front().seq, Seq(4));
  EXPECT_EQ(early->front().items.at(0).sold, 0);
}

TEST_F(Inspect, dump_gives_every_entry_as_a_line) {
  std::vector<std::string> lines;
  ASSERT_TRUE(dump(dir_.path(), Seq(), [&](std::string_view line) {
                lines.emplace_back(line);
              }).has_value());
  std::size_t events = 0;
  for (const std::string& line : lines) {
    EXPECT_TRUE(line.starts_with("{") && line.ends_with("}"));
    events += line.find("\"entry\":\"event\"") != std::string::npos ? 1U : 0U;
  }
  EXPECT_EQ(events, verify(dir_.path()).events);
  EXPECT_NE(lines.front().find("\"entry\":\"start\""), std::string::npos);
  EXPECT_NE(lines.back().find("\"entry\":\"clean_end\""), std::string::npos);
  EXPECT_NE(lines.back().find("\"sale\":\"concert\",\"seq\":"), std::string::npos);
  EXPECT_NE(lines.back().find("\"state_hash\":\""), std::string::npos);
}

TEST_F(Inspect, dump_leaves_out_no_member_of_a_sale_and_no_key_of_a_restock) {
  const TempDir data;
  {
    RunningEngine running(small_options(data.path()), clock_);
    auto put = put_of(10);
    put.spec.opens_at = clock_.now() + 1h;
    put.spec.closes_at = clock_.now() + 2h;
    put.spec.line_limit = 7;
    put.spec.checkout_url = "https://shop.example/pay";
    put.spec.notify_url = "https://shop.example/hear";
    ASSERT_TRUE(running.run(put).has_value());
    const auto added = running.run(sale::Restock{SkuId("floor"), 5, IdempotencyKey("pallet-9")});
    ASSERT_TRUE(added.has_value());
  }
  std::string all;
  ASSERT_TRUE(dump(data.path(), Seq(), [&](std::string_view line) {
                all.append(line).append("\n");
              }).has_value());
  for (const std::string member :
       {R"("title":"Floor")", R"("opens_at":")", R"("closes_at":")", R"("hold_seconds":300)",
        R"("payment_seconds":120)", R"("payment_attempts":1)", R"("promotion_seconds":300)",
        R"("limit_per_buyer":1)", R"("line_limit":7)", R"("payment":"shop")",
        R"("checkout_url":"https://shop.example/pay")",
        R"("notify_url":"https://shop.example/hear")", R"("public_stock":"exact")",
        R"("test":false)", R"("key":"pallet-9")"}) {
    EXPECT_NE(all.find(member), std::string::npos) << member;
  }
}

TEST_F(Inspect, a_backup_taken_beside_the_server_restores_to_the_same_sale) {
  const TempDir out;
  const std::string file = out / "backup";
  RunningEngine running(small_options(dir_.path()), clock_);
  const auto bought = running.run(sale::Restock{SkuId("floor"), 5, IdempotencyKey()});
  ASSERT_TRUE(bought.has_value());
  const auto taken = backup(dir_.path(), file);
  ASSERT_TRUE(taken.has_value()) << taken.error().what;
  const auto restored = restore(file, out / "data");
  ASSERT_TRUE(restored.has_value()) << restored.error().what;
  EXPECT_EQ(restored->last, taken->last);
  EXPECT_FALSE(verify(out / "data").fault);
  RunningEngine again(small_options(out / "data"), clock_);
  ASSERT_TRUE(again.opened()) << again.refusal().what;
  EXPECT_EQ(again.engine().glance(SaleId("concert"))->items.at(0).total, 15);
  EXPECT_FALSE(restore(file, out / "data").has_value()) << "never over a journal";
}

// The second fold has to notice what the rules would never do. Each is a journal that a wrong
// program might have written.
class AuditFold : public testing::Test {
 protected:
  void SetUp() override {
    sale::SaleSpec spec;
    spec.items = {{SkuId("floor"), "Floor", 100, 1}};
    add(sale::Created{spec});
    add(sale::Opened{});
    sale_.reserve(Arrival(100));
  }

  void add(sale::Fact fact) {
    sale_.take({.seq = Seq(++seq_), .at = Instant(), .actor = {}, .fact = std::move(fact)});
  }
  static sale::OrderRef ref(std::uint64_t arrival) {
    OrderKey key;
    key.bytes[0] = static_cast<std::uint8_t>(arrival);
    return {key, Arrival(arrival)};
  }
  void accept(std::uint64_t arrival, sale::OrderState state) {
    sale::Accepted accepted;
    accepted.order = ref(arrival);
    accepted.state = state;
    accepted.lines = {{SkuId("floor"), 1, 100}};
    add(accepted);
  }

  TallySale sale_{"concert"};
  std::uint64_t seq_ = 0;
};

TEST_F(AuditFold, sees_nothing_wrong_in_a_sound_journal) {
  accept(1, sale::OrderState::held);
  accept(2, sale::OrderState::waiting);
  add(sale::Released{ref(1), sale::Reason::cancelled, sale::Money::none});
  add(sale::Promoted{ref(2), sale::OrderState::held, std::nullopt});
  EXPECT_TRUE(sale_.faults().empty()) << sale_.faults().front();
}

TEST_F(AuditFold, sees_a_unit_sold_twice) {
  accept(1, sale::OrderState::held);
  accept(2, sale::OrderState::held);
  EXPECT_FALSE(sale_.faults().empty());
}

TEST_F(AuditFold, sees_a_hold_that_ends_twice) {
  accept(1, sale::OrderState::held);
  add(sale::Released{ref(1), sale::Reason::expired, sale::Money::none});
  add(sale::Released{ref(1), sale::Reason::cancelled, sale::Money::none});
  EXPECT_FALSE(sale_.faults().empty());
}

TEST_F(AuditFold, sees_an_arrival_given_twice_and_one_not_reserved) {
  accept(5, sale::OrderState::held);
  sale_.take({Arrival(5), Instant(), BuyerId("x"), sale::Code::sold_out, std::nullopt});
  EXPECT_EQ(sale_.faults().size(), 1U);
  sale_.take({Arrival(101), Instant(), BuyerId("x"), sale::Code::sold_out, std::nullopt});
  EXPECT_EQ(sale_.faults().size(), 2U);
}

TEST_F(AuditFold, sees_a_missing_event) {
  ++seq_;
  accept(1, sale::OrderState::held);
  EXPECT_FALSE(sale_.faults().empty());
}

}  // namespace
}  // namespace dibs::engine
