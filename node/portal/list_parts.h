// What a list and its frame for other sites have in common. Internal to the room.
#pragma once

#include <string>
#include <vector>

#include "node/page/view.h"
#include "node/portal/context.h"
#include "node/portal/filters.h"

namespace solidaires::portal {

// "/structures"; null: "/recherche".
[[nodiscard]] std::string list_path(schema::Type const* type);  // in French, and of its data
// "12 structures à moins de 15 km d’Ugine"
[[nodiscard]] std::string list_heading(Context const& context, schema::Type const* type,
                                       service::ListResult const& result, Filters const& filters);
// One option of a select: value, label, selected.
[[nodiscard]] page::View choice(std::string_view value, std::string_view label, bool selected);
[[nodiscard]] std::vector<page::View> radius_choices(Context const& context,
                                                     Filters const& filters);
// The page on which this selection is prepared for another site.
[[nodiscard]] std::string embed_href(Context const& context, schema::Type const* type,
                                     Filters const& filters);

}  // namespace solidaires::portal
