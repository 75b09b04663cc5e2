#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
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
      connection(options.address, system_clock()),
      event_fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  ingress.bell().set_waker([this] { wake(); });
}

Store::Impl::~Impl() {
  if (event_fd >= 0) ::close(event_fd);
}

void Store::Impl::wake() const { ::eventfd_write(event_fd, 1); }

void Store::Impl::run() {
  store::name_thread("dibs-redis");
  while (!stopping) {
    const Duration longest = std::min(kLongestPoll, merge.ask_and_wait_time());
    std::array<pollfd, 2> polled{
        {{event_fd, POLLIN, 0}, {connection.fd(), connection.wanted_events(), 0}}};
    const auto ns = std::max(longest, Duration(0)).count();
    const timespec wait{ns / 1'000'000'000, ns % 1'000'000'000};
    ::ppoll(polled.data(), polled.size(), &wait, nullptr);
    if ((polled[0].revents & POLLIN) != 0) {
      eventfd_t rung = 0;
      ::eventfd_read(event_fd, &rung);
    }
    ingress.bell().answer();
    const bool was_open = connection.is_open();
    if (polled[1].revents != 0) connection.ready(polled[1].revents);
    if (was_open && !connection.is_open()) leave(connection.why_closed());
    pass();
  }
  finish_all();
}

void Store::Impl::pass() {
  const auto [monotonic, wall] = store::read_both(clock);
  merge.collect(monotonic, wall);
  while (auto request = merge.next()) {
    take(SaleRequestPtr(static_cast<SaleRequest*>(request.release())));
  }
  late = merge.counters().late;
  tick();
  connection.ready(0);
  if (serving && !connection.is_open()) leave(connection.why_closed());
}

void Store::Impl::take(SaleRequestPtr request) {
  if (!serving) return request->refuse(why_not);
  if (auto* work = std::get_if<StoreTask>(&request->body)) return work->run(nullptr);
  Slot& slot = slot_of(request->sale);
  if (slot.queue.size() >= options.queue_per_loop) {
    ++queue_full;
    return request->refuse({FaultKind::unavailable, "Too many requests wait for Redis.",
                            "Nothing was numbered. Send it again a little later."});
  }
  slot.queue.push_back(std::move(request));
}

void Store::Impl::tick() {
  const Duration now = monotonic_now();
  if (!connection.is_open() && now >= connect_at) connect();
  if (const auto since = connection.waiting_since(); since && now - *since > options.patience) {
    connection.close({FaultKind::unavailable, "Redis does not answer.",
                      "Look whether it runs, and how slow its disk is."});
    leave(connection.why_closed());
  }
  if (now - synced >= kSyncEvery) {
    synced = now;
    seen->sync();
  }
  if (!serving) return;
  if (now - scanned >= kScanEvery) {
    scanned = now;
    scan("0", [] {});
  }
  for (auto it = slots.begin(); serving && it != slots.end();) {
    Slot& slot = *it->second;
    tend(slot, now);
    // Asked for, and there is no such sale.
    const bool nothing = slot.caught_up && !slot.busy && slot.queue.empty() &&
                         slot.context.epoch.empty() && slot.fenced.empty();
    it = nothing ? slots.erase(it) : std::next(it);
  }
}

void Store::Impl::tend(Slot& slot, Duration now) {
  if (slot.busy) return;
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
  while (serving && unanswered() && monotonic_now() < until) {
    for (auto& [id, slot] : slots) {
      if (serving && !slot->busy && !slot->queue.empty()) send(*slot);
    }
    connection.ready(0);
    pollfd polled{connection.fd(), connection.wanted_events(), 0};
    ::poll(&polled, 1, 20);
    if (polled.revents != 0) connection.ready(polled.revents);
    if (!connection.is_open()) break;
  }
  const Fault ended{FaultKind::unavailable, "The server is stopping.", "Send it again to another."};
  connection.close(ended);
  leave(ended);
}

}  // namespace dibs::redis
