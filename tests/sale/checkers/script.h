#pragma once

#include <cstdint>
#include <iosfwd>
#include <vector>

#include "sale/command.h"
#include "sale/spec.h"

namespace dibs::sale::checkers {

class Model;

enum class Act : std::uint8_t {
  buy,
  buy_again,  ///< an earlier key of the same buyer, same or other items
  begin,
  succeed,
  fail,
  capture,
  release,
  cancel,
  refund,
  refund_settled,
  restock,
  pause,
  resume,
  restart,
  close,
  put,
  remove,
};
inline constexpr int kActs = static_cast<int>(Act::remove) + 1;

inline constexpr int kOwned = 32;

/// One thing that happens, in small numbers that shrink well. What they mean depends on what is
/// there when it happens: `pick` chooses an order, `a` and `b` items, quantities, flags.
struct Move {
  Act act = Act::buy;
  std::uint8_t buyer = 0;
  std::uint8_t pick = 0;
  std::uint8_t a = 0;
  std::uint8_t b = 0;
  std::uint8_t wait = 0;      ///< how long before it
  std::uint8_t owner = 255;   ///< below kOwned: the command says that `buyer` asks
  bool reload = false;        ///< save and load before it
  bool out_of_order = false;  ///< its own receive time is earlier than what was seen already
};
std::ostream& operator<<(std::ostream& out, const Move& move);

/// A sale and what happens to it.
struct Script {
  std::uint8_t world = 0;  ///< which of the sales in spec_of
  std::vector<Move> moves;
};
std::ostream& operator<<(std::ostream& out, const Script& script);

/// The sales that scripts are about: one and two SKUs, with and without a line, a tight one, each
/// way of paying. Their windows are a few seconds, so that deadlines meet.
inline constexpr int kWorlds = 12;
[[nodiscard]] SaleSpec spec_of(std::uint8_t world);
/// When every script begins.
inline constexpr Instant kStart = from_ns(1'000'000'000'000'000'000);

/// Where and when a move happens.
struct Scene {
  std::uint8_t world;
  const Model& model;
  Instant now;
  std::uint64_t number;  ///< for a new order: its key and arrival
};
[[nodiscard]] Command::Action action_of(const Move& move, const Scene& scene);

}  // namespace dibs::sale::checkers
