// Where a record stands (node/model/life_cycle.h) in words, and what is open in the place of what
// is over.
#pragma once

#include <string>
#include <vector>

#include "node/model/life_cycle.h"
#include "node/page/view.h"
#include "node/portal/context.h"

namespace solidaires::portal {

// "Ouvert jusqu’au 12 décembre à 14 h", "Plus que 3 jours : ...", "Pourvue depuis le 4 mars"; empty
// for what has no dates.
[[nodiscard]] std::string life_text(Context const& context, service::PublicRecord const& record,
                                    model::LifeState const& state);
// life, life_phase (of the style sheet), life_over.
model::LifeState add_life(page::View& view, Context const& context,
                          service::PublicRecord const& record);
// Of the same kind, open: near and alike first, then near or alike, then any. Never the record.
[[nodiscard]] std::vector<service::ListHit> open_instead(Context const& context,
                                                         service::PublicRecord const& record,
                                                         std::size_t limit);

}  // namespace solidaires::portal
