#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "cli/serve_options.h"

namespace dibs::cli {

/// Listening sockets that a service manager opened and keeps, so that a restart refuses nobody.
struct InheritedSockets {
  std::vector<Fd> buyers;     ///< for --listen
  std::vector<Fd> operators;  ///< for --operator-listen

  [[nodiscard]] bool any() const { return !buyers.empty() || !operators.empty(); }
};

/// Takes over what sd_listen_fds(3) hands to this process (LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES,
/// from descriptor 3 on); nothing when it hands over nothing. A socket named `operator` is the
/// operators'; without such a name, one at another address than the first. Fails when the sockets
/// of either side listen at different addresses. Call once, before the first thread.
[[nodiscard]] Result<InheritedSockets> take_inherited_sockets();

/// Sets in `options` what follows from `sockets`: the addresses, and as many ingress loops as there
/// are buyers' sockets, since each loop reads from one of its own. Gives what to tell the operator,
/// when that is not what `options` said.
[[nodiscard]] std::optional<std::string> fit_to(const InheritedSockets& sockets,
                                                ServeOptions& options);

}  // namespace dibs::cli
