#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "redis/store_impl.h"
#include "store/both_clocks.h"
#include "store/thread_name.h"

/// The store's thread: waits for requests and for Redis, puts requests in order, gives each to its
/// sale, and sees to what is due.
namespace dibs::redis {
namespace {

using std::chrono::milliseconds;

constexpr Duration kLongestPoll = milliseconds(20);
constexpr Duration kSyncEvery = std::chrono::seconds(1);
constexpr Duration kDrainPatience = std::chrono::seconds(5);
/// While anybody holds or waits, less than half of BatchContext::away_after lies between calls.
constexpr Duration kStepLiveEvery = milliseconds(500);
/// How old events of other gateways may be here.
constexpr Duration kLookEvery = milliseconds(100);
constexpr Duration kLookAtQuietEvery = milliseconds(1000);
/// A sale that another gateway has made, and nobody asks this one for, is found so much later.
constexpr Duration kScanEvery = std::chrono::seconds(2);
constexpr Duration kBetweenDue = milliseconds(1);

bool anybody_lives(const sale::SaleView& view) {
  return view.waiting > 0 ||
         std::ranges::any_of(view.items, [](const auto& i) { return i.held > 0; });
}

}  // namespace

Store::Impl::Impl(Options given, const Clock& given_clock)
    : options(std::move(given)),
      clock(given_clock),
      ingress(options.ingress_loops, options.queue_per_loop),
      merge(ingress, {.late_after = options.late_after, .merge = true}),
      trimmer(options.trim, options.patience, published),
      event_fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  ingress.bell().set_waker([this] { wake(); });
  trimmer.set_save_live([this](const SaleId& sale) { return save_live(sale); });
}

Store::Impl::~Impl() {
  if (event_fd >= 0) ::close(event_fd);
}

void Store::Impl::wake() const { ::eventfd_write(event_fd, 1); }

void Store::Impl::run() {
  store::name_thread("dibs-redis");
  while (!stopping) {
    const Duration longest = std::min(kLongestPoll, merge.ask_and_wait_time());
    poll_for(longest);
    eventfd_t rung = 0;
    ::eventfd_read(event_fd, &rung);
    ingress.bell().answer();
    look_for_losses();
    pass();
  }
  finish_all();
}

void Store::Impl::pass() {
  do_tasks();
  const auto [monotonic, wall] = store::read_both(clock);
  merge.collect(monotonic, wall);
  while (auto request = merge.next()) {
    take(SaleRequestPtr(static_cast<SaleRequest*>(request.release())));
  }
  late = merge.counters().late;
  tick();
  for (const auto& primary : primaries) primary->connection.ready(0);
  look_for_losses();
}

void Store::Impl::take(SaleRequestPtr request) {
  if (auto* work = std::get_if<StoreTask>(&request->body)) return work->run(nullptr);
  Slot& slot = slot_of(request->sale);
  if (slot.primary == nullptr) return request->refuse(why_not);
  if (!slot.primary->serving) return request->refuse(slot.primary->why_not);
  if (slot.queue.size() >= options.queue_per_loop) {
    ++queue_full;
    return request->refuse({FaultKind::unavailable, "Too many requests wait for Redis.",
                            "Nothing was numbered. Send it again a little later."});
  }
  slot.queue.push_back(std::move(request));
}

void Store::Impl::tick() {
  const Duration now = monotonic_now();
  tend_primaries(now);
  if (now - synced >= kSyncEvery) {
    synced = now;
    seen->sync();
  }
  if (now - scanned >= kScanEvery) {
    scanned = now;
    for (const auto& primary : primaries) {
      if (primary->serving) scan(*primary, "0", [] {});
    }
  }
  for (auto it = slots.begin(); it != slots.end();) {
    Slot& slot = *it->second;
    if (slot.primary != nullptr && slot.primary->serving) {
      tend(slot, now);
    } else if (!slot.queue.empty()) {
      const Fault& fault = slot.primary == nullptr ? why_not : slot.primary->why_not;
      for (auto& request : std::exchange(slot.queue, {})) request->refuse(fault);
    }
    // Asked for, and there is no such sale.
    const bool nothing = slot.caught_up && !slot.busy && slot.queue.empty() &&
                         slot.context.epoch.empty() && slot.fenced.empty();
    it = nothing ? slots.erase(it) : std::next(it);
  }
}

void Store::Impl::tend(Slot& slot, Duration now) {
  if (slot.busy || now < slot.not_before) return;
  if (slot.moved && !slot.compared) {
    if (!slot.queue.empty()) send(slot);  // nobody waits for what is missing to be named
    if (!slot.busy) compare(slot);
    return;
  }
  if (slot.queue.empty() && slot.caught_up) {
    if (!slot.fenced.empty() || slot.context.epoch.empty()) return;
    const bool due = slot.due && clock.now() >= *slot.due && now - slot.stepped >= kBetweenDue;
    const bool live = anybody_lives(slot.sale.view());
    slot.wants_step |= due || (live && now - slot.stepped >= kStepLiveEvery);
    const Duration patience = live ? kLookEvery : kLookAtQuietEvery;
    if (!slot.wants_step && now - slot.asked < patience) return;
  }
  send(slot);
}

/// Everything that was submitted is sent and answered, or refused when that takes too long.
void Store::Impl::finish_all() {
  while (auto request = merge.next_unwaited()) {
    take(SaleRequestPtr(static_cast<SaleRequest*>(request.release())));
  }
  const Duration until = monotonic_now() + kDrainPatience;
  const auto unanswered = [this] {
    return std::ranges::any_of(
        slots, [](const auto& of) { return of.second->busy || !of.second->queue.empty(); });
  };
  while (unanswered() && monotonic_now() < until) {
    for (auto& [id, slot] : slots) {
      const bool serves = slot->primary != nullptr && slot->primary->serving;
      if (serves && !slot->busy && !slot->queue.empty()) send(*slot);
    }
    for (const auto& primary : primaries) primary->connection.ready(0);
    poll_for(kLongestPoll);
    do_tasks();
    look_for_losses();
  }
  const Fault ended{FaultKind::unavailable, "The server is stopping.", "Send it again to another."};
  for (const auto& primary : primaries) {
    primary->connection.close(ended);
    leave(*primary, ended);
  }
  for (auto& [id, slot] : slots) {
    for (auto& request : std::exchange(slot->queue, {})) request->refuse(ended);
  }
}

}  // namespace dibs::redis
