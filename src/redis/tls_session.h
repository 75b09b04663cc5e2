#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "redis/address.h"

namespace dibs::redis {

/// The client's side of one TLS connection (1.2 or newer), from bytes to bytes: it has no socket.
/// The server must show a certificate that an authority we trust has signed and that names the host
/// we asked for. One thread.
class TlsSession {
 public:
  /// Reads the files, at each connection anew, so that exchanged ones count without a restart.
  /// `bad_input` names the one that cannot be used.
  [[nodiscard]] static Result<std::unique_ptr<TlsSession>> begin(const TlsFiles& files,
                                                                 const std::string& host);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  ~TlsSession();

  /// Goes on with the handshake as far as what has come allows; why it has failed, if it has.
  [[nodiscard]] std::optional<std::string> shake_hands();
  [[nodiscard]] bool is_there() const;

  /// Bytes from the network.
  void came(std::string_view bytes);
  /// Appends what they say to `plain`; why they say nothing, if they are none of TLS.
  [[nodiscard]] std::optional<std::string> decrypt(std::string& plain);
  /// Only once the handshake is done.
  void encrypt(std::string_view plain);
  /// What was to be encrypted could not be: the connection is of no use.
  [[nodiscard]] bool is_broken() const;
  /// Bytes for the network.
  [[nodiscard]] bool has_output() const;
  void take_output(std::string& out);

 private:
  struct Impl;
  explicit TlsSession(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dibs::redis
