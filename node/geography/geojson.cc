#include "node/geography/geojson.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "sync/base/bytes.h"

namespace solidaires::geography {

namespace {

namespace json = boost::json;

constexpr std::size_t kRingPointsMin = 3;
constexpr double kUnitsPerDegree = 1e5;

using Grid = std::pair<std::int64_t, std::int64_t>;  // a point in units of outlines

Grid grid_of(Point point) {
  return {std::llround(point.latitude * kUnitsPerDegree),
          std::llround(point.longitude * kUnitsPerDegree)};
}

std::optional<double> number_of(json::value const& value) {
  if (!value.is_number()) return std::nullopt;
  return value.to_number<double>();
}

// [longitude, latitude] or with a height.
std::optional<Point> point_of(json::value const& value) {
  auto const* pair = value.if_array();
  if (pair == nullptr || pair->size() < 2) return std::nullopt;
  auto const longitude = number_of((*pair)[0]);
  auto const latitude = number_of((*pair)[1]);
  if (!longitude || !latitude || std::abs(*latitude) > 90 || std::abs(*longitude) > 180) {
    return std::nullopt;
  }
  return Point{*latitude, *longitude};
}

bool add_ring(json::value const& value, Rings& rings) {
  auto const* points = value.if_array();
  if (points == nullptr) return false;
  std::vector<Point> ring;
  for (auto const& one : *points) {
    auto const point = point_of(one);
    if (!point) return false;
    if (ring.empty() || grid_of(ring.back()) != grid_of(*point)) ring.push_back(*point);
  }
  if (ring.size() > 1 && grid_of(ring.front()) == grid_of(ring.back())) ring.pop_back();
  // Simplification may flatten an islet to a line: nothing to draw.
  if (ring.size() >= kRingPointsMin) rings.push_back(std::move(ring));
  return true;
}

bool add_polygon(json::value const& value, Rings& rings) {
  auto const* parts = value.if_array();
  return parts != nullptr &&
         std::ranges::all_of(*parts, [&](auto const& part) { return add_ring(part, rings); });
}

bool add_geometry(json::object const& feature, Rings& rings) {
  auto const* geometry = feature.if_contains("geometry");
  auto const* object = geometry == nullptr ? nullptr : geometry->if_object();
  if (object == nullptr) return false;
  auto const* type = object->if_contains("type");
  auto const* coordinates = object->if_contains("coordinates");
  if (type == nullptr || !type->is_string() || coordinates == nullptr) return false;
  if (type->get_string() == "Polygon") return add_polygon(*coordinates, rings);
  auto const* polygons = coordinates->if_array();
  return type->get_string() == "MultiPolygon" && polygons != nullptr &&
         std::ranges::all_of(*polygons, [&](auto const& one) { return add_polygon(one, rings); });
}

std::string property(json::object const& feature, std::string_view name) {
  auto const* properties = feature.if_contains("properties");
  auto const* object = properties == nullptr ? nullptr : properties->if_object();
  auto const* value = object == nullptr ? nullptr : object->if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

Result<json::value> parse_json(std::string_view text) {
  json::stream_parser parser;
  json::error_code error;
  auto const read = parser.write(text.data(), text.size(), error);
  if (!error) parser.finish(error);
  if (error) {
    auto const line = 1 + std::ranges::count(text.substr(0, read), '\n');
    return fail(Code::invalid, cat("line ", line, ": not JSON: ", error.message()));
  }
  return parser.release();
}

}  // namespace

Result<std::vector<Feature>> read_geojson(std::string_view text) {
  try {
    SOL_ASSIGN(auto const document, parse_json(text));
    auto const* root = document.if_object();
    auto const* list = root == nullptr ? nullptr : root->if_contains("features");
    auto const* features = list == nullptr ? nullptr : list->if_array();
    if (features == nullptr) return fail(Code::invalid, "not a GeoJSON feature collection");
    std::vector<Feature> out;
    for (auto const& one : *features) {
      auto const* object = one.if_object();
      Feature feature;
      if (object != nullptr) feature.code = property(*object, "code");
      if (feature.code.empty()) {
        return fail(Code::invalid, cat("feature ", out.size() + 1, " has no property \"code\""));
      }
      feature.name = property(*object, "nom");
      if (!add_geometry(*object, feature.rings)) {
        return fail(Code::invalid, cat("feature ", out.size() + 1, " (", feature.code,
                                       ") is not a polygon of longitudes and latitudes"));
      }
      out.push_back(std::move(feature));
    }
    return out;
  } catch (std::exception const& error) {
    return fail(Code::invalid, cat("cannot read the JSON: ", error.what()));
  }
}

bool is_inside(Rings const& rings, Point point) {
  bool inside = false;
  for (auto const& ring : rings) {
    for (std::size_t i = 0, j = ring.size() - 1; i < ring.size(); j = i++) {
      auto const& a = ring[i];
      auto const& b = ring[j];
      if ((a.latitude > point.latitude) == (b.latitude > point.latitude)) continue;
      auto const along = (point.latitude - a.latitude) / (b.latitude - a.latitude);
      if (point.longitude < a.longitude + along * (b.longitude - a.longitude)) inside = !inside;
    }
  }
  return inside;
}

Point centre_of(Rings const& rings) {
  Point sum;
  double area = 0;
  for (auto const& ring : rings) {
    for (std::size_t i = 0, j = ring.size() - 1; i < ring.size(); j = i++) {
      auto const cross =
          ring[j].longitude * ring[i].latitude - ring[i].longitude * ring[j].latitude;
      area += cross;
      sum.latitude += (ring[j].latitude + ring[i].latitude) * cross;
      sum.longitude += (ring[j].longitude + ring[i].longitude) * cross;
    }
  }
  if (area == 0) return rings.empty() || rings.front().empty() ? sum : rings.front().front();
  return {sum.latitude / (3 * area), sum.longitude / (3 * area)};
}

// Every edge that two areas share is there twice: without those, the rest forms rings again.
Rings join_areas(Rings const& rings) {
  std::map<Grid, std::set<Grid>> open;  // both ways
  auto const toggle = [&](Grid const& from, Grid const& to) {
    if (auto& ends = open[from]; !ends.insert(to).second) ends.erase(to);
  };
  for (auto const& ring : rings) {
    for (std::size_t i = 0; i < ring.size(); ++i) {
      auto const from = grid_of(ring[i]);
      auto const to = grid_of(ring[(i + 1) % ring.size()]);
      if (from == to) continue;
      toggle(from, to);
      toggle(to, from);
    }
  }
  Rings joined;
  for (auto& [start, ends] : open) {
    while (!ends.empty()) {
      std::vector<Point> ring;
      auto at = start;
      do {
        ring.push_back({static_cast<double>(at.first) / kUnitsPerDegree,
                        static_cast<double>(at.second) / kUnitsPerDegree});
        auto& next = open[at];
        auto const to = *next.begin();  // never empty: every point has an even number of edges
        next.erase(next.begin());
        open[to].erase(at);
        at = to;
      } while (at != start);
      if (ring.size() >= kRingPointsMin) joined.push_back(std::move(ring));
    }
  }
  return joined;
}

}  // namespace solidaires::geography
