#pragma once

#include <functional>
#include <utility>
#include <variant>

#include "base/ids.h"
#include "base/result.h"
#include "sale/command.h"
#include "sale/sale.h"
#include "store/ordered.h"
#include "store/sale_store.h"

namespace dibs::redis {

struct SaleCommand {
  sale::Command command;
  store::Reply<sale::Outcome> reply;
};

/// A look at one sale at its place in the order: called once, with the sale or with the fault. With
/// both where the sale has stopped: others may have seen more of it than this gateway.
struct SaleLook {
  std::move_only_function<void(const sale::Sale*, const Fault*)> look;
};

/// Work of the store's thread that belongs to no sale's queue; `fault`: it cannot be done.
struct StoreTask {
  std::move_only_function<void(const Fault*)> run;
};

/// What waits to be put in order.
struct SaleRequest final : store::Ordered {
  using Body = std::variant<SaleCommand, SaleLook, StoreTask>;
  SaleRequest(const Stamp& stamped, SaleId of_sale, Body what)
      : Ordered(stamped), sale(std::move(of_sale)), body(std::move(what)) {}

  void refuse(const Fault& fault) {
    if (auto* command = std::get_if<SaleCommand>(&body)) {
      command->reply(std::unexpected(fault));
    } else if (auto* look = std::get_if<SaleLook>(&body)) {
      look->look(nullptr, &fault);
    } else {
      std::get<StoreTask>(body).run(&fault);
    }
  }

  SaleId sale;
  Body body;
  bool redirected = false;      ///< once already, to where its hash slot is now
  bool compared_again = false;  ///< a resume has had its stopped sale compared
};

}  // namespace dibs::redis
