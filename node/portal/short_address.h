// What leads from paper to a page: a short code that can be typed or read out on the telephone, and
// the same as a QR code.
#pragma once

#include <optional>
#include <string>

#include "node/http/request.h"
#include "node/http/response.h"
#include "node/page/view.h"
#include "node/portal/context.h"

namespace solidaires::portal {

// "7K2M-9QRT"; the letters are those of Crockford's base 32, which are hard to mistake.
[[nodiscard]] std::string short_code(DocumentId const& id);
// What people make of a code, as short_id() writes it: case, hyphens and spaces apart, o for 0, i
// and l for 1. Nullopt: it is none.
[[nodiscard]] std::optional<std::string> parse_short_code(std::string_view typed);
// "/f/7k2m9qrt"
[[nodiscard]] std::string short_path(DocumentId const& id);

// Puts into `view` what a printed page ends with: print_code, print_address, print_qr_html.
void add_paper_trail(page::View& view, Context const& context, DocumentId const& id);
// The same for a list: its address, no code.
void add_paper_trail(page::View& view, Context const& context, std::string_view path);

// GET /f/{code}: on to the page.
[[nodiscard]] http::Response short_address_page(Context const& context,
                                                http::Request const& request);

}  // namespace solidaires::portal
