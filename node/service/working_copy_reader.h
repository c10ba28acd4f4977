// From an office document to what the back office shows. For this room's own use cases.
#pragma once

#include <optional>
#include <string>

#include "node/service/working_copy.h"
#include "schema/model.h"
#include "sync/core/document.h"

namespace solidaires::service {

// nullopt: not a working copy of a type that this model knows.
[[nodiscard]] std::optional<WorkingCopy> read_working_copy(sync::Document const& document,
                                                           schema::ContentModel const& model);
[[nodiscard]] std::optional<WorkingCopySummary> read_summary(sync::Document const& document,
                                                             schema::ContentModel const& model);
// The content that is shown: conflicts by their shown version, cleared fields left out.
[[nodiscard]] schema::Record read_record(sync::Document const& document);
[[nodiscard]] std::string engine_text(sync::Document const& document, std::string_view field);
[[nodiscard]] std::optional<Instant> engine_instant(sync::Document const& document,
                                                    std::string_view field);
// The label of a document field: "Téléphone", "Publics : familles".
[[nodiscard]] std::string field_label(schema::Type const& type, std::string_view document_key);

}  // namespace solidaires::service
