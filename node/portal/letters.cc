#include "node/portal/letters.h"

#include "node/page/letter.h"

namespace solidaires::portal {

page::View letter_view(Context const& context) {
  return page::letter_view(context.site()->identity());
}

mail::Letter make_letter(Context const& context, std::string_view name, page::View const& view) {
  auto rendered = page::render_letter(*context.site(), name, view);
  mail::Letter letter;
  letter.text = std::move(rendered.text);
  letter.html = std::move(rendered.html);
  return letter;
}

}  // namespace solidaires::portal
