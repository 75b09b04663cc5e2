#include "shop.h"

#include "measure.h"

namespace dibs::bench {

engine::Engine::Options options_for(const std::string& directory) {
  engine::Engine::Options options;
  options.data_dir = directory;
  options.ingress_loops = 0;
  return options;
}

Shop::Shop(engine::Engine::Options options, std::int64_t stock) {
  auto opened = engine::Engine::open(std::move(options), system_clock());
  require(opened.has_value(), "the engine opens");
  engine_ = std::move(*opened);
  engine_->start();
  submit(put_of(stock, 0));
  wait_until_at_most(0);
  bought_ = 0;
}

void Shop::submit(sale::Command::Action action) {
  unanswered_.fetch_add(1);
  engine_->submit({system_clock().now(), engine::kNoLoop, ++reads_}, SaleId("benchmark"),
                  {.action = std::move(action)}, [this](const Result<sale::Outcome>& result) {
                    if (result && result->code == sale::Code::ok) bought_.fetch_add(1);
                    unanswered_.fetch_sub(1);
                    unanswered_.notify_one();
                  });
}

void Shop::wait_until_at_most(std::size_t unanswered) {
  for (std::size_t now = unanswered_; now > unanswered; now = unanswered_) unanswered_.wait(now);
}

void Shop::sell(std::size_t count, std::size_t unanswered) {
  const std::uint64_t before = bought_;
  for (std::size_t i = 0; i < count; ++i) {
    wait_until_at_most(unanswered - 1);
    submit(buy_of(persons_++));
  }
  wait_until_at_most(0);
  require(bought_ - before == count, "every buyer gets a unit");
}

}  // namespace dibs::bench
