#include "node/page/letter.h"

#include "node/text/fold.h"
#include "sync/base/bytes.h"

namespace solidaires::page {

View letter_view(SiteIdentity const& identity) {
  View view;
  view.text("site_title", identity.title)
      .text("base_url", identity.base_url)
      .text("contact_email", identity.email)
      .text("phone", identity.phone);
  return view;
}

LetterText render_letter(Site const& site, std::string_view name, View const& view) {
  auto const& templates = site.templates();
  return {text::normalise_lines(templates.render_text(cat(name, "_text"), view)) + '\n',
          templates.render(cat(name, "_html"), view).text};
}

}  // namespace solidaires::page
