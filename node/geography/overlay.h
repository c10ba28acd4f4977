// What official records change in a built gazetteer, as the text of an overlay. Internal to the
// room; pure: reads no file, writes none.
#pragma once

#include <string>

#include "node/geography/gazetteer.h"
#include "node/geography/import_reference.h"
#include "node/geography/reference_files.h"

namespace solidaires::geography {

// `base_text` is what `base` was parsed from. Counts and warnings go to `report`. Errors: invalid,
// with file and line (a commune listed twice, a point far from its department ...).
[[nodiscard]] Result<std::string> make_overlay(Gazetteer const& base, std::string const& base_text,
                                               Reference const& reference, ImportReport& report);

}  // namespace solidaires::geography
