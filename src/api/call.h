#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/answer.h"
#include "api/identity.h"
#include "api/problem.h"
#include "api/query.h"
#include "base/ids.h"
#include "base/stamp.h"
#include "http/message.h"

namespace dibs::api {

struct Core;

/// One request that has found its route and whose caller is known. Valid during `prepare` only;
/// what a job needs later it copies.
struct Call {
  const http::Request& request;
  Identity who;
  Query query;
  SaleId sale;    ///< of the path, or of the order in the path
  OrderId order;  ///< of the path

  /// The buyer that an order must belong to; empty when the caller may act on any.
  [[nodiscard]] const BuyerId& owner() const { return who.buyer; }
};

/// What remains to be done once the request is known to be well formed and allowed.
using Job = std::move_only_function<void(Answer)>;
using Prepared = std::expected<Job, Problem>;

/// One row of the route table.
struct Route {
  http::Method method;
  std::string_view pattern;  ///< segments; `{sale}` and `{order}` stand for ids
  Roles roles;
  /// Checks the whole request and copies what it needs; changes nothing and asks nobody.
  Prepared (*prepare)(Core& core, const Call& call);
  std::vector<std::string_view> parameters = {};  ///< of the query
  /// The credential is in the body: the route itself says whether a stranger asked.
  bool credential_in_body = false;
};

}  // namespace dibs::api
