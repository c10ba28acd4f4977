#include "tests/sim/shrink.h"

#include "sync/base/bytes.h"

namespace solidaires::sync::sim {
namespace {

std::string_view property(std::string_view violation) {
  return violation.substr(0, violation.find(':'));
}

}  // namespace

// Fewer steps are a beginning of the same run; leaving a fault out changes what follows, so that is
// only tried, and kept if the same property breaks.
Options shrink(Options options, std::string const& violation) {
  options.trace = false;
  auto const breaks = [&](Options const& tried) {
    return property(run(tried).violation) == property(violation);
  };
  bool smaller = true;
  while (smaller) {
    smaller = false;
    for (auto const& [fault, name] : kFaults) {
      auto tried = options;
      tried.without |= mask_of(fault);
      if (tried.without == options.without || !breaks(tried)) continue;
      options = tried;
      smaller = true;
    }
    for (std::size_t less = options.steps; less > 0; less /= 2) {
      auto tried = options;
      tried.steps -= less;
      if (!breaks(tried)) continue;
      options = tried;
      smaller = true;
    }
  }
  return options;
}

std::string command(Options const& options) {
  auto words = cat("tests/sim/run --seed ", options.seed, " --steps ", options.steps);
  for (auto const& plant : kPlants) {
    if (plant.plant == options.plant) words += cat(" --plant ", plant.name);
  }
  for (auto const& [fault, name] : kFaults) {
    if ((options.without & mask_of(fault)) != 0) words += cat(" --without ", name);
  }
  return words;
}

}  // namespace solidaires::sync::sim
