#include "api/patience.h"

#include <optional>
#include <utility>
#include <vector>

namespace dibs::api {

void Patience::wait_for(std::shared_ptr<Call> call) {
  const Duration until = clock_.monotonic() + limit_;
  {
    const std::lock_guard lock(mutex_);
    call->until = until;
    waiting_.push_back(call);
    call->place = std::prev(waiting_.end());
    if (std::exchange(planned_, true)) return;
  }
  worker_.at(until, [this] { give_up_late_ones(); });
}

bool Patience::take(Call& call) {
  std::shared_ptr<Call> last;  // goes outside the lock
  const std::lock_guard lock(mutex_);
  if (!std::exchange(call.waiting, false)) return false;
  last = std::move(*call.place);
  waiting_.erase(call.place);
  return true;
}

void Patience::give_up_late_ones() {
  std::vector<std::shared_ptr<Call>> late;
  std::optional<Duration> next;
  {
    const std::lock_guard lock(mutex_);
    const Duration now = clock_.monotonic();
    while (!waiting_.empty() && waiting_.front()->until <= now) {
      waiting_.front()->waiting = false;
      late.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    planned_ = !waiting_.empty();
    if (planned_) next = waiting_.front()->until;
  }
  if (next) worker_.at(*next, [this] { give_up_late_ones(); });
  for (const auto& call : late) {
    call->give_up({FaultKind::unknown, "The store did not answer in time.",
                   "Send the same request again with the same Idempotency-Key."});
  }
}

}  // namespace dibs::api
