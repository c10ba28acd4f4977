// One simulated network: the real sync/core and sync/wire over stores in memory, a fake network,
// fake disks and fake clocks, in one thread under one seed. The same options give the same run, to
// the byte. README.md says what is drawn, what is checked, and how to add to it.
#pragma once

#include <cstdint>
#include <string>

#include "tests/sim/faults.h"
#include "tests/sim/plant.h"

namespace solidaires::sync::sim {

struct Options {
  std::uint64_t seed = 1;
  std::size_t steps = 200;  // of people and of misfortune, before everything is healed
  Plant plant = Plant::none;
  FaultMask without = 0;  // faults that stay away
  bool trace = false;     // a line on standard output for whatever happens
};

struct Outcome {
  std::string violation{};  // "property: what"; empty: every property held
  std::uint64_t trace_hash = 0;
  std::size_t events = 0;
  std::size_t frames = 0;
  std::size_t bytes = 0;
  std::size_t writes = 0;
  std::size_t reads = 0;
  std::size_t crashes = 0;
  std::size_t renewals = 0;  // incarnations drawn
  std::size_t named = 0;     // stale stores and clones that were told so
  std::size_t documents = 0;
  std::size_t conflicts = 0;    // documents with one at the end
  std::size_t differences = 0;  // found by comparisons: 0, unless damage was planted
  // The phase without faults: from the last write until every replica was equal.
  double settled_s = 0;
  std::size_t settled_bytes = 0;
};

[[nodiscard]] Outcome run(Options const& options);

// Scenes: no chance but the network's own delays, for what a seed meets too rarely.
// `nodes` instances that wrote `documents` each while they were away come back in one second.
[[nodiscard]] Outcome run_return(std::uint64_t seed, std::size_t nodes, std::size_t documents);
// A hub with three nodes writes for a minute; one node takes nothing. settled_s: how long after the
// last write the two others were equal to the hub.
[[nodiscard]] Outcome run_stuck_peer(std::uint64_t seed, bool stuck);
// Leaf to leaf over two hubs and the top, which hold an equal or a newer value already.
[[nodiscard]] Outcome run_relay(std::uint64_t seed, bool newer);

}  // namespace solidaires::sync::sim
