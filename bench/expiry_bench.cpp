#include <atomic>
#include <mutex>
#include <thread>

#include "benchmarks.h"
#include "crowd.h"
#include "engine/engine.h"
#include "scratch_directory.h"
#include "shop.h"

/// Many holds that end at one and the same moment, while buyers go on pressing, in the same sale or
/// in another one. Time counts from the deadline to the moment at which the event is durable and
/// told, and from when a press was due to its durable answer. "Meanwhile" is from the deadline
/// until the last of the holds has ended.
namespace dibs::bench {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kHold = seconds(12);
constexpr Duration kBefore = seconds(2);
constexpr std::size_t kUnansweredMax = 16'384;
constexpr std::size_t kWarmUp = 5'000;
constexpr Duration kPressEvery = microseconds(250);

/// Notes how long after its deadline each expiry was durable.
class Expiries final : public store::EventListener {
 public:
  explicit Expiries(const Clock& clock) : clock_(clock) {}

  void on_events(const std::shared_ptr<const sale::SaleView>& /*view*/,
                 std::span<const sale::Event> events) noexcept override {
    const Instant now = clock_.now();
    for (const sale::Event& event : events) {
      const auto* released = std::get_if<sale::Released>(&event.fact);
      if (released == nullptr || released->reason != sale::Reason::expired) continue;
      lags_ms_.push_back(std::chrono::duration<double, std::milli>(now - event.at).count());
      seen_.fetch_add(1);
    }
    seen_.notify_all();
  }
  void reserve(std::size_t count) { lags_ms_.reserve(count); }
  [[nodiscard]] std::size_t seen() const { return seen_; }
  /// The committer's, until the engine is drained.
  [[nodiscard]] std::vector<double>& lags_ms() { return lags_ms_; }

 private:
  const Clock& clock_;
  std::vector<double> lags_ms_;
  std::atomic<std::size_t> seen_{0};
};

/// One press: when it was due, and how long its answer took from there.
struct Press {
  Instant due;
  double took_ms = 0;
};

struct Tried {
  double lag_p99_ms = 0;
  double last_ms = 0;
  double before_p99_ms = 0;
  double meanwhile_p99_ms = 0;
  double sequencer_us = 0;  ///< processor time of a hold that ends, what was pressed meanwhile too
  double committer_us = 0;
};

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[std::min(values.size() - 1,
                         static_cast<std::size_t>(static_cast<double>(values.size()) * share))];
}

class Trial {
 public:
  /// `same`: buyers press in the sale whose holds end.
  Trial(std::size_t holds, bool same)
      : holds_(holds), pressed_(same ? "ending" : "other"), expiries_(system_clock()) {
    expiries_.reserve(holds);
    auto opened = engine::Engine::open(options_for(directory_.path()), system_clock());
    require(opened.has_value(), "the engine opens");
    engine_ = std::move(*opened);
    engine_->add_listener(expiries_);
    engine_->start();
  }

  Tried run() {
    put(ending_, kHold);
    put(other_, std::chrono::hours(1));
    const Instant held_at = system_clock().now();
    for (std::size_t i = 0; i < holds_; ++i) {
      while (i - answered_ >= kUnansweredMax) std::this_thread::sleep_for(microseconds(100));
      buy(ending_, held_at, [this](bool held) { count(held); });
    }
    // The first buyers of a large sale wait for the memory of its tables; that is another figure.
    for (std::size_t i = 0; i < kWarmUp; ++i)
      buy(other_, held_at, [this](bool held) { count(held); });
    while (answered_ < holds_ + kWarmUp) std::this_thread::sleep_for(milliseconds(1));
    require(held_ == holds_ + kWarmUp, "everybody gets a unit");
    const Instant end = held_at + kHold;
    require(system_clock().now() < end - kBefore, "the holds are there before they end");
    press_until_expired(end);
    Tried tried = judge(end);
    engine_->drain();
    require(expiries_.seen() == holds_, "every hold ends once");
    tried.lag_p99_ms = percentile(expiries_.lags_ms(), 0.99);
    tried.last_ms = percentile(expiries_.lags_ms(), 1);
    return tried;
  }

 private:
  void put(const SaleId& sale, Duration hold) {
    sale::Put put = put_of(static_cast<std::int64_t>(holds_) * 2 + 1'000'000, 0);
    put.spec.hold_seconds = std::chrono::duration_cast<seconds>(hold).count();
    std::atomic<bool> done = false;
    engine_->submit(stamp(system_clock().now()), sale, {.action = std::move(put)},
                    [&](const Result<sale::Outcome>& result) {
                      require(result && result->code == sale::Code::ok, "the sale is made");
                      done = true;
                      done.notify_one();
                    });
    done.wait(false);
  }

  [[nodiscard]] Stamp stamp(Instant at) { return {at, engine::kNoLoop, ++stamps_}; }

  template <class Then>
  void buy(const SaleId& sale, Instant at, Then then) {
    engine_->submit(stamp(at), sale, {.action = buy_of(persons_++)},
                    [then = std::move(then)](const Result<sale::Outcome>& result) mutable {
                      then(result && result->code == sale::Code::ok);
                    });
  }
  void count(bool held) {
    held_ += held ? 1 : 0;
    ++answered_;
  }

  /// Presses at a steady rate from kBefore before `end` until all holds have ended and been told,
  /// and a little longer.
  void press_until_expired(Instant end) {
    presses_.reserve(1'000'000);
    const std::size_t answered_before = answered_;
    double sequencing = 0;
    double committing = 0;
    for (Instant due = end - kBefore; due < end || expiries_.seen() < holds_; due += kPressEvery) {
      require(due < end + seconds(60), "all holds end");
      if (due >= end && sequencing == 0) {
        sequencing = cpu_seconds_of("dibs-sequencer");
        committing = cpu_seconds_of("dibs-committer");
      }
      if (const Duration rest = due - system_clock().now(); rest > Duration(0)) {
        std::this_thread::sleep_for(rest);
      }
      Press& press = presses_.emplace_back(Press{due, 0});
      buy(pressed_, system_clock().now(), [this, &press](bool held) {
        const Duration took = system_clock().now() - press.due;
        press.took_ms = std::chrono::duration<double, std::milli>(took).count();
        count(held);
      });
    }
    sequencer_us_ =
        (cpu_seconds_of("dibs-sequencer") - sequencing) / static_cast<double>(holds_) * 1e6;
    committer_us_ =
        (cpu_seconds_of("dibs-committer") - committing) / static_cast<double>(holds_) * 1e6;
    while (answered_ < answered_before + presses_.size()) {
      std::this_thread::sleep_for(milliseconds(1));
    }
  }

  Tried judge(Instant end) {
    std::vector<double> before;
    std::vector<double> meanwhile;
    for (const Press& press : presses_) {
      (press.due < end ? before : meanwhile).push_back(press.took_ms);
    }
    return {.lag_p99_ms = 0,
            .last_ms = 0,
            .before_p99_ms = percentile(std::move(before), 0.99),
            .meanwhile_p99_ms = percentile(std::move(meanwhile), 0.99),
            .sequencer_us = sequencer_us_,
            .committer_us = committer_us_};
  }

  const ScratchDirectory directory_;
  const std::size_t holds_;
  const SaleId ending_{"ending"};
  const SaleId other_{"other"};
  const SaleId pressed_;
  Expiries expiries_;
  std::unique_ptr<engine::Engine> engine_;
  std::uint64_t stamps_ = 0;
  std::uint64_t persons_ = 0;
  std::atomic<std::size_t> answered_{0};
  std::atomic<std::size_t> held_{0};
  std::vector<Press> presses_;  ///< reserved: answers refer to them
  double sequencer_us_ = 0;
  double committer_us_ = 0;
};

/// Medians of some trials.
void print_trials(const std::string& holds, const std::string& where, std::size_t count, int rounds,
                  bool same) {
  std::vector<Tried> tried;
  for (int round = 0; round < rounds; ++round) tried.push_back(Trial(count, same).run());
  const auto middle = [&](double Tried::* figure) {
    std::vector<double> values;
    for (const Tried& one : tried) values.push_back(one.*figure);
    return median(std::move(values));
  };
  std::vector<double> ratios;
  for (const Tried& one : tried) ratios.push_back(one.meanwhile_p99_ms / one.before_p99_ms);
  print(
      {"engine: " + holds + " holds end at once, p99 from deadline to durable, buyers in " + where,
       fixed(middle(&Tried::lag_p99_ms), 1) + " ms",
       "the last " + fixed(middle(&Tried::last_ms), 1) + " ms; processor time of each: sequencer " +
           fixed(middle(&Tried::sequencer_us)) + ", committer " +
           fixed(middle(&Tried::committer_us)) + " us",
       "<= 50 ms"});
  print({"engine: p99 of a buy meanwhile, in " + where,
         fixed(middle(&Tried::meanwhile_p99_ms), 1) + " ms",
         fixed(median(std::move(ratios))) + " of " + fixed(middle(&Tried::before_p99_ms), 1) +
             " ms just before",
         "<= 2"});
}

}  // namespace

void expiry(Size size) {
  const bool small = size == Size::small;
  const std::size_t holds = small ? 5'000 : 100'000;
  const int rounds = small ? 1 : 5;
  const std::string count = with_commas(static_cast<double>(holds));
  print_trials(count, "another sale", holds, rounds, false);
  print_trials(count, "the same sale", holds, rounds, true);
}

}  // namespace dibs::bench
