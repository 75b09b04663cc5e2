#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "payment/provider.h"
#include "payment/wire.h"
#include "sim/agenda.h"
#include "sim/law.h"
#include "sim/random.h"

namespace dibs::sim {

/// The payment provider: decides late, answers later, tells by webhook what it has answered or has
/// not, and refuses captures at times. It lives on while the server's processes die; what a dead
/// one was to hear, it never hears.
class Bank final : public payment::Provider {
 public:
  /// What the bank does is judged, and counted as asked for, by the sale's law.
  using LawOf = std::function<Law&(const SaleId&)>;
  /// A webhook on its way to the server.
  using Tell = std::function<void(const payment::IntentEvent&)>;

  Bank(Random& random, Agenda& agenda, LawOf law, Tell tell);

  void authorise(const payment::Attempt& attempt,
                 std::move_only_function<void(payment::Verdict)> done) override;
  void capture(const OrderId& order, std::int64_t amount,
               std::move_only_function<void(bool)> done) override;
  void void_authorisation(const OrderId& order, std::move_only_function<void(bool)> done) override;
  void refund(const OrderId& order, std::move_only_function<void(bool)> done) override;
  void open_payments(
      std::move_only_function<void(std::vector<payment::OpenPayment>)> done) override;
  void look_up(const std::string& key,
               std::move_only_function<void(std::optional<payment::Verdict>)> done) override;
  bool hear(const payment::Told& told) override;
  [[nodiscard]] bool answers_at_once(std::string_view token) const override;

  /// The server's process is gone: nobody is there to be answered.
  void hang_up();
  /// From now on nothing is refused that was authorised, and nothing is lost.
  void calm_down() { quiet_ = true; }
  /// Nothing is under way: what is taken of each order is what its sale says.
  void close(const std::map<std::string, Law>& laws);
  [[nodiscard]] const std::vector<std::string>& broken() const { return broken_; }
  [[nodiscard]] std::uint64_t attempts() const { return intents_.size(); }

  static constexpr auto kAtOnce = "tok_at_once";
  static constexpr auto kLater = "tok_later";

 private:
  using Done = std::move_only_function<void(payment::Verdict)>;
  using Status = payment::Intent::Status;

  void soon(Agenda::Happening happening);
  /// Answers the process that asked, unless it is gone by then.
  void answer(Agenda::Happening happening);
  void decide(const std::string& key);
  void tell(const payment::Intent& intent);
  void void_all(const std::string& order);
  void broke(const std::string& order, const char* words) { broken_.push_back(order + words); }

  Random& random_;
  Agenda& agenda_;
  LawOf law_;
  Tell tell_;
  std::map<std::string, payment::Intent> intents_;  ///< by the attempt's key
  std::map<std::string, Done> waiting_;             ///< of the process that lives now
  std::uint64_t lives_ = 0;
  bool quiet_ = false;
  std::vector<std::string> broken_;
};

}  // namespace dibs::sim
