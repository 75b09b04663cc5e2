#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <utility>

#include "store/sale_store.h"

namespace dibs::store {

/// Generous: only a store that never answers waits so long.
inline constexpr auto kAnswerTimeout = std::chrono::seconds(60);

/// One call's answer, to be waited for.
template <class T>
class Pending {
 public:
  /// The reply to pass to the store. Call once.
  [[nodiscard]] Reply<T> reply() {
    return [promise = promise_](Result<T> result) { promise->set_value(std::move(result)); };
  }
  [[nodiscard]] Result<T> wait() {
    if (future_.wait_for(kAnswerTimeout) != std::future_status::ready) {
      ADD_FAILURE() << "no answer came";
      return fault(FaultKind::unavailable, "no answer came", "");
    }
    return future_.get();
  }
  [[nodiscard]] bool answered() const {
    return future_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }

 private:
  std::shared_ptr<std::promise<Result<T>>> promise_ = std::make_shared<std::promise<Result<T>>>();
  std::future<Result<T>> future_ = promise_->get_future();
};

}  // namespace dibs::store
