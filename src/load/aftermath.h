#pragma once

#include <span>
#include <string>
#include <vector>

#include "load/findings.h"
#include "load/plain_client.h"
#include "load/script.h"

namespace dibs::load {

/// Nobody whose payment was declined may have bought: such a buyer becomes Outcome::wrong_buyer.
void check_payments(std::vector<Press>& presses, Findings& findings);

/// What can only be asked when all is over. `presses` is indexed by buyer.
///
/// The first 1,000 buyers who bought or failed to pay ask for their order once more: it must be as
/// the buyer last saw it, or else somebody's payment or failure hit the wrong order
/// (Outcome::wrong_buyer). Twenty of them press again with their old key, at the next gateway
/// where there are several: the answer must be the same order, marked as a replay; not without
/// `replays`. Stops at the first question without an answer. One client a gateway.
void ask_once_more(std::span<PlainClient> gateways, const Script& script, bool replays,
                   std::vector<Press>& presses, Findings& findings);

}  // namespace dibs::load
