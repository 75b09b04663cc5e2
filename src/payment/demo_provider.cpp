#include "payment/demo_provider.h"

#include <condition_variable>
#include <deque>
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
  explicit DemoProvider(const Clock& clock) : clock_(clock), thread_([this] { run(); }) {}
  ~DemoProvider() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  void authorise(const Attempt& attempt, std::move_only_function<void(Verdict)> done) override {
    if (attempt.token == kOk) return done(Verdict::authorised);
    if (attempt.token != kLate) return done(Verdict::declined);
    {
      const std::lock_guard lock(mutex_);
      late_.push_back({clock_.monotonic() + kLateness, std::move(done)});
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
    Duration when;
    std::move_only_function<void(Verdict)> done;
  };

  /// All are equally late, so the first given is the first due.
  void run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      if (late_.empty()) {
        changed_.wait(lock);
        continue;
      }
      const Duration wait = late_.front().when - clock_.monotonic();
      if (wait > Duration(0)) {
        changed_.wait_for(lock, wait);
        continue;
      }
      auto done = std::move(late_.front().done);
      late_.pop_front();
      lock.unlock();
      done(Verdict::authorised);
      done = nullptr;
      lock.lock();
    }
  }

  const Clock& clock_;
  std::mutex mutex_;  ///< guards what follows but the thread
  std::condition_variable changed_;
  std::deque<Late> late_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Provider> make_demo_provider(const Clock& clock) {
  return std::make_unique<DemoProvider>(clock);
}

}  // namespace dibs::payment
