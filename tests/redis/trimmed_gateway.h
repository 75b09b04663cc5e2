#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/temp_dir.h"
#include "redis/call.h"
#include "redis/fields.h"
#include "redis/gateway_name.h"
#include "redis/snapshot.h"
#include "redis/store_fixture.h"

namespace dibs::redis {

/// Folds every event that a store tells of, from the first on: what a gateway is that has read
/// along. And how far each sale has been told.
class Witness final : public store::EventListener {
 public:
  void on_events(const std::shared_ptr<const sale::SaleView>& view,
                 std::span<const sale::Event> events) noexcept override {
    const std::lock_guard lock(mutex_);
    seqs_[view->id] = view->seq;
    const auto sale = sales_.try_emplace(view->id, view->id).first;
    came_late_ |= events.empty();  // a snapshot
    for (const sale::Event& event : events) {
      came_late_ |= event.seq != sale->second.view().seq.next();
      if (came_late_) return;
      events_[view->id].push_back(event);
      const auto folded = sale->second.replay(event);
      EXPECT_TRUE(folded.has_value()) << folded.error().what;
    }
  }
  [[nodiscard]] std::string packed(const SaleId& sale) const {
    const std::lock_guard lock(mutex_);
    std::string bytes;
    sales_.at(sale).save(bytes);
    return bytes;
  }
  /// The first events were not told, or others were passed over.
  [[nodiscard]] bool came_late() const {
    const std::lock_guard lock(mutex_);
    return came_late_;
  }
  [[nodiscard]] Seq seq(const SaleId& sale) const {
    const std::lock_guard lock(mutex_);
    const auto found = seqs_.find(sale);
    return found == seqs_.end() ? Seq() : found->second;
  }
  /// The same sale once more, folded from the first event.
  [[nodiscard]] sale::Sale folded(const SaleId& sale) const {
    const std::lock_guard lock(mutex_);
    sale::Sale anew(sale);
    for (const sale::Event& event : events_.at(sale)) EXPECT_TRUE(anew.replay(event).has_value());
    return anew;
  }
  /// Calls `use` with the sale, which does not change meanwhile.
  template <class Use>
  auto with(const SaleId& sale, Use use) const {
    const std::lock_guard lock(mutex_);
    return use(sales_.at(sale));
  }

 private:
  mutable std::mutex mutex_;
  std::map<SaleId, sale::Sale> sales_;
  std::map<SaleId, std::vector<sale::Event>> events_;
  std::map<SaleId, Seq> seqs_;
  bool came_late_ = false;
};

/// Cuts early and often.
inline TrimOptions eager_trim(std::uint64_t after = 40) {
  return {.after = after,
          .keep_for = Duration(0),
          .keep_events = 3,
          .look_every = std::chrono::milliseconds(1)};
}

/// A gateway with a ledger that says itself how far it is: by default as far as the sale.
class TrimmingGateway {
 public:
  explicit TrimmingGateway(Store::Options options, const Clock& clock = system_clock(),
                           const std::string& follower = "ledger test")
      : directory_(options.data_dir), store_(std::move(options), clock), clock_(clock) {
    store_.add_listener(witness_);
    if (!follower.empty()) {
      store_.add_follower(follower, [this](const SaleId& sale) -> std::optional<Seq> {
        if (unknown_) return std::nullopt;
        return std::min(witness_.seq(sale), Seq(done_upto_.load()));
      });
    }
    store_.set_on_warning([this](const std::string& text) {
      const std::lock_guard lock(mutex_);
      warnings_ += text + "\n";
    });
    const auto started = store_.start();
    EXPECT_TRUE(started.has_value()) << started.error().what;
  }

  Store& store() { return store_; }
  /// As it is noted in Redis.
  std::string name(const std::string& follower) const {
    return follower + " @ " + *gateway_name(directory_);
  }
  Witness& witness() { return witness_; }
  void ledger_is_at(std::uint64_t seq) { done_upto_ = seq; }
  void ledger_is_unknown(bool unknown) { unknown_ = unknown; }
  std::string warnings() const {
    const std::lock_guard lock(mutex_);
    return warnings_;
  }

  Stamp stamp() { return {clock_.now(), store::kNoLoop, ++reads_}; }
  void submit(const SaleId& sale, sale::Command command, store::Reply<sale::Outcome> reply) {
    store_.submit(stamp(), sale, std::move(command), std::move(reply));
  }
  Result<sale::Outcome> run(const SaleId& sale, sale::Command command) {
    store::Pending<sale::Outcome> answer;
    submit(sale, std::move(command), answer.reply());
    return answer.wait();
  }
  /// Buys of `count` buyers, a bounded number on their way.
  void sell(const SaleId& sale, int count, const std::string& who = "b") {
    std::vector<store::Pending<sale::Outcome>> answers;
    for (int i = 0; i < count; ++i) {
      auto& answer = answers.emplace_back();
      submit(sale, {.action = seat_for(who + std::to_string(i))}, answer.reply());
      if (answers.size() < 500 && i + 1 < count) continue;
      for (auto& one : answers) {
        const auto outcome = one.wait();
        EXPECT_TRUE(outcome.has_value()) << outcome.error().what;
        EXPECT_TRUE(outcome && outcome->code == sale::Code::ok);
      }
      answers.clear();
    }
  }
  Result<std::optional<sale::SaleView>> view(const SaleId& sale) {
    store::Pending<std::optional<sale::SaleView>> answer;
    store_.find_sale(stamp(), sale, answer.reply());
    return answer.wait();
  }
  Result<std::vector<sale::OrderView>> orders(const SaleId& sale,
                                              sale::Sale::OrderFilter filter = {}) {
    filter.limit = 1'000'000;
    store::Pending<std::vector<sale::OrderView>> answer;
    store_.list_orders(stamp(), sale, filter, answer.reply());
    return answer.wait();
  }

 private:
  const std::string directory_;
  Witness witness_;
  std::atomic<std::uint64_t> done_upto_{UINT64_MAX - 1};
  std::atomic<bool> unknown_{false};
  mutable std::mutex mutex_;
  std::string warnings_;
  std::atomic<std::uint64_t> reads_{0};
  Store store_;
  const Clock& clock_;
};

/// The number of the first event that is still in the stream; 0: there is none.
inline std::uint64_t first_event(Connection& connection, const SaleId& sale) {
  const Reply page = connection.call({"XRANGE", events_key(sale), "-", "+", "COUNT", "1"});
  if (page == nullptr || page->elements == 0) return 0;
  return decode_event(*page->element[0])->seq.value();
}

/// Waits until `holds`, for some seconds.
inline bool comes_true(const std::function<bool()>& holds, int tenths = 200) {
  for (int i = 0; i < tenths * 20; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return holds();
}

}  // namespace dibs::redis
