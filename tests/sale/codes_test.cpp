#include "sale/codes.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace dibs::sale {
namespace {

TEST(Codes, stand_in_the_order_in_which_they_are_decided) {
  const Code in_order[] = {
      Code::malformed, Code::unknown_sale, Code::unknown_sku, Code::idempotency_mismatch,
      Code::closed,    Code::paused,       Code::not_open,    Code::limit_reached,
      Code::sold_out,  Code::wrong_state,  Code::too_late};
  for (std::size_t i = 1; i < std::size(in_order); ++i) EXPECT_LT(in_order[i - 1], in_order[i]);
}

TEST(Codes, are_numbered_exactly_from_the_mismatch_to_sold_out) {
  for (const CodeInfo& code : kCodes) {
    const bool decided_by_a_buy =
        code.code >= Code::idempotency_mismatch && code.code <= Code::sold_out;
    EXPECT_EQ(code.numbered, decided_by_a_buy) << code.name;
  }
}

TEST(Codes, have_a_row_each_with_something_to_do_next) {
  std::set<std::string_view> names;
  for (const CodeInfo& code : kCodes) {
    EXPECT_EQ(&info(code.code), &code);
    EXPECT_TRUE(names.insert(code.name).second) << code.name;
    EXPECT_TRUE(code.detail.ends_with('.')) << code.name;
    EXPECT_FALSE(code.title.ends_with('.')) << code.name;
    EXPECT_TRUE(code.status >= 400 && code.status < 600) << code.name;
  }
}

}  // namespace
}  // namespace dibs::sale
