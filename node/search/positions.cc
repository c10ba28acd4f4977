#include "node/search/positions.h"

#include <absl/container/btree_map.h>
#include <s2/s1angle.h>
#include <s2/s2cap.h>
#include <s2/s2cell_id.h>
#include <s2/s2latlng.h>
#include <s2/s2latlng_rect.h>
#include <s2/s2region_coverer.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace solidaires::search {

namespace {

constexpr double kEarthKm = 6371.0088;  // mean radius (IUGG)
constexpr double kE7 = 1e7;

double radians_of_e7(std::int32_t e7) {
  return e7 / kE7 * std::numbers::pi / 180;
}

}  // namespace

std::optional<Spot> spot_of(Point point) {
  // Written so that a NaN fails.
  bool const on_earth = std::abs(point.latitude_deg) <= 90 && std::abs(point.longitude_deg) <= 180;
  if (!on_earth) return std::nullopt;
  Spot spot;
  spot.latitude_e7 = static_cast<std::int32_t>(std::lround(point.latitude_deg * kE7));
  spot.longitude_e7 = static_cast<std::int32_t>(std::lround(point.longitude_deg * kE7));
  auto const latitude = radians_of_e7(spot.latitude_e7);
  auto const longitude = radians_of_e7(spot.longitude_e7);
  spot.x = std::cos(latitude) * std::cos(longitude);
  spot.y = std::cos(latitude) * std::sin(longitude);
  spot.z = std::sin(latitude);
  return spot;
}

double km_of_chord2(double square) {
  return 2 * kEarthKm * std::asin(std::min(1.0, std::sqrt(square) / 2));
}

double straight_km(double square) {
  return kEarthKm * std::sqrt(square);
}

double chord2_of_km(double km) {
  if (!(km >= 0)) return -1;
  auto const half = std::min(km / (2 * kEarthKm), std::numbers::pi / 2);
  auto const chord = 2 * std::sin(half);
  return chord * chord;
}

std::optional<Box> Box::of(Rectangle const& rectangle) {
  auto const corner = spot_of(rectangle.south_west);
  auto const opposite = spot_of(rectangle.north_east);
  if (!corner || !opposite || corner->latitude_e7 > opposite->latitude_e7) return std::nullopt;
  Box box;
  box.south_ = corner->latitude_e7;
  box.west_ = corner->longitude_e7;
  box.north_ = opposite->latitude_e7;
  box.east_ = opposite->longitude_e7;
  return box;
}

bool Box::contains(Spot const& spot) const {
  if (spot.latitude_e7 < south_ || spot.latitude_e7 > north_) return false;
  bool const past_west = spot.longitude_e7 >= west_;
  bool const before_east = spot.longitude_e7 <= east_;
  return west_ <= east_ ? past_west && before_east : past_west || before_east;
}

struct Positions::Impl {
  struct Placed {
    Slot slot;
    Spot spot;
  };
  // Spots by cell along S2's curve: an area is a few runs of cells, and a cell is read in one go.
  static constexpr int kLevel = 12;  // about 2 km
  absl::btree_map<std::uint64_t, std::vector<Placed>> cells;

  [[nodiscard]] static std::uint64_t cell_of(Spot const& spot) {
    return S2CellId(S2Point(spot.x, spot.y, spot.z)).parent(kLevel).id();
  }

  template <class Test>
  [[nodiscard]] std::vector<Slot> within(S2Region const& region, Test const& test) const {
    S2RegionCoverer::Options options;
    options.set_max_cells(12);
    options.set_max_level(kLevel);
    std::vector<S2CellId> covering;
    S2RegionCoverer(options).GetCovering(region, &covering);
    std::vector<Slot> out;
    for (auto const& run : covering) {
      auto const last = run.range_max().id();
      for (auto at = cells.lower_bound(run.range_min().id());
           at != cells.end() && at->first <= last; ++at) {
        for (auto const& placed : at->second) {
          if (test(placed.spot)) out.push_back(placed.slot);
        }
      }
    }
    sort_slots(out);
    return out;
  }
};

Positions::Positions() : impl_(std::make_unique<Impl>()) {}
Positions::~Positions() = default;
Positions::Positions(Positions&&) noexcept = default;
Positions& Positions::operator=(Positions&&) noexcept = default;

void Positions::add(Slot slot, Spot const& spot) {
  impl_->cells[Impl::cell_of(spot)].push_back({slot, spot});
}

void Positions::remove(Slot slot, Spot const& spot) {
  auto const cell = impl_->cells.find(Impl::cell_of(spot));
  if (cell == impl_->cells.end()) return;
  std::erase_if(cell->second, [&](Impl::Placed const& placed) {
    return placed.slot == slot && placed.spot.latitude_e7 == spot.latitude_e7 &&
           placed.spot.longitude_e7 == spot.longitude_e7;
  });
  if (cell->second.empty()) impl_->cells.erase(cell);
}

std::vector<Slot> Positions::within(Spot const& centre, double radius_km) const {
  // The covering takes a metre more, for what rounding does at the rim; the test is exact.
  auto const angle =
      S1Angle::Radians(std::min(radius_km / kEarthKm + 1e-3 / kEarthKm, std::numbers::pi));
  auto const reach = chord2_of_km(radius_km);
  return impl_->within(S2Cap(S2Point(centre.x, centre.y, centre.z).Normalize(), angle),
                       [&](Spot const& spot) { return chord2(spot, centre) <= reach; });
}

std::vector<Slot> Positions::within(Box const& box) const {
  auto const corner = [](std::int32_t latitude_e7, std::int32_t longitude_e7) {
    return S2LatLng::FromE7(latitude_e7, longitude_e7);
  };
  auto const rectangle = S2LatLngRect(corner(box.south_, box.west_), corner(box.north_, box.east_));
  return impl_->within(rectangle.Expanded(S2LatLng::FromDegrees(1e-6, 1e-6)),
                       [&](Spot const& spot) { return box.contains(spot); });
}

}  // namespace solidaires::search
