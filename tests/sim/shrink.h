// A failing run, made smaller: fewer steps, fewer kinds of faults, the same property broken.
#pragma once

#include "tests/sim/world.h"

namespace solidaires::sync::sim {

[[nodiscard]] Options shrink(Options options, std::string const& violation);
// The command that runs it again.
[[nodiscard]] std::string command(Options const& options);

}  // namespace solidaires::sync::sim
