#include "engine/engine.h"

#include <cerrno>
#include <utility>

#include "base/assert.h"
#include "engine/engine_impl.h"
#include "engine/event_feed.h"
#include "engine/layout.h"

namespace dibs::engine {
namespace {

std::unexpected<Fault> locked(Disk& disk, const std::string& dir, const DiskError& error) {
  if (error.number != EAGAIN) {
    return disk_fault(error, "Give --data a directory that this user may write.");
  }
  std::string pid = read_whole(disk, lock_path(dir)).value_or(std::string());
  while (!pid.empty() && pid.back() == '\n') pid.pop_back();
  return fault(FaultKind::unavailable,
               "data directory " + dir + " is in use by process " + (pid.empty() ? "?" : pid),
               "Stop that process, or give --data another directory.");
}

Result<MarkFile> ready_mark(Disk& disk, const std::string& dir, const Recovered& recovered,
                            Instant now) {
  if (!recovered.mark) remove_if_there(disk, mark_path(dir));  // a first start that died
  auto mark = recovered.mark ? MarkFile::open(disk, mark_path(dir))
                             : MarkFile::create(disk, mark_path(dir), now);
  if (!mark) return disk_fault(mark.error(), verify_remedy(dir));
  // Durable before the first record: a journal without a mark is a damaged one.
  if (auto done = disk.sync_directory(dir); !done) {
    return disk_fault(done.error(), verify_remedy(dir));
  }
  return std::move(*mark);
}

Result<std::unique_ptr<Journal>> ready_journal(Disk& disk, const std::string& dir,
                                               const JournalOptions& options,
                                               const Recovered& recovered) {
  if (auto done = repair_tail(disk, dir, recovered); !done) return std::unexpected(done.error());
  remove_if_there(disk, next_segment_path(dir));  // reserved by the process before, if any
  Journal::Start start{.next = recovered.last.position.next()};
  if (!recovered.segments.empty()) {
    start.segment = recovered.segments[recovered.end.segment].name;
    start.offset = recovered.end.offset;
  }
  auto journal = Journal::open(disk, dir, options, start);
  if (!journal) return disk_fault(journal.error(), verify_remedy(dir));
  return std::move(*journal);
}

}  // namespace

Engine::Impl::Impl(Options engine_options, const Clock& engine_clock, Disk& engine_disk,
                   std::unique_ptr<DirectoryLock> directory_lock, Recovered recovered_state,
                   std::unique_ptr<Journal> ready_journal_part, MarkFile mark)
    : options(std::move(engine_options)),
      clock(engine_clock),
      disk(engine_disk),
      lock(std::move(directory_lock)),
      recovered(std::move(recovered_state)),
      journal(std::move(ready_journal_part)),
      ingress(options.ingress_loops, options.queue_per_loop),
      merge(ingress, {.late_after = options.late_after, .merge = options.merge}),
      opened_mark(std::move(mark)) {
  recovered.sales.each([&](const SaleSlot& slot) {
    if (slot.sale.exists()) views.set(std::make_shared<const sale::SaleView>(slot.sale.view()));
  });
}

Committer::Parts Engine::Impl::committer_parts() {
  return {.journal = *journal,
          .views = views,
          .failure = failure,
          .clock = clock,
          .listeners = listeners,
          .on_idle = [this] { ingress.bell().ring(); },
          .sync = options.sync};
}

Sequencer::Parts Engine::Impl::sequencer_parts() {
  return {
      .sales = recovered.sales,
      .ingress = ingress,
      .merge = merge,
      .committer = *committer,
      .journal = *journal,
      .failure = failure,
      .clock = clock,
      .warn = warn,
      .last_alive = recovered.last.position == Position() ? clock.now() : recovered.last_alive(),
      .keep_events = !listeners.empty(),
      .key_seed = options.key_seed};
}

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() { drain(); }

Result<std::unique_ptr<Engine>> Engine::open(Options options, const Clock& clock) {
  return open(std::move(options), clock, posix_disk());
}

Result<std::unique_ptr<Engine>> Engine::open(Options options, const Clock& clock, Disk& disk) {
  const std::string& dir = options.data_dir;
  if (auto made = disk.make_directory(dir); !made) {
    return disk_fault(made.error(), "Give --data a directory that this user may write.");
  }
  auto lock = disk.lock(lock_path(dir));
  if (!lock) return locked(disk, dir, lock.error());
  auto recovered = recover(disk, dir, {});
  if (!recovered) return std::unexpected(recovered.error());
  auto mark = ready_mark(disk, dir, *recovered, clock.now());
  if (!mark) return std::unexpected(mark.error());
  auto journal = ready_journal(disk, dir, options.journal, *recovered);
  if (!journal) return std::unexpected(journal.error());
  return std::unique_ptr<Engine>(new Engine(
      std::make_unique<Impl>(std::move(options), clock, disk, std::move(*lock),
                             std::move(*recovered), std::move(*journal), std::move(*mark))));
}

void Engine::set_waker(std::function<void(std::uint32_t)> waker) {
  impl_->merge.set_waker(std::move(waker));
}
void Engine::add_listener(store::EventListener& listener) { impl_->listeners.push_back(&listener); }
void Engine::set_on_failure(std::function<void(const Fault&)> handler) {
  impl_->failure.set_handler(std::move(handler));
}
void Engine::set_on_warning(std::function<void(const std::string&)> handler) {
  impl_->warn = std::move(handler);
}
const std::vector<std::string>& Engine::warnings() const { return impl_->recovered.warnings; }

void Engine::start() {
  Impl& impl = *impl_;
  DIBS_ASSERT(impl.state == Impl::State::opened);
  // One more than any process before has written with, and durable in the first record.
  const std::uint64_t epoch = impl.recovered.last.epoch + 1;
  impl.committer = std::make_unique<Committer>(impl.committer_parts(), impl.recovered.last, epoch);
  impl.sequencer = std::make_unique<Sequencer>(impl.sequencer_parts());
  impl.keeper = std::make_unique<Keeper>(Keeper::Parts{.journal = *impl.journal,
                                                       .committer = *impl.committer,
                                                       .failure = impl.failure,
                                                       .clock = impl.clock,
                                                       .mark = std::move(impl.opened_mark)});
  impl.snapshotter = std::make_unique<Snapshotter>(
      Snapshotter::Parts{.disk = impl.disk,
                         .dir = impl.options.data_dir,
                         .journal = *impl.journal,
                         .committer = *impl.committer,
                         .failure = impl.failure,
                         .warn = impl.warn,
                         .every_bytes = impl.options.journal.snapshot_bytes,
                         .bytes_before = impl.recovered.bytes - impl.recovered.bytes_in_snapshot,
                         .after_last = impl.recovered.after_snapshot});
  if (impl.options.stepped) {
    impl.queries.open();
    impl.sequencer->begin();
  } else {
    impl.committer->start();
    impl.sequencer->start();
    impl.keeper->start();
    impl.snapshotter->start();
    impl.queries.start();
  }
  impl.state = Impl::State::running;
}

void Engine::step(Part part) {
  Impl& impl = *impl_;
  DIBS_ASSERT(impl.options.stepped && impl.state == Impl::State::running);
  switch (part) {
    case Part::sequencer:
      return impl.sequencer->pass();
    case Part::committer:
      return impl.committer->work();
    case Part::keeper:
      return impl.keeper->work();
    case Part::snapshotter:
      return impl.snapshotter->work();
    case Part::queries:
      return impl.queries.work();
  }
}

void Engine::drain() {
  Impl& impl = *impl_;
  if (impl.state.exchange(Impl::State::stopped) != Impl::State::running) return;
  impl.ingress.close();
  impl.sequencer->drain();
  impl.committer->stop();
  impl.queries.stop();
  impl.snapshotter->stop();
  impl.keeper->stop();
  impl.keeper->write_clean_end();
}

Engine::Counters Engine::counters() const {
  Counters counters;
  counters.queue_full = impl_->queue_full_count;
  if (!impl_->sequencer) return counters;
  const Sequencer::Counters& numbered = impl_->sequencer->counters();
  const Committer::Counters& committed = impl_->committer->counters();
  counters.commands = numbered.commands;
  // In this order: what becomes durable in between was applied before.
  const std::uint64_t durable_events = committed.events;
  counters.events = numbered.events;
  counters.uncommitted_events = counters.events - durable_events;
  counters.late_numbers = numbered.late;
  counters.unwaited_numbers = numbered.unwaited;
  counters.clock_steps = numbered.clock_steps;
  counters.commits = committed.commits;
  counters.last_commit = Duration(committed.last_commit_ns);
  counters.slowest_commit = Duration(committed.slowest_commit_ns);
  if (const std::int64_t at = committed.last_commit_at_ns; at != 0) {
    counters.last_commit_at = from_ns(at);
  }
  counters.journal_bytes = impl_->recovered.bytes + impl_->journal->bytes_appended();
  return counters;
}

Position Engine::durable_position() const {
  return impl_->committer ? impl_->committer->durable().position : impl_->recovered.last.position;
}

Result<std::string> Engine::epoch_of(const SaleId& /*sale*/) const {
  if (durable_position() == Position()) return std::string();
  return journal_epoch(impl_->disk, impl_->options.data_dir);
}

std::unique_ptr<store::EventReader> Engine::read_events(store::Taken taken,
                                                        std::optional<SaleId> sale) const {
  return std::make_unique<JournalEventReader>(impl_->disk, impl_->options.data_dir,
                                              std::move(taken), std::move(sale),
                                              [this] { return durable_position(); });
}

}  // namespace dibs::engine
