// What a list and its frame for other sites have in common. Internal to the room.
#pragma once

#include <string>
#include <vector>

#include "node/page/view.h"
#include "node/portal/context.h"
#include "node/portal/filters.h"

namespace solidaires::portal {

inline constexpr std::size_t kMapItemsMax = 500;  // of a map that is not of one page

// "/structures"; null: "/recherche".
[[nodiscard]] std::string list_path(schema::Type const* type);
// "12 structures à moins de 15 km d’Ugine"
[[nodiscard]] std::string list_heading(Context const& context, schema::Type const* type,
                                       service::ListResult const& result, Filters const& filters);
[[nodiscard]] std::vector<page::View> radius_choices(Filters const& filters);
// Sets map_html, map_data, map_css, map_ground; nothing if no item has a place. `data`: the address
// of the same items as GeoJSON.
void add_map(page::View& view, Context const& context, service::ListQuery const& query,
             service::ListResult const& result, std::string_view data);
// The page on which this selection is prepared for another site.
[[nodiscard]] std::string embed_href(schema::Type const* type, Filters const& filters);

}  // namespace solidaires::portal
