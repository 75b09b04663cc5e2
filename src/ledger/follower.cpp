#include "ledger/follower.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "ledger/applier.h"
#include "ledger/trail.h"

namespace dibs::ledger {
namespace {

constexpr Duration kPauseMin = std::chrono::milliseconds(100);
/// An idle follower looks so often, should a ring be missed; also how soon it ends.
constexpr Duration kIdle = std::chrono::milliseconds(500);

/// Buyers come first: where there is a core too few, this thread waits.
void give_way() { setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 5); }

std::span<const Progress> progress_of(const Trail::Piece& piece) {
  return piece.progress ? std::span(&*piece.progress, 1) : std::span<const Progress>();
}

}  // namespace

struct Follower::Impl {
  Impl(Options given, const store::EventFeed& the_feed, const Clock& the_clock)
      : options(std::move(given)),
        feed(the_feed),
        clock(the_clock),
        applier(options.address),
        trail(the_feed) {}

  void run();
  /// One piece; how long to wait before the next, unless there is news.
  Duration step();
  Result<Trail::Piece> read();
  Duration failed(const Fault& fault);
  void tell_stopped(const std::map<SaleId, std::string>& stopped);
  void compare();
  void publish(const Trail::Piece& piece);
  [[nodiscard]] std::uint64_t behind() const;  ///< with the mutex held
  void wait(Duration pause);
  void await_applied(const SaleId& sale, Seq seq);

  Options options;
  const store::EventFeed& feed;
  const Clock& clock;

  // The thread's own.
  Applier applier;
  Trail trail;
  std::size_t batch = kBatch;
  Duration pause = kPauseMin;
  std::map<SaleId, std::string> told;
  std::uint64_t compared = 0;  ///< events applied when it was last compared
  Duration compared_at{0};
  bool halted = false;  ///< the ledger is ahead of the feed: nothing can be right

  mutable std::mutex mutex;  ///< guards what follows; a leaf in the lock order
  std::condition_variable changed;
  FollowerState now;
  std::optional<Duration> waiting_since;  ///< on the monotonic clock: when there was news
  std::map<SaleId, std::shared_ptr<const sale::SaleView>> views;
  bool taken_up = false;          ///< `reached` says where the ledger is
  std::map<SaleId, Seq> reached;  ///< applied; UINT64_MAX: nothing more will be
  bool rung = false;
  bool released = false;  ///< answers wait no more
  std::optional<Duration> end_by;

  std::thread thread;
};

void Follower::Impl::run() {
  give_way();
  while (true) {
    const Duration pause_now = step();
    {
      const std::lock_guard lock(mutex);
      if (end_by) {
        if (behind() == 0 || !now.last_error.empty() || clock.monotonic() >= *end_by) return;
        continue;
      }
    }
    wait(pause_now);
  }
}

void Follower::Impl::wait(Duration pause_now) {
  std::unique_lock lock(mutex);
  const auto until = std::chrono::steady_clock::now() + pause_now;
  // News does not cut short the pace between two commits, nor the pause after a fault.
  const bool paced = !options.sync || !now.last_error.empty();
  if (paced && pause_now < kIdle) {
    changed.wait_until(lock, until, [this] { return end_by.has_value(); });
  } else {
    changed.wait_until(lock, until, [this] { return rung || end_by; });
  }
  rung = false;
}

Duration Follower::Impl::step() {
  if (halted) return kPauseMax;
  auto piece = read();
  if (!piece) return failed(piece.error());
  const Trail::Piece& one = *piece;
  bool gap = false;
  if (!one.events.empty()) {
    auto report = applier.apply(one.events, progress_of(one));
    if (!report) return failed(report.error());
    const std::lock_guard lock(mutex);
    now.applied += report->applied;
    now.duplicates += report->duplicates;
    ++now.batches;
    for (const auto& [sale, why] : report->stopped) trail.stop(sale, why);
    gap = !report->gaps.empty();
  }
  if (gap) {
    return failed({FaultKind::unavailable,
                   "The ledger " + options.address.shown +
                       " is not where it was left: it is read again from where it is.",
                   "If somebody has put an older copy in its place, nothing is to be done."});
  }
  pause = kPauseMin;
  tell_stopped(trail.stopped());
  publish(one);
  if (!one.caught_up) {
    batch = std::min(2 * batch, kBatchMax);
    return Duration(0);
  }
  batch = kBatch;
  compare();
  return one.events.empty() ? kIdle : options.pace;
}

Result<Trail::Piece> Follower::Impl::read() {
  if (!trail.taken_up()) {
    auto taken = trail.take_up(applier);
    if (!taken) {
      halted = taken.error().kind == FaultKind::corrupt;
      return std::unexpected(taken.error());
    }
    const std::lock_guard lock(mutex);
    reached = trail.reached();
    taken_up = true;
  }
  return trail.next(batch);
}

Duration Follower::Impl::failed(const Fault& fault) {
  // Events were read that are not applied: they are read again from where the ledger is.
  trail.let_go();
  batch = kBatch;
  bool news = false;
  {
    const std::lock_guard lock(mutex);
    ++now.failures;
    now.connected = false;
    news = now.last_error != fault.what;
    now.last_error = fault.what;
    if (halted) released = true;
  }
  changed.notify_all();
  if (news) options.on_warning(fault.what + " " + fault.remedy);
  const Duration pause_now = pause;
  pause = std::min(2 * pause, kPauseMax);
  return pause_now;
}

void Follower::Impl::tell_stopped(const std::map<SaleId, std::string>& stopped) {
  for (const auto& [sale, why] : stopped) {
    if (told.emplace(sale, why).second) {
      options.on_warning("The ledger stops at " + why +
                         ". Find out where it comes from; then dibs ledger rebuild.");
    }
  }
  const std::lock_guard lock(mutex);
  now.stopped = stopped.size();
}

/// The drift: items of which store and ledger say different things at the same event.
void Follower::Impl::compare() {
  if (clock.monotonic() < compared_at + options.compare_every) return;
  {
    const std::lock_guard lock(mutex);
    if (compared == now.applied && compared_at != Duration(0)) return;
    compared = now.applied;
  }
  compared_at = clock.monotonic();
  const auto figures = applier.figures();
  if (!figures) return;  // the next batch will say why
  const std::lock_guard lock(mutex);
  std::uint64_t drift = 0;
  for (const auto& [sale, mine] : *figures) {
    const auto found = views.find(sale);
    if (found == views.end() || found->second->seq != mine.seq) continue;
    const sale::SaleView& view = *found->second;
    if (view.items.size() != mine.items.size()) ++drift;
    for (std::size_t i = 0; i < std::min(view.items.size(), mine.items.size()); ++i) {
      const sale::ItemView& store = view.items[i];
      const ItemRow& row = mine.items[i];
      const bool same = store.total == row.total && store.available == row.available &&
                        store.held == row.held && store.sold == row.sold;
      drift += same ? 0 : 1;
    }
  }
  now.drift = drift;
}

void Follower::Impl::publish(const Trail::Piece& piece) {
  {
    const std::lock_guard lock(mutex);
    now.connected = true;
    now.last_error.clear();
    for (const Delivered& one : piece.events) {
      Seq& seq = reached[one.event.sale];
      seq = std::max(seq, one.event.event.seq);
    }
    for (const auto& [sale, why] : told) reached[sale] = Seq(UINT64_MAX);
    if (behind() == 0) waiting_since.reset();
  }
  changed.notify_all();
}

std::uint64_t Follower::Impl::behind() const {
  std::uint64_t events = 0;
  for (const auto& [sale, view] : views) {
    const auto found = reached.find(sale);
    const Seq seq = found == reached.end() ? Seq() : found->second;
    if (view->seq > seq) events += view->seq.value() - seq.value();
  }
  return events;
}

void Follower::Impl::await_applied(const SaleId& sale, Seq seq) {
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return released || reached[sale] >= seq; });
}

Follower::Follower(Options options, const store::EventFeed& feed, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), feed, clock)) {}

Follower::~Follower() { stop(Duration(0)); }

Result<void> Follower::try_open() { return impl_->applier.open(); }

void Follower::begin() {
  impl_->thread = std::thread([this] { impl_->run(); });
}

void Follower::know(const std::vector<sale::SaleView>& sales) {
  const std::lock_guard lock(impl_->mutex);
  for (const sale::SaleView& view : sales) {
    impl_->views.try_emplace(view.id, std::make_shared<const sale::SaleView>(view));
  }
}

void Follower::let_go() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->released = true;
  }
  impl_->changed.notify_all();
}

void Follower::stop(Duration patience) {
  let_go();
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->end_by = impl_->clock.monotonic() + patience;
  }
  impl_->changed.notify_all();
  if (impl_->thread.joinable()) impl_->thread.join();
}

void Follower::on_events(const std::shared_ptr<const sale::SaleView>& view,
                         std::span<const sale::Event> /*events*/) noexcept {
  bool released = true;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->views[view->id] = view;
    impl_->rung = true;
    if (!impl_->waiting_since) impl_->waiting_since = impl_->clock.monotonic();
    released = impl_->released;
  }
  impl_->changed.notify_all();
  if (impl_->options.sync && !released) impl_->await_applied(view->id, view->seq);
}

std::optional<Seq> Follower::applied(const SaleId& sale) const {
  const std::lock_guard lock(impl_->mutex);
  if (!impl_->taken_up) return std::nullopt;
  const auto found = impl_->reached.find(sale);
  if (found == impl_->reached.end()) return Seq();
  if (found->second == Seq(UINT64_MAX)) return std::nullopt;
  return found->second;
}

FollowerState Follower::state() const {
  const std::lock_guard lock(impl_->mutex);
  FollowerState state = impl_->now;
  state.behind = impl_->behind();
  if (impl_->waiting_since && state.behind > 0) {
    state.behind_for = impl_->clock.monotonic() - *impl_->waiting_since;
  }
  return state;
}

}  // namespace dibs::ledger
