#pragma once

#include <string>

#include "base/ids.h"
#include "sale/event.h"

namespace dibs::api {

/// What the shop is sent of an event of `sale`: docs/formats/notices.md. `test`: of a test sale.
[[nodiscard]] std::string notice_json(const SaleId& sale, const sale::Event& event, bool test);

}  // namespace dibs::api
