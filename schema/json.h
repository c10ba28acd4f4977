// Records as JSON: for the API (names of the model) and for machines that read schema.org. The text
// is pure ASCII-safe for HTML: '<', '>' and '&' are escaped. Pure functions, any thread. Give it
// public_part() of a record: it leaves nothing out by itself.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "schema/display.h"

namespace solidaires::schema {

// Members placed before those of the record: name -> JSON text (see json_string).
using JsonMembers = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] std::string json_string(std::string_view text);

// {"name": ..., "sectors": ["..."], "address": {...}}: codes, not labels.
[[nodiscard]] std::string to_json(Type const& type, Record const& record,
                                  JsonMembers const& first = {});
// A JSON-LD object with "@context" and "@type"; fields without a schema.org name are left out.
[[nodiscard]] std::string to_schema_org(Type const& type, Record const& record,
                                        DisplayOptions const& options,
                                        JsonMembers const& first = {});

}  // namespace solidaires::schema
