// QR codes (ISO/IEC 18004) as drawings in a page. libqrencode stays in the .cc. Any thread.
#pragma once

#include <string_view>

#include "node/page/view.h"

namespace solidaires::page {

// An SVG drawing of `text` (at most a few hundred bytes), described by `label` to those who do not
// see it; empty if the text is too long.
[[nodiscard]] Html qr_code(std::string_view text, std::string_view label);

}  // namespace solidaires::page
