// The form of a record, drawn from the content model: one view per field, chosen by its kind. What
// was typed is shown as it was typed, faults beside it. Pure but for names of places and
// references.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "node/geography/gazetteer.h"
#include "node/page/view.h"
#include "schema/form.h"

namespace solidaires::office {

// Records that a reference may name, to choose from.
struct Candidate {
  std::string id, title, type;
};

struct FormOptions {
  schema::Audience widest = schema::Audience::office;
  std::vector<Candidate> const* candidates = nullptr;
  // What a person reads for the code of an area; empty for what is no code. May be null.
  std::function<std::string(std::string_view code)> area_name;
  // Where the file of a picture's source ("blob:...") can be seen; empty: nowhere. May be null.
  std::function<std::string(std::string_view source)> picture_href{};
};

// Groups with their fields; every input of `typed` that a field shows keeps its text.
[[nodiscard]] std::vector<page::View> form_groups(schema::Type const& type,
                                                  schema::FormFields const& typed,
                                                  std::span<schema::Problem const> problems,
                                                  FormOptions const& options);
// One field of it.
[[nodiscard]] page::View form_field(schema::Field const& field, schema::FormFields const& typed,
                                    std::span<schema::Problem const> problems,
                                    FormOptions const& options);
// The summary at the top: links to the inputs at fault.
[[nodiscard]] std::vector<page::View> problem_views(schema::Type const& type,
                                                    std::span<schema::Problem const> problems);
// The id of an input in the page, from its name.
[[nodiscard]] std::string input_id(std::string_view name);

}  // namespace solidaires::office
