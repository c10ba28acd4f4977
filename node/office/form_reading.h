// What forms take from the office before they are drawn, and how what was typed becomes a record.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "node/http/message.h"
#include "node/office/form_view.h"
#include "node/office/office.h"
#include "schema/form.h"

namespace solidaires::office {

// What a reference may name: records of this office, newest first.
[[nodiscard]] std::vector<Candidate> candidates(Office const& office, Visitor const& visitor);

// The inputs of a form that belong to the record: the form's own begin with '_'.
[[nodiscard]] schema::FormFields typed_in(http::Request const& request);

// What was typed for `fields` of a type; nullopt if something must be put right first: `problems`,
// which may hold some already, say what.
[[nodiscard]] std::optional<schema::Record> read_form(Context const& context,
                                                      schema::Type const& type,
                                                      schema::FormFields const& typed,
                                                      std::span<schema::Field const* const> fields,
                                                      std::vector<schema::Problem>& problems);
// The same of one field of a record, which stands beside the record's others as they are.
[[nodiscard]] std::optional<schema::Record> read_field(Context const& context,
                                                       service::WorkingCopy const& copy,
                                                       schema::Field const& field,
                                                       schema::FormFields const& typed,
                                                       std::vector<schema::Problem>& problems);

}  // namespace solidaires::office
