#pragma once

#include <expected>
#include <string>
#include <utility>

namespace dibs {

/// What kind of bad news a fault is, and so what the caller can do about it.
/// A refusal (sold out, not open) is not a fault: it is an ordinary outcome, see sale/outcome.h.
/// A broken invariant is not a fault either: it stops the process, see base/assert.h.
enum class FaultKind {
  bad_input,    ///< what was given is wrong; the same call will fail again
  not_found,    ///< the thing asked for does not exist
  unavailable,  ///< a part could not be reached or is full; the same call may succeed later
  corrupt,      ///< stored bytes are not what was written; nothing was changed
  unknown,      ///< the call may or may not have taken effect; ask again with the same key
};

/// A fault: what went wrong in `what`, what to do about it in `remedy`. Both are whole sentences
/// for a person and never hold a secret.
struct Fault {
  FaultKind kind = FaultKind::unavailable;
  std::string what;
  std::string remedy;
};

/// The result of a call that can fail for reasons outside the program.
template <class T>
using Result = std::expected<T, Fault>;

/// Builds the failed side of a Result.
inline std::unexpected<Fault> fault(FaultKind kind, std::string what, std::string remedy) {
  return std::unexpected(Fault{kind, std::move(what), std::move(remedy)});
}

}  // namespace dibs
