#include "node/search/positions.h"

#include <absl/container/btree_map.h>
#include <s2/s1angle.h>
#include <s2/s2cap.h>
#include <s2/s2cell_id.h>
#include <s2/s2latlng.h>
#include <s2/s2latlng_rect.h>
#include <s2/s2metrics.h>
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
  // Spots by cell along S2's curve: an area is a few runs of cells.
  static constexpr int kLevel = 12;  // about 2 km
  struct Cell {
    Spot centre;
    std::vector<Slot> slots;
    std::vector<Spot> spots;  // of the same
  };
  absl::btree_map<std::uint64_t, std::unique_ptr<Cell>> cells;
  Slot highest = 0;

  [[nodiscard]] static S2CellId cell_of(Spot const& spot) {
    return S2CellId(S2Point(spot.x, spot.y, spot.z)).parent(kLevel);
  }

  [[nodiscard]] std::vector<Cell const*> cells_in(S2Region const& region) const {
    S2RegionCoverer::Options options;
    options.set_max_cells(12);
    options.set_max_level(kLevel);
    std::vector<S2CellId> covering;
    S2RegionCoverer(options).GetCovering(region, &covering);
    std::vector<Cell const*> out;
    for (auto const& run : covering) {
      auto const last = run.range_max().id();
      for (auto at = cells.lower_bound(run.range_min().id());
           at != cells.end() && at->first <= last; ++at) {
        out.push_back(at->second.get());
      }
    }
    return out;
  }

  // `whole(cell)`: everything in it is inside, whatever test(spot) of each says. Slots are ticked
  // off, which sorts them and finds those of several spots.
  template <class Whole, class Test>
  [[nodiscard]] std::vector<Slot> within(S2Region const& region, Whole const& whole,
                                         Test const& test) const {
    constexpr std::size_t kAhead = 4;  // cells lie apart: fetch them before they are read
    auto const found = cells_in(region);
    std::vector<std::uint64_t> ticks(highest / 64 + 1);
    std::size_t most = 0;
    for (std::size_t k = 0; k < found.size(); ++k) {
      if (k + 2 * kAhead < found.size()) __builtin_prefetch(found[k + 2 * kAhead]);
      if (k + kAhead < found.size()) __builtin_prefetch(found[k + kAhead]->slots.data());
      auto const& [centre, slots, spots] = *found[k];
      most += slots.size();
      bool const all = whole(centre);
      for (std::size_t i = 0; i < slots.size(); ++i) {
        if (!all && !test(spots[i])) continue;
        ticks[slots[i] / 64] |= std::uint64_t{1} << (slots[i] % 64);
      }
    }
    std::vector<Slot> out;
    out.reserve(most);
    for_each_tick(ticks, [&](Slot slot) { out.push_back(slot); });
    return out;
  }
};

Positions::Positions() : impl_(std::make_unique<Impl>()) {}
Positions::~Positions() = default;
Positions::Positions(Positions&&) noexcept = default;
Positions& Positions::operator=(Positions&&) noexcept = default;

void Positions::add(Slot slot, Spot const& spot) {
  auto const id = Impl::cell_of(spot);
  auto& cell = impl_->cells[id.id()];
  if (!cell) {
    auto const centre = id.ToPoint();
    cell = std::make_unique<Impl::Cell>();
    cell->centre = {.x = centre.x(), .y = centre.y(), .z = centre.z()};
  }
  cell->slots.push_back(slot);
  cell->spots.push_back(spot);
  impl_->highest = std::max(impl_->highest, slot);
}

void Positions::remove(Slot slot, Spot const& spot) {
  auto const found = impl_->cells.find(Impl::cell_of(spot).id());
  if (found == impl_->cells.end()) return;
  auto& [centre, slots, spots] = *found->second;
  for (std::size_t i = slots.size(); i-- > 0;) {
    bool const same = slots[i] == slot && spots[i].latitude_e7 == spot.latitude_e7 &&
                      spots[i].longitude_e7 == spot.longitude_e7;
    if (!same) continue;
    slots.erase(slots.begin() + static_cast<std::ptrdiff_t>(i));
    spots.erase(spots.begin() + static_cast<std::ptrdiff_t>(i));
  }
  if (slots.empty()) impl_->cells.erase(found);
}

std::vector<Slot> Positions::within(Spot const& centre, double radius_km) const {
  // The covering takes a metre more, for what rounding does at the rim; the test is exact.
  auto const angle =
      S1Angle::Radians(std::min(radius_km / kEarthKm + 1e-3 / kEarthKm, std::numbers::pi));
  auto const reach = chord2_of_km(radius_km);
  auto const inner = chord2_of_km(radius_km - kEarthKm * S2::kMaxDiag.GetValue(Impl::kLevel) / 2);
  return impl_->within(
      S2Cap(S2Point(centre.x, centre.y, centre.z).Normalize(), angle),
      [&](Spot const& cell) { return chord2(cell, centre) <= inner; },
      [&](Spot const& spot) { return chord2(spot, centre) <= reach; });
}

std::vector<Slot> Positions::within(Box const& box) const {
  auto const corner = [](std::int32_t latitude_e7, std::int32_t longitude_e7) {
    return S2LatLng::FromE7(latitude_e7, longitude_e7);
  };
  auto const rectangle = S2LatLngRect(corner(box.south_, box.west_), corner(box.north_, box.east_));
  return impl_->within(
      rectangle.Expanded(S2LatLng::FromDegrees(1e-6, 1e-6)),
      [](Spot const& /*cell*/) { return false; },
      [&](Spot const& spot) { return box.contains(spot); });
}

}  // namespace solidaires::search
