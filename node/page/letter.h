// Mails rendered from templates in pairs, NAME_html and NAME_text.
#pragma once

#include <string>
#include <string_view>

#include "node/page/site.h"
#include "node/page/view.h"

namespace solidaires::page {

struct LetterText {
  std::string text, html;
};

// What every mail says of the portal: site_title, base_url, contact_email, phone.
[[nodiscard]] View letter_view(SiteIdentity const& identity);
// Names of templates are written in code.
[[nodiscard]] LetterText render_letter(Site const& site, std::string_view name, View const& view);

}  // namespace solidaires::page
