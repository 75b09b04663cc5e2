#include "payment/demo_provider.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace dibs::payment {
namespace {

constexpr std::string_view kOk = "tok_ok";
constexpr std::string_view kFail = "tok_fail";
constexpr std::string_view kLate = "tok_late";
constexpr Duration kLateness = std::chrono::seconds(3);

class DemoProvider final : public Provider {
 public:
  DemoProvider(const Clock& clock, Duration delay)
      : clock_(clock), delay_(delay), thread_([this] { run(); }) {}
  ~DemoProvider() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  void authorise(const Attempt& attempt, std::move_only_function<void(Verdict)> done) override {
    const bool late = attempt.token == kLate;
    const Verdict verdict = late || attempt.token == kOk ? Verdict::authorised : Verdict::declined;
    const Duration wait = delay_ + (late ? kLateness : Duration(0));
    if (wait <= Duration(0)) return done(verdict);
    {
      const std::lock_guard lock(mutex_);
      late_.emplace(clock_.monotonic() + wait, Late{verdict, std::move(done)});
    }
    changed_.notify_one();
  }
  void capture(const OrderId& /*order*/, std::int64_t /*amount*/,
               std::move_only_function<void(bool)> done) override {
    done(true);
  }
  void void_authorisation(const OrderId& /*order*/,
                          std::move_only_function<void(bool)> done) override {
    done(true);
  }
  void refund(const OrderId& /*order*/, std::move_only_function<void(bool)> done) override {
    done(true);
  }
  [[nodiscard]] bool accepts(std::string_view token) const override {
    return token == kOk || token == kFail || token == kLate;
  }
  [[nodiscard]] bool answers_at_once(std::string_view token) const override {
    return token != kLate;
  }

 private:
  struct Late {
    Verdict verdict;
    std::move_only_function<void(Verdict)> done;
  };

  void run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      if (late_.empty()) {
        changed_.wait(lock);
        continue;
      }
      const Duration wait = late_.begin()->first - clock_.monotonic();
      if (wait > Duration(0)) {
        changed_.wait_for(lock, wait);
        continue;
      }
      Late due = std::move(late_.begin()->second);
      late_.erase(late_.begin());
      lock.unlock();
      due.done(due.verdict);
      due.done = nullptr;
      lock.lock();
    }
  }

  const Clock& clock_;
  const Duration delay_;
  std::mutex mutex_;  ///< guards what follows but the thread
  std::condition_variable changed_;
  std::multimap<Duration, Late> late_;  ///< by when they are due
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Provider> make_demo_provider(const Clock& clock, Duration delay) {
  return std::make_unique<DemoProvider>(clock, delay);
}

}  // namespace dibs::payment
