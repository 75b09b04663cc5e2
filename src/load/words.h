#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "load/options.h"
#include "load/outcome.h"
#include "load/sentence.h"

namespace dibs::load {

/// The text of a language.
[[nodiscard]] constexpr std::string_view pick(Language language, std::string_view english,
                                              std::string_view korean) {
  return language == Language::korean ? korean : english;
}

[[nodiscard]] inline std::string_view pick(Language language, const Sentence& sentence) {
  return pick(language, sentence.english, sentence.korean);
}

[[nodiscard]] constexpr std::string_view words_of(Outcome outcome, Language language) {
  return pick(language, info(outcome).english, info(outcome).korean);
}

/// How the presses travelled: `1,000 connections`, `one new connection a press`, …
[[nodiscard]] std::string connection_words(const Options& options, Language language);

/// 10000 as `10,000`.
[[nodiscard]] std::string with_commas(std::uint64_t number);
/// With so many digits after the point.
[[nodiscard]] std::string fixed(double number, int digits);

/// Columns on a terminal: Korean letters take two.
[[nodiscard]] std::size_t columns(std::string_view utf8);
/// `text` with blanks after it, or before it, up to `width` columns.
[[nodiscard]] std::string left(std::string_view text, std::size_t width);
[[nodiscard]] std::string right(std::string_view text, std::size_t width);

}  // namespace dibs::load
