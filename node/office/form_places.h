// Places that a form takes by their names, made the codes that records hold. Pure.
#pragma once

#include <string>
#include <vector>

#include "node/geography/gazetteer.h"
#include "schema/form.h"

namespace solidaires::office {

// `typed` with the codes of the areas that it names, one per line; codes stay as they are. A name
// that means nothing, or several places, is left out and becomes a problem that proposes names.
[[nodiscard]] schema::FormFields with_area_codes(schema::Type const& type,
                                                 schema::FormFields const& typed,
                                                 geography::Gazetteer const& gazetteer,
                                                 std::vector<std::string> const& territory,
                                                 std::vector<schema::Problem>& problems);

}  // namespace solidaires::office
