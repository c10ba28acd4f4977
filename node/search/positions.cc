#include "node/search/positions.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

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

namespace {

enum class Inside : std::uint8_t { no, partly, wholly };

// A piece of the Earth in 1e-7 degrees, both ends included.
struct Span {
  std::int32_t first = 0;
  std::int32_t last = 0;
  [[nodiscard]] std::int32_t middle() const {
    return static_cast<std::int32_t>((std::int64_t{first} + last) >> 1);
  }
};

bool same_place(Spot const& a, Spot const& b) {
  return a.latitude_e7 == b.latitude_e7 && a.longitude_e7 == b.longitude_e7;
}

Spot spot_of_e7(std::int32_t latitude_e7, std::int32_t longitude_e7) {
  return *spot_of({latitude_e7 / kE7, longitude_e7 / kE7});
}

}  // namespace

// A tree of rectangles of latitude and longitude, halved both ways where much lies. Each knows a
// ball around it, and how much lies in it: what a circle holds wholly is counted without being
// looked at.
struct Positions::Impl {
  static constexpr std::size_t kLeaf = 24;  // spots, before a rectangle is parted
  static constexpr int kDeepest = 20;       // strips of 19 m
  static constexpr std::uint32_t kNone = 0;

  struct alignas(64) Node {
    double x = 0, y = 0, z = 0;      // of the middle
    double radius = 0;               // from there to the corners: a chord, as chord2()
    std::uint32_t count = 0;         // of spots in it and below
    std::uint32_t shared = 0;        // of these, of documents that have several
    std::uint32_t children = kNone;  // the first of four, side by side
    // Of a node without children; shared ones first.
    std::vector<Spot> spots;
    std::vector<Slot> slots;

    void swap(std::size_t a, std::size_t b) {
      std::swap(spots[a], spots[b]);
      std::swap(slots[a], slots[b]);
    }
  };
  std::vector<Node> nodes;

  // Where one stands on the way down.
  struct Place {
    std::uint32_t node = 0;
    Span latitudes{-900'000'000, 900'000'000};
    Span longitudes{-1'800'000'000, 1'800'000'000};
    int depth = 0;

    // `which`: 1 is north, 2 is east.
    [[nodiscard]] Place child(std::uint32_t first, std::uint32_t which) const {
      Place out{first + which, latitudes, longitudes, depth + 1};
      auto const halve = [](Span& span, bool upper) {
        if (upper) {
          span.first = span.middle() + 1;
        } else {
          span.last = span.middle();
        }
      };
      halve(out.latitudes, (which & 1) != 0);
      halve(out.longitudes, (which & 2) != 0);
      return out;
    }
    [[nodiscard]] std::uint32_t which(Spot const& spot) const {
      return (spot.latitude_e7 > latitudes.middle() ? 1U : 0U) +
             (spot.longitude_e7 > longitudes.middle() ? 2U : 0U);
    }
  };

  Impl() { nodes.push_back(node_of({})); }

  [[nodiscard]] static Node node_of(Place const& place) {
    Node out;
    auto const& [south, north] = place.latitudes;
    auto const& [west, east] = place.longitudes;
    auto const middle = spot_of_e7(place.latitudes.middle(), place.longitudes.middle());
    out.x = middle.x;
    out.y = middle.y;
    out.z = middle.z;
    // Corners are farthest if the rectangle spans less than a hemisphere; else everything is
    // within.
    double farthest = 4;
    if (place.depth > 1) {
      farthest = 0;
      for (auto const& corner : {spot_of_e7(south, west), spot_of_e7(south, east),
                                 spot_of_e7(north, west), spot_of_e7(north, east)})
        farthest = std::max(farthest, chord2(middle, corner));
    }
    out.radius = std::sqrt(farthest);
    return out;
  }

  void part(Place const& place) {
    auto const first = static_cast<std::uint32_t>(nodes.size());
    for (std::uint32_t which = 0; which < 4; ++which)
      nodes.push_back(node_of(place.child(first, which)));
    auto& node = nodes[place.node];
    node.children = first;
    auto const spots = std::exchange(node.spots, {});
    auto const slots = std::exchange(node.slots, {});
    for (std::size_t i = 0; i < slots.size(); ++i)
      put(nodes[first + place.which(spots[i])], slots[i], spots[i], i < node.shared);
  }

  static void put(Node& leaf, Slot slot, Spot const& spot, bool shared) {
    leaf.spots.push_back(spot);
    leaf.slots.push_back(slot);
    if (shared) leaf.swap(leaf.count, leaf.shared++);
    ++leaf.count;
  }

  static void take(Node& leaf, std::size_t at) {
    if (at < leaf.shared) {
      leaf.swap(at, --leaf.shared);
      at = leaf.shared;
    }
    leaf.swap(at, --leaf.count);
    leaf.spots.pop_back();
    leaf.slots.pop_back();
  }

  // Calls visit(node) from the root to the leaf where the spot belongs; answers that.
  template <class Visit>
  Place descend(Spot const& spot, Visit const& visit) {
    Place place;
    while (nodes[place.node].children != kNone) {
      visit(nodes[place.node]);
      place = place.child(nodes[place.node].children, place.which(spot));
    }
    return place;
  }

  // `test(node, place)`: how much of a node is inside. Calls whole(node) for those that are, and
  // each(leaf) where each spot has to be looked at.
  template <class Test, class Whole, class Each>
  void walk(Place const& place, Test const& test, Whole const& whole, Each const& each) const {
    auto const& node = nodes[place.node];
    if (node.count == 0) return;
    auto const inside = test(node, place);
    if (inside == Inside::no) return;
    if (inside == Inside::wholly) return whole(node);
    if (node.children == kNone) return each(node);
    for (std::uint32_t which = 0; which < 4; ++which)
      walk(place.child(node.children, which), test, whole, each);
  }

  template <class Visit>
  void each_leaf(Node const& node, Visit const& visit) const {
    if (node.count == 0) return;
    if (node.children == kNone) return visit(node);
    for (std::uint32_t which = 0; which < 4; ++which)
      each_leaf(nodes[node.children + which], visit);
  }

  template <class Test, class TestSpot>
  [[nodiscard]] std::vector<Slot> within(Test const& test, TestSpot const& test_spot) const {
    std::vector<Slot> out;
    walk(
        {}, test,
        [&](Node const& node) {
          each_leaf(node, [&](Node const& leaf) {
            out.insert(out.end(), leaf.slots.begin(), leaf.slots.end());
          });
        },
        [&](Node const& leaf) {
          for (std::size_t i = 0; i < leaf.count; ++i) {
            if (test_spot(leaf.spots[i])) out.push_back(leaf.slots[i]);
          }
        });
    sort_slots(out);
    return out;
  }
};

namespace {

// A circle as the tree asks about it.
class Disc {
 public:
  Disc(Spot const& centre, double radius_km)
      : centre_(centre),
        reach2_(chord2_of_km(radius_km)),
        reach_(reach2_ < 0 ? -1 : std::sqrt(reach2_)) {}

  template <class Node>
  [[nodiscard]] Inside operator()(Node const& node, auto const& /*place*/) const {
    // What rounding does is far below a tenth of a millimetre.
    constexpr double kRounding = 1e-11;
    auto const apart = std::sqrt(chord2({.x = node.x, .y = node.y, .z = node.z}, centre_));
    if (apart > reach_ + node.radius + kRounding) return Inside::no;
    return apart + node.radius < reach_ - kRounding ? Inside::wholly : Inside::partly;
  }
  [[nodiscard]] bool operator()(Spot const& spot) const { return chord2(spot, centre_) <= reach2_; }

 private:
  Spot centre_;
  double reach2_;
  double reach_;
};

}  // namespace

Positions::Positions() : impl_(std::make_unique<Impl>()) {}
Positions::~Positions() = default;
Positions::Positions(Positions&&) noexcept = default;
Positions& Positions::operator=(Positions&&) noexcept = default;

void Positions::add(Slot slot, Spot const& spot, bool shared) {
  auto const place = impl_->descend(spot, [&](Impl::Node& node) {
    ++node.count;
    node.shared += shared ? 1 : 0;
  });
  auto& leaf = impl_->nodes[place.node];
  Impl::put(leaf, slot, spot, shared);
  // Whoever gives no address stands in the middle of the commune: nothing parts these.
  bool const parts =
      leaf.count > Impl::kLeaf &&
      (!same_place(leaf.spots.front(), leaf.spots.back()) || !same_place(spot, leaf.spots.front()));
  if (parts && place.depth < Impl::kDeepest) impl_->part(place);
}

void Positions::remove(Slot slot, Spot const& spot) {
  auto const place = impl_->descend(spot, [](Impl::Node const&) {});
  auto& leaf = impl_->nodes[place.node];
  for (std::size_t i = 0; i < leaf.count; ++i) {
    if (leaf.slots[i] != slot || !same_place(leaf.spots[i], spot)) continue;
    bool const shared = i < leaf.shared;
    impl_->descend(spot, [shared](Impl::Node& node) {
      --node.count;
      node.shared -= shared ? 1 : 0;
    });
    return Impl::take(leaf, i);
  }
}

std::vector<Slot> Positions::within(Spot const& centre, double radius_km) const {
  Disc const disc(centre, radius_km);
  return impl_->within(disc, disc);
}

std::size_t Positions::count(Spot const& centre, double radius_km) const {
  Disc const disc(centre, radius_km);
  std::size_t out = 0;
  std::vector<Slot> several;  // each to be counted once
  impl_->walk(
      {}, disc,
      [&](Impl::Node const& node) {
        out += node.count - node.shared;
        if (node.shared == 0) return;
        impl_->each_leaf(node, [&](Impl::Node const& leaf) {
          several.insert(several.end(), leaf.slots.begin(), leaf.slots.begin() + leaf.shared);
        });
      },
      [&](Impl::Node const& leaf) {
        for (std::size_t i = 0; i < leaf.shared; ++i) {
          if (disc(leaf.spots[i])) several.push_back(leaf.slots[i]);
        }
        for (std::size_t i = leaf.shared; i < leaf.count; ++i) out += disc(leaf.spots[i]) ? 1 : 0;
      });
  sort_slots(several);
  return out + several.size();
}

std::vector<Slot> Positions::within(Box const& box) const {
  auto const apart = [](Span const& a, std::int32_t first, std::int32_t last) {
    return a.last < first || a.first > last;
  };
  auto const test = [&](Impl::Node const&, Impl::Place const& place) {
    auto const& latitudes = place.latitudes;
    auto const& longitudes = place.longitudes;
    bool const crosses = box.west_ > box.east_;
    bool const east_or_west_of = crosses
                                     ? longitudes.first > box.east_ && longitudes.last < box.west_
                                     : apart(longitudes, box.west_, box.east_);
    if (apart(latitudes, box.south_, box.north_) || east_or_west_of) return Inside::no;
    bool const between = longitudes.first >= box.west_ && longitudes.last <= box.east_;
    bool const wholly = latitudes.first >= box.south_ && latitudes.last <= box.north_ && between;
    return wholly && !crosses ? Inside::wholly : Inside::partly;
  };
  return impl_->within(test, [&](Spot const& spot) { return box.contains(spot); });
}

}  // namespace solidaires::search
