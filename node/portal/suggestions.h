// What a person may mean by the beginning of a word, while it is typed: places for a field of
// places, else titles, then themes, then places. JSON for the page's own script, or in the shape
// that browsers ask of an OpenSearch description.
#pragma once

#include "node/http/request.h"
#include "node/http/response.h"
#include "node/portal/context.h"

namespace solidaires::portal {

// q: what is typed · sorte=lieu: places alone · forme=opensearch.
[[nodiscard]] http::Response suggestions(Context const& context, http::Request const& request);

}  // namespace solidaires::portal
