#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/checkup.h"
#include "cli/doctor_disk.h"
#include "cli/doctor_machine.h"
#include "cli/doctor_sales.h"

namespace dibs::cli {
namespace {

using namespace std::chrono_literals;
using Grade = Finding::Grade;

TEST(Checkup, ends_with_the_verdict_and_its_status) {
  Checkup checkup;
  checkup.add({Grade::ok, "a"});
  EXPECT_TRUE(checkup.text().ends_with("\nGO\n"));
  EXPECT_EQ(checkup.exit_status(), 0);
  checkup.add({Grade::warn, "b", "do c"});
  EXPECT_NE(checkup.text().find("warn   b\n         do c\n"), std::string::npos);
  EXPECT_EQ(checkup.exit_status(), 0);
  checkup.add({Grade::unknown, "d", "e"});
  EXPECT_TRUE(checkup.text().ends_with("\nNO-GO: 1 could not be looked at\n"));
  EXPECT_EQ(checkup.exit_status(), 3);
  checkup.add({Grade::no_go, "f", "g"});
  EXPECT_TRUE(checkup.text().ends_with("\nNO-GO: 1 to put right\n"));
  EXPECT_EQ(checkup.exit_status(), 1);
}

TEST(Doctor, a_clock_that_is_not_kept_right_matters_when_a_sale_is_to_open) {
  ClockFacts good{.synchronised = true, .max_error = 2ms};
  EXPECT_EQ(judge_clock(good, true).grade, Grade::ok);
  ClockFacts alone = good;
  alone.synchronised = false;
  EXPECT_EQ(judge_clock(alone, true).grade, Grade::no_go);
  EXPECT_EQ(judge_clock(alone, false).grade, Grade::warn);
  ClockFacts far = good;
  far.max_error = 3s;
  EXPECT_EQ(judge_clock(far, true).grade, Grade::no_go);
  for (const Duration step : {Duration(2s), Duration(-2s)}) {
    ClockFacts stepped = good;
    stepped.stepped = step;
    EXPECT_EQ(judge_clock(stepped, false).grade, Grade::no_go);
  }
  ClockFacts leap = good;
  leap.leap_second_today = true;
  EXPECT_EQ(judge_clock(leap, true).grade, Grade::warn);
  EXPECT_EQ(judge_clock(std::nullopt, false).grade, Grade::unknown);
}

TEST(Doctor, descriptors_must_suffice_for_all_connections) {
  EXPECT_EQ(judge_descriptors(1'024, 15'000).grade, Grade::no_go);
  EXPECT_EQ(judge_descriptors(15'000, 15'000).grade, Grade::no_go);
  EXPECT_EQ(judge_descriptors(20'000, 15'000).grade, Grade::ok);
  EXPECT_EQ(judge_descriptors(std::nullopt, 15'000).grade, Grade::unknown);
}

TEST(Doctor, a_short_queue_of_connections_is_a_no_go_and_a_usual_one_a_warning) {
  EXPECT_EQ(judge_queue("net.core.somaxconn", 128, 15'000).grade, Grade::no_go);
  EXPECT_EQ(judge_queue("net.core.somaxconn", 4'096, 15'000).grade, Grade::warn);
  EXPECT_EQ(judge_queue("net.core.somaxconn", 65'535, 15'000).grade, Grade::ok);
  EXPECT_EQ(judge_queue("no.such.setting", look_at_setting("no.such.setting"), 1).grade,
            Grade::unknown);
}

TEST(Doctor, loops_need_cores) {
  EXPECT_EQ(judge_loops(4, 2).grade, Grade::warn);
  EXPECT_EQ(judge_loops(2, 2).grade, Grade::warn);
  EXPECT_EQ(judge_loops(1, 2).grade, Grade::ok);
  EXPECT_GE(look_at_cores(), 1U);
}

TEST(Doctor, what_forgets_or_is_far_away_is_no_place_for_a_journal) {
  EXPECT_EQ(judge_file_system(0xEF53).grade, Grade::ok);
  for (const std::int64_t type : {0x01021994LL, 0x858458f6LL, 0x6969LL, 0xFF534D42LL}) {
    EXPECT_EQ(judge_file_system(type).grade, Grade::no_go) << type;
  }
  EXPECT_EQ(judge_file_system(0x794c7630).grade, Grade::warn);
  EXPECT_NE(judge_file_system(0x12345).what.find("0x12345"), std::string::npos);
}

TEST(Doctor, a_directory_that_cannot_be_written_is_a_no_go) {
  DirectoryFacts facts{.looked_at = "/data", .exists = true, .writable = true};
  EXPECT_EQ(judge_directory(facts, "/data").grade, Grade::ok);
  facts.writable = false;
  EXPECT_EQ(judge_directory(facts, "/data").grade, Grade::no_go);
  facts.writable = facts.read_only = true;
  EXPECT_EQ(judge_directory(facts, "/data").grade, Grade::no_go);
  EXPECT_EQ(judge_directory(std::nullopt, "/data").grade, Grade::unknown);
}

TEST(Doctor, space_must_suffice_for_what_the_sales_may_write) {
  EXPECT_EQ(judge_space(99, 100).grade, Grade::no_go);
  EXPECT_EQ(judge_space(150, 100).grade, Grade::warn);
  EXPECT_EQ(judge_space(200, 100).grade, Grade::ok);
}

TEST(Doctor, commits_are_judged_by_what_buyers_would_feel) {
  EXPECT_EQ(judge_commits(std::vector<Duration>(100, 1ms)).grade, Grade::ok);
  std::vector<Duration> some_slow(100, 1ms);
  some_slow[0] = some_slow[1] = 90ms;
  EXPECT_EQ(judge_commits(some_slow).grade, Grade::warn);
  EXPECT_EQ(judge_commits(std::vector<Duration>(100, 700ms)).grade, Grade::no_go);
  EXPECT_EQ(judge_commits(std::vector<Duration>(100, 2us)).grade, Grade::warn);
  EXPECT_EQ(judge_commits({}).grade, Grade::unknown);
}

TEST(Doctor, measuring_leaves_nothing_behind) {
  std::string name = (std::filesystem::temp_directory_path() / "dibs-doctor-XXXXXX").string();
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  const auto times = measure_commits(name);
  ASSERT_TRUE(times.has_value()) << times.error().what;
  EXPECT_FALSE(times->empty());
  EXPECT_TRUE(std::filesystem::is_empty(name));
  std::filesystem::remove(name);
  EXPECT_FALSE(measure_commits(name).has_value());
}

sale::SaleView sale_of(sale::SaleState state, Instant opens_at, std::int64_t stock) {
  auto spec = std::make_shared<sale::SaleSpec>();
  spec->items = {{SkuId("floor"), "Floor", 100, stock}};
  spec->opens_at = opens_at;
  sale::SaleView view;
  view.id = SaleId("concert");
  view.state = state;
  view.items.resize(1);
  view.items.front().total = view.items.front().available = stock;
  view.spec = std::move(spec);
  return view;
}

TEST(Doctor, says_how_long_until_a_sale_opens) {
  const Instant now = from_ns(1'800'000'000'000'000'000);
  const auto scheduled = [&](Duration ahead) {
    return judge_sales({sale_of(sale::SaleState::scheduled, now + ahead, 10)}, now).front().what;
  };
  EXPECT_NE(scheduled(3h + 12min).find("opens in 3 h 12 min, at 2027-01-15T11:12:00.000Z, here "),
            std::string::npos)
      << scheduled(3h + 12min);
  EXPECT_NE(scheduled(41s).find("opens in 41 s"), std::string::npos);
  EXPECT_NE(scheduled(50h).find("opens in 2 d 2 h"), std::string::npos);
  EXPECT_EQ(judge_sales({sale_of(sale::SaleState::paused, now, 1)}, now).front().grade,
            Grade::warn);
  EXPECT_EQ(judge_sales({}, now).front().grade, Grade::warn);
  EXPECT_TRUE(opening_ahead({sale_of(sale::SaleState::scheduled, now, 1)}));
  EXPECT_FALSE(opening_ahead({sale_of(sale::SaleState::open, now, 1)}));
}

TEST(Doctor, what_a_sale_may_write_grows_with_stock_line_and_buyers) {
  const auto open = [](std::int64_t stock) {
    return std::vector{sale_of(sale::SaleState::open, Instant(), stock)};
  };
  const std::uint64_t none = bytes_needed({}, 0);
  EXPECT_GT(none, 0U);
  EXPECT_GT(bytes_needed(open(10), 0), none);
  EXPECT_GT(bytes_needed(open(1'000'000), 0), bytes_needed(open(10), 0) + 1'000'000 * 512ULL);
  EXPECT_EQ(bytes_needed(open(10), 1'000'000), bytes_needed(open(10), 0) + 64'000'000);
  EXPECT_EQ(bytes_needed({sale_of(sale::SaleState::closed, Instant(), 1'000'000)}, 0), none);
}

TEST(Doctor, a_damaged_journal_is_a_no_go_and_a_newer_one_too) {
  engine::JournalReport report;
  EXPECT_EQ(judge_journal(report, false).grade, Grade::ok);
  report.records = 7;
  report.clean_end = true;
  EXPECT_EQ(judge_journal(report, false).grade, Grade::ok);
  report.clean_end = false;
  EXPECT_EQ(judge_journal(report, true).grade, Grade::ok);
  EXPECT_EQ(judge_journal(report, false).grade, Grade::warn);
  for (const FaultKind kind : {FaultKind::corrupt, FaultKind::bad_input}) {
    report.fault = Fault{kind, "damaged", "look"};
    EXPECT_EQ(judge_journal(report, false).grade, Grade::no_go);
  }
  report.fault = Fault{FaultKind::unavailable, "cannot be read", "look"};
  EXPECT_EQ(judge_journal(report, false).grade, Grade::unknown);
}

}  // namespace
}  // namespace dibs::cli
