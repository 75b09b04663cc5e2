#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "client/http_client.h"
#include "sale/event.h"
#include "sale/sale.h"
#include "store/event_feed.h"
#include "store/sale_store.h"
#include "webhook/signature.h"

namespace dibs::events {

/// How far the notices of one sale are.
struct NoticeState {
  SaleId sale;
  std::string url;
  Seq delivered;             ///< up to here the shop has answered for; 0: nothing yet
  std::uint64_t behind = 0;  ///< durable events beyond that
  Duration behind_for{0};    ///< since the oldest of these happened
  std::uint64_t sent = 0;    ///< since the start, repeats too
  std::uint64_t failed = 0;  ///< of these, not answered with 2xx
  std::string last_error;    ///< of the notice now being tried; empty: none
};

/// Tells shops what happens to their sales: every event of a sale with `notify`, as a signed call,
/// in order per sale, at least once.
///
/// **Delivery.** One call of a sale is in flight at a time; the next is made when it was answered
/// 2xx. Anything else is repeated for ever, after NoticeQueue's back-off. How far each sale is lies
/// in a file, made durable at most half a second after the answer and never before it: a crash
/// repeats notices, each under the id that it had (`SALE:SEQ`), and passes over none.
/// **Bounds.** Events come from the store's feed when there is room for them (NoticeQueue::kWindow
/// a sale): a shop that does not answer costs that window, and holds back no other sale.
/// **Cost.** Reading, signing and sending happen on two threads of its own. A sale without notify
/// costs a comparison an event.
/// **Life.** The feed and the clock outlive it. Register it as a listener before the store starts,
/// then begin(). Any thread may call state() and states().
class NoticeRelay final : public store::EventListener {
 public:
  using Answered = std::move_only_function<void(Result<client::HttpAnswer>)>;
  /// Makes one call; as HttpClient::send.
  using Send = std::function<void(client::HttpCall, Answered)>;
  /// The body of a notice; `test`: of a test sale.
  using Body = std::function<std::string(const SaleId&, const sale::Event&, bool test)>;

  struct Options {
    std::string cursor_file;
    std::vector<webhook::Secret> secrets;  ///< one or more; every notice is signed with each
    Body body;
    Send send;  ///< for tests; empty: over HTTP
    std::function<void(const std::string&)> on_warning = [](const std::string&) {};
  };

  NoticeRelay(Options options, const store::EventFeed& feed, const Clock& clock);
  NoticeRelay(const NoticeRelay&) = delete;
  NoticeRelay& operator=(const NoticeRelay&) = delete;
  ~NoticeRelay() override;

  /// Takes up where the file says. `sales`: every sale that the store has, read after it started.
  void begin(std::vector<sale::SaleView> sales);
  /// Sends nothing more and writes the file. May be called twice.
  void stop();

  void on_events(const std::shared_ptr<const sale::SaleView>& view,
                 std::span<const sale::Event> events) noexcept override;

  /// Nothing for a sale without notify.
  [[nodiscard]] std::optional<NoticeState> state(const SaleId& sale) const;
  [[nodiscard]] std::vector<NoticeState> states() const;
  /// The last event of the sale that the shop has answered for and the file on the disk tells of;
  /// store::kWantsNone for a sale without notify. Nothing: the file has not been looked at yet.
  [[nodiscard]] std::optional<Seq> told_for_good(const SaleId& sale) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dibs::events
