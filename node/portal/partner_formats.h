// The directory in the shapes that other networks read: GoGoCarto (for aggregators such as
// Transiscope) and data·inclusion. Public fields only, by construction of PublicRecord.
#pragma once

#include <string>
#include <vector>

#include "node/portal/context.h"

namespace solidaires::portal {

using Records = std::vector<service::RecordPtr>;

// {"data": [...], "ontology": "gogofull"}; compact: one array per element.
[[nodiscard]] std::string gogocarto_elements(Context const& context, Records const& records,
                                             bool compact);
// One element, as it stands in "data" of the full form.
[[nodiscard]] std::string gogocarto_element(Context const& context,
                                            service::PublicRecord const& record);
// The categories that elements name: the vocabularies of sectors and themes, as trees.
[[nodiscard]] std::string gogocarto_taxonomy(Context const& context);

// An array of structures, schema v1 of data·inclusion.
[[nodiscard]] std::string data_inclusion(Context const& context, Records const& records);

}  // namespace solidaires::portal
