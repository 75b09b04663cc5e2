#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <variant>

#include "base/ids.h"
#include "base/result.h"
#include "base/stamp.h"
#include "engine/sales.h"
#include "sale/command.h"
#include "sale/sale.h"
#include "store/ordered.h"
#include "store/sale_store.h"

namespace dibs::engine {

/// An answer that waits until what it depends on is durable. Called once: with nullptr when it is,
/// with the fault when nobody can say.
using Answer = std::move_only_function<void(const Fault*)>;

/// A command for one sale.
struct CommandRequest {
  sale::Command command;
  store::Reply<sale::Outcome> reply;
};

/// A look at the sales at its place in the order. `look` is called once: with the sales it copies
/// what is wanted and gives the answer that will hand it over; without them it hands on the fault.
/// `whole`: at all sales, so that what is due in any is done first.
struct LookRequest {
  std::move_only_function<Answer(const Sales*, const Fault*)> look;
  bool whole = false;
};

/// Something becomes due in the sale by itself at the stamp's time.
struct DueRequest {};

/// What waits to be put in order.
struct Request final : store::Ordered {
  using Body = std::variant<CommandRequest, LookRequest, DueRequest>;
  Request(const Stamp& stamped, SaleId of_sale, Body what)
      : Ordered(stamped), sale(std::move(of_sale)), body(std::move(what)) {
    is_own = std::holds_alternative<DueRequest>(body);
  }

  SaleId sale;
  Body body;
};

/// The request that the merge gave back: it is never given any others.
inline Request& request_of(store::Ordered& ordered) { return static_cast<Request&>(ordered); }

using RequestPtr = std::unique_ptr<Request>;

/// Gives `request` the answer that it was not taken up.
void refuse(Request& request, const Fault& fault);

}  // namespace dibs::engine
