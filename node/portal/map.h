// The territory drawn as SVG by the server: outlines when they were imported, communes as dots
// sized by population, the records of a list on top, near ones joined into one mark with their
// number. Works without script; the list beside it says the same in words. Pure functions over
// immutable geography.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "node/geography/gazetteer.h"
#include "node/page/messages.h"
#include "node/page/view.h"
#include "node/portal/context.h"

namespace solidaires::portal {

struct MapPoint {
  geography::Point at;
  std::string title;
  std::string href;
};

struct MapOptions {
  std::vector<std::string> departments;  // what is drawn underneath
  geography::Box box;                    // what must be visible; empty: the departments
  std::string label;                     // for people who do not see it
  // The address of what lies in a piece of the map: where a mark of several records leads. Empty:
  // such marks lead nowhere.
  std::function<std::string(geography::Box const&)> zoom{};
  page::Messages const* words = &page::french();
  double width = 800;  // in pixels, at which labels have their size
};

// Of a commune's dot, in pixels of a page.
[[nodiscard]] double dot_radius(std::uint32_t population);

// Where a record is: its own point, else that of its commune if that is known.
[[nodiscard]] std::optional<geography::Point> point_of(Context const& context,
                                                       service::PublicRecord const& record);

// What the drawing shows: `options.box`, else the departments and the points in or near them; a
// record far away does not make everything else small.
[[nodiscard]] geography::Box map_frame(geography::Gazetteer const& gazetteer,
                                       std::vector<MapPoint> const& points,
                                       MapOptions const& options);
// Points outside the frame are left out.
[[nodiscard]] page::Html draw_map(geography::Gazetteer const& gazetteer,
                                  std::vector<MapPoint> const& points, MapOptions const& options);
// The sign of the home page: the communes alone, no names, nothing to follow.
[[nodiscard]] page::Html draw_territory(geography::Gazetteer const& gazetteer,
                                        std::vector<std::string> const& departments);
// The same ground for the interactive map: outlines and dots as GeoJSON.
[[nodiscard]] std::string territory_geojson(geography::Gazetteer const& gazetteer,
                                            std::vector<std::string> const& departments);

}  // namespace solidaires::portal
