#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "base/time.h"
#include "sale/command.h"
#include "sale/sale.h"
#include "sale/spec.h"

namespace dibs::redis {

/// Makes commands for one sale, mostly sensible ones, now and then one of each wrong kind. The
/// same seed makes the same commands for the same answers.
class RandomCommands {
 public:
  explicit RandomCommands(std::uint64_t seed);

  /// The sale as its operator first puts it, and the moment.
  [[nodiscard]] sale::Command first_put() const;
  [[nodiscard]] Instant start() const;

  /// How many commands it takes until much has happened.
  [[nodiscard]] std::size_t length() const;

  /// What comes at `now`, given the sale as it is before the batch of this command.
  [[nodiscard]] sale::Command next(const sale::Sale& sale, Instant now);
  /// Time that passes before the next batch: often none, sometimes up to a window, rarely
  /// backwards.
  [[nodiscard]] Duration pause();
  [[nodiscard]] std::size_t batch_size();
  [[nodiscard]] bool one_in(unsigned n) { return below(n) == 0; }
  [[nodiscard]] std::uint64_t below(std::uint64_t n) { return random_() % n; }

 private:
  sale::Command::Action action(const sale::Sale& sale, Instant now);
  sale::Buy buy();
  sale::Buy buy_again();
  sale::Restock restock();
  sale::Put put(Instant now);
  void spoil(sale::Buy& buy);
  OrderKey some_order(const sale::Sale& sale);
  sale::SaleSpec spec_of_world() const;

  std::mt19937_64 random_;
  std::uint64_t world_;
  sale::SaleSpec spec_;
  std::uint64_t numbered_ = 0;
  std::vector<sale::Buy> bought_;  ///< every buy made, accepted or not
};

}  // namespace dibs::redis
