#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "load/plain_client.h"
#include "load/run.h"
#include "load/script.h"

namespace dibs::load {

/// Asks for the sale and takes out what concerns `sku` (empty: its first item). Fails, saying what
/// to do, when there is no answer (`unavailable`) or no such sale or item (`not_found`).
///
/// One client a gateway. Each shows the whole sale, some a moment later than others: asked again
/// for up to two seconds until all show the same. With Options::books_apart, what each has sold is
/// added up.
[[nodiscard]] Result<SaleFacts> read_sale(std::span<PlainClient> gateways, const Options& options);

/// The counters named in the options as /metrics shows them now, added up over the gateways; empty
/// if there is no such page.
[[nodiscard]] std::vector<CounterGrowth> read_counters(std::span<PlainClient> gateways,
                                                       const Options& options);

/// A request without a buyer; `extra_header` ends with CRLF or is empty.
[[nodiscard]] std::string plain_get(const Options& options, std::string_view path,
                                    std::string_view extra_header = {});

}  // namespace dibs::load
