#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "load/exchange.h"
#include "load/findings.h"
#include "load/script.h"

namespace dibs::load {

/// Holds every answer of a run against the wire contract: status, content type, members and their
/// forms, codes with their statuses, who carries an arrival, whose order it is. A second reading of
/// the contract, independent of the server's code; runs after the timed part.
///
/// `presses` is indexed by buyer. A press whose answer named another buyer's order becomes
/// Outcome::wrong_buyer.
void check_answers(const Exchanges& exchanges, const Script& script, std::string_view sale,
                   std::vector<Press>& presses, Findings& findings);

/// Arrivals are unique, and who was answered before another began to press has the smaller one;
/// with Options::books_apart, of two at the same gateway.
void check_arrivals(std::span<const Press> presses, const Options& options, Findings& findings);

}  // namespace dibs::load
