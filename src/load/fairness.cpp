#include "load/fairness.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "base/assert.h"
#include "load/line_judge.h"
#include "load/units.h"

// Counting inversions in O(n log n).
//
// "A before B" is an interval order: A.sent_done < B.sent_at. Going through the B's by sent_at,
// the A's that are before B are exactly a growing prefix of the presses sorted by sent_done. A
// counter over that prefix answers "how many A's", and the first A in it answers both "which gap is
// the largest" and "which overtake is the largest", since press numbers follow sent_done.
//
//   by sent_done   A1  A2  A3 | A4  A5 ...        prefix for B = A1 A2 A3
//   time           ------------^ B.sent_at
//
// For arrivals the prefix must be cut further, to the A's with a larger arrival than B: a Fenwick
// tree over the ranks of the arrivals holds count and smallest press number.

namespace dibs::load {
namespace {

/// One press that may be compared, with its press number.
struct Sent {
  const Press* press = nullptr;
  std::uint64_t rank = 0;
};

[[nodiscard]] bool inside(const Press& press, const Border& border) {
  if (border.arrival && press.arrival >= *border.arrival) return false;
  if (!border.answered_ns) return true;
  return press.answered_at_ns != kNever && press.answered_at_ns <= *border.answered_ns;
}

/// Later presses by the moment they were begun.
[[nodiscard]] std::vector<Sent> by_begin(std::vector<Sent> sent) {
  std::ranges::sort(sent, {}, [](const Sent& s) { return s.press->sent_at_ns; });
  return sent;
}

struct Worst {
  double gap_ms = 0;
  std::uint64_t overtake = 0;

  void see(const Sent& earlier, const Sent& later) {
    const auto gap = later.press->sent_at_ns - earlier.press->sent_done_ns;
    gap_ms = std::max(gap_ms, static_cast<double>(gap) / kNsPerMs);
    overtake = std::max(overtake, later.rank - earlier.rank);
  }
};

void judge_units(const std::vector<Sent>& refused, const std::vector<Sent>& given, Fairness& out) {
  Worst worst;
  std::size_t before = 0;  // refused[0, before) were wholly sent before `later` was begun
  for (const Sent& later : by_begin(given)) {
    while (before < refused.size() &&
           refused[before].press->sent_done_ns < later.press->sent_at_ns) {
      ++before;
    }
    if (before == 0) continue;
    out.inversions += before;
    worst.see(refused.front(), later);
  }
  out.max_gap_ms = worst.gap_ms;
  out.max_overtake = worst.overtake;
}

/// Count and smallest index of what was added at or above a rank.
class SuffixTree {
 public:
  explicit SuffixTree(std::size_t size) : nodes_(size + 1) {}

  void add(std::size_t rank, std::size_t index) {
    for (std::size_t i = nodes_.size() - rank; i < nodes_.size(); i += i & (~i + 1)) {
      ++nodes_[i].count;
      nodes_[i].first = std::min(nodes_[i].first, index);
    }
  }

  struct Node {
    std::uint64_t count = 0;
    std::size_t first = std::numeric_limits<std::size_t>::max();
  };

  /// Of everything added with a rank above `rank`; ranks are from 1.
  [[nodiscard]] Node above(std::size_t rank) const {
    Node sum;
    for (std::size_t i = nodes_.size() - 1 - rank; i > 0; i -= i & (~i + 1)) {
      sum.count += nodes_[i].count;
      sum.first = std::min(sum.first, nodes_[i].first);
    }
    return sum;
  }

 private:
  std::vector<Node> nodes_;  // index i holds reversed ranks, so that a suffix is a prefix
};

void judge_arrivals(const std::vector<Sent>& numbered, Fairness& out) {
  std::vector<std::uint64_t> arrivals(numbered.size());
  std::ranges::transform(numbered, arrivals.begin(),
                         [](const Sent& sent) { return sent.press->arrival; });
  std::ranges::sort(arrivals);
  const auto rank_of = [&](const Sent& sent) {
    const auto above = std::ranges::upper_bound(arrivals, sent.press->arrival);
    return static_cast<std::size_t>(above - arrivals.begin());  // equal arrivals: no inversion
  };

  Worst worst;
  SuffixTree tree(numbered.size());
  std::size_t before = 0;
  for (const Sent& later : by_begin(numbered)) {
    for (;
         before < numbered.size() && numbered[before].press->sent_done_ns < later.press->sent_at_ns;
         ++before) {
      tree.add(rank_of(numbered[before]), before);
    }
    out.arrival_pairs += before;
    const SuffixTree::Node overtaken = tree.above(rank_of(later));
    if (overtaken.count == 0) continue;
    out.arrival_inversions += overtaken.count;
    worst.see(numbered[overtaken.first], later);
  }
  out.arrival_max_gap_ms = worst.gap_ms;
  out.arrival_max_overtake = worst.overtake;
}

/// `claims`: how many of the eligible may ask for a unit; see Fairness::first_come_accuracy.
void judge_first_come(const std::vector<Sent>& eligible, std::uint64_t claims, Fairness& out) {
  out.eligible = eligible.size();
  const std::uint64_t first = std::min<std::uint64_t>(claims, eligible.size());
  out.first = first;
  if (first == 0) return;
  const auto served = static_cast<std::ptrdiff_t>(first);
  const auto winners =
      std::count_if(eligible.begin(), eligible.begin() + served,
                    [](const Sent& sent) { return sent.press->outcome == Outcome::paid; });
  out.first_come_accuracy = static_cast<double>(winners) / static_cast<double>(first);
  out.fair_last_rank = eligible[first - 1].rank;
}

/// Those with a claim to a unit when units lie there at the end that nobody was left to take.
[[nodiscard]] std::uint64_t count_served(const std::vector<Sent>& eligible) {
  return static_cast<std::uint64_t>(
      std::ranges::count_if(eligible, [](const Sent& sent) { return sent.press->given; }));
}

}  // namespace

void OrderKept::add(const OrderKept& other) {
  inversions += other.inversions;
  max_gap_ms = std::max(max_gap_ms, other.max_gap_ms);
  max_overtake = std::max(max_overtake, other.max_overtake);
  arrival_inversions += other.arrival_inversions;
  arrival_max_gap_ms = std::max(arrival_max_gap_ms, other.arrival_max_gap_ms);
  arrival_max_overtake = std::max(arrival_max_overtake, other.arrival_max_overtake);
}

OrderKept order_of(const Fairness& fairness) {
  return {fairness.inversions,         fairness.max_gap_ms,         fairness.max_overtake,
          fairness.arrival_inversions, fairness.arrival_max_gap_ms, fairness.arrival_max_overtake};
}

bool is_eligible(const Press& press) {
  switch (press.outcome) {
    case Outcome::lock_failed:  // the shop's lock turned it away instead of serving it in turn
    case Outcome::sold_out:
    case Outcome::waiting_ended:
    case Outcome::paid:
    case Outcome::wrong_buyer:
      return true;
    case Outcome::stranded:
      return press.final_at_ns != kNever;  // else this tool cut its story short
    case Outcome::entry_failed:
    case Outcome::payment_failed:
    case Outcome::cancelled:
    case Outcome::refused_early:
    case Outcome::error:
      return false;
  }
  return false;
}

Fairness judge_fairness(std::span<const Press> presses, const Offer& offer, const Border& border) {
  Fairness out;
  out.border = border;
  std::uint64_t sold_behind = 0;  // the border
  std::vector<Sent> eligible;
  std::vector<Sent> refused;
  std::vector<Sent> given;
  std::vector<Sent> numbered;
  std::vector<const Press*> compared;
  std::int64_t last_done = std::numeric_limits<std::int64_t>::min();
  for (std::size_t i = 0; i < presses.size(); ++i) {
    const Press& press = presses[i];
    if (press.sent_done_ns == kNever) continue;
    DIBS_ASSERT(press.sent_done_ns >= last_done);
    last_done = press.sent_done_ns;
    const Sent sent{&press, i + 1};
    if (press.arrival != 0) numbered.push_back(sent);
    const bool bought = press.outcome == Outcome::paid;
    if (bought) out.last_winner_rank = sent.rank;
    if (!inside(press, border)) {
      sold_behind += bought ? 1U : 0U;
      continue;
    }
    compared.push_back(&press);
    if (press.given) given.push_back(sent);
    if (!is_eligible(press)) continue;
    eligible.push_back(sent);
    if (!press.given) refused.push_back(sent);
  }
  const std::uint64_t offered = offer.stock + offer.added;
  std::uint64_t claims = std::min(offer.stock, offered - std::min(offered, sold_behind));
  if (everybody_had_a_turn(compared, offer, border.answered_ns.has_value())) {
    claims = std::min(claims, count_served(eligible));
  }
  judge_first_come(eligible, claims, out);
  judge_units(refused, given, out);
  judge_arrivals(numbered, out);
  return out;
}

}  // namespace dibs::load
