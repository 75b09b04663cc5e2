#include "payment/http_calls.h"

#include <algorithm>
#include <boost/json.hpp>
#include <memory>
#include <utility>

namespace dibs::payment {
namespace {

constexpr Duration kFirstPause = std::chrono::milliseconds(50);
constexpr Duration kLongestPause = std::chrono::seconds(5);

/// Whether an answer says nothing about the call itself: the provider is down, busy, or does not
/// know us.
bool cannot_now(std::uint16_t status) {
  return status >= 500 || status == 401 || status == 403 || status == 408 || status == 429;
}

/// An answer that was cut off on its way says nothing either.
bool is_whole(const client::HttpAnswer& answer) {
  if (answer.status >= 300) return true;  // the status says it all
  boost::json::error_code error;
  static_cast<void>(boost::json::parse(answer.body, error));
  return !error;
}

}  // namespace

struct HttpCalls::Repeated {
  client::HttpCall call;
  Answered answered;
  Duration pause = kFirstPause;
};

HttpCalls::HttpCalls(HttpProvider::Options options, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      worker_(clock),
      client_({.connect_patience = std::min<Duration>(options_.patience, std::chrono::seconds(2)),
               .patience = options_.patience}) {}

HttpCalls::~HttpCalls() { worker_.stop(); }

client::HttpCall HttpCalls::call(std::string method, const std::string& path) const {
  client::HttpCall call{
      .method = std::move(method), .url = options_.url + path, .headers = {}, .body = {}};
  if (!options_.api_key.empty()) {
    call.headers.emplace_back("Authorization", "Bearer " + options_.api_key);
  }
  return call;
}

void HttpCalls::get(std::string path, Answered answered) {
  ask(call("GET", path), std::move(answered));
}

void HttpCalls::post(std::string path, std::string body, std::string key, Answered answered) {
  client::HttpCall made = call("POST", path);
  made.headers.emplace_back("Content-Type", "application/json");
  made.headers.emplace_back("Idempotency-Key", std::move(key));
  made.body = std::move(body);
  ask(std::move(made), std::move(answered));
}

void HttpCalls::put(std::string path, std::string body, Answered answered) {
  client::HttpCall made = call("PUT", path);
  made.headers.emplace_back("Content-Type", "application/json");
  made.body = std::move(body);
  ask(std::move(made), std::move(answered));
}

void HttpCalls::get_once(std::string path,
                         std::move_only_function<void(Result<client::HttpAnswer>)> done) {
  client_.send(call("GET", path), std::move(done));
}

void HttpCalls::ask(client::HttpCall call, Answered answered) {
  send(std::make_shared<Repeated>(
      Repeated{.call = std::move(call), .answered = std::move(answered)}));
}

void HttpCalls::send(std::shared_ptr<Repeated> repeated) {
  if (const Duration wait = circuit_.wait(clock_.monotonic()); wait > Duration(0)) {
    return later(wait,
                 [this, repeated = std::move(repeated)]() mutable { send(std::move(repeated)); });
  }
  client::HttpCall copy = repeated->call;
  client_.send(std::move(copy), [this, repeated](Result<client::HttpAnswer> answer) mutable {
    if (answer && !cannot_now(answer->status) && is_whole(*answer)) {
      succeeded();
      return repeated->answered(std::move(*answer));
    }
    failed(!answer                      ? answer.error().what
           : cannot_now(answer->status) ? "it answers with status " + std::to_string(answer->status)
                                        : std::string("its answers are cut off"));
    const Duration pause = repeated->pause;
    repeated->pause = std::min(repeated->pause * 2, kLongestPause);
    later(pause, [this, repeated = std::move(repeated)]() mutable { send(std::move(repeated)); });
  });
}

void HttpCalls::failed(const std::string& why) {
  if (!circuit_.failed(clock_.monotonic()) || troubled_.exchange(true)) return;
  warn("the payment provider at " + options_.url +
       " has failed again and again, so no payment is begun until it is back: " + why);
}

void HttpCalls::succeeded() {
  circuit_.succeeded();
  if (troubled_.exchange(false)) {
    warn("the payment provider at " + options_.url + " is back");
  }
}

void HttpCalls::warn(const std::string& warning) {
  const std::lock_guard lock(warning_);
  options_.on_warning(warning);
}

}  // namespace dibs::payment
