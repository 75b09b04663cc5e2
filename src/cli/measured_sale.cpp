#include "cli/measured_sale.h"

#include "cli/http_call.h"

namespace dibs::cli {

Result<void> make_sale(const ServerProcess& server, const std::string& token,
                       const MeasuredSale& sale) {
  std::string body = R"({"title":")" + sale.title +
                     R"(","currency":"KRW","test":true,"items":[{"sku":"unit","title":"Unit",)"
                     R"("price":50000,"stock":)" +
                     std::to_string(sale.stock) + "}]";
  if (sale.line) body += ",\"line_limit\":" + std::to_string(*sale.line);
  const auto answer = call(server.address(),
                           "PUT /v1/sales/" + sale.id +
                               " HTTP/1.1\r\nContent-Type: application/json\r\n"
                               "Authorization: Bearer " +
                               token + "\r\n",
                           body + "}");
  if (!answer) return std::unexpected(answer.error());
  if (answer->status == 201) return {};
  return fault(answer->status == 400 ? FaultKind::bad_input : FaultKind::unavailable,
               "The sale could not be made: " + std::to_string(answer->status) + ".", answer->body);
}

}  // namespace dibs::cli
