#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <utility>

#include "base/result.h"
#include "base/time.h"
#include "base/worker.h"
#include "store/sale_store.h"

namespace dibs::api {

/// Calls whose replies somebody waits for, each answered once: by its own reply or, when that has
/// not come in time, by a fault of kind `unknown`. A reply that comes later goes nowhere.
///
/// All wait equally long, so the order of asking is the order of giving up, and one task of the
/// worker at a time does for all of them. Any thread. No lock is held while a reply is called;
/// `mutex_` is a leaf in the lock order. Outlives every call.
class Patience {
 public:
  Patience(Worker& worker, const Clock& clock, Duration limit)
      : worker_(worker), clock_(clock), limit_(limit) {}

  /// `reply` as one that is called within the limit from now.
  template <class T>
  [[nodiscard]] store::Reply<T> bound(store::Reply<T> reply) {
    auto call = std::make_shared<CallOf<T>>(std::move(reply));
    wait_for(call);
    return [this, call = std::move(call)](Result<T> result) {
      if (take(*call)) call->reply(std::move(result));
    };
  }

 private:
  struct Call {
    Call() = default;
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    virtual ~Call() = default;
    virtual void give_up(Fault fault) = 0;

    // Guarded by mutex_.
    bool waiting = true;
    Duration until{0};  ///< on the monotonic clock
    std::list<std::shared_ptr<Call>>::iterator place;
  };

  template <class T>
  struct CallOf final : Call {
    explicit CallOf(store::Reply<T> the_reply) : reply(std::move(the_reply)) {}
    void give_up(Fault fault) override { reply(std::unexpected(std::move(fault))); }
    store::Reply<T> reply;
  };

  void wait_for(std::shared_ptr<Call> call);
  /// Whether the call was still waiting; from now on it is not.
  bool take(Call& call);
  void give_up_late_ones();

  Worker& worker_;
  const Clock& clock_;
  const Duration limit_;
  std::mutex mutex_;  ///< guards everything below
  std::list<std::shared_ptr<Call>> waiting_;
  bool planned_ = false;  ///< a task of the worker will look
};

}  // namespace dibs::api
