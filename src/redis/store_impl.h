#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "redis/call.h"
#include "redis/published.h"
#include "redis/request.h"
#include "redis/seen.h"
#include "redis/server_connection.h"
#include "redis/store.h"
#include "sale/sale.h"
#include "store/ingress.h"
#include "store/merge.h"
#include "store/random_keys.h"
#include "store/views.h"

namespace dibs::redis {

using SaleRequestPtr = std::unique_ptr<SaleRequest>;

/// One sale as this gateway has it.
struct Slot {
  explicit Slot(SaleId of_sale) : id(of_sale), sale(std::move(of_sale)) {}

  SaleId id;
  sale::Sale sale;  ///< folded from the events up to context.known
  BatchContext context;
  std::optional<sale::Event> last;   ///< the event `context.known`
  std::deque<SaleRequestPtr> queue;  ///< in order, not sent yet
  bool busy = false;                 ///< a call of this sale is on its way
  bool caught_up = false;            ///< since the last connect
  bool wants_step = false;           ///< something is due, or others' events are known to be there
  std::string fenced;                ///< why the sale has stopped
  std::optional<Instant> due{};      ///< on this gateway's clock
  Duration asked{0};                 ///< monotonic: the last call
  Duration stepped{0};               ///< monotonic: the last call of `apply`
};

/// The thread of the store and what belongs to it. All but `ingress`, `views`, `published`, the
/// counters and `stopping` is that thread's alone.
struct Store::Impl {
  Impl(Options given, const Clock& given_clock);
  ~Impl();

  // loop.cpp
  void run();
  void pass();
  void take(SaleRequestPtr request);
  void tick();
  void tend(Slot& slot, Duration now);
  void finish_all();
  void wake() const;

  // attach.cpp: from connecting to serving, and back.
  void connect();
  void ask_for_settings();
  void judge_settings();
  void load_functions();
  /// Gives every sale that Redis has a slot, then goes on with `then`.
  void scan(std::string cursor, std::move_only_function<void()> then);
  void serve_now();
  void leave(const Fault& fault);
  void said_first(Result<void> verdict);

  // sale_calls.cpp
  struct Batch;
  struct Heard;
  [[nodiscard]] static Heard hear(const redisReply& reply, Seq known, std::size_t commands);
  Slot& slot_of(const SaleId& sale);
  void send(Slot& slot);
  void send(Slot& slot, std::unique_ptr<Batch> batch);
  template <class Said>
  void confirmed(const std::vector<std::string>& words, const std::vector<std::string>& write,
                 std::move_only_function<Said(const redisReply&)> read,
                 std::move_only_function<void(Result<Said>)> then);
  void received(Slot& slot, std::unique_ptr<Batch> batch, Heard heard);
  void complete(Slot& slot, std::unique_ptr<Batch> batch, BatchResult result);
  void answer(Slot& slot, Batch& batch, BatchResult& result);
  void answer_fenced(Slot& slot, Batch& batch);
  void answer_fault(Batch& batch, const Fault& fault);
  void catch_up(Slot& slot);
  void caught(Slot& slot, const std::vector<Result<sale::Event>>& page);
  /// Folds one event; false: the sale is fenced now, since it is not what this gateway knows.
  bool fold(Slot& slot, const sale::Event& event, std::vector<sale::Event>& folded);
  void publish(Slot& slot, const std::vector<sale::Event>& folded);
  /// Remembers how far the sale has been seen and shown.
  void note(const Slot& slot);
  void fence(Slot& slot, const std::string& why);

  template <class T, class View>
  void look(const Stamp& stamp, SaleId sale, store::Reply<T> reply, View view);
  void submit(SaleRequestPtr request);
  void list(store::Reply<std::vector<sale::SaleView>> reply);
  void task(std::move_only_function<void(const Fault*)> run);

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
  bool note_failed = false;
  ServerConnection connection;
  ServerFacts facts;
  std::string run_id;  ///< of the server that was connected last
  std::map<SaleId, std::unique_ptr<Slot>> slots;
  int event_fd = -1;

  bool serving = false;
  Fault why_not{FaultKind::unavailable, "Redis has not answered yet.",
                "Send it again in a moment."};
  Duration connect_at{0};
  Duration back_off{0};
  Duration synced{0};
  Duration scanned{0};
  std::uint64_t replicas = 0;  ///< to wait for
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
