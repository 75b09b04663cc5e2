#include "cli/seller.h"

#include <utility>

#include "cli/log.h"
#include "cli/stats.h"
#include "redis/store.h"

namespace dibs::cli {
namespace {

class EngineSeller final : public Seller {
 public:
  explicit EngineSeller(std::unique_ptr<engine::Engine> engine) : engine_(std::move(engine)) {
    engine_->set_on_warning([](const std::string& warning) { log_warning(warning); });
    for (const std::string& warning : engine_->warnings()) log_warning(warning);
  }

  store::SaleStore& store() override { return *engine_; }
  [[nodiscard]] const store::EventFeed& feed() const override { return *engine_; }
  WatermarkListener& watermarks() override { return *engine_; }
  engine::Engine* engine() override { return engine_.get(); }
  void set_waker(std::function<void(std::uint32_t)> waker) override {
    engine_->set_waker(std::move(waker));
  }
  void add_listener(store::EventListener& listener) override { engine_->add_listener(listener); }
  void add_follower(std::string /*name*/, store::DoneUpto /*done_upto*/) override {}
  void set_on_failure(std::function<void(const Fault&)> handler) override {
    engine_->set_on_failure(std::move(handler));
  }
  Result<void> start() override {
    engine_->start();
    return {};
  }
  void drain() override { engine_->drain(); }
  void add_stats(std::vector<api::Stat>& out) const override { add_engine_stats(out, *engine_); }

 private:
  std::unique_ptr<engine::Engine> engine_;
};

class RedisSeller final : public Seller {
 public:
  explicit RedisSeller(redis::Store::Options options) : redis_(std::move(options), system_clock()) {
    redis_.set_on_warning([](const std::string& warning) { log_warning(warning); });
  }

  store::SaleStore& store() override { return redis_; }
  [[nodiscard]] const store::EventFeed& feed() const override { return redis_; }
  WatermarkListener& watermarks() override { return redis_; }
  engine::Engine* engine() override { return nullptr; }
  void set_waker(std::function<void(std::uint32_t)> waker) override {
    redis_.set_waker(std::move(waker));
  }
  void add_listener(store::EventListener& listener) override { redis_.add_listener(listener); }
  void add_follower(std::string name, store::DoneUpto done_upto) override {
    redis_.add_follower(std::move(name), std::move(done_upto));
  }
  void set_on_failure(std::function<void(const Fault&)> /*handler*/) override {}
  Result<void> start() override { return redis_.start(); }
  void drain() override { redis_.drain(); }
  void add_stats(std::vector<api::Stat>& out) const override {
    add_redis_stats(out, redis_.counters());
    add_trim_stats(out, redis_.trim_states());
  }

 private:
  redis::Store redis_;
};

Result<std::unique_ptr<Seller>> open_redis(const ServeOptions& options) {
  auto addresses = redis_addresses(options);
  if (!addresses) return std::unexpected(addresses.error());
  redis::Store::Options redis;
  redis.addresses = std::move(*addresses);
  redis.data_dir = options.data;
  redis.durability = promise_of(options.durability);
  redis.ingress_loops = ingress_loops(options);
  redis.trim.after = options.trim_after;
  return std::make_unique<RedisSeller>(std::move(redis));
}

Result<std::unique_ptr<Seller>> open_engine(const ServeOptions& options) {
  if (options.durability != "strict") {
    return fault(FaultKind::bad_input,
                 "--durability " + options.durability + " is for --store redis://…",
                 "The embedded engine keeps every order it answers: leave the flag out.");
  }
  engine::Engine::Options engine_options;
  engine_options.data_dir = options.data;
  engine_options.ingress_loops = ingress_loops(options);
  engine_options.merge = !options.unmerged;
  auto engine = engine::Engine::open(engine_options, system_clock());
  if (!engine) return std::unexpected(engine.error());
  return std::make_unique<EngineSeller>(std::move(*engine));
}

}  // namespace

redis::Promise promise_of(const std::string& name) {
  if (name == "replica") return redis::Promise::replica;
  if (name == "relaxed") return redis::Promise::relaxed;
  return redis::Promise::strict;
}

Result<std::vector<redis::Address>> redis_addresses(const ServeOptions& options) {
  auto addresses = redis::parse_addresses(options.store);
  if (!addresses) return addresses;
  const auto used = redis::use_tls_files(*addresses, {.ca_file = options.store_ca_file,
                                                      .cert_file = options.store_cert_file,
                                                      .key_file = options.store_key_file});
  if (!used) return std::unexpected(used.error());
  return addresses;
}

Result<std::unique_ptr<Seller>> open_seller(const ServeOptions& options) {
  return options.store.empty() ? open_engine(options) : open_redis(options);
}

}  // namespace dibs::cli
