#include "tests/sim/faults.h"

#include <algorithm>

namespace solidaires::sync::sim {

std::optional<Fault> fault_named(std::string_view name) {
  auto const* const found =
      std::ranges::find(kFaults, name, &decltype(kFaults)::value_type::second);
  return found == kFaults.end() ? std::nullopt : std::optional(found->first);
}

// Few faults at once find what many would hide, and the other way round: so the share of those
// that are there at all is drawn too.
Weather Weather::draw(Rng& rng, FaultMask without) {
  static constexpr std::array<std::uint64_t, 5> kShares{0, 20, 45, 45, 75};
  auto const share = kShares.at(rng.below(kShares.size()));
  Weather weather;
  for (auto const& [fault, name] : kFaults) {
    bool const on = rng.below(100) < share;
    auto const rate = static_cast<std::uint8_t>(1 + rng.below(4));
    if (on && (without & mask_of(fault)) == 0) {
      weather.rates_.at(static_cast<std::size_t>(fault)) = rate;
    }
  }
  return weather;
}

}  // namespace solidaires::sync::sim
