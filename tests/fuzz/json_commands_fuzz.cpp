#include <boost/json.hpp>

#include <string>

#include "api/json_reader.h"
#include "api/put_request.h"
#include "base/assert.h"
#include "fuzz/bytes.h"
#include "sale/spec.h"

/// Any body: the strict reader takes nothing that a lenient one refuses, and a sale that is read
/// from it is within every bound of the contract.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dibs;
  const std::string_view body = text_of(data, size);
  api::json::Document document;
  if (api::json::parse(body, document)) return 0;
  boost::system::error_code lenient;
  boost::json::parse(boost::json::string_view(body.data(), body.size()), lenient);
  DIBS_ASSERT(!lenient);

  api::json::Complaint complaint;
  api::json::ObjectReader members(document, 0, {}, complaint);
  const sale::Put put =
      api::read_put(std::move(members), document, nullptr, {true, true}, complaint);
  if (complaint.any()) return 0;
  DIBS_ASSERT(!sale::problem_of(put.spec));
  return 0;
}
