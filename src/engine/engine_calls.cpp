#include <utility>

#include "engine/engine.h"
#include "engine/engine_impl.h"

/// The calls of the port: each becomes a request that is put in order, or a reading of the journal.
namespace dibs::engine {
namespace {

Fault not_serving() {
  return {FaultKind::unavailable, "The engine is not running.", "Send it again once it is."};
}

Fault queue_full() {
  return {FaultKind::unavailable, "Too many requests wait to be ordered.",
          "Nothing was numbered. Send it again a little later, with the same key."};
}

}  // namespace

void Engine::on_watermark(std::uint32_t loop, Instant upto) noexcept {
  impl_->ingress.publish(loop, upto);
}

Instant Engine::furthest_watermark() const noexcept { return impl_->ingress.furthest(); }

void Engine::Impl::submit(RequestPtr request) {
  if (failure.failed()) return refuse(*request, failure.fault());
  if (state != State::running) return refuse(*request, not_serving());
  store::OrderedPtr ordered = std::move(request);
  switch (ingress.push(ordered)) {
    case store::Ingress::Pushed::taken:
      return;
    case store::Ingress::Pushed::closed:
      return refuse(request_of(*ordered), not_serving());
    case store::Ingress::Pushed::full:
      ++queue_full_count;
      return refuse(request_of(*ordered), queue_full());
  }
}

void Engine::submit(const Stamp& stamp, SaleId sale, sale::Command command,
                    store::Reply<sale::Outcome> reply) {
  impl_->submit(std::make_unique<Request>(stamp, std::move(sale),
                                          CommandRequest{std::move(command), std::move(reply)}));
}

template <class T, class View>
void Engine::Impl::look(const Stamp& stamp, SaleId sale, bool whole, store::Reply<T> reply,
                        View view) {
  LookRequest body;
  body.whole = whole;
  body.look = [reply = std::move(reply), view = std::move(view)](const Sales* sales,
                                                                 const Fault* fault) mutable {
    if (sales == nullptr) {
      reply(std::unexpected(*fault));
      return Answer();
    }
    return Answer([reply = std::move(reply), value = view(*sales)](const Fault* late) mutable {
      if (late != nullptr) {
        reply(std::unexpected(*late));
      } else {
        reply(std::move(value));
      }
    });
  };
  submit(std::make_unique<Request>(stamp, std::move(sale), std::move(body)));
}

void Engine::find_sale(const Stamp& stamp, SaleId sale,
                       store::Reply<std::optional<sale::SaleView>> reply) {
  impl_->look(stamp, sale, false, std::move(reply), [sale](const Sales& sales) {
    const SaleSlot* slot = sales.find(sale);
    return slot != nullptr && slot->sale.exists() ? std::optional(slot->sale.view())
                                                  : std::optional<sale::SaleView>();
  });
}

void Engine::list_sales(const Stamp& stamp, store::Reply<std::vector<sale::SaleView>> reply) {
  impl_->look(stamp, SaleId(), true, std::move(reply), [](const Sales& sales) {
    std::vector<sale::SaleView> views;
    sales.each([&](const SaleSlot& slot) {
      if (slot.sale.exists()) views.push_back(slot.sale.view());
    });
    return views;
  });
}

void Engine::find_order(const Stamp& stamp, OrderId order,
                        store::Reply<std::optional<sale::OrderView>> reply) {
  impl_->look(stamp, order.sale, false, std::move(reply), [order](const Sales& sales) {
    const SaleSlot* slot = sales.find(order.sale);
    return slot != nullptr ? slot->sale.find(order.key) : std::optional<sale::OrderView>();
  });
}

void Engine::list_orders(const Stamp& stamp, SaleId sale, sale::Sale::OrderFilter filter,
                         store::Reply<std::vector<sale::OrderView>> reply) {
  impl_->look(stamp, sale, false, std::move(reply),
              [sale, filter = std::move(filter)](const Sales& sales) {
                const SaleSlot* slot = sales.find(sale);
                return slot != nullptr ? slot->sale.orders(filter) : std::vector<sale::OrderView>();
              });
}

template <class T, class Read>
void Engine::Impl::query(store::Reply<T> reply, Read read) {
  if (failure.failed()) return reply(std::unexpected(failure.fault()));
  if (state != State::running) return reply(std::unexpected(not_serving()));
  // Shared, so that the reply is still here when the queue does not take the job.
  auto shared = std::make_shared<store::Reply<T>>(std::move(reply));
  std::move_only_function<void()> job = [shared, read = std::move(read),
                                         upto = committer->durable().position] {
    (*shared)(read(upto));
  };
  if (!queries.add(job)) (*shared)(std::unexpected(queue_full()));
}

void Engine::list_arrivals(SaleId sale, store::ArrivalFilter filter,
                           store::Reply<std::vector<store::ArrivalRecord>> reply) {
  impl_->query(std::move(reply),
               [impl = impl_.get(), sale = std::move(sale), filter](Position upto) {
                 return read_arrivals(impl->disk, impl->options.data_dir, sale, filter, upto,
                                      impl->arrival_places);
               });
}

void Engine::history(OrderId order, store::Reply<std::vector<sale::Event>> reply) {
  impl_->query(std::move(reply), [impl = impl_.get(), order = std::move(order)](Position upto) {
    return read_history(impl->disk, impl->options.data_dir, order, upto);
  });
}

std::shared_ptr<const sale::SaleView> Engine::glance(const SaleId& sale) const {
  return impl_->views.find(sale);
}

store::Durability Engine::durability() const {
  return {.name = "strict",
          .promise =
              "An answered order survives the death of the process and of the system, and "
              "power loss on a disk that honours flushes; not the loss of the disk."};
}

}  // namespace dibs::engine
