#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"

namespace dibs::api {

/// Every route of the server, in one table: who may call what. The role matrix of the tests comes
/// from it, and api/openapi.yaml is held against it.
[[nodiscard]] std::span<const Route> routes();

struct Match {
  const Route* route;
  std::string_view segment;  ///< what stands at `{sale}` or `{order}`, as sent; empty if none
};
/// The route of a request (HEAD is served as GET). Else unknown_path, or method_not_allowed with
/// what the path takes.
[[nodiscard]] std::expected<Match, Problem> find_route(http::Method method, std::string_view path);

[[nodiscard]] std::string_view to_text(http::Method method);
/// The methods that some route of this path takes, `GET, HEAD, POST`; empty: unknown path.
[[nodiscard]] std::string methods_of(std::string_view path);

// What the routes do; each file of that name holds a group.
namespace sales {
Prepared put(Core& core, const Call& call);
Prepared list(Core& core, const Call& call);
Prepared get(Core& core, const Call& call);
Prepared remove(Core& core, const Call& call);
Prepared stock(Core& core, const Call& call);
Prepared pause(Core& core, const Call& call);
Prepared resume(Core& core, const Call& call);
Prepared close(Core& core, const Call& call);
}  // namespace sales

namespace lists {
Prepared orders(Core& core, const Call& call);
Prepared arrivals(Core& core, const Call& call);
Prepared history(Core& core, const Call& call);
}  // namespace lists

namespace orders {
Prepared buy(Core& core, const Call& call);
Prepared get(Core& core, const Call& call);
Prepared pay(Core& core, const Call& call);
Prepared begin(Core& core, const Call& call);
Prepared confirm(Core& core, const Call& call);
Prepared release(Core& core, const Call& call);
Prepared cancel(Core& core, const Call& call);
Prepared refund(Core& core, const Call& call);
}  // namespace orders

namespace payments {
Prepared webhook(Core& core, const Call& call);
}  // namespace payments

namespace streams {
Prepared sale_events(Core& core, const Call& call);
Prepared sale_live(Core& core, const Call& call);
Prepared order_events(Core& core, const Call& call);
}  // namespace streams

/// Pages and their parts: HTML and what it loads.
namespace pages {
Prepared home(Core& core, const Call& call);
Prepared sale(Core& core, const Call& call);
Prepared console(Core& core, const Call& call);
Prepared asset(Core& core, const Call& call);
}  // namespace pages

namespace session {
Prepared begin(Core& core, const Call& call);
Prepared end(Core& core, const Call& call);
}  // namespace session

namespace console {
Prepared log_in(Core& core, const Call& call);
Prepared look(Core& core, const Call& call);
Prepared log_out(Core& core, const Call& call);
}  // namespace console

namespace service {
Prepared healthz(Core& core, const Call& call);
Prepared readyz(Core& core, const Call& call);
Prepared metrics(Core& core, const Call& call);
Prepared time(Core& core, const Call& call);
Prepared openapi(Core& core, const Call& call);
}  // namespace service

}  // namespace dibs::api
