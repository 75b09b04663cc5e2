#include "api/answer.h"

namespace dibs::api {
namespace {

void allow_origin(Answer::Headers& headers, std::string origin) {
  if (origin.empty()) return;
  headers.emplace_back("Access-Control-Allow-Origin", std::move(origin));
  headers.emplace_back("Access-Control-Expose-Headers",
                       "ETag, Idempotency-Replayed, Location, Retry-After");
  headers.emplace_back("Vary", "Origin");
}

}  // namespace

void Answer::deliver(http::Response response, std::string_view code) {
  allow_origin(response.headers, std::move(origin_));
  metrics_->answered(code);
  if (!waits_) metrics_->took(clock_->now() - received_);
  responder_.respond(std::move(response));
}

void Answer::send(http::Response response) { deliver(std::move(response), "ok"); }

void Answer::json(std::uint16_t status, std::string body, Headers headers) {
  http::Response response;
  response.status = status;
  response.headers = std::move(headers);
  response.body = std::move(body);
  deliver(std::move(response), "ok");
}

void Answer::refuse(const Problem& problem) { deliver(to_response(problem), problem.code); }

std::shared_ptr<http::Responder::Stream> Answer::stream() {
  Headers headers;
  allow_origin(headers, std::move(origin_));
  metrics_->answered("ok");
  return responder_.stream(std::move(headers));
}

}  // namespace dibs::api
