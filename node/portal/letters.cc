#include "node/portal/letters.h"

#include "node/text/fold.h"

namespace solidaires::portal {

page::View letter_view(Context const& context) {
  auto const site = context.site();
  page::View view;
  view.text("site_title", site->identity().title)
      .text("base_url", site->identity().base_url)
      .text("contact_email", site->identity().email)
      .text("phone", site->identity().phone);
  return view;
}

mail::Letter make_letter(Context const& context, std::string_view name, page::View const& view) {
  auto const site = context.site();
  auto const& templates = site->templates();
  mail::Letter letter;
  letter.text = text::normalise_lines(templates.render_text(cat(name, "_text"), view)) + '\n';
  letter.html = templates.render(cat(name, "_html"), view).text;
  return letter;
}

}  // namespace solidaires::portal
