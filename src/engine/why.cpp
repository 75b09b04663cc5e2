#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

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

/// Who had the units: "the ten units went to arrivals 1 to 13 (3 gave theirs back)".
std::string where_units_went(const TallySale& sale) {
  std::int64_t units = 0;
  for (const auto& [sku, item] : sale.items()) units += item.total;
  std::optional<Arrival> first;
  Arrival last;
  std::uint64_t given_back = 0;
  for (const auto& [arrival, order] : sale.orders()) {
    if (!order.had_units) continue;
    if (!first) first = arrival;
    last = arrival;
    if (order.state == sale::OrderState::released) ++given_back;
  }
  if (!first) return "no unit was given to anybody";
  std::string words =
      "the " + number_words(units) + (units == 1 ? " unit went to " : " units went to ");
  words += *first == last ? "arrival " + std::to_string(last.value())
                          : "arrivals " + std::to_string(first->value()) + " to " +
                                std::to_string(last.value());
  if (given_back > 0) words += " (" + std::to_string(given_back) + " gave theirs back)";
  return words;
}

std::string sentence_begin(Arrival arrival, Instant received) {
  return "arrival " + std::to_string(arrival.value()) + " at " + time_of_day(received) + ", ";
}

std::string of_order(const TallyOrder& order, const TallySale& sale) {
  std::string words = sentence_begin(order.arrival, order.received);
  words += sale::to_text(order.state);
  if (order.reason != sale::Reason::none) {
    words += " (" + std::string(sale::to_text(order.reason)) + ")";
  }
  if (!order.had_units) words += "; " + where_units_went(sale);
  return words;
}

std::string of_refusal(const TallyRefusal& refusal, const TallySale& sale) {
  std::string words = sentence_begin(refusal.arrival, refusal.received);
  words += sale::info(refusal.code).name;
  if (refusal.code == sale::Code::sold_out) words += "; " + where_units_went(sale);
  return words;
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
  std::vector<std::pair<Arrival, std::string>> sentences;
  for (const auto& [arrival, order] : found->second.orders()) {
    if (order.buyer == buyer) sentences.emplace_back(arrival, of_order(order, found->second));
  }
  for (const TallyRefusal& refusal : found->second.refusals()) {
    if (refusal.buyer != buyer) continue;
    sentences.emplace_back(refusal.arrival, of_refusal(refusal, found->second));
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
