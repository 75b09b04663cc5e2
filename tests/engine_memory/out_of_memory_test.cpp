#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <new>
#include <sstream>
#include <string>

#include "base/out_of_memory.h"
#include "base/temp_dir.h"
#include "engine/small_run.h"
#include "engine/told.h"
#include "engine_memory/failing_new.h"

/// Memory runs out at the k-th allocation of a small run, once and for ever. The run is a process
/// of its own that tells through a pipe what it has answered. It must end with exit status 3 and
/// say why, and a restart on its directory must find all that it told.
namespace dibs::engine {
namespace {

/// Tells everything it is told, at once.
class Telling final : public Told {
 public:
  explicit Telling(int pipe) : pipe_(pipe) {}

  void on_events(const std::shared_ptr<const sale::SaleView>& view,
                 std::span<const sale::Event>) noexcept override {
    tell("seen events", std::to_string(view->seq.value()));
  }
  void answered(const std::string& buyer, const Result<sale::Outcome>& outcome) override {
    if (!outcome || outcome->replayed) return;
    tell("number " + buyer, std::to_string(outcome->arrival.value()));
    if (outcome->code != sale::Code::ok || !outcome->order) return;
    tell("order " + buyer, to_text(outcome->order->id));
  }

 private:
  void tell(const std::string& what, const std::string& value) const {
    const std::string line = what + " " + value + "\n";
    static_cast<void>(!::write(pipe_, line.data(), line.size()));
  }

  const int pipe_;
};

struct Injection {
  std::size_t at = 0;
  bool for_ever = false;
  bool with_handler = true;  ///< false, for the planted bug only
};

Engine::Options options_in(const std::string& dir) {
  Engine::Options options = run_options();
  options.data_dir = dir;
  options.sync = false;  // the process dies, not the power
  return options;
}

// noexcept: what is thrown here must end this process, not reach the test framework in it.
[[noreturn]] void run_child(const std::string& dir, int pipe, const Injection& injection) noexcept {
  ::dup2(pipe, STDERR_FILENO);
  if (injection.with_handler) end_when_memory_runs_out();
  Telling told(pipe);
  ManualClock clock;
  MemoryDisk unused;
  const Engine::Options options = options_in(dir);
  fail_allocation(injection.at, injection.for_ever);
  small_run({unused, posix_disk(), clock, told}, options, [] {});
  static_cast<void>(stop_failing_allocations());
  std::_Exit(0);
}

/// What a child said until its end, and how it ended.
struct Ended {
  std::string said;
  int status = 0;

  [[nodiscard]] bool in_order() const { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }
  [[nodiscard]] bool out_of_memory() const {
    return WIFEXITED(status) && WEXITSTATUS(status) == 3 &&
           said.find("out of memory") != std::string::npos &&
           said.find("start again") != std::string::npos;
  }
};

Ended run(const std::string& dir, const Injection& injection) {
  std::array<int, 2> pipes{};
  EXPECT_EQ(::pipe(pipes.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) run_child(dir, pipes[1], injection);
  ::close(pipes[1]);
  Ended ended;
  std::array<char, 4'096> piece{};
  for (ssize_t got = 0; (got = ::read(pipes[0], piece.data(), piece.size())) > 0;) {
    ended.said.append(piece.data(), static_cast<std::size_t>(got));
  }
  ::close(pipes[0]);
  EXPECT_EQ(::waitpid(child, &ended.status, 0), child);
  return ended;
}

/// What of the child's words is broken by a restart on its directory.
std::vector<std::string> broken_after(const std::string& dir, const std::string& said) {
  Facts facts;
  std::uint64_t seen = 0;
  std::istringstream lines(said);
  std::string word;
  std::string name;
  std::string value;
  while (lines >> word && (word == "seen" || word == "number" || word == "order")) {
    if (!(lines >> name >> value)) break;
    if (word == "seen") seen = std::stoull(value);
    if (word == "order") facts.orders.emplace(name, *parse_order_id(value));
    if (word == "number" && value != "0" &&
        !facts.numbers.insert(Arrival(std::stoull(value))).second) {
      facts.broken.push_back("arrival " + value + " was given twice");
    }
  }
  const auto events = events_of(posix_disk(), dir);
  if (!events) return {"the start is refused: " + events.error().what};
  if (events->size() < seen) return {"visible events were lost"};
  return broken_by_restart(posix_disk(), ManualClock(), facts, dir);
}

TEST(OutOfMemory, ends_the_process_with_a_word_and_loses_nothing_at_whichever_allocation) {
  const std::size_t stride = long_version() ? 1 : 61;
  for (const bool for_ever : {false, true}) {
    std::size_t runs = 0;
    std::size_t orders = 0;
    std::size_t at = 1;
    for (;; at += stride, ++runs) {
      const TempDir dir;
      const Ended ended = run(dir.path(), {.at = at, .for_ever = for_ever});
      if (ended.in_order()) break;  // it made fewer allocations
      ASSERT_TRUE(ended.out_of_memory()) << at << ": status " << ended.status << ended.said;
      for (const std::string& words : broken_after(dir.path(), ended.said)) {
        ADD_FAILURE() << "allocation " << at << ": " << words;
      }
      for (std::size_t i = 0; (i = ended.said.find("order ", i)) != std::string::npos; ++i)
        ++orders;
    }
    std::printf("no memory %s: %zu of about %zu allocations, %zu orders had been told, 0 lost\n",
                for_ever ? "for ever" : "once", runs, at, orders);
    EXPECT_GT(runs, 10U);
    EXPECT_GT(orders, 0U);
  }
}

TEST(OutOfMemory, an_end_without_a_word_is_caught) {
  // The planted bug: nobody installs the handler, and a thread dies of std::bad_alloc.
  const TempDir dir;
  const Ended ended = run(dir.path(), {.at = 700, .for_ever = true, .with_handler = false});
  EXPECT_FALSE(ended.in_order());
  EXPECT_FALSE(ended.out_of_memory());
}

TEST(OutOfMemory, an_order_that_was_told_and_never_written_is_caught) {
  const TempDir dir;
  const Ended ended = run(dir.path(), {.at = SIZE_MAX});
  ASSERT_TRUE(ended.in_order());
  EXPECT_TRUE(broken_after(dir.path(), ended.said).empty());
  const OrderId nobodys{OrderKey(), SaleId("concert")};
  const std::string invented = "order nobody " + to_text(nobodys) + "\n";
  EXPECT_FALSE(broken_after(dir.path(), ended.said + invented).empty());
}

}  // namespace
}  // namespace dibs::engine
