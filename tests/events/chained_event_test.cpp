#include "events/chained_event.h"

#include <gtest/gtest.h>

namespace dibs::events {
namespace {

sale::Event event_of(std::uint64_t seq, sale::Fact fact = sale::Opened{}) {
  return {Seq(seq), from_ns(1'000'000'000), {}, std::move(fact)};
}

TEST(ChainHash, is_sha256_of_what_the_format_says) {
  // printf '%064d' 0 | xxd -r -p; printf 'concert\0'; then tag 3, seq 1, at 10^9 (zigzag 2 * 10^9)
  // in sevens, no actor: all through sha256sum.
  EXPECT_EQ(to_hex(chain_hash({}, SaleId("concert"), event_of(1))),
            "20e113a5c82bc407df6540fdb357300c0d9dc92f27b1e1929d1bae97ce167b4c");
}

TEST(ChainHash, differs_by_the_history_the_sale_and_every_field) {
  const SaleId sale("concert");
  const ChainHash first = chain_hash({}, sale, event_of(1));
  EXPECT_EQ(first, chain_hash({}, sale, event_of(1)));
  EXPECT_NE(first, chain_hash(first, sale, event_of(1)));
  EXPECT_NE(first, chain_hash({}, SaleId("concert2"), event_of(1)));
  EXPECT_NE(first, chain_hash({}, sale, event_of(2)));
  EXPECT_NE(first, chain_hash({}, sale, event_of(1, sale::Paused{})));
}

}  // namespace
}  // namespace dibs::events
