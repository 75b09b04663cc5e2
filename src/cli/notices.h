#pragma once

#include <memory>
#include <vector>

#include "api/api.h"
#include "base/result.h"
#include "cli/seller.h"
#include "cli/serve_options.h"
#include "events/notice_relay.h"

namespace dibs::cli {

/// Who tells the shops, as the settings say; null where there is no secret to sign with, and then
/// `api` refuses sales that want notices. Fails naming the setting that is wrong. The seller and
/// `api`'s user outlive it.
[[nodiscard]] Result<std::unique_ptr<events::NoticeRelay>> choose_notices(
    const ServeOptions& options, Seller& seller, api::Options& api);

/// Begins to send, once the seller has started. `relay` may be null: then warns of sales whose
/// shops hear nothing.
void begin_notices(events::NoticeRelay* relay, std::vector<sale::SaleView> sales);

/// The relay's figures for /metrics; it may be null.
void add_notice_stats(std::vector<api::Stat>& out, const events::NoticeRelay* relay);

}  // namespace dibs::cli
