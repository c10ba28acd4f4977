// One simulated network: the real sync/core and sync/wire over stores in memory, a fake network,
// fake disks and fake clocks, in one thread under one seed. The same options give the same run, to
// the byte.
#pragma once

#include <cstdint>
#include <string>

#include "tests/sim/plant.h"

namespace solidaires::sync::sim {

struct Options {
  std::uint64_t seed = 1;
  std::size_t steps = 200;  // of people and of misfortune, before everything is healed
  Plant plant = Plant::none;
  bool trace = false;  // a line on standard output for whatever happens
};

struct Outcome {
  std::string violation;  // empty: every property held
  std::uint64_t trace_hash = 0;
  std::size_t events = 0;
  std::size_t frames = 0;
  std::size_t writes = 0;
  std::size_t crashes = 0;
  std::size_t documents = 0;
  std::size_t conflicts = 0;    // documents with one at the end
  std::size_t differences = 0;  // found by comparisons: 0, unless damage was planted
};

[[nodiscard]] Outcome run(Options const& options);

}  // namespace solidaires::sync::sim
