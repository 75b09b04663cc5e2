#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>

#include "sale/checkers/agreement.h"
#include "sale/checkers/random_script.h"

/// Random scripts against the independent model: outcomes, every order and figure after every
/// command, replay, snapshots, a sweeper that comes late.
namespace dibs::sale::checkers {
namespace {

// Scripts a run, unless the environment says otherwise; RapidCheck prints the seed.
#ifdef __SANITIZE_ADDRESS__
constexpr const char* kScripts = "max_success=2000";  // ten times slower
#else
constexpr const char* kScripts = "max_success=10000";
#endif
[[maybe_unused]] const int kSet = setenv("RC_PARAMS", kScripts, 0);

constexpr int kMoves = 80;
constexpr int kBiggest = 100;  // RapidCheck's measure of how big a value to make

RC_GTEST_PROP(Model, agrees_with_the_rules_on_every_script, ()) {
  const Script script = *any_script(kMoves);
  const auto trouble = disagreement(script);
  if (trouble) RC_FAIL(*trouble);
}

TEST(Model, agrees_with_the_rules_when_one_step_cannot_serve_everybody) {
  Coverage coverage;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    ASSERT_EQ(disagreement(script_of_a_long_line(seed), &coverage), std::nullopt)
        << "seed " << seed;
  }
  EXPECT_GT(coverage["more than one step"], 0);
}

// A generator that never gets somewhere proves nothing about that place.
TEST(Model, is_asked_about_every_situation) {
  Coverage coverage;
  for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
    const Script script = any_script(kMoves)(rc::Random(seed), kBiggest).value();
    ASSERT_EQ(disagreement(script, &coverage), std::nullopt) << "seed " << seed;
  }
  for (const char* situation : {"dibs.order.held",
                                "dibs.order.held several SKUs",
                                "dibs.order.waiting",
                                "dibs.order.waiting several SKUs",
                                "dibs.order.paid",
                                "dibs.order.promoted",
                                "dibs.order.paying",
                                "dibs.order.declined",
                                "dibs.order.paid authorised",
                                "dibs.order.paid captured",
                                "dibs.order.paid late authorised",
                                "dibs.order.paid late captured",
                                "dibs.order.captured",
                                "dibs.order.voided",
                                "dibs.order.refund_due",
                                "dibs.order.refunded",
                                "dibs.order.released cancelled none",
                                "dibs.order.released expired none",
                                "dibs.order.released payment_failed none",
                                "dibs.order.released capture_failed void",
                                "dibs.order.released refunded refund_due",
                                "dibs.order.released refunded refunded",
                                "dibs.order.sold_out",
                                "dibs.sale.created",
                                "dibs.sale.changed",
                                "dibs.sale.opened",
                                "dibs.sale.paused",
                                "dibs.sale.resumed",
                                "dibs.sale.resumed restart",
                                "dibs.sale.closed",
                                "dibs.sale.stock_changed",
                                "dibs.sale.line_ended",
                                "dibs.sale.line_ended by close",
                                "dibs.sale.line_shut",
                                "dibs.sale.line_reopened",
                                "dibs.sale.removed",
                                "ok replayed",
                                "unknown_sale",
                                "unknown_sku",
                                "unknown_order",
                                "idempotency_mismatch",
                                "malformed",
                                "closed",
                                "paused",
                                "not_open",
                                "limit_reached",
                                "sold_out",
                                "wrong_state",
                                "too_late"}) {
    EXPECT_GE(coverage[situation], 10) << situation;
  }
}

}  // namespace
}  // namespace dibs::sale::checkers
