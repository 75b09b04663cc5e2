#include "api/api.h"

#include "api/core.h"
#include "api/dispatch.h"

namespace dibs::api {

struct Api::Impl {
  Core core;

  Impl(Options options, Authenticator authenticator, store::SaleStore& store,
       payment::Provider* provider, const Clock& clock, StatsSource stats)
      : core(std::move(options), std::move(authenticator), store, provider, clock,
             std::move(stats)) {}
};

Result<std::unique_ptr<Api>> Api::make(Options options, store::SaleStore& store,
                                       payment::Provider* provider, const Clock& clock,
                                       StatsSource stats) {
  auto authenticator = Authenticator::make(options);
  if (!authenticator) return std::unexpected(authenticator.error());
  return std::unique_ptr<Api>(new Api(std::make_unique<Impl>(
      std::move(options), std::move(*authenticator), store, provider, clock, std::move(stats))));
}

Api::Api(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Api::~Api() {
  stop();
  impl_->core.payments.stop();
  impl_->core.worker.stop();
}

void Api::handle(const http::Request& request, http::Responder responder) {
  dispatch(impl_->core, request, std::move(responder));
}

http::Response Api::refusal(std::uint16_t status, std::string_view what) {
  const Problem refused = framing_problem(status, what);
  impl_->core.metrics.answered(refused.code);
  return to_response(refused);
}

void Api::on_events(const std::shared_ptr<const sale::SaleView>& view,
                    std::span<const sale::Event> events) noexcept {
  impl_->core.broadcaster.on_events(view, events);
}

void Api::begin() { impl_->core.payments.take_up(); }

void Api::let_go() {
  if (impl_->core.stopping.exchange(true)) return;
  impl_->core.broadcaster.stop();
}

void Api::step() { impl_->core.worker.step(); }

void Api::stop() {
  let_go();
  impl_->core.stopped = true;
}

}  // namespace dibs::api
