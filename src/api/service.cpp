// Routes about the server itself.
#include "api/core.h"
#include "api/openapi.h"
#include "api/routes.h"
#include "base/json_writer.h"

namespace dibs::api::service {
namespace {

http::Response text_response(std::string content_type, std::string body) {
  http::Response response;
  response.content_type = std::move(content_type);
  response.headers = {{"Cache-Control", "no-store"}};
  response.body = std::move(body);
  return response;
}

}  // namespace

Prepared healthz(Core& /*core*/, const Call& /*call*/) {
  return [](Answer answer) { answer.json(200, R"({"status":"ok"})"); };
}

/// Ready is who can read from the store: a read goes the way of every order.
Prepared readyz(Core& core, const Call& call) {
  return [&core, stamp = call.request.stamp](Answer answer) {
    if (core.stopping) return answer.refuse(problem(sale::Code::unavailable));
    core.store.list_sales(
        stamp, [answer = std::move(answer)](Result<std::vector<sale::SaleView>> result) mutable {
          if (!result) return answer.refuse(problem_of(result.error(), false));
          answer.json(200, R"({"status":"ready"})");
        });
  };
}

Prepared metrics(Core& core, const Call& /*call*/) {
  return [&core](Answer answer) {
    answer.send(
        text_response("text/plain; version=0.0.4; charset=utf-8", core.metrics.text(core.stats())));
  };
}

Prepared time(Core& core, const Call& /*call*/) {
  return [&core](Answer answer) {
    std::string body;
    JsonWriter(body).begin_object().member("now", to_rfc3339(core.clock.now())).end_object();
    answer.json(200, std::move(body));
  };
}

Prepared openapi(Core& /*core*/, const Call& /*call*/) {
  return [](Answer answer) { answer.json(200, std::string(openapi_json())); };
}

}  // namespace dibs::api::service
