#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "base/worker.h"
#include "client/http_client.h"
#include "payment/circuit.h"
#include "payment/http_provider.h"

namespace dibs::payment {

/// Makes a call to the provider until it is answered: again after a pause when it was not, or when
/// the answer says that the provider cannot now. Repeating is safe, since each call has a key or
/// changes nothing. Any thread; answers come on the client's.
class HttpCalls {
 public:
  HttpCalls(HttpProvider::Options options, const Clock& clock);
  HttpCalls(const HttpCalls&) = delete;
  HttpCalls& operator=(const HttpCalls&) = delete;
  ~HttpCalls();

  /// Called once, with an answer whose status is neither 401, 403, 408, 429 nor 5xx.
  using Answered = std::move_only_function<void(client::HttpAnswer)>;

  void get(std::string path, Answered answered);
  /// `key`: the Idempotency-Key.
  void post(std::string path, std::string body, std::string key, Answered answered);
  void put(std::string path, std::string body, Answered answered);
  /// Once, without repeating; a failure is not told.
  void get_once(std::string path, std::move_only_function<void(Result<client::HttpAnswer>)> done);

  void later(Duration pause, std::move_only_function<void()> task) {
    worker_.at(clock_.monotonic() + pause, std::move(task));
  }
  [[nodiscard]] std::optional<Duration> closed_for() const {
    return circuit_.open_for(clock_.monotonic());
  }
  void warn(const std::string& warning);

 private:
  struct Repeated;
  void ask(client::HttpCall call, Answered answered);
  void send(std::shared_ptr<Repeated> repeated);
  [[nodiscard]] client::HttpCall call(std::string method, const std::string& path) const;
  void failed(const std::string& why);
  void succeeded();

  HttpProvider::Options options_;
  const Clock& clock_;
  Circuit circuit_;
  std::atomic<bool> troubled_ = false;
  std::mutex warning_;  ///< one warning at a time
  Worker worker_;       ///< before the client, whose last answers may give it tasks
  client::HttpClient client_;
};

}  // namespace dibs::payment
