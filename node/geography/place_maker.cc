#include "node/geography/place_maker.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "sync/base/bytes.h"

namespace solidaires::geography {

namespace {

using Tables = Gazetteer::Tables;

constexpr double kTownKm = 3;  // half the side of the box around a bare point
constexpr double kKmPerDegree = 111.2;

Box box_around(Point point) {
  auto const high = kTownKm / kKmPerDegree;
  auto const wide = high / std::max(0.1, std::cos(point.latitude * std::numbers::pi / 180));
  return {point.latitude - high, point.longitude - wide, point.latitude + high,
          point.longitude + wide};
}

Point middle(Box const& box) {
  return {(box.south + box.north) / 2, (box.west + box.east) / 2};
}

// Rows of the tables as places, with what people read.
class Maker {
 public:
  explicit Maker(Tables const& tables) : t_(tables) {}

  [[nodiscard]] Place make(PlaceKind kind, std::uint32_t row) const {
    switch (kind) {
      case PlaceKind::commune: return commune(row);
      case PlaceKind::former_commune:
      case PlaceKind::district: return former(row);
      case PlaceKind::postal_code: return postal_code(row);
      case PlaceKind::epci: {
        auto const& epci = t_.epcis[row];
        return area(kind, epci.siren, epci.name, "intercommunalité", epci.box);
      }
      case PlaceKind::department: {
        auto const& department = t_.departments[row];
        return area(kind, department.code, department.name, "département", department.box);
      }
      case PlaceKind::zone: {
        auto const& zone = t_.zones[row];
        return area(kind, zone.code, zone.name, zone_words(zone.kind).front(), zone.box);
      }
      case PlaceKind::region: break;
    }
    auto const& region = t_.regions[row];
    return area(PlaceKind::region, region.code, region.name, "région", region.box);
  }

 private:
  [[nodiscard]] std::string_view department_name(Commune const& commune) const {
    return t_.departments[t_.department_of_code.at(commune.department)].name;
  }

  [[nodiscard]] Place commune(std::uint32_t row) const {
    auto const& commune = t_.communes[row];
    Place place;
    place.kind = PlaceKind::commune;
    place.code = commune.code;
    place.name = commune.name;
    place.label = cat(commune.name, " (", department_name(commune), ")");
    settle(place, commune);
    return place;
  }

  void settle(Place& place, Commune const& commune) const {
    place.commune = &commune;
    place.precision = commune.precision;
    place.point = commune.point;
    auto const outline = t_.outlines.find(outline_key(PlaceKind::commune, commune.code));
    if (outline != t_.outlines.end()) {
      place.box = outline->second.box;
    } else if (commune.precision != Precision::unknown) {
      place.box = box_around(commune.point);
    }
  }

  [[nodiscard]] Place former(std::uint32_t row) const {
    auto const& former = t_.formers[row];
    auto const& now = t_.communes[former.commune];
    Place place;
    place.kind = former.kind;
    place.code = former.code;
    place.name = former.name;
    place.label = former.kind == PlaceKind::district
                      ? cat(former.name, " (", department_name(now), ")")
                      : cat(former.name, " (", now.name, ", ", department_name(now), ")");
    settle(place, now);
    if (former.point) {
      place.precision = Precision::exact;
      place.point = *former.point;
      place.box = box_around(place.point);
    }
    return place;
  }

  [[nodiscard]] Place postal_code(std::uint32_t row) const {
    auto const code = t_.postal_codes[row];
    auto const& communes = t_.of_postal_code.at(code);
    Place place;
    place.kind = PlaceKind::postal_code;
    place.code = code;
    place.name = code;
    place.label = communes.size() == 1
                      ? cat(code, " (", communes.front()->name, ")")
                      : cat(code, " (code postal de ", communes.size(), " communes)");
    for (auto const* commune : communes) {
      if (commune->precision == Precision::unknown) continue;
      place.box.include(box_around(commune->point));
      place.precision = Precision::approximate;
    }
    if (place.precision != Precision::unknown) place.point = middle(place.box);
    return place;
  }

  static Place area(PlaceKind kind, std::string_view code, std::string_view name,
                    std::string_view what, Box const& box) {
    Place place;
    place.kind = kind;
    place.code = code;
    place.name = name;
    place.label = cat(name, " (", what, ")");
    place.box = box;
    if (box.empty()) return place;
    place.precision = Precision::approximate;
    place.point = middle(box);
    return place;
  }

  Tables const& t_;
};

}  // namespace

Place make_place(Gazetteer::Tables const& tables, PlaceKind kind, std::uint32_t row) {
  return Maker(tables).make(kind, row);
}

std::string Place::key() const {
  if (kind == PlaceKind::postal_code) return cat("cp:", code);
  if (kind == PlaceKind::region) return cat("reg:", code);
  return std::string(code);
}

}  // namespace solidaires::geography
