#include "sale/checkers/random_script.h"

namespace dibs::sale::checkers {
namespace {

rc::Gen<Act> any_act() {
  return rc::gen::weightedElement<Act>({{300, Act::buy},
                                        {30, Act::buy_again},
                                        {100, Act::begin},
                                        {80, Act::succeed},
                                        {60, Act::fail},
                                        {30, Act::capture},
                                        {30, Act::release},
                                        {60, Act::cancel},
                                        {30, Act::refund},
                                        {20, Act::refund_settled},
                                        {40, Act::restock},
                                        {8, Act::pause},
                                        {20, Act::resume},
                                        {15, Act::restart},
                                        {3, Act::close},
                                        {20, Act::put},
                                        {3, Act::remove}});
}

/// 0 is by far the most frequent.
rc::Gen<bool> rarely() {
  return rc::gen::map(rc::gen::inRange(0, 40), [](int n) { return n == 1; });
}

rc::Gen<std::uint8_t> any_byte() {
  return rc::gen::resize(100, rc::gen::arbitrary<std::uint8_t>());
}

rc::Gen<Move> any_move() {
  return rc::gen::build<Move>(
      rc::gen::set(&Move::act, any_act()), rc::gen::set(&Move::buyer, any_byte()),
      rc::gen::set(&Move::pick, any_byte()), rc::gen::set(&Move::a, any_byte()),
      rc::gen::set(&Move::b, any_byte()), rc::gen::set(&Move::wait, any_byte()),
      rc::gen::set(&Move::owner, any_byte()), rc::gen::set(&Move::reload, rarely()),
      rc::gen::set(&Move::out_of_order, rarely()));
}

rc::Gen<std::vector<Move>> any_moves(int most) {
  return rc::gen::mapcat(rc::gen::inRange(0, most + 1), [](int count) {
    return rc::gen::container<std::vector<Move>>(static_cast<std::size_t>(count), any_move());
  });
}

}  // namespace

rc::Gen<Script> any_script(int moves) {
  return rc::gen::build<Script>(
      rc::gen::set(&Script::world, rc::gen::inRange<std::uint8_t>(0, kWorlds)),
      rc::gen::set(&Script::moves, any_moves(moves)));
}

Script script_of_a_long_line(std::uint64_t seed) {
  constexpr std::uint8_t kLongLine = 6;
  constexpr std::size_t kMoves = 500;      // enough for more people than one step can serve
  constexpr std::size_t kUnitsCome = 240;  // each so many moves
  constexpr std::size_t kTimePasses = 20;  // as above: the line must outgrow the holds that end
  constexpr std::uint8_t kManyUnits = 31;
  constexpr int kBiggest = 100;  // RapidCheck's measure of how big a value to make
  Script script;
  script.world = kLongLine;
  const auto moves = rc::gen::container<std::vector<Move>>(kMoves, any_move());
  script.moves = moves(rc::Random(seed), kBiggest).value();
  for (std::size_t i = 0; i < script.moves.size(); ++i) {
    Move& move = script.moves[i];
    if (i % kTimePasses != 0) move.wait = 0;
    if (i % kUnitsCome == kUnitsCome - 1) {
      move.act = Act::restock;
      move.a = kManyUnits;
    } else if (move.act != Act::restart && move.act != Act::cancel) {
      move.act = Act::buy;
    }
  }
  return script;
}

}  // namespace dibs::sale::checkers
