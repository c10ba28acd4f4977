// What publishing would change of the public page, word by word.
#pragma once

#include "node/office/office.h"
#include "node/page/view.h"

namespace solidaires::office {

// "changes": label, and parts with "gone", "come" or "same"; "has_changes". Nothing if the record
// is not public, or is just as it is shown.
void add_changes(page::View& view, Context const& context, service::WorkingCopy const& copy);

}  // namespace solidaires::office
