#include "node/portal/map.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "node/page/wording.h"
#include "sync/base/bytes.h"

namespace solidaires::portal {
namespace {

using geography::Box;
using geography::PlaceKind;
using geography::Point;

constexpr double kMargin = 18;
constexpr double kClusterPixels = 26;
constexpr double kNearDegrees = 0.3;  // of a territory: the next valley
constexpr std::uint32_t kLabelledPopulation = 9'000;
constexpr std::size_t kLabelsMax = 12;

// One digit after the point is a tenth of a pixel.
std::string tenth(double value) {
  auto const tenths = std::llround(value * 10);
  std::string const sign = tenths < 0 ? "-" : "";
  auto const size = std::abs(tenths);
  return size % 10 == 0 ? cat(sign, size / 10) : cat(sign, size / 10, '.', size % 10);
}

struct Pixel {
  double x = 0, y = 0;
};

// Equirectangular around the middle of the box: right for a few departments.
class Projection {
 public:
  // `width` in pixels; at most a little higher than wide.
  Projection(Box box, double width) : box_(box), width_(width) {
    squeeze_ = std::cos((box.south + box.north) / 2 * std::numbers::pi / 180);
    double const across = std::max((box.east - box.west) * squeeze_, 1e-4);
    double const height = std::max(box.north - box.south, 1e-4);
    scale_ = std::min((width_ - 2 * kMargin) / across, (width_ * 1.1 - 2 * kMargin) / height);
    height_ = height * scale_ + 2 * kMargin;
    left_ = (width_ - across * scale_) / 2;
  }
  [[nodiscard]] Pixel operator()(Point const& at) const {
    return {left_ + (at.longitude - box_.west) * squeeze_ * scale_,
            kMargin + (box_.north - at.latitude) * scale_};
  }
  [[nodiscard]] double width() const { return width_; }
  [[nodiscard]] double height() const { return height_; }
  [[nodiscard]] double pixels_per_km() const { return scale_ / 111.2; }

 private:
  Box box_;
  double width_;
  double squeeze_ = 1, scale_ = 1, height_ = 0, left_ = 0;
};

Box box_of(geography::Gazetteer const& gazetteer, std::vector<std::string> const& departments) {
  Box box;
  for (auto const& code : departments) {
    if (auto const* const department = gazetteer.department(code); department != nullptr) {
      box.include(department->box);
    }
  }
  if (box.empty()) box = {41.3, -5.2, 51.1, 9.6};  // France
  return box;
}

std::string ring_path(geography::Outline const& outline, Projection const& project) {
  std::string path;
  for (auto const& ring : outline.rings) {
    char step = 'M';
    for (auto const& point : ring) {
      auto const [x, y] = project(point);
      path += cat(step, tenth(x), ' ', tenth(y));
      step = 'L';
    }
    path += 'Z';
  }
  return path;
}

std::string ground(geography::Gazetteer const& gazetteer,
                   std::vector<std::string> const& departments, Projection const& project,
                   bool labels) {
  std::string out;
  for (auto const& code : departments) {
    if (auto const* const outline = gazetteer.outline(PlaceKind::department, code);
        outline != nullptr) {
      out += cat("<path class=\"map-land\" fill-rule=\"evenodd\" d=\"",
                 ring_path(*outline, project), "\"/>");
    }
  }
  std::vector<geography::Commune const*> towns;
  for (auto const& code : departments) {
    for (auto const* const commune : gazetteer.communes_of(PlaceKind::department, code)) {
      if (commune->precision != geography::Precision::exact) continue;
      auto const [x, y] = project(commune->point);
      if (x < 0 || y < 0 || x > project.width() || y > project.height()) continue;
      out += cat("<circle class=\"map-commune\" cx=\"", tenth(x), "\" cy=\"", tenth(y), "\" r=\"",
                 tenth(dot_radius(commune->population)), "\"/>");
      if (commune->population >= kLabelledPopulation) towns.push_back(commune);
    }
  }
  if (!labels) return out;
  std::ranges::sort(towns, std::greater<>(), &geography::Commune::population);
  std::vector<Pixel> placed;
  for (auto const* const town : towns) {
    auto const at = project(town->point);
    bool const crowded = std::ranges::any_of(placed, [&at](Pixel const& other) {
      return std::abs(other.y - at.y) < 16 && std::abs(other.x - at.x) < 110;
    });
    if (crowded || placed.size() == kLabelsMax) continue;
    placed.push_back(at);
    out += cat("<text class=\"map-label\" x=\"", tenth(at.x + dot_radius(town->population) + 3),
               "\" y=\"", tenth(at.y + 4), "\">", page::escaped(town->name), "</text>");
  }
  return out;
}

struct Cluster {
  Pixel at;
  std::vector<MapPoint const*> points;
};

std::vector<Cluster> cluster(std::vector<MapPoint> const& points, Box const& box,
                             Projection const& project) {
  std::vector<Cluster> clusters;
  for (auto const& point : points) {
    if (!box.contains(point.at)) continue;
    auto const at = project(point.at);
    auto const near = std::ranges::find_if(clusters, [&at](Cluster const& one) {
      return std::hypot(one.at.x - at.x, one.at.y - at.y) < kClusterPixels;
    });
    if (near == clusters.end()) {
      clusters.push_back({at, {&point}});
    } else {
      near->points.push_back(&point);
    }
  }
  return clusters;
}

// What holds all of them, with a rim: at least some 300 m around.
Box around(Cluster const& cluster) {
  Box box;
  for (auto const* const point : cluster.points) box.include(point->at);
  double const high = std::max((box.north - box.south) * 0.1, 0.003);
  double const wide = std::max((box.east - box.west) * 0.1, 0.004);
  return {box.south - high, box.west - wide, box.north + high, box.east + wide};
}

std::string mark(Cluster const& cluster, MapOptions const& options) {
  auto const x = tenth(cluster.at.x);
  auto const y = tenth(cluster.at.y);
  if (cluster.points.size() == 1) {
    auto const& point = *cluster.points.front();
    std::string_view const language =
        options.words->language() == page::Language::fr ? "" : " lang=\"fr\"";
    return cat("<a href=\"", page::escaped(point.href), "\"", language, "><title>",
               page::escaped(point.title), "</title><circle class=\"map-point\" cx=\"", x,
               "\" cy=\"", y, "\" r=\"8\"/></a>");
  }
  std::string titles;
  for (std::size_t i = 0; i < std::min<std::size_t>(cluster.points.size(), 8); ++i) {
    titles += cat(i == 0 ? "" : ", ", cluster.points[i]->title);
  }
  if (cluster.points.size() > 8) titles += "…";
  auto const count = cluster.points.size();
  double const radius = std::min(11 + std::sqrt(static_cast<double>(count)) * 2, 26.0);
  auto const drawn =
      cat("<title>", options.words->say("{} fiches : {}"_fr, count, page::escaped(titles)),
          "</title><circle class=\"map-point\" cx=\"", x, "\" cy=\"", y, "\" r=\"", tenth(radius),
          "\"/><text class=\"map-count\" x=\"", x, "\" y=\"", tenth(cluster.at.y + 5),
          "\" font-size=\"14\">", count, "</text>");
  if (!options.zoom) return cat("<g>", drawn, "</g>");
  return cat("<a href=\"", page::escaped(options.zoom(around(cluster))), "\">", drawn, "</a>");
}

std::string scale_bar(Projection const& project, page::Language language) {
  double km = 1;
  for (double const step : {1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0}) {
    if (step * project.pixels_per_km() < 140) km = step;
  }
  double const length = km * project.pixels_per_km();
  auto const y = tenth(project.height() - 10);
  return cat(
      "<g><path d=\"M12 ", y, "h", tenth(length),
      "\" stroke=\"currentColor\" stroke-width=\"2\"/><text class=\"map-label\" x=\"12\" y=\"",
      tenth(project.height() - 16), "\">", page::distance_text(km, language), "</text></g>");
}

std::string frame(Projection const& project, std::string_view attributes, std::string const& body) {
  return cat("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ", tenth(project.width()),
             ' ', tenth(project.height()), "\" ", attributes, ">", body, "</svg>");
}

}  // namespace

std::optional<geography::Point> point_of(Context const& context,
                                         service::PublicRecord const& record) {
  auto const* const place = record.place();
  if (place == nullptr) return std::nullopt;
  if (place->point) return geography::Point{place->point->latitude, place->point->longitude};
  auto const* const commune = context.gazetteer->commune(place->commune_code);
  if (commune == nullptr || commune->precision == geography::Precision::unknown) {
    return std::nullopt;
  }
  return commune->point;
}

Box map_frame(geography::Gazetteer const& gazetteer, std::vector<MapPoint> const& points,
              MapOptions const& options) {
  if (!options.box.empty()) return options.box;
  Box box = box_of(gazetteer, options.departments);
  Box const near{box.south - kNearDegrees, box.west - kNearDegrees, box.north + kNearDegrees,
                 box.east + kNearDegrees};
  for (auto const& point : points) {
    if (near.contains(point.at)) box.include(point.at);
  }
  return box;
}

page::Html draw_map(geography::Gazetteer const& gazetteer, std::vector<MapPoint> const& points,
                    MapOptions const& options) {
  Box const box = map_frame(gazetteer, points, options);
  Projection const project(box, options.width);
  std::string body = ground(gazetteer, options.departments, project, true);
  for (auto const& one : cluster(points, box, project)) body += mark(one, options);
  body += scale_bar(project, options.words->language());
  return {frame(project, cat("role=\"group\" aria-label=\"", page::escaped(options.label), "\""),
                body)};
}

double dot_radius(std::uint32_t population) {
  return std::clamp(0.6 + std::sqrt(static_cast<double>(population)) / 45, 0.8, 9.0);
}

page::Html draw_territory(geography::Gazetteer const& gazetteer,
                          std::vector<std::string> const& departments) {
  Projection const project(box_of(gazetteer, departments), 800);
  return {frame(project, "aria-hidden=\"true\" focusable=\"false\"",
                ground(gazetteer, departments, project, false))};
}

std::string territory_geojson(geography::Gazetteer const& gazetteer,
                              std::vector<std::string> const& departments) {
  auto const coordinates = [](Point const& at) {
    auto const number = [](double value) {
      auto const scaled = std::llround(value * 1e5);
      std::string const digits = std::to_string(std::abs(scaled) % 100'000);
      return cat(scaled < 0 ? "-" : "", std::abs(scaled) / 100'000, '.',
                 std::string(5 - digits.size(), '0'), digits);
    };
    return cat('[', number(at.longitude), ',', number(at.latitude), ']');
  };
  std::string out = "{\"type\":\"FeatureCollection\",\"features\":[";
  bool first = true;
  auto const begin = [&] {
    if (!first) out += ',';
    first = false;
  };
  for (auto const& code : departments) {
    if (auto const* const outline = gazetteer.outline(PlaceKind::department, code);
        outline != nullptr) {
      begin();
      out +=
          "{\"type\":\"Feature\",\"properties\":{},\"geometry\":{\"type\":\"MultiPolygon\","
          "\"coordinates\":[";
      for (std::size_t r = 0; r < outline->rings.size(); ++r) {
        out += r == 0 ? "[[" : ",[[";
        auto const& ring = outline->rings[r];
        for (auto const& point : ring) out += cat(coordinates(point), ',');
        out += cat(coordinates(ring.front()), "]]");
      }
      out += "]}}";
    }
    for (auto const* const commune : gazetteer.communes_of(PlaceKind::department, code)) {
      if (commune->precision != geography::Precision::exact) continue;
      begin();
      out += cat("{\"type\":\"Feature\",\"properties\":{\"radius\":",
                 tenth(dot_radius(commune->population)),
                 "},\"geometry\":{\"type\":\"Point\",\"coordinates\":", coordinates(commune->point),
                 "}}");
    }
  }
  return out + "]}";
}

}  // namespace solidaires::portal
