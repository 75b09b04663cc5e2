#pragma once

#include <rapidcheck.h>

#include "sale/checkers/script.h"

namespace dibs::sale::checkers {

/// Scripts of up to `moves` moves in any world: mostly buys and payments, closing and removing
/// rare, since little happens afterwards.
[[nodiscard]] rc::Gen<Script> any_script(int moves);
/// People come and hardly anybody is let in, until 200 units come at once; then so many holds end
/// at one moment.
[[nodiscard]] Script script_of_a_long_line(std::uint64_t seed);

}  // namespace dibs::sale::checkers
