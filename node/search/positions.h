// Where documents are: points on the sphere, exact distances, and which documents lie in a circle
// or a rectangle. Inner to node/search; the index's lock guards Positions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "node/search/doc_set.h"
#include "node/search/entry.h"
#include "node/search/query.h"

namespace solidaires::search {

// A point as it is kept: 1e-7 degrees, and the unit vector of exactly these.
struct Spot {
  std::int32_t latitude_e7 = 0;
  std::int32_t longitude_e7 = 0;
  double x = 0;
  double y = 0;
  double z = 0;
};

// nullopt if it is no place on Earth (not finite, out of range).
[[nodiscard]] std::optional<Spot> spot_of(Point point);

// The square of the straight line through the (unit) Earth: grows as the distance does.
[[nodiscard]] inline double chord2(Spot const& a, Spot const& b) {
  auto const dx = a.x - b.x;
  auto const dy = a.y - b.y;
  auto const dz = a.z - b.z;
  return dx * dx + dy * dy + dz * dz;
}
[[nodiscard]] double km_of_chord2(double square);
[[nodiscard]] double straight_km(double square);  // cheaper; the same within 1 % below 2,000 km
[[nodiscard]] double chord2_of_km(double km);     // below 0 for a radius that holds nothing

// The four sides in 1e-7 degrees.
class Box {
 public:
  static std::optional<Box> of(Rectangle const& rectangle);
  [[nodiscard]] bool contains(Spot const& spot) const;

 private:
  friend class Positions;
  std::int32_t south_ = 0;
  std::int32_t west_ = 0;
  std::int32_t north_ = 0;
  std::int32_t east_ = 0;
};

class Positions {
 public:
  Positions();
  ~Positions();
  Positions(Positions&&) noexcept;
  Positions& operator=(Positions&&) noexcept;

  // `shared`: the document has other spots too; the same for each of them.
  void add(Slot slot, Spot const& spot, bool shared);
  void remove(Slot slot, Spot const& spot);
  // Slots with a spot inside, exactly; ascending, distinct.
  [[nodiscard]] std::vector<Slot> within(Spot const& centre, double radius_km) const;
  [[nodiscard]] std::vector<Slot> within(Box const& box) const;
  // How many slots within() would answer, at less cost.
  [[nodiscard]] std::size_t count(Spot const& centre, double radius_km) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace solidaires::search
