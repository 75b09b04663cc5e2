#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "cli/checkup.h"

/// What `dibs doctor` looks at on the machine. Looking and judging are apart, so that tests can
/// judge machines that are not there.
namespace dibs::cli {

struct ClockFacts {
  bool synchronised = false;  ///< the kernel says so (adjtimex)
  Duration max_error{0};      ///< how wrong it may be, by the kernel's reckoning
  bool leap_second_today = false;
  Duration stepped{0};  ///< by how much the wall clock left the other one while it was looked at
};
/// Looks at the clock for a tenth of a second; nothing when the system does not tell.
[[nodiscard]] std::optional<ClockFacts> look_at_clock();
/// `opening_ahead`: a sale is to open at a set time, so a wrong clock opens it at the wrong one.
[[nodiscard]] Finding judge_clock(const std::optional<ClockFacts>& facts, bool opening_ahead);

/// The most descriptors this process may have; serve takes them all.
[[nodiscard]] std::optional<std::uint64_t> look_at_descriptors();
[[nodiscard]] Finding judge_descriptors(std::optional<std::uint64_t> most,
                                        std::uint64_t connections);

/// The number in a file of /proc/sys.
[[nodiscard]] std::optional<std::uint64_t> look_at_setting(const std::string& name);
/// How many connections may wait to be accepted, and to be established.
[[nodiscard]] Finding judge_queue(const std::string& name, std::optional<std::uint64_t> length,
                                  std::uint64_t connections);

/// Cores this process may run on.
[[nodiscard]] std::uint32_t look_at_cores();
[[nodiscard]] Finding judge_loops(std::uint32_t loops, std::uint32_t cores);

}  // namespace dibs::cli
