// A map as pages show it: the drawing, what a script needs to take its place, and the ways on from
// it. Sets what the template portal/map shows. Internal to the room.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "node/page/view.h"
#include "node/portal/context.h"
#include "node/portal/filters.h"

namespace solidaires::portal {

inline constexpr std::size_t kMapItemsMax = 1'000;  // of a map that is not of one page

struct MapPanel {
  service::PlaceFilter const& place;  // what was asked for: it says what is in the frame
  std::string label;                  // for people who do not see the map
  std::string data;                   // the address of the same records as GeoJSON
  std::function<std::string(geography::Box const&)> zoom{};  // as in MapOptions
  std::string search{};  // of a list, to which a piece of the map is added; empty: not offered
  bool large = false;
};

// False, and nothing set, if none of the records has a place.
bool add_map(page::View& view, Context const& context, std::vector<service::ListHit> const& hits,
             MapPanel const& panel);

// The map beside a list: of this page of it, as `result` holds it, or in the view kMapView of all
// of it up to kMapItemsMax; and the way from one to the other.
// `path` is that of the list in French.
void add_list_map(page::View& view, Context const& context, Filters const& filters,
                  service::ListQuery const& query, service::ListResult const& result,
                  std::string const& path);

}  // namespace solidaires::portal
