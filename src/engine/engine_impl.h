#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/committer.h"
#include "engine/disk.h"
#include "engine/engine.h"
#include "engine/failure.h"
#include "engine/journal.h"
#include "engine/keeper.h"
#include "engine/mark.h"
#include "engine/queries.h"
#include "engine/recovery.h"
#include "engine/sequencer.h"
#include "engine/snapshotter.h"
#include "store/ingress.h"
#include "store/merge.h"
#include "store/views.h"

namespace dibs::engine {

/// The parts and how they hang together. Members are in order of construction: each uses only
/// those above it.
struct Engine::Impl {
  enum class State { opened, running, stopped };

  Impl(Options engine_options, const Clock& engine_clock, Disk& engine_disk,
       std::unique_ptr<DirectoryLock> directory_lock, Recovered recovered_state,
       std::unique_ptr<Journal> ready_journal_part, MarkFile mark);

  [[nodiscard]] Committer::Parts committer_parts();
  [[nodiscard]] Sequencer::Parts sequencer_parts();
  void submit(RequestPtr request);
  /// Puts a look at the sales in order; `view` runs at its place and gives what is answered.
  template <class T, class View>
  void look(const Stamp& stamp, SaleId sale, bool whole, store::Reply<T> reply, View view);
  /// Queues a reading of the journal.
  template <class T, class Read>
  void query(store::Reply<T> reply, Read read);

  Options options;
  const Clock& clock;
  Disk& disk;
  std::unique_ptr<DirectoryLock> lock;
  Recovered recovered;
  std::unique_ptr<Journal> journal;
  Failure failure;
  store::Views views;
  std::vector<store::EventListener*> listeners;
  std::function<void(const std::string&)> warn = [](const std::string&) {};
  store::Ingress ingress;
  store::Merge merge;
  MarkFile opened_mark;
  std::unique_ptr<Committer> committer;
  std::unique_ptr<Sequencer> sequencer;
  std::unique_ptr<Keeper> keeper;
  std::unique_ptr<Snapshotter> snapshotter;
  ArrivalPlaces arrival_places;  ///< of the thread of `queries`
  Queries queries;
  std::atomic<State> state{State::opened};
  std::atomic<std::uint64_t> queue_full_count{0};
};

}  // namespace dibs::engine
