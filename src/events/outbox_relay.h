#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "events/outbox_pump.h"
#include "sale/sale.h"
#include "store/event_feed.h"
#include "store/sale_store.h"

namespace dibs::events {

/// How far Kafka has been told.
struct OutboxState {
  std::uint64_t behind = 0;  ///< durable events that are not acknowledged
  Duration behind_for{0};    ///< since the oldest of these happened
  std::uint64_t sent = 0;    ///< since the start, repeats too
  std::uint64_t acked = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t bytes_in_flight = 0;
  std::string last_error;  ///< empty: nothing keeps events from arriving
};

/// Tells Kafka what happens in all sales of a store: an OutboxPump on a thread of its own, woken by
/// the store. A Kafka that is slow or away holds back nothing but this thread: events wait in the
/// store, and memory is bounded by the pump's options.
///
/// **Life.** Feed and clock outlive it. Register it as a listener before the store starts, then
/// begin(). Any thread may call state().
class OutboxRelay final : public store::EventListener {
 public:
  OutboxRelay(OutboxPump::Options options, const store::EventFeed& feed, const Clock& clock);
  OutboxRelay(const OutboxRelay&) = delete;
  OutboxRelay& operator=(const OutboxRelay&) = delete;
  ~OutboxRelay() override;

  /// Takes up where the file says. `sales`: every sale that the store has, read after it started.
  void begin(const std::vector<sale::SaleView>& sales);
  /// Gives what is durable kStopPatience to arrive, then sends nothing more and writes the file.
  /// Returns after that. May be called twice.
  void stop();

  void on_events(const std::shared_ptr<const sale::SaleView>& view,
                 std::span<const sale::Event> events) noexcept override;

  [[nodiscard]] OutboxState state() const;
  /// The last event of the sale that Kafka has acknowledged and the file on the disk tells of:
  /// nothing up to there is sent again. Nothing: the file has not been looked at yet.
  [[nodiscard]] std::optional<Seq> told_for_good(const SaleId& sale) const;

  static constexpr Duration kStopPatience = std::chrono::seconds(3);

 private:
  void run();
  void publish();
  void wait_for_news();

  const Clock& clock_;
  OutboxPump pump_;  ///< the thread's

  mutable std::mutex mutex_;  ///< guards what follows; a leaf in the lock order
  std::condition_variable news_or_end_;
  bool news_ = false;
  bool stopping_ = false;
  std::map<SaleId, Seq> latest_;  ///< durable
  std::map<SaleId, Seq> acked_;
  std::shared_ptr<const OutboxPump::Written> written_;
  OutboxPump::Figures figures_;

  std::thread thread_;
};

}  // namespace dibs::events
