#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/manual_clock.h"
#include "engine/memory_disk.h"
#include "http/promise.h"
#include "sim/agenda.h"
#include "sim/desk.h"
#include "sim/law.h"
#include "sim/random.h"
#include "sim/topic.h"

namespace dibs::sim {

/// The server's machine: a disk, and processes that live and die on it, one after another. Runs the
/// production engine step by step; when which step comes is the seed's to say. Every durable event
/// is given to the laws before anything that depends on it gets out.
class Server {
 public:
  /// What becomes of a call. Nothing: the connection broke.
  using Answered = Desk::Answered;
  /// Changes what the server does wrong, for checking the checkers.
  struct Plant {
    bool answers_before_sync = false;
  };

  /// Who follows the store's events, each once, in order.
  using Follower = std::function<void(const store::FedEvent&)>;
  /// `desk`: calls go through the API, and payments to a bank; null: straight to the engine.
  /// `topic`: each process has a relay to it.
  Server(Random& random, Agenda& agenda, engine::ManualClock& clock, Plant plant, Follower follower,
         Desk* desk, Topic* topic);

  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  /// A process begins. False, and `refusal()` says why, when it does not come up.
  bool start();
  /// The process is gone at once; with `power_cut` the machine, and what was not synced is luck.
  void die(bool power_cut);
  /// Ends in order.
  void end();
  [[nodiscard]] bool running() const { return engine_ != nullptr; }
  [[nodiscard]] const std::string& refusal() const { return refusal_; }

  /// A request has arrived in the kernel, at this moment, for one of the loops. `answered` is
  /// called once, now or later, also when the process dies.
  void arrive(const std::string& sale, sale::Command command, Answered answered);
  /// The same of a webhook. Who sends it does not wait for an answer.
  void arrive(const payment::IntentEvent& event);
  [[nodiscard]] bool has_desk() const { return desk_ != nullptr; }
  /// From now on the disk fails as `number` says (an errno), or, with 0, is well.
  void break_disk(int number);
  void set_disk_capacity(bool full);
  /// Of a server that is down: a byte of what it wrote long ago changes on the disk.
  void rot(Random& luck);
  /// Somebody sets the wall clock.
  void set_clock(Duration by);
  [[nodiscard]] bool disk_fails() const { return disk_fails_; }

  /// Does all that can be done at this moment.
  void settle();
  /// All that is durable has been given to the laws.
  void catch_up();
  [[nodiscard]] Law& law(const std::string& sale);
  [[nodiscard]] const std::map<std::string, Law>& laws() const { return laws_; }
  /// Promises broken in front of everybody that no law of one sale could see.
  [[nodiscard]] const std::vector<std::string>& broken() const { return broken_; }
  /// How often the store's own word on a sale was held against the law's account of it.
  [[nodiscard]] std::uint64_t looks() const { return looks_; }

  /// Damaged data that a start has refused; they were mended then, as from a copy.
  [[nodiscard]] std::uint64_t refused_rot() const { return refused_rot_; }

  /// Of everything that was seen so far: equal for equal histories.
  [[nodiscard]] std::uint64_t history() const { return history_; }
  [[nodiscard]] std::uint64_t events() const { return events_; }
  [[nodiscard]] std::uint64_t commands() const { return commands_; }
  [[nodiscard]] std::uint64_t starts() const { return starts_; }

 private:
  static constexpr std::uint32_t kLoops = 2;
  /// The process takes it; or, without a stamp, is gone.
  using Taken = std::move_only_function<void(const Stamp*)>;
  struct Arrived {
    Instant at;
    std::uint64_t clock = 0;  ///< which setting of it this was read from
    Taken taken;
  };
  struct Loop {
    std::deque<Arrived> arrived;  ///< in the kernel, not read yet
    std::optional<http::ArrivalPromise> promise;
  };
  /// What a process does from time to time.
  enum class Work : std::uint8_t {
    loop_0,
    loop_1,
    sequencer,
    committer,
    round,
    keeper,
    snapshotter,
    look,
    timers,
    relay
  };
  void leave();
  void soon(Work work, Duration least, Duration most);
  void go(Work work);
  void read_loop(std::size_t index);
  void put_down(Taken taken);
  void submit(const Stamp& stamp, const std::string& sale, const sale::Command& command,
              Answered answered);
  void answer(std::optional<std::uint64_t> clock, const Stamp& stamp, const std::string& sale,
              const sale::Command& command, const sale::Outcome& outcome);
  void look();
  void step(engine::Engine::Part part);
  void saw(std::uint64_t what);

  Random& random_;
  Agenda& agenda_;
  engine::ManualClock& clock_;
  Plant plant_;
  Follower follower_;
  Desk* desk_;
  Topic* topic_;
  std::unique_ptr<engine::MemoryDisk> disk_ = std::make_unique<engine::MemoryDisk>();
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<store::EventReader> reader_;
  std::vector<Loop> loops_;
  std::array<bool, 10> planned_{};  ///< which Work is in the agenda
  std::map<std::string, Law> laws_;
  /// Of each sale, a digest of every event that was ever visible, to compare with after a death.
  std::map<std::string, std::vector<std::uint64_t>> visible_;
  std::map<std::string, std::size_t> reread_;
  std::vector<std::string> broken_;
  std::string refusal_;
  struct Rot {
    std::string path;
    std::string whole;  ///< the file as it had been
  };
  std::optional<Rot> rot_;
  std::uint64_t refused_rot_ = 0;
  std::uint64_t clock_set_ = 0;  ///< times between which stamps are not compared
  bool stamps_moved_ = false;    ///< in this process
  bool unnoticed_ = false;       ///< it was set, and the sequencer does not know
  std::uint64_t reading_ = 0;    ///< by which setting of it what is read now had arrived
  bool failed_ = false;
  bool disk_fails_ = false;
  std::uint64_t lives_ = 0;  ///< what is meant for an earlier life does not happen
  std::uint64_t starts_ = 0;
  std::uint64_t commands_ = 0;
  std::uint64_t looks_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t history_ = 14695981039346656037ULL;
};

}  // namespace dibs::sim
