#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace dibs::load::testing {

/// What a FakeServer does wrong. Each is a bug that the tool must see.
enum class Bug : std::uint8_t {
  none,
  wrong_status,       ///< sold out is answered with 410
  wrong_type,         ///< refusals come as application/json
  unknown_code,       ///< a code that the contract does not have
  missing_arrival,    ///< refusals carry no arrival
  duplicate_arrival,  ///< every tenth arrival is given twice
  shuffled_arrivals,  ///< neighbours get each other's number
  oversell,           ///< one unit more than there is
  later_first,        ///< the first five eligible are sent away, later ones served
  cut,                ///< the 30th press loses its connection and reaches no rule
  cut_answer,         ///< the 5th press is accepted and loses its connection before the answer
  other_buyer,        ///< the second accepted order shows another buyer
  same_order,         ///< everybody accepted gets the first order
  all_paid,           ///< a payment marks all failed orders as paid too
  failure_pays,       ///< a declined payment is taken for a good one
  forgets_keys,       ///< a replay takes a new arrival and is not marked
  forgets_the_line,   ///< waiting orders never hear that it is over
  turns_away,         ///< 503 for every fiftieth press, before the rules
  denies_payment,     ///< 403 for every payment
  no_expiry_shown,    ///< a held order does not say until when
  wrong_books,        ///< the sale counts one unit too many as sold
};

/// A sale behind plain sockets on 127.0.0.1, in a thread of its own: just enough of the wire
/// contract for the tool to run against, written apart from the server so that each can be wrong
/// alone.
class FakeServer {
 public:
  struct Options {
    std::uint64_t stock = 10;
    std::uint64_t line_limit = 100;
    Bug bug = Bug::none;
    std::string title = "Concert";
    std::string payment = "provider";
    bool stream = true;          ///< serves /events
    std::string state = "open";  ///< of the sale, as it begins
    bool knows_nobody = false;   ///< 401 for whoever shows credentials
    /// The nth press meets a buyer who has an order already, for all n that this divides. 0: none.
    std::uint64_t limit_reached_every = 0;
    /// A request lies here for so long before it reaches the sale.
    std::chrono::microseconds late{0};
    bool slows_payments = false;  ///< the first payment of each order is answered 429
    /// What happens after so many presses; 0: never.
    std::uint64_t restock_after = 0;  ///< five units are added
    std::uint64_t close_after = 0;    ///< the sale closes
    std::uint64_t freeze_after = 0;   ///< nothing is answered any more
    std::uint64_t die_after = 0;      ///< every connection is cut and none is taken any more
  };

  explicit FakeServer(Options options);
  /// Another gateway of the sale that `first` sells; of `options` counts what concerns the server.
  FakeServer(Options options, const FakeServer& first);
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;
  ~FakeServer();

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::uint64_t connections_accepted() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dibs::load::testing
