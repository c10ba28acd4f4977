// Text that people wrote in Markdown, as safe HTML: cmark-gfm without raw HTML and without
// dangerous addresses, with tables, strike-through and bare links. Pure function, any thread.
#pragma once

#include <string_view>

#include "node/page/view.h"

namespace solidaires::page {

// What a line break in the text means: a break (people who type in a form), or nothing (files whose
// lines are wrapped).
enum class LineBreaks { kept, joined };

// Headings start at the level `top` (1 to 6), below the page's own, and skip no level: at <h3> in a
// section of the page, at <h2> where the text follows its title.
[[nodiscard]] Html markdown(std::string_view text, LineBreaks breaks = LineBreaks::kept,
                            int top = 3);

}  // namespace solidaires::page
