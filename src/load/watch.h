#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "http/response_reader.h"
#include "load/crowd.h"
#include "load/endpoint.h"
#include "load/poller.h"
#include "load/run.h"
#include "load/script.h"

namespace dibs::load {

/// Listens to the sale's public stream of one gateway for all who buy there: tells the crowd where
/// the line stands, keeps the curve of the stock, and notices when stock is added or the
/// sale closes, which no comparison of fairness may cross. One thread.
class Watch {
 public:
  /// Where it listens, and which events of the poller are its own.
  struct Place {
    Endpoint endpoint;
    std::uint32_t gateway = 0;
    std::uint32_t tag = 0;
  };

  Watch(const Script& script, std::string sku, const Place& place, Poller& poller, Crowd& crowd);

  /// Begins to listen, or resumes after the stream has ended. Does nothing while it is open.
  void open();
  /// Something may be read.
  void on_ready(std::uint32_t events);

  /// The stream answers, or it is certain that there is none.
  [[nodiscard]] bool settled() const { return settled_; }

  /// Times are CLOCK_MONOTONIC.
  [[nodiscard]] std::vector<StockSample> take_curve() { return std::move(curve_); }
  [[nodiscard]] std::optional<std::int64_t> border_ns() const { return border_ns_; }

 private:
  void on_event(const http::ServerEvent& event);
  void on_stock(const http::ServerEvent& event);
  void on_line(const http::ServerEvent& event);
  void note_border();
  void close();

  const Script& script_;
  std::string sku_;
  Place place_;
  Poller& poller_;
  Crowd& crowd_;
  Fd socket_;
  bool asked_ = false;
  bool settled_ = false;
  http::ResponseReader reader_;
  std::string last_id_;
  std::vector<StockSample> curve_;
  StockSample now_;
  std::optional<std::uint64_t> total_;
  std::optional<std::int64_t> border_ns_;
};

}  // namespace dibs::load
