#include <gtest/gtest.h>

#include "redis/redis_cluster.h"
#include "redis/trimmed_gateway.h"

namespace dibs::redis {
namespace {

TEST(TrimOnCluster, each_sale_is_cut_where_it_lies) {
  const RedisCluster cluster({.options = {}});
  const TempDir one;
  const TempDir two;
  Store::Options options;
  options.durability = Promise::relaxed;
  options.ingress_loops = 0;
  options.trim = eager_trim();
  for (const auto& node : cluster.nodes()) {
    Address& address = options.addresses.emplace_back();
    address.host = node->host();
    address.port = static_cast<std::uint16_t>(node->port());
  }
  options.data_dir = one.path();
  TrimmingGateway gateway(options);
  options.data_dir = two.path();
  std::vector<SaleId> sales;
  for (std::size_t i = 0; i < 2; ++i) {
    const SaleId& sale = sales.emplace_back(cluster.name_at("sale", i));
    ASSERT_TRUE(gateway.run(sale, {.action = concert_of(100'000)}));
    gateway.sell(sale, 200);
    Connection home = cluster.home_of(sale.value()).connect();
    EXPECT_TRUE(comes_true([&] { return first_event(home, sale) > 100; })) << gateway.warnings();
  }
  TrimmingGateway fresh(options);
  for (const SaleId& sale : sales) {
    EXPECT_EQ(*fresh.orders(sale), *gateway.orders(sale));
    fresh.sell(sale, 10, "c");
    ASSERT_TRUE(gateway.view(sale));
    EXPECT_EQ(*fresh.orders(sale), *gateway.orders(sale));
  }
}

}  // namespace
}  // namespace dibs::redis
