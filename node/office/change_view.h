// What differs between two texts, word by word: above all what publishing would change of the
// public page.
#pragma once

#include "node/office/office.h"
#include "node/page/view.h"

namespace solidaires::office {

// "changes": label, and parts with "gone", "come" or "same"; "has_changes". Nothing if the record
// is not public, or is just as it is shown.
void add_changes(page::View& view, Context const& context, service::WorkingCopy const& copy);

// "parts" of the one text that became the other.
[[nodiscard]] std::vector<page::View> difference_parts(std::string_view before,
                                                       std::string_view after);

}  // namespace solidaires::office
