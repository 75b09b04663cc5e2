#include "base/ids.h"

#include <gtest/gtest.h>

namespace dibs {
namespace {

TEST(OrderId, is_read_back_from_its_own_text) {
  OrderId id;
  id.sale = SaleId("concert-2026");
  for (std::size_t i = 0; i < id.key.bytes.size(); ++i) {
    id.key.bytes.at(i) = static_cast<std::uint8_t>(i * 37 + 5);
  }
  EXPECT_EQ(parse_order_id(to_text(id)), id);
  EXPECT_EQ(to_text(id).size(), 4 + 26 + 1 + 12U);
}

TEST(OrderId, has_exactly_one_spelling) {
  OrderId id;
  id.sale = SaleId("s");
  std::string text = to_text(id);
  EXPECT_TRUE(parse_order_id(text));
  text[4 + 25] = 'b';  // sets one of the two spare bits
  EXPECT_FALSE(parse_order_id(text));
  EXPECT_FALSE(parse_order_id("ORD_aaaaaaaaaaaaaaaaaaaaaaaaaa.s"));
  EXPECT_FALSE(parse_order_id("ord_aaaaaaaaaaaaaaaaaaaaaaaaa1.s"));
  EXPECT_FALSE(parse_order_id("ord_aaaaaaaaaaaaaaaaaaaaaaaaaa."));
  EXPECT_FALSE(parse_order_id("ord_aaaaaaaaaaaaaaaaaaaaaaaaaa"));
  EXPECT_FALSE(parse_order_id(""));
}

TEST(BuyerId, takes_no_mail_address) {
  EXPECT_TRUE(is_buyer_id("b-17"));
  EXPECT_FALSE(is_buyer_id("anna@example.org"));
  EXPECT_FALSE(is_buyer_id("two words"));
  EXPECT_FALSE(is_buyer_id(""));
  EXPECT_FALSE(is_buyer_id(std::string(129, 'a')));
}

}  // namespace
}  // namespace dibs
