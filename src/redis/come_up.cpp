#include <future>
#include <utility>

#include "redis/page.h"
#include "redis/store_impl.h"

/// A sale of which events have been cut that this gateway has not read: it is fresh, or was away
/// for longer than those that run were waited for. It takes the sale's snapshot instead.
namespace dibs::redis {
namespace {

/// A snapshot that is damaged is read anew so often, until there is another.
constexpr Duration kAgainAfter = std::chrono::seconds(1);

}  // namespace

bool Store::Impl::begins_late(const Slot& slot, const Page& page) {
  if (page.events.empty() || !page.events.front()) return false;
  const Seq asked = slot.last ? slot.last->seq : slot.context.known.next();
  return page.events.front()->seq > asked;
}

void Store::Impl::leave_task(std::move_only_function<void()> task) {
  {
    const std::lock_guard lock(tasks_mutex);
    tasks.push_back(std::move(task));
  }
  wake();
}

void Store::Impl::do_tasks() {
  std::vector<std::move_only_function<void()>> now;
  {
    const std::lock_guard lock(tasks_mutex);
    now.swap(tasks);
  }
  for (auto& task : now) task();
}

/// Off this thread: a large snapshot takes longer than others' buyers should wait.
void Store::Impl::read_snapshot_of(Slot& slot) {
  slot.busy = true;
  aside->soon([this, id = slot.id, at = slot.primary->node.address] {
    Link link(at, options.patience, system_clock());
    auto read = read_snapshot(link, id, stopping);
    leave_task(
        [this, id, read = std::move(read)]() mutable { come_up(slot_of(id), std::move(read)); });
  });
}

void Store::Impl::come_up(Slot& slot, Result<std::optional<Snapshot>> read) {
  slot.busy = false;
  if (!slot.fenced.empty()) return;  // meanwhile: reads show what was answered before
  if (!read) {
    const Fault& fault = read.error();
    // One that is damaged is written anew by a gateway that has the sale; until then nothing of it
    // is sold or shown here, and it is tried again.
    for (auto& request : std::exchange(slot.queue, {})) {
      request->refuse({FaultKind::unavailable, fault.what, fault.remedy});
    }
    if (std::exchange(slot.trouble, fault.what) != fault.what) {
      warn("sale " + slot.id.value() + ": " + fault.what + " " + fault.remedy);
    }
    slot.not_before = monotonic_now() + kAgainAfter;
    return;
  }
  if (!*read) {
    return fence(slot, "Events behind number " + std::to_string(slot.context.known.value()) +
                           " are missing in Redis, and there is no snapshot that stands for them.");
  }
  if (const auto why = objection(slot, **read)) return fence(slot, *why);
  adopt(slot, std::move(**read));
}

std::optional<std::string> Store::Impl::objection(const Slot& slot, const Snapshot& snapshot) {
  const std::string& epoch = slot.context.epoch;
  if (!epoch.empty() && snapshot.place.epoch != epoch) {
    return "The snapshot of this sale in Redis is of another epoch than this gateway knows.";
  }
  if (snapshot.place.seq() <= slot.context.known) {
    return "Events behind number " + std::to_string(slot.context.known.value()) +
           " are missing in Redis, and its snapshot ends at event " +
           std::to_string(snapshot.place.seq().value()) + ".";
  }
  // The last event that was answered from cannot be compared any more; what was answered can, but
  // of a test sale, which may have been removed and made anew.
  const bool may_be_another = slot.sale.exists() && slot.sale.view().spec->test;
  if (may_be_another || !snapshot.state.exists()) return std::nullopt;
  sale::Sale::OrderFilter all;
  all.limit = SIZE_MAX;
  for (const sale::OrderView& order : slot.sale.orders(all)) {
    const auto now = snapshot.state.find(order.id.key);
    if (now && now->arrival == order.arrival && now->buyer == order.buyer) continue;
    return "Order " + to_text(order.id) +
           ", which was answered, is not in the snapshot of this sale in Redis: it came back older "
           "and went on.";
  }
  return std::nullopt;
}

void Store::Impl::adopt(Slot& slot, Snapshot snapshot) {
  slot.trouble.clear();
  slot.sale = std::move(snapshot.state);
  slot.context.epoch = snapshot.place.epoch;
  slot.context.known = snapshot.place.seq();
  slot.context.min_seq = std::max(slot.context.min_seq, snapshot.place.seq());
  slot.last = std::move(snapshot.place.last);
  note(slot);
  const auto view = std::make_shared<const sale::SaleView>(slot.sale.view());
  if (view->spec) {
    views.set(view);
    // What happened is not told one by one: it was, when it did.
    for (store::EventListener* listener : listeners) listener->on_events(view, {});
  }
  if (slot.primary != nullptr && slot.primary->serving) catch_up(slot);
}

std::optional<std::pair<Seq, std::string>> Store::Impl::save_live(const SaleId& sale) {
  auto saved = std::make_shared<std::promise<std::optional<std::pair<Seq, std::string>>>>();
  auto answer = saved->get_future();
  leave_task([this, sale, saved] {
    const auto found = slots.find(sale);
    if (found == slots.end() || !found->second->fenced.empty()) return saved->set_value({});
    std::pair<Seq, std::string> packed{found->second->context.known, {}};
    found->second->sale.save(packed.second);
    saved->set_value(std::move(packed));
  });
  if (answer.wait_for(options.patience) != std::future_status::ready) return std::nullopt;
  return answer.get();
}

}  // namespace dibs::redis
