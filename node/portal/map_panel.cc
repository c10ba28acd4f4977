#include "node/portal/map_panel.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "node/page/wording.h"
#include "node/portal/map.h"

namespace solidaires::portal {
namespace {

using page::View;

constexpr double kRadiusMinKm = 5;  // of what is in the frame around a place

std::vector<MapPoint> points_of(Context const& context, std::vector<service::ListHit> const& hits) {
  std::vector<MapPoint> points;
  for (auto const& hit : hits) {
    if (auto const at = point_of(context, *hit.record)) {
      points.push_back({*at, hit.record->title, context.address(hit.record->path)});
    }
  }
  return points;
}

geography::Box box_around(schema::Point const& centre, double radius_km) {
  constexpr double kKmPerDegree = 111.2;
  double const high = std::max(radius_km, kRadiusMinKm) / kKmPerDegree;
  double const wide = high / std::cos(centre.latitude * std::numbers::pi / 180);
  return {centre.latitude - high, centre.longitude - wide, centre.latitude + high,
          centre.longitude + wide};
}

void add_tiles(View& view, page::SiteIdentity const& identity) {
  if (identity.tiles.empty()) return;
  view.text("map_tiles", identity.tiles)
      .text("map_tiles_credit", identity.tiles_credit)
      .text("map_tiles_host", identity.tiles_origin().substr(std::string_view("https://").size()));
}

struct Shown {
  std::vector<service::ListHit> hits;
  bool all = false;  // of the list
};

Shown shown_on_map(Context const& context, Filters const& filters, service::ListQuery query,
                   service::ListResult const& result) {
  if (filters.view != kMapView) return {result.hits, result.hits.size() == result.total};
  query.offset = 0;
  query.limit = kMapItemsMax;
  query.facets_wanted.clear();
  auto found = context.catalogue.find(query);
  return found ? Shown{std::move(found->hits), found->total <= kMapItemsMax} : Shown{result.hits};
}

std::string words_of(Context const& context, Shown const& shown, Filters const& filters) {
  if (shown.all) return context.say("Carte des résultats"_fr);
  if (filters.view != kMapView) return context.say("Carte de cette page de résultats"_fr);
  return context.say(
      "Carte des {} premiers résultats"_fr,
      page::number_text(static_cast<std::int64_t>(shown.hits.size()), context.language()));
}

}  // namespace

bool add_map(View& view, Context const& context, std::vector<service::ListHit> const& hits,
             MapPanel const& panel) {
  auto const points = points_of(context, hits);
  if (points.empty()) return false;
  MapOptions options;
  options.departments =
      panel.place.departments.empty() ? context.instance.territory : panel.place.departments;
  if (panel.place.zone) {
    options.box = *panel.place.zone;
  } else if (panel.place.around) {
    options.box = box_around(*panel.place.around, panel.place.radius_km);
  }
  options.label = context.say("{}\u00a0: {}"_fr, panel.label,
                              context.counted(points.size(), "fiche"_fr, "fiches"_fr, true));
  options.words = &context.messages();
  options.zoom = panel.zoom;
  auto const site = context.site();
  view.html("map_html", draw_map(*context.gazetteer, points, options))
      .text("map_frame", box_text(map_frame(*context.gazetteer, points, options)))
      .text("map_data", panel.data)
      .text("map_search", panel.search)
      .flag("map_large", panel.large)
      .text("map_css", site->asset("map.css"))
      .text("map_ground", "/territoire.geojson");
  add_tiles(view, site->identity());
  return true;
}

void add_list_map(View& view, Context const& context, Filters const& filters,
                  service::ListQuery const& query, service::ListResult const& result,
                  std::string const& path) {
  bool const large = filters.view == kMapView;
  auto const shown = shown_on_map(context, filters, query, result);
  auto const words = words_of(context, shown, filters);
  auto const page_path = context.address(path);
  auto const zoom = [&](geography::Box const& piece) {
    Filters within = filters;
    within.zone = piece;
    return cat(page_path, within.query());
  };
  auto const with = [](std::string const& selection, std::string_view parameter) {
    return cat(selection, selection.empty() ? "?" : "&", parameter);
  };
  auto const selection =
      large ? filters.query() : with(filters.query(), cat("page=", filters.page));
  bool const drawn = add_map(view, context, shown.hits,
                             {.place = query.place,
                              .label = words,
                              .data = cat(path, ".geojson", selection),
                              .zoom = zoom,
                              .search = cat(page_path, with(filters.query("zone"), "zone=")),
                              .large = large});
  if (!drawn) return;
  view.text("map_words", words);
  if (!large && shown.all) return;
  Filters other = filters;
  other.view = large ? std::string_view() : kMapView;
  auto const total = page::number_text(static_cast<std::int64_t>(result.total), context.language());
  view.text("map_other_href", cat(page_path, other.query()))
      .text("map_other", large ? context.say("Ne montrer que cette page de résultats"_fr)
                               : context.say("Montrer les {} résultats sur la carte"_fr, total));
}

}  // namespace solidaires::portal
