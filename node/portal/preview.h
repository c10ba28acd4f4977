// The picture beside a link to a page that has none of its own (Open Graph): the territory's
// communes as dots, in the portal's colour. libpng stays in the .cc.
#pragma once

#include "node/http/request.h"
#include "node/http/response.h"
#include "node/portal/context.h"

namespace solidaires::portal {

// A PNG of 1,200 x 630 pixels, drawn for each call; empty if it cannot be made.
[[nodiscard]] std::string draw_preview(geography::Gazetteer const& gazetteer,
                                       std::vector<std::string> const& departments,
                                       std::string_view accent);

// GET /apercu.png
[[nodiscard]] http::Response preview_page(Context const& context, http::Request const& request);

}  // namespace solidaires::portal
