#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <utility>

#include "engine/disk.h"
#include "engine/inspect.h"
#include "engine/recovery.h"
#include "engine/tally.h"

namespace dibs::engine {
namespace {

/// "12:00:00.0137", UTC.
std::string time_of_day(Instant at) {
  const auto since_midnight = at - std::chrono::floor<std::chrono::days>(at);
  const std::int64_t tenths_of_ms = since_midnight / std::chrono::microseconds(100);
  std::array<char, 32> text{};
  std::snprintf(
      text.data(), text.size(), "%02d:%02d:%02d.%04d", static_cast<int>(tenths_of_ms / 36'000'000),
      static_cast<int>(tenths_of_ms / 600'000 % 60), static_cast<int>(tenths_of_ms / 10'000 % 60),
      static_cast<int>(tenths_of_ms % 10'000));
  return text.data();
}

/// Small numbers in words, as one would say them.
std::string number_words(std::int64_t number) {
  constexpr std::array kWords = {"no",    "one",   "two",  "three", "four",   "five",  "six",
                                 "seven", "eight", "nine", "ten",   "eleven", "twelve"};
  const bool small = number >= 0 && number < static_cast<std::int64_t>(kWords.size());
  return small ? kWords[static_cast<std::size_t>(number)] : std::to_string(number);
}

/// "one unit", "ten units".
std::string units_words(std::int64_t units) {
  return number_words(units) + (units == 1 ? " unit" : " units");
}

/// What orders of some arrivals got of an item.
struct Given {
  std::int64_t units = 0;  ///< that were out at once, so a unit that came back counts once
  std::uint64_t orders = 0;
  std::uint64_t gave_back = 0;
  Arrival first;
  Arrival last;

  /// "arrivals 1 to 13", "11 of the arrivals 1 to 13", "arrival 7".
  [[nodiscard]] std::string whom() const {
    if (orders == 1) return "arrival " + std::to_string(first.value());
    const std::string range =
        "arrivals " + std::to_string(first.value()) + " to " + std::to_string(last.value());
    const bool all = last.value() - first.value() + 1 == orders;
    return all ? range : std::to_string(orders) + " of the " + range;
  }
};

bool wants(const TallyOrder& order, const std::string& sku) {
  return std::ranges::any_of(order.lines,
                             [&](const sale::OrderLine& line) { return line.sku.view() == sku; });
}

/// Of the orders whose arrival `counts`.
template <class Counts>
Given given(const TallyLife& life, const std::string& sku, Counts counts) {
  Given given;
  std::int64_t out = 0;
  for (const TallyMove& move : life.items.at(sku).moves) {
    if (!counts(move.arrival)) continue;
    out += move.units;
    given.units = std::max(given.units, out);
  }
  for (const auto& [arrival, order] : life.orders) {
    if (!order.had_units || !counts(arrival) || !wants(order, sku)) continue;
    if (given.orders++ == 0) given.first = arrival;
    given.last = arrival;
    if (order.state == sale::OrderState::released) ++given.gave_back;
  }
  return given;
}

/// Where the units of an item went, seen from an arrival that got none of them: to those before it,
/// and apart from that what happened afterwards, so that nobody seems overtaken who was not.
class WhereUnitsWent {
 public:
  WhereUnitsWent(const TallyLife& life, std::string sku, Arrival seen_from)
      : sku_(std::move(sku)),
        named_(life.items.size() > 1),
        before_(given(life, sku_, [&](Arrival other) { return other < seen_from; })),
        after_(given(life, sku_, [&](Arrival other) { return other > seen_from; })),
        stock_(life.items.at(sku_).total) {
    for (const TallyMove& restock : life.items.at(sku_).restocks) {
      if (restock.arrival >= seen_from) added_ += restock.units;
    }
    stock_ -= added_;
  }

  [[nodiscard]] std::string words() const { return first_clause() + later_clause(); }

 private:
  [[nodiscard]] std::string first_clause() const {
    const std::string of_sku = named_ ? " of " + sku_ : std::string();
    if (before_.orders == 0) return "no unit" + of_sku + " went to an earlier arrival";
    std::string words = before_.units < stock_
                            ? number_words(before_.units) + " of the " + units_words(stock_)
                            : "the " + units_words(before_.units);
    words += of_sku + " went to " + before_.whom();
    if (before_.gave_back > 0) {
      words += " (" + std::to_string(before_.gave_back) + " gave theirs back)";
    }
    return words;
  }

  [[nodiscard]] std::string later_clause() const {
    const bool more = added_ > 0;
    if (!more && after_.orders == 0) return {};
    if (!more) {
      return "; later " + units_words(after_.units) + " came free and went to " + after_.whom();
    }
    std::string words =
        "; later " + units_words(added_) + (added_ == 1 ? " was" : " were") + " added";
    if (after_.orders > 0)
      words += ", and " + units_words(after_.units) + " went to " + after_.whom();
    return words;
  }

  std::string sku_;
  bool named_;
  Given before_;
  Given after_;
  std::int64_t stock_;
  std::int64_t added_ = 0;
};

/// The sentences about one buyer in one life of a sale.
class Life {
 public:
  Life(const TallyLife& life, bool earlier)
      : life_(life), begin_(earlier ? "in an earlier sale of this id, arrival " : "arrival ") {}

  [[nodiscard]] std::string of(const TallyOrder& order) const {
    std::string words = begin(order.arrival, order.received);
    words += sale::to_text(order.state);
    if (order.reason != sale::Reason::none) {
      words += " (" + std::string(sale::to_text(order.reason)) + ")";
    }
    // Who has left, or has had units, need not ask.
    if (order.had_units || order.state == sale::OrderState::released) return words;
    for (const sale::OrderLine& line : order.lines)
      add_item(words, line.sku.value(), order.arrival);
    return words;
  }

  [[nodiscard]] std::string of(const TallyRefusal& refusal) const {
    std::string words = begin(refusal.arrival, refusal.received);
    words += sale::info(refusal.code).name;
    if (refusal.code != sale::Code::sold_out) return words;
    // Which items a refused request asked for is not recorded: all are told of.
    for (const auto& [sku, item] : life_.items) add_item(words, sku, refusal.arrival);
    return words;
  }

 private:
  [[nodiscard]] std::string begin(Arrival arrival, Instant received) const {
    return begin_ + std::to_string(arrival.value()) + " at " + time_of_day(received) + ", ";
  }
  void add_item(std::string& words, const std::string& sku, Arrival seen_from) const {
    if (life_.items.contains(sku)) words += "; " + WhereUnitsWent(life_, sku, seen_from).words();
  }

  const TallyLife& life_;
  std::string begin_;
};

/// With the arrival, to sort by.
using Sentences = std::vector<std::pair<Arrival, std::string>>;

void add_sentences(const TallyLife& told, bool earlier, const BuyerId& buyer, Sentences& to) {
  const Life life(told, earlier);
  for (const auto& [arrival, order] : told.orders) {
    if (order.buyer == buyer) to.emplace_back(arrival, life.of(order));
  }
  for (const TallyRefusal& refusal : told.refusals) {
    if (refusal.buyer == buyer) to.emplace_back(refusal.arrival, life.of(refusal));
  }
}

}  // namespace

Result<std::vector<std::string>> why(const std::string& dir, const SaleId& sale,
                                     const BuyerId& buyer) {
  Tally tally;
  RecoverOptions options{.beside_server = true, .must_exist = true, .fold = false};
  options.visit = [&](const Record& record) {
    tally.take(record.payload);
    return true;
  };
  if (auto done = recover(posix_disk(), dir, options); !done) return std::unexpected(done.error());
  const auto found = tally.sales().find(sale.value());
  if (found == tally.sales().end()) {
    return fault(FaultKind::bad_input, "there is no sale " + sale.value() + " in " + dir,
                 "Check the sale's id.");
  }
  Sentences sentences;
  const std::vector<TallyLife>& lives = found->second.lives();
  for (const TallyLife& life : lives) {
    add_sentences(life, &life != &lives.back(), buyer, sentences);
  }
  if (sentences.empty()) {
    return fault(FaultKind::bad_input,
                 "no request of buyer " + buyer.value() + " was ever numbered in this sale",
                 "Check the buyer's id; a request that was refused before the rules (401, 429, "
                 "503) has no number.");
  }
  std::ranges::sort(sentences);
  std::vector<std::string> words;
  words.reserve(sentences.size());
  for (auto& [arrival, sentence] : sentences) words.push_back(std::move(sentence));
  return words;
}

}  // namespace dibs::engine
