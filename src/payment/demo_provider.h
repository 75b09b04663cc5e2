#pragma once

#include <memory>

#include "base/time.h"
#include "payment/provider.h"

namespace dibs::payment {

/// The demo's provider, in this process: no money moves. `tok_ok` is authorised at once, `tok_fail`
/// declined at once, `tok_late` authorised 3 seconds later; no other token is accepted. Captures,
/// voids and refunds succeed at once. With a `delay` every answer to an attempt comes so much
/// later; the caller still counts on it soon (`answers_at_once`). One thread of its own for what is
/// late; what has not been answered when it is destroyed never is.
[[nodiscard]] std::unique_ptr<Provider> make_demo_provider(const Clock& clock,
                                                           Duration delay = Duration(0));

}  // namespace dibs::payment
