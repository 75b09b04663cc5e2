#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/result.h"
#include "load/crowd.h"
#include "load/pool.h"
#include "load/run.h"
#include "load/script.h"
#include "load/watch.h"

namespace dibs::load {

/// The timed part of a run: sends the presses when they are due and everything that follows from
/// the answers, until every buyer is final or nothing has been answered for too long. One thread.
class Driver final : public AnswerSink {
 public:
  /// `gateways`: where each of them listens.
  Driver(const Options& options, const Script& script, const SaleFacts& sale,
         const std::vector<Endpoint>& gateways, std::vector<Press>& presses);

  /// Opens the connections and the streams.
  [[nodiscard]] Result<void> prepare();
  void run(const ProgressListener& progress);

  /// CLOCK_MONOTONIC of the first press.
  [[nodiscard]] std::int64_t first_press_ns() const { return first_press_ns_; }
  [[nodiscard]] bool timed_out() const { return timed_out_; }
  [[nodiscard]] bool over_limit() const { return over_limit_; }  ///< Options::time_limit
  [[nodiscard]] Exchanges& exchanges() { return exchanges_; }
  /// The stock as gateway 0 told it.
  [[nodiscard]] std::vector<StockSample> take_curve() { return watches_.front().take_curve(); }
  /// When the first of the gateways told that stock was added or the sale closed.
  [[nodiscard]] std::optional<std::int64_t> border_ns() const;
  [[nodiscard]] const Crowd& crowd() const { return crowd_; }
  /// Exchanges that ended without an answer, with the first reason.
  [[nodiscard]] const Violation& cuts() const { return cuts_; }

 private:
  void on_answer(std::uint32_t exchange, const Answer& answer) override;
  void on_cut(std::uint32_t exchange, std::string_view why) override;

  [[nodiscard]] bool send_some(std::int64_t now_ns);
  [[nodiscard]] bool send_one(std::int64_t now_ns);
  [[nodiscard]] bool send_one_task();
  void send_press(std::uint32_t gateway, std::int64_t now_ns);
  void send_task(Task task);
  /// The gateway whose next buyer comes before those of all others that could be pressed at now.
  [[nodiscard]] std::optional<std::uint32_t> next_gateway() const;
  [[nodiscard]] std::int64_t due_ns(std::uint32_t buyer) const;
  [[nodiscard]] std::int64_t timeout_ns(std::int64_t now_ns) const;
  void listen(std::int64_t timeout_ns);
  void keep_going(std::int64_t now_ns);
  void report(const ProgressListener& progress, std::int64_t now_ns);
  [[nodiscard]] bool finished() const;

  const Options& options_;
  const Script& script_;
  std::vector<Press>& presses_;
  Poller poller_;
  Exchanges exchanges_;
  Pool pool_;
  Crowd crowd_;
  std::deque<Watch> watches_;  ///< one a gateway
  Violation cuts_;
  std::string request_;
  std::vector<std::uint32_t> next_;  ///< the buyer who presses next at each gateway
  std::uint32_t sent_ = 0;           ///< buyers who have pressed
  std::uint64_t answered_ = 0;       ///< buyers who have a first answer
  std::int64_t first_press_ns_ = 0;
  std::int64_t last_answer_ns_ = 0;
  std::int64_t last_change_ns_ = 0;  ///< somebody pressed, got a first answer or an outcome
  std::int64_t next_report_ns_ = 0;
  std::int64_t next_nudge_ns_ = 0;
  bool timed_out_ = false;
  bool over_limit_ = false;
  bool over_ = false;
};

}  // namespace dibs::load
