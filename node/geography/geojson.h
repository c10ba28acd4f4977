// Areas of a GeoJSON feature collection (RFC 7946), and areas of one commune joined into one.
// Internal to the room; Boost.JSON stays in the .cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "node/geography/territory.h"
#include "sync/base/result.h"

namespace solidaires::geography {

using Rings = std::vector<std::vector<Point>>;

struct Feature {
  std::string code;  // property "code"
  std::string name;  // property "nom"; may be empty
  Rings rings;       // of a Polygon or MultiPolygon, all together: the even-odd rule tells holes
};

// Errors: invalid, with the line of a syntax error or the number of the feature.
[[nodiscard]] Result<std::vector<Feature>> read_geojson(std::string_view text);

// By the even-odd rule; a point on the border may be either.
[[nodiscard]] bool is_inside(Rings const& rings, Point point);
// The balance point of the area; it may lie outside.
[[nodiscard]] Point centre_of(Rings const& rings);
// The border of several areas that share borders point by point: what two of them share vanishes.
// Areas that do not touch stay apart.
[[nodiscard]] Rings join_areas(Rings const& rings);

}  // namespace solidaires::geography
