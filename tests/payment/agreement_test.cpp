#include "payment/agreement.h"

#include <gtest/gtest.h>

namespace dibs::payment {
namespace {

using Status = Intent::Status;
using Where = OrderMoney::Where;

std::vector<std::string> compare(Where where, std::vector<Status> statuses, bool paying = false,
                                 std::int64_t amount = 500) {
  const std::vector<OrderMoney> orders = {
      {.order = "o", .amount = 500, .currency = "KRW", .where = where, .paying = paying}};
  std::vector<Intent> intents;
  for (const Status status : statuses) {
    intents.push_back({.id = "pi",
                       .key = "o:1",
                       .order = "o",
                       .amount = amount,
                       .currency = "KRW",
                       .status = status});
  }
  return differences(orders, intents);
}

TEST(Agreement, HoldsWhereBothSidesSayTheSame) {
  EXPECT_TRUE(compare(Where::none, {}).empty());
  EXPECT_TRUE(compare(Where::none, {Status::declined, Status::canceled}).empty());
  EXPECT_TRUE(compare(Where::none, {Status::processing}).empty());
  EXPECT_TRUE(compare(Where::none, {Status::requires_capture}, true).empty());
  EXPECT_TRUE(compare(Where::authorised, {Status::requires_capture}).empty());
  EXPECT_TRUE(compare(Where::authorised, {Status::captured}).empty());
  EXPECT_TRUE(compare(Where::captured, {Status::declined, Status::captured}).empty());
  EXPECT_TRUE(compare(Where::refund_due, {Status::refunded}).empty());
  EXPECT_TRUE(compare(Where::refunded, {Status::refunded}).empty());
}

TEST(Agreement, FindsEveryWayToDiffer) {
  EXPECT_FALSE(compare(Where::none, {Status::captured}).empty());
  EXPECT_FALSE(compare(Where::none, {Status::captured}, true).empty());
  EXPECT_FALSE(compare(Where::none, {Status::requires_capture}).empty());
  EXPECT_FALSE(
      compare(Where::none, {Status::requires_capture, Status::requires_capture}, true).empty());
  EXPECT_FALSE(compare(Where::authorised, {}).empty());
  EXPECT_FALSE(compare(Where::captured, {}).empty());
  EXPECT_FALSE(compare(Where::captured, {Status::requires_capture}).empty());
  EXPECT_FALSE(compare(Where::captured, {Status::captured, Status::captured}).empty());
  EXPECT_FALSE(compare(Where::captured, {Status::captured, Status::requires_capture}).empty());
  EXPECT_FALSE(compare(Where::captured, {Status::captured}, false, 501).empty());
  EXPECT_FALSE(compare(Where::refunded, {Status::captured}).empty());
  EXPECT_FALSE(compare(Where::refund_due, {}).empty());
  const Intent stranger{.id = "pi",
                        .key = "p:1",
                        .order = "p",
                        .amount = 1,
                        .currency = "KRW",
                        .status = Status::captured};
  EXPECT_FALSE(differences({}, std::vector<Intent>{stranger}).empty());
}

}  // namespace
}  // namespace dibs::payment
