#pragma once

#include <string>
#include <string_view>

#include "sale/state.h"

/// A whole state in packed form; docs/formats/snapshot.md is its description.
namespace dibs::sale {

inline constexpr std::uint64_t kSnapshotFormat = 1;

/// Appends the state. Equal states give equal bytes, however they came about.
void save_state(const State& state, std::string& out);

/// Reads what save_state wrote into `state`, a fresh one. Returns an empty text, or what is wrong
/// with the bytes; `state` is then of no use.
[[nodiscard]] std::string load_state(std::string_view bytes, State& state);

}  // namespace dibs::sale
