// Rows of the tables as places, with the labels that people read. Internal to the room; pure.
#pragma once

#include <cstdint>

#include "node/geography/tables.h"

namespace solidaires::geography {

// `row` counts in the table of its kind; for a postal code, in Tables::postal_codes.
[[nodiscard]] Place make_place(Gazetteer::Tables const& tables, PlaceKind kind, std::uint32_t row);

}  // namespace solidaires::geography
