#include <gtest/gtest.h>

#include <iostream>

#include "sale/checkers/agreement.h"
#include "sale/checkers/random_script.h"
#include "sale/checkers/worlds.h"
#include "sale/mutant.h"

/// The checkers must be able to fail: each bug that can be planted in the rules is found by the
/// model, and those that break a law within a few commands by the search of small worlds too.
namespace dibs::sale::checkers {
namespace {

constexpr int kMoves = 80;
constexpr int kBiggest = 100;
constexpr std::uint64_t kScripts = 5'000;

struct Planted {
  Mutant mutant;
  const char* name;
};

void PrintTo(const Planted& planted, std::ostream* out) { *out << planted.name; }

/// Those that break a law within a few commands.
const auto kLawBreakers =
    testing::Values(Planted{Mutant::limit_ignores_waiting, "limit_ignores_waiting"},
                    Planted{Mutant::unservable_head_hangs, "unservable_head_hangs"},
                    Planted{Mutant::newcomer_passes_line, "newcomer_passes_line"},
                    Planted{Mutant::shut_line_reopens_early, "shut_line_reopens_early"},
                    Planted{Mutant::rolls_back_another_order, "rolls_back_another_order"},
                    Planted{Mutant::lazy_sweeper, "lazy_sweeper"},
                    Planted{Mutant::position_counts_leavers, "position_counts_leavers"},
                    Planted{Mutant::late_payment_passes_line, "late_payment_passes_line"},
                    Planted{Mutant::release_serves_nobody, "release_serves_nobody"},
                    Planted{Mutant::resume_moves_no_deadline, "resume_moves_no_deadline"},
                    Planted{Mutant::reopening_is_not_told, "reopening_is_not_told"});

/// Those that are only wrong beside what should have been.
const auto kWrongAnswers =
    testing::Values(Planted{Mutant::owner_is_not_asked, "owner_is_not_asked"},
                    Planted{Mutant::expiry_timed_by_sweeper, "expiry_timed_by_sweeper"},
                    Planted{Mutant::allowance_never_returns, "allowance_never_returns"},
                    Planted{Mutant::late_payment_is_not_recorded, "late_payment_is_not_recorded"},
                    Planted{Mutant::restart_forgets_what_was_due, "restart_forgets_what_was_due"},
                    Planted{Mutant::promotions_by_item, "promotions_by_item"},
                    Planted{Mutant::authorised_counts_as_gone, "authorised_counts_as_gone"},
                    Planted{Mutant::closing_comes_last, "closing_comes_last"},
                    Planted{Mutant::begin_uses_up_extension, "begin_uses_up_extension"});

/// Those that only show when more people wait than one step may serve.
const auto kOfLongLines = testing::Values(Planted{Mutant::unbounded_step, "unbounded_step"});

class WithAPlantedBug : public testing::TestWithParam<Planted> {
 protected:
  void SetUp() override { the_planted_mutant = GetParam().mutant; }
  void TearDown() override { the_planted_mutant = Mutant::none; }
};
class Model : public WithAPlantedBug {};
class Search : public WithAPlantedBug {};
class ModelOfALongLine : public WithAPlantedBug {};

const auto kName = [](const auto& test) { return std::string(test.param.name); };

TEST_P(Model, disagrees) {
  for (std::uint64_t seed = 0; seed < kScripts; ++seed) {
    const auto trouble = disagreement(any_script(kMoves)(rc::Random(seed), kBiggest).value());
    if (!trouble) continue;
    std::cout << GetParam().name << ": script " << seed << ": " << *trouble << "\n";
    return;
  }
  FAIL() << GetParam().name << " is not found";
}

TEST_P(ModelOfALongLine, disagrees) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const auto trouble = disagreement(script_of_a_long_line(seed));
    if (!trouble) continue;
    std::cout << GetParam().name << ": script " << seed << ": " << *trouble << "\n";
    return;
  }
  FAIL() << GetParam().name << " is not found";
}

TEST_P(Search, finds_a_broken_law) {
  for (const SmallWorld& world : {one_item(3, 6), two_items(5)}) {
    const SearchResult result = search(world);
    if (!result.broken) continue;
    std::cout << GetParam().name << ": after " << result.transitions
              << " transitions: " << *result.broken << "\n";
    return;
  }
  FAIL() << GetParam().name << " is not found";
}

INSTANTIATE_TEST_SUITE_P(LawBreakers, Model, kLawBreakers, kName);
INSTANTIATE_TEST_SUITE_P(LawBreakers, Search, kLawBreakers, kName);
INSTANTIATE_TEST_SUITE_P(WrongAnswers, Model, kWrongAnswers, kName);
INSTANTIATE_TEST_SUITE_P(LongLines, ModelOfALongLine, kOfLongLines, kName);

TEST(WithoutAPlantedBug, nothing_is_found) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    EXPECT_EQ(disagreement(any_script(kMoves)(rc::Random(seed), kBiggest).value()), std::nullopt);
  }
  EXPECT_EQ(search(one_item(3, 4)).broken, std::nullopt);
}

}  // namespace
}  // namespace dibs::sale::checkers
