#include "sale/checkers/worlds.h"

namespace dibs::sale::checkers {
namespace {

SaleSpec small_sale() {
  SaleSpec spec;
  spec.title = "small";
  spec.currency = "KRW";
  spec.hold_seconds = 5;
  spec.payment_seconds = 7;  // beginning a payment moves the deadline
  spec.promotion_seconds = 3;
  spec.payment_attempts = 2;
  spec.limit_per_buyer = 3;
  spec.line_limit = 2;
  return spec;
}

OrderLine line(const char* sku, std::uint32_t quantity) { return {SkuId(sku), quantity, 0}; }

}  // namespace

SmallWorld one_item(std::int64_t units, int depth) {
  SmallWorld world;
  world.spec = small_sale();
  world.spec.items = {{SkuId("a"), "", 5, units}};
  world.baskets = {{line("a", 1)}, {line("a", 2)}, {line("a", 3)}};
  world.depth = depth;
  return world;
}

SmallWorld two_items(int depth) {
  SmallWorld world;
  world.spec = small_sale();
  world.spec.items = {{SkuId("b"), "", 5, 2}, {SkuId("a"), "", 5, 1}};
  world.spec.line_limit = 3;
  world.baskets = {{line("a", 1)}, {line("b", 1)}, {line("b", 2)}, {line("a", 1), line("b", 1)}};
  world.depth = depth;
  return world;
}

}  // namespace dibs::sale::checkers
