// From a public document to what visitors see, and to what the search index holds. For this room's
// own use cases.
#pragma once

#include "node/geography/gazetteer.h"
#include "node/search/entry.h"
#include "node/service/catalogue.h"
#include "schema/display.h"

namespace solidaires::service {

// The facet under which records are entered by their phase: kNotOver or kOver, and its name. Fields
// of the model never begin with '_'.
inline constexpr std::string_view kLifeFacet = "_life";
inline constexpr std::string_view kNotOver = "on";
inline constexpr std::string_view kOver = "over";

// Null if the model does not know the type, or the document is deleted.
[[nodiscard]] RecordPtr read_public_record(sync::Document const& document,
                                           schema::ContentModel const& model);
// `now`: occurrences from the day before it, for two years, are entered. `territory` (departments
// of the node that published it): where a record without any place or area belongs. `resolve`: the
// records that it names, by whose names it is found too.
[[nodiscard]] search::Entry make_entry(PublicRecord const& record,
                                       geography::Gazetteer const& gazetteer, Instant now,
                                       std::vector<std::string> const& territory,
                                       schema::Resolve const& resolve);

}  // namespace solidaires::service
