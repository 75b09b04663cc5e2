#include "store/contract.h"

#include "redis/redis_cluster.h"
#include "redis/redis_server.h"
#include "redis/store.h"
#include "redis/store_fixture.h"

namespace dibs::store {
namespace {

class RedisUnderTest final : public StoreUnderTest {
 public:
  /// On servers that are up and empty.
  RedisUnderTest(std::vector<redis::Address> addresses, std::uint32_t loops)
      : addresses_(std::move(addresses)), loops_(loops) {
    open();
  }

  SaleStore& store() override {
    for (std::uint32_t i = 0; i < loops_; ++i) store_->on_watermark(i, clock_.now());
    return *store_;
  }
  Instant now() const override { return clock_.now(); }
  void advance(Duration by) override { clock_.advance(by); }
  void restart() override {
    store_->drain();
    store_.reset();
    open();
  }

 private:
  void open() {
    redis::Store::Options options;
    options.addresses = addresses_;
    options.data_dir = dir_.path();
    options.ingress_loops = loops_;
    options.away_after = Duration(0);
    options.own_clock = true;
    store_ = std::make_unique<redis::Store>(options, clock_);
    store_->set_waker([this](std::uint32_t loop) { store_->on_watermark(loop, clock_.now()); });
    const auto started = store_->start();
    ASSERT_TRUE(started.has_value()) << started.error().what;
  }

  const std::vector<redis::Address> addresses_;
  TempDir dir_;
  redis::MovedClock clock_;
  const std::uint32_t loops_;
  std::unique_ptr<redis::Store> store_;
};

redis::Address address_of(const redis::RedisServer& server) {
  redis::Address address;
  address.host = server.host();
  address.port = static_cast<std::uint16_t>(server.port());
  return address;
}

/// One server for all tests of a suite, and one cluster: emptied before each.
StoreMaker on_a_server(const std::string& name, std::uint32_t loops) {
  return {name, [loops] {
            static const redis::RedisServer server(redis::strict_settings());
            server.connect().text({"FLUSHALL"});
            return std::make_unique<RedisUnderTest>(std::vector{address_of(server)}, loops);
          }};
}

StoreMaker on_a_cluster() {
  return {"cluster", [] {
            static const redis::RedisCluster cluster({.options = redis::strict_settings()});
            std::vector<redis::Address> addresses;
            for (const auto& node : cluster.nodes()) {
              node->connect().text({"FLUSHALL"});
              addresses.push_back(address_of(*node));
            }
            return std::make_unique<RedisUnderTest>(std::move(addresses), 0);
          }};
}

INSTANTIATE_TEST_SUITE_P(Redis, StoreContract,
                         testing::Values(on_a_server("no_loops", 0), on_a_server("three_loops", 3),
                                         on_a_cluster()),
                         [](const auto& maker_of) { return maker_of.param.name; });

}  // namespace
}  // namespace dibs::store
