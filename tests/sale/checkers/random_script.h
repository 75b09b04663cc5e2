#pragma once

#include <rapidcheck.h>

#include "sale/checkers/script.h"

namespace dibs::sale::checkers {

/// Scripts of up to `moves` moves in any world: mostly buys and payments, closing and removing
/// rare, since little happens afterwards.
[[nodiscard]] rc::Gen<Script> any_script(int moves);
/// The same in one world.
[[nodiscard]] rc::Gen<Script> any_script_in(std::uint8_t world, int moves);

}  // namespace dibs::sale::checkers
