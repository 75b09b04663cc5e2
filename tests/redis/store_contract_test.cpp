#include "store/contract.h"

#include "redis/redis_server.h"
#include "redis/store.h"
#include "redis/store_fixture.h"

namespace dibs::store {
namespace {

class RedisUnderTest final : public StoreUnderTest {
 public:
  explicit RedisUnderTest(std::uint32_t loops) : loops_(loops) { open(); }

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
    auto options = redis::options_for(server_, dir_.path());
    options.ingress_loops = loops_;
    options.away_after = Duration(0);
    options.own_clock = true;
    store_ = std::make_unique<redis::Store>(options, clock_);
    store_->set_waker([this](std::uint32_t loop) { store_->on_watermark(loop, clock_.now()); });
    const auto started = store_->start();
    ASSERT_TRUE(started.has_value()) << started.error().what;
  }

  redis::RedisServer server_{redis::strict_settings()};
  TempDir dir_;
  redis::MovedClock clock_;
  const std::uint32_t loops_;
  std::unique_ptr<redis::Store> store_;
};

StoreMaker maker(const std::string& name, std::uint32_t loops) {
  return {name, [loops] { return std::make_unique<RedisUnderTest>(loops); }};
}

INSTANTIATE_TEST_SUITE_P(Redis, StoreContract,
                         testing::Values(maker("no_loops", 0), maker("three_loops", 3)),
                         [](const auto& maker_of) { return maker_of.param.name; });

}  // namespace
}  // namespace dibs::store
