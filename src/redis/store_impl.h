#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/worker.h"
#include "redis/call.h"
#include "redis/hash_slot.h"
#include "redis/primary.h"
#include "redis/published.h"
#include "redis/request.h"
#include "redis/seen.h"
#include "redis/store.h"
#include "redis/topology.h"
#include "redis/trimmer.h"
#include "sale/sale.h"
#include "store/ingress.h"
#include "store/merge.h"
#include "store/random_keys.h"
#include "store/views.h"

namespace dibs::redis {

using SaleRequestPtr = std::unique_ptr<SaleRequest>;

/// One sale as this gateway has it.
struct Slot {
  explicit Slot(SaleId of_sale)
      : id(of_sale), hash_slot(hash_slot_of(events_key(of_sale))), sale(std::move(of_sale)) {}

  SaleId id;
  std::size_t hash_slot;
  Primary* primary = nullptr;  ///< who serves that now; null: nobody
  std::optional<Node> home{};  ///< the primary that the sale was last on
  sale::Sale sale;             ///< folded from the events up to context.known
  BatchContext context;
  std::optional<sale::Event> last;   ///< the event `context.known`
  std::deque<SaleRequestPtr> queue;  ///< in order, not sent yet
  bool busy = false;                 ///< a call of this sale is on its way
  bool caught_up = false;            ///< since the last connect
  bool wants_step = false;           ///< something is due, or others' events are known to be there
  std::string fenced;                ///< why the sale has stopped
  std::string trouble;               ///< that was told last: why it does not come up
  bool moved = false;                ///< that is: its primary changed while it sold
  bool compared = false;             ///< after a move: what is missing there has been named
  Duration not_before{0};            ///< monotonic: no call earlier, its hash slot is being moved
  std::optional<Instant> due{};      ///< on this gateway's clock
  Duration asked{0};                 ///< monotonic: the last call
  Duration stepped{0};               ///< monotonic: the last call of `apply`
};

/// The thread of the store and what belongs to it. All but `ingress`, `views`, `published`, the
/// counters and `stopping` is that thread's alone.
struct Store::Impl {
  Impl(Options given, const Clock& given_clock);
  ~Impl();

  struct Batch;

  // loop.cpp
  void run();
  void pass();
  void take(SaleRequestPtr request);
  void tick();
  void tend(Slot& slot, Duration now);
  void finish_all();
  void wake() const;

  // primaries.cpp: who serves what.
  void tend_primaries(Duration now);
  /// Asks a node of --store who serves what, while nobody else can be asked.
  void scout(Duration now);
  void ask_for_map(Primary& primary, std::move_only_function<void(Result<void>)> then);
  /// At once: the primary has answered that a hash slot is somewhere else.
  void ask_for_new_map(Primary& primary);
  void adopt(const Topology& topology);
  [[nodiscard]] Primary& primary_at(const Node& node);
  void route(Slot& slot);
  [[nodiscard]] bool is_open() const;
  [[nodiscard]] bool all_serve() const;
  void poll_for(Duration longest);
  void look_for_losses();

  // attach.cpp: from connecting to serving, and back.
  void connect(Primary& primary);
  void ask_who(Primary& primary);
  void ask_for_settings(Primary& primary);
  void judge_settings(Primary& primary);
  /// `strict`: no replica may take over by itself.
  void ask_replicas(Primary& primary, std::move_only_function<void()> then);
  void load_functions(Primary& primary);
  /// Gives every sale that the primary has a slot, then goes on with `then`.
  void scan(Primary& primary, const std::string& cursor, std::move_only_function<void()> then);
  void serve_now(Primary& primary);
  void leave(Primary& primary, const Fault& fault);
  void said_first(Result<void> verdict);

  // fence.cpp: sales that have stopped.
  void fence(Slot& slot, const std::string& why);
  void fence_moved(Slot& slot, const std::string& how);
  void sell_again(Slot& slot);
  [[nodiscard]] static bool sells(const Slot& slot);
  /// After a move: says what of that which was answered is missing at the new primary.
  void compare(Slot& slot);
  /// An operator's resume of a stopped sale has it compared once more: true, and it is on its way.
  bool compare_again(Slot& slot, Batch& batch);
  void answer_fenced(Slot& slot, Batch& batch);

  // sale_calls.cpp
  struct Heard;
  struct Page;
  [[nodiscard]] static Heard hear(const redisReply& reply, Seq known, std::size_t commands);
  Slot& slot_of(const SaleId& sale);
  void send(Slot& slot);
  void send(Slot& slot, std::unique_ptr<Batch> batch);
  void call(Slot& slot, const std::vector<std::string>& words, Then then);
  template <class Said>
  void confirmed(Slot& slot, const std::vector<std::string>& words,
                 const std::vector<std::string>& write,
                 std::move_only_function<Said(const redisReply&)> read,
                 std::move_only_function<void(Result<Said>)> then);
  void received(Slot& slot, Primary& from, std::unique_ptr<Batch> batch, Heard heard);
  /// A server's error: nothing of the batch has happened.
  void refused(Slot& slot, Primary& from, Batch& batch, const std::string& text,
               const Fault& parsed);
  void redirected(Slot& slot, Batch& batch, const std::string& text);
  void complete(Slot& slot, std::unique_ptr<Batch> batch, BatchResult result);
  void answer(Slot& slot, Batch& batch, BatchResult& result);
  void answer_fault(Batch& batch, const Fault& fault);
  void catch_up(Slot& slot);
  void caught(Slot& slot, Primary& from, const Page& page);

  // come_up.cpp: a sale whose events have been cut.
  /// Whether the page begins behind the event that was asked for.
  [[nodiscard]] static bool begins_late(const Slot& slot, const Page& page);
  void read_snapshot_of(Slot& slot);
  void come_up(Slot& slot, Result<std::optional<Snapshot>> read);
  void adopt(Slot& slot, Snapshot snapshot);
  /// What keeps `snapshot` from being the future of what this gateway has answered from.
  [[nodiscard]] static std::optional<std::string> objection(const Slot& slot,
                                                            const Snapshot& snapshot);
  /// For the store's thread, from another one.
  void leave_task(std::move_only_function<void()> task);
  void do_tasks();
  [[nodiscard]] std::optional<std::pair<Seq, std::string>> save_live(const SaleId& sale);

  /// Folds one event; false: the sale is fenced now, since it is not what this gateway knows.
  bool fold(Slot& slot, const sale::Event& event, std::vector<sale::Event>& folded);
  void publish(Slot& slot, const std::vector<sale::Event>& folded);
  /// Remembers how far the sale has been seen and shown.
  void note(const Slot& slot);

  template <class T, class View>
  void look(const Stamp& stamp, SaleId sale, store::Reply<T> reply, View view);
  void submit(SaleRequestPtr request);
  void list(store::Reply<std::vector<sale::SaleView>> reply);
  /// `run` on the store's thread, with the connection to that sale's primary.
  void read(SaleId sale, std::move_only_function<void(ServerConnection*, const Fault*)> run);

  Options options;
  const Clock& clock;
  store::Ingress ingress;
  store::Merge merge;
  store::Views views;
  Published published;
  store::RandomKeys keys;
  std::vector<store::EventListener*> listeners;
  std::function<void(const std::string&)> warn = [](const std::string&) {};
  std::unique_ptr<SeenFile> seen;
  Trimmer trimmer;
  std::optional<Worker> aside;  ///< reads snapshots: the store's thread goes on meanwhile
  std::mutex tasks_mutex;
  std::vector<std::move_only_function<void()>> tasks;  ///< guarded by tasks_mutex
  bool note_failed = false;
  std::vector<std::unique_ptr<Primary>> primaries;
  std::array<Primary*, kHashSlots> owners{};  ///< by hash slot; null: nobody
  bool is_cluster = false;
  std::uint64_t map_epoch = 0;  ///< of the cluster, when its map was made
  Duration mapped_at{0};
  bool map_asked = false;
  std::size_t next_seed = 0;
  Duration scout_at{0};
  std::map<SaleId, std::unique_ptr<Slot>> slots;
  int event_fd = -1;

  Fault why_not{FaultKind::unavailable, "Redis has not answered yet.",
                "Send it again in a moment."};  ///< while nobody serves a sale's hash slot
  Duration synced{0};
  Duration scanned{0};
  std::optional<std::promise<Result<void>>> first;

  enum class State { opened, running, stopped };
  std::atomic<State> state{State::opened};
  std::atomic<bool> stopping{false};
  std::atomic<std::uint64_t> connects{0};
  std::atomic<std::uint64_t> calls{0};
  std::atomic<std::uint64_t> commands{0};
  std::atomic<std::uint64_t> late{0};
  std::atomic<std::uint64_t> queue_full{0};
  std::atomic<std::uint64_t> fenced_sales{0};
  std::atomic<bool> connected{false};
  std::thread thread;
};

/// The time of this gateway, for waiting: it never steps.
[[nodiscard]] inline Duration monotonic_now() { return system_clock().monotonic(); }

}  // namespace dibs::redis
