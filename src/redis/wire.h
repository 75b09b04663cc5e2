#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "redis/address.h"
#include "redis/resolution.h"
#include "redis/tls_session.h"

namespace dibs::redis {

/// A stream of bytes to a server, through TLS when the address says so: there is no other way then.
/// Looks the name up and connects on the way, place by place. Never blocks. One thread.
class Wire {
 public:
  explicit Wire(Address address) : address_(std::move(address)) {}
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  ~Wire() { close(); }

  /// Begins; what cannot even begin leaves it closed.
  [[nodiscard]] Result<void> open();
  void close();
  [[nodiscard]] bool is_open() const { return state_ != State::closed; }
  /// Bytes can have reached the server, since the last open().
  [[nodiscard]] bool has_been_there() const { return has_been_there_; }

  /// To be sent as soon as it can be.
  void send(std::string_view bytes);

  /// For poll(): -1 when closed.
  [[nodiscard]] int fd() const;
  [[nodiscard]] short wanted_events() const;
  /// Does what `events` of poll() allow, and appends what was received to `received`. On a failure
  /// it is closed; the fault says how it was lost.
  [[nodiscard]] Result<void> ready(short events, std::string& received);

 private:
  enum class State { closed, looked_up, connecting, shaking_hands, there };

  Result<void> connect_next(std::string why_not);
  Result<void> connected();
  Result<void> shake_hands();
  void there();
  Result<void> write_out();
  Result<void> read_in(std::string& received);
  std::unexpected<Fault> lost(const std::string& how);

  const Address address_;
  State state_ = State::closed;
  bool has_been_there_ = false;
  std::unique_ptr<Resolution> resolution_;
  Places places_;
  int fd_ = -1;
  std::unique_ptr<TlsSession> tls_;
  std::string waiting_;  ///< plain bytes, until the server is there
  std::string out_;
  std::size_t written_ = 0;  ///< of `out_`
};

}  // namespace dibs::redis
