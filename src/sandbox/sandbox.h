#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "sandbox/faults.h"

/// A payment provider in which no money moves, for tests and demos, as its own process: the
/// protocol of docs/formats/provider.md, and a page on which it can be made to misbehave.
namespace dibs::sandbox {

class Sandbox {
 public:
  struct Options {
    std::string listen = "127.0.0.1:8090";  ///< loopback
    std::string data;                       ///< file of the books; `:memory:` keeps nothing
    std::string api_key;  ///< wanted as a bearer token; empty: anybody's call is taken
    std::string webhook;  ///< where events go, with `secret`; empty: where a caller says
    std::string secret;
    Faults faults;
    std::uint64_t seed = 1;
    /// Starts the process anew, for the fault of that name; does not return. Empty: there is no
    /// such fault.
    std::function<void(const std::string& address)> restart;
  };
  /// Serves from when it returns. Fails naming the address or the file that cannot be had.
  [[nodiscard]] static Result<std::unique_ptr<Sandbox>> start(Options options, const Clock& clock);
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;
  ~Sandbox();

  [[nodiscard]] std::string address() const;

 private:
  struct Impl;
  explicit Sandbox(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dibs::sandbox
