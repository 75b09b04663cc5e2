#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim/agenda.h"
#include "sim/random.h"
#include "sim/server.h"

namespace dibs::sim {

/// The network, and everybody at its other end: buyers who buy, pay, fail to, leave, wait and press
/// again; a shop that says how payments went; operators who restock, pause and close. Words are
/// late, lost, doubled and overtake each other, and whoever hears nothing says the same again with
/// the same key, until there is an answer.
class People {
 public:
  struct Options {
    std::uint64_t buyers = 100;
    std::uint64_t buys_each = 4;
    std::uint64_t sales = 2;
    bool quiet = false;  ///< from now on nothing is lost
  };

  People(Random& random, Agenda& agenda, engine::ManualClock& clock, Server& server,
         Options options);

  /// Puts the sales, and everybody's first step into the agenda.
  void begin();
  /// Nothing more is lost, and nobody begins anything new.
  void calm_down() { options_.quiet = true; }
  /// Everybody has an answer to everything they asked.
  [[nodiscard]] bool all_answered() const { return open_ == 0; }
  [[nodiscard]] std::uint64_t asked() const { return asked_; }

 private:
  using Heard = std::function<void(const sale::Outcome&)>;
  struct Call;

  /// Says it until there is an answer.
  void ask(const std::string& sale, sale::Command command, Heard heard);
  void send(const std::shared_ptr<Call>& call);
  void later(Duration least, Duration most, Agenda::Happening happening);
  void buy(std::uint64_t buyer, std::uint64_t left);
  void decide(const std::string& sale, const sale::OrderView& order);
  void pay(const std::string& sale, const OrderKey& order);
  void pay_by_provider(const std::string& sale, const OrderKey& order, std::uint64_t tries);
  void after_payment(const std::string& sale, const sale::OrderView& order);
  void operate(const std::string& sale, std::uint64_t left);
  [[nodiscard]] std::string a_sale() { return sales_[random_.below(sales_.size())]; }
  [[nodiscard]] std::string a_sku();

  Random& random_;
  Agenda& agenda_;
  engine::ManualClock& clock_;
  Server& server_;
  Options options_;
  std::vector<std::string> sales_;
  std::set<std::string> by_provider_;  ///< those of them where the bank takes the money
  std::uint64_t open_ = 0;
  std::uint64_t asked_ = 0;
  std::uint64_t keys_ = 0;
};

}  // namespace dibs::sim
