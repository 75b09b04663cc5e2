#include "redis/store.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "redis/event_feed.h"
#include "redis/gateway_name.h"
#include "redis/readings.h"
#include "redis/store_impl.h"

/// The calls of the port.
namespace dibs::redis {
namespace {

Fault store_is_not_running() {
  return {FaultKind::unavailable, "The store is not running.", "Send it again once it is."};
}

}  // namespace

Store::Store(Options options, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), clock)) {}
Store::~Store() { drain(); }

void Store::set_waker(std::function<void(std::uint32_t)> waker) {
  impl_->merge.set_waker(std::move(waker));
}
void Store::add_listener(store::EventListener& listener) { impl_->listeners.push_back(&listener); }
void Store::set_on_warning(std::function<void(const std::string&)> handler) {
  impl_->trimmer.set_on_warning(handler);
  impl_->warn = std::move(handler);
}
void Store::add_follower(std::string name, store::DoneUpto done_upto) {
  impl_->trimmer.add_follower(std::move(name), std::move(done_upto));
}

Result<void> Store::start() {
  Impl& impl = *impl_;
  DIBS_ASSERT(impl.state == Impl::State::opened);
  auto seen = SeenFile::open(impl.options.data_dir);
  if (!seen) return std::unexpected(seen.error());
  impl.seen = std::move(*seen);
  auto name = gateway_name(impl.options.data_dir);
  if (!name) return std::unexpected(name.error());
  impl.trimmer.set_gateway(*std::move(name));
  impl.first.emplace();
  auto verdict = impl.first->get_future();
  impl.state = Impl::State::running;
  impl.aside.emplace(system_clock());
  impl.thread = std::thread([&impl] { impl.run(); });
  auto first = verdict.get();
  if (!first) drain();
  if (first) impl.trimmer.start();
  return first;
}

void Store::drain() {
  Impl& impl = *impl_;
  if (impl.state != Impl::State::running) return;
  impl.trimmer.stop();
  impl.ingress.close();
  impl.stopping = true;
  impl.wake();
  impl.thread.join();
  impl.aside->stop();
  impl.state = Impl::State::stopped;
}

Store::Counters Store::counters() const {
  return {.connects = impl_->connects,
          .calls = impl_->calls,
          .commands = impl_->commands,
          .late_numbers = impl_->late,
          .queue_full = impl_->queue_full,
          .connected = impl_->connected,
          .fenced = impl_->fenced_sales};
}

std::vector<TrimState> Store::trim_states() const { return impl_->trimmer.states(); }

Result<std::string> Store::epoch_of(const SaleId& sale) const {
  const auto place = impl_->published.find(sale);
  return place ? place->epoch : std::string();
}

std::unique_ptr<store::EventReader> Store::read_events(store::Taken taken,
                                                       std::optional<SaleId> sale) const {
  return std::make_unique<StreamEventReader>(impl_->options.patience, impl_->published,
                                             std::move(taken), std::move(sale));
}

void Store::on_watermark(std::uint32_t loop, Instant upto) noexcept {
  impl_->ingress.publish(loop, upto);
}

Instant Store::furthest_watermark() const noexcept { return impl_->ingress.furthest(); }

void Store::Impl::submit(SaleRequestPtr request) {
  if (state != State::running) return request->refuse(store_is_not_running());
  store::OrderedPtr ordered = std::move(request);
  switch (ingress.push(ordered)) {
    case store::Ingress::Pushed::taken:
      return;
    case store::Ingress::Pushed::closed:
      return static_cast<SaleRequest&>(*ordered).refuse(store_is_not_running());
    case store::Ingress::Pushed::full:
      ++queue_full;
      return static_cast<SaleRequest&>(*ordered).refuse(
          {FaultKind::unavailable, "Too many requests wait to be ordered.",
           "Nothing was numbered. Send it again a little later, with the same key."});
  }
}

void Store::Impl::read(SaleId sale,
                       std::move_only_function<void(ServerConnection*, const Fault*)> run) {
  submit(std::make_unique<SaleRequest>(
      Stamp{clock.now(), store::kNoLoop, 0}, SaleId(),
      StoreTask{[this, sale = std::move(sale), run = std::move(run)](const Fault* fault) mutable {
        if (fault != nullptr) return run(nullptr, fault);
        Primary* const primary = slot_of(sale).primary;
        if (primary == nullptr) return run(nullptr, &why_not);
        if (!primary->serving) return run(nullptr, &primary->why_not);
        run(&primary->connection, nullptr);
      }}));
}

template <class T, class View>
void Store::Impl::look(const Stamp& stamp, SaleId sale, store::Reply<T> reply, View view) {
  SaleLook body{[reply = std::move(reply), view = std::move(view)](const sale::Sale* found,
                                                                   const Fault* fault) mutable {
    if (found == nullptr) return reply(std::unexpected(*fault));
    T shown = view(*found);
    if constexpr (requires { shown.has_value(); }) {
      // What a stopped sale lacks here may be there all the same.
      if (!shown && fault != nullptr) return reply(std::unexpected(*fault));
    }
    reply(std::move(shown));
  }};
  submit(std::make_unique<SaleRequest>(stamp, std::move(sale), std::move(body)));
}

void Store::submit(const Stamp& stamp, SaleId sale, sale::Command command,
                   store::Reply<sale::Outcome> reply) {
  impl_->submit(std::make_unique<SaleRequest>(stamp, std::move(sale),
                                              SaleCommand{std::move(command), std::move(reply)}));
}

void Store::find_sale(const Stamp& stamp, SaleId sale,
                      store::Reply<std::optional<sale::SaleView>> reply) {
  impl_->look(stamp, std::move(sale), std::move(reply), [](const sale::Sale& found) {
    return found.exists() ? std::optional(found.view()) : std::optional<sale::SaleView>();
  });
}

void Store::find_order(const Stamp& stamp, OrderId order,
                       store::Reply<std::optional<sale::OrderView>> reply) {
  impl_->look(stamp, order.sale, std::move(reply),
              [key = order.key](const sale::Sale& found) { return found.find(key); });
}

void Store::list_orders(const Stamp& stamp, SaleId sale, sale::Sale::OrderFilter filter,
                        store::Reply<std::vector<sale::OrderView>> reply) {
  impl_->look(
      stamp, std::move(sale), std::move(reply),
      [filter = std::move(filter)](const sale::Sale& found) { return found.orders(filter); });
}

/// A look at each sale that Redis has, those of other gateways too; the last one answers.
void Store::Impl::list(store::Reply<std::vector<sale::SaleView>> reply) {
  struct Listing {
    store::Reply<std::vector<sale::SaleView>> reply;
    std::vector<sale::SaleView> found;
    std::optional<Fault> fault;
    std::size_t unscanned = 0;
    ~Listing() {
      if (fault) {
        reply(std::unexpected(*fault));
        return;
      }
      std::ranges::sort(found, {}, &sale::SaleView::id);
      reply(std::move(found));
    }
  };
  auto listing = std::make_shared<Listing>();
  listing->reply = std::move(reply);
  listing->fault = why_not;
  for (const auto& primary : primaries) {
    if (!primary->mapped || primary->retired) continue;
    listing->fault = primary->why_not;
    if (!primary->serving) return;
    ++listing->unscanned;
  }
  for (const auto& primary : primaries) {
    if (!primary->mapped || primary->retired) continue;
    scan(*primary, "0", [this, listing] {
      if (--listing->unscanned > 0) return;
      listing->fault.reset();
      for (auto& [id, slot] : slots) {
        slot->queue.push_back(std::make_unique<SaleRequest>(
            Stamp{}, id, SaleLook{[listing](const sale::Sale* found, const Fault* fault) {
              if (fault != nullptr) listing->fault = *fault;
              if (found != nullptr && found->exists()) listing->found.push_back(found->view());
            }}));
      }
    });
  }
}

void Store::list_sales(const Stamp& stamp, store::Reply<std::vector<sale::SaleView>> reply) {
  impl_->submit(std::make_unique<SaleRequest>(
      stamp, SaleId(),
      StoreTask{[impl = impl_.get(), reply = std::move(reply)](const Fault* fault) mutable {
        if (fault != nullptr) return reply(std::unexpected(*fault));
        impl->list(std::move(reply));
      }}));
}

void Store::list_arrivals(SaleId sale, store::ArrivalFilter filter,
                          store::Reply<std::vector<store::ArrivalRecord>> reply) {
  auto reading = std::make_shared<ArrivalsReading>(std::move(sale), filter, std::move(reply));
  impl_->read(reading->sale(), [reading](ServerConnection* connection, const Fault* fault) {
    if (fault != nullptr) return reading->fail(*fault);
    reading->begin(*connection);
  });
}

void Store::history(OrderId order, store::Reply<std::vector<sale::Event>> reply) {
  auto reading = std::make_shared<HistoryReading>(std::move(order), std::move(reply));
  impl_->read(reading->sale(), [reading](ServerConnection* connection, const Fault* fault) {
    if (fault != nullptr) return reading->fail(*fault);
    reading->begin(*connection);
  });
}

std::shared_ptr<const sale::SaleView> Store::glance(const SaleId& sale) const {
  return impl_->views.find(sale);
}

store::Durability Store::durability() const {
  switch (impl_->options.durability) {
    case Promise::strict:
      return {.name = "strict",
              .promise =
                  "An answered order is on the disk of Redis; it survives the death of Redis "
                  "and of its machine, not the loss of that disk."};
    case Promise::replica:
      return {.name = "replica",
              .promise =
                  "An answered order is in the memory of Redis and of every replica that was "
                  "connected; it survives the death of either, not of all at once."};
    case Promise::relaxed:
      return {.name = "relaxed",
              .promise =
                  "An answered order is in the memory of Redis; what Redis' own settings do "
                  "not save is gone when it ends."};
  }
  return {};
}

}  // namespace dibs::redis
