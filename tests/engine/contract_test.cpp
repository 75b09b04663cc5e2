#include <algorithm>
#include <thread>

#include "base/temp_dir.h"
#include "engine/engine.h"
#include "engine/manual_clock.h"
#include "store/contract.h"

namespace dibs::store {
namespace {

using engine::Engine;

class EngineUnderTest final : public StoreUnderTest {
 public:
  explicit EngineUnderTest(std::uint32_t loops) : loops_(loops) { open(); }

  SaleStore& store() override {
    // A loop that has nothing to read: whatever is stamped up to now has been submitted.
    for (std::uint32_t i = 0; i < loops_; ++i) engine_->on_watermark(i, clock_.now());
    return *engine_;
  }
  Instant now() const override { return clock_.now(); }
  void advance(Duration by) override { clock_.advance(by); }
  void restart() override {
    engine_->drain();
    engine_.reset();
    open();
  }

 private:
  void open() {
    Engine::Options options;
    options.data_dir = dir_.path();
    options.ingress_loops = loops_;
    options.journal = {.segment_bytes = 1 << 20,
                       .reserve_bytes = 1 << 18,
                       .zeros_ahead_bytes = 1 << 17,
                       .ballast_bytes = 1 << 16,
                       .snapshot_bytes = 1 << 16};
    auto opened = Engine::open(options, clock_);
    ASSERT_TRUE(opened.has_value()) << opened.error().what;
    engine_ = std::move(*opened);
    engine_->set_waker([this](std::uint32_t loop) { engine_->on_watermark(loop, clock_.now()); });
    engine_->start();
  }

  TempDir dir_;
  engine::ManualClock clock_;
  const std::uint32_t loops_;
  std::unique_ptr<Engine> engine_;
};

StoreMaker maker(const std::string& name, std::uint32_t loops) {
  return {name, [loops] { return std::make_unique<EngineUnderTest>(loops); }};
}

INSTANTIATE_TEST_SUITE_P(Engine, StoreContract,
                         testing::Values(maker("no_loops", 0), maker("one_loop", 1),
                                         maker("three_loops", 3)),
                         [](const auto& maker_of) { return maker_of.param.name; });

}  // namespace
}  // namespace dibs::store
