#pragma once

#include <string>
#include <vector>

#include "load/options.h"
#include "load/run.h"

namespace dibs::load {

/// The promises this run broke, one sentence each, the worst first. Empty: all were held.
[[nodiscard]] std::vector<std::string> verdict(const Run& run,
                                               Language language = Language::english);

/// The sentence that stands where no promise was broken.
[[nodiscard]] std::string all_held(const Run& run, Language language);

/// Where the comparison ended and why; empty when it went to the end.
[[nodiscard]] std::string border_words(const Border& border, Language language);

/// The process status that goes with the verdict: 0 all promises held, 1 one was broken or the run
/// is invalid, 3 nothing is known to be broken but the server was lost.
[[nodiscard]] int exit_status(const Run& run);

/// What became of press number `k` (from 1), in one sentence.
[[nodiscard]] std::string fate(const Run& run, std::uint64_t k,
                               Language language = Language::english);

/// For a terminal, with a line feed at the end.
[[nodiscard]] std::string table(const Run& run, Language language = Language::english);
/// One object, as the API description names it; more members at its end.
[[nodiscard]] std::string to_json(const Run& run);
/// One row a buyer, in the order of press, with a header row.
[[nodiscard]] std::string to_csv(const Run& run);
/// One self-contained page: no script, style, font or picture from elsewhere.
[[nodiscard]] std::string to_html(const Run& run, Language language = Language::english);

}  // namespace dibs::load
