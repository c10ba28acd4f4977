// Records as rows of a table file (CSV): which columns, from cells, to cells. Files from outside
// are read with indulgence (labels or codes, several separators, decimal commas, lost leading
// zeros), and each repair is said in a note. Knows nothing of separators and encodings. Pure
// functions.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/form.h"

namespace solidaires::schema {

struct TableColumn {
  Field const* field = nullptr;
  Column const* column = nullptr;
  std::string input;  // the name that mappings use: "name", "address.postal_code"
};
[[nodiscard]] std::vector<TableColumn> table_columns(Type const& type);

// For each header, the input it most likely feeds, or empty. No input is proposed twice.
[[nodiscard]] std::vector<std::string> propose_mapping(Type const& type,
                                                       std::vector<std::string> const& headers);

// `cells`: input -> text. Empty cells give no value.
using Cells = std::map<std::string, std::string, std::less<>>;
[[nodiscard]] Parsed from_cells(Type const& type, Cells const& cells);
// Cells in the order of table_columns(); reading them again gives the same record.
// `labels`: terms of vocabularies by their label instead of their code (understood as well).
[[nodiscard]] std::vector<std::string> to_cells(Type const& type, Record const& record,
                                                std::optional<Language> labels = std::nullopt);

// One field whose kind is no composite, from one cell, and back.
[[nodiscard]] Parsed from_text(Field const& field, std::string_view text);
[[nodiscard]] std::string to_text(Field const& field, Record const& record,
                                  std::optional<Language> labels = std::nullopt);

}  // namespace solidaires::schema
