#include "node/office/change_view.h"

#include "node/office/pages.h"
#include "node/text/difference.h"
#include "schema/audience.h"
#include "schema/display.h"

namespace solidaires::office {
namespace {

using page::View;

std::string text_of(schema::Field const& field, schema::Record const& record,
                    schema::DisplayOptions const& options) {
  if (field.kind == schema::FieldKind::long_text)
    return std::string(schema::text_of(record, field.key));
  std::string text;
  for (auto const& line : schema::display(field, record, options))
    text += cat(text.empty() ? "" : "\n", line);
  return text;
}

View part_view(text::DifferencePart const& part) {
  View view;
  auto const name = part.change == text::Change::gone   ? "gone"
                    : part.change == text::Change::come ? "come"
                                                        : "same";
  view.text(name, part.text);
  return view;
}

}  // namespace

std::vector<View> difference_parts(std::string_view before, std::string_view after) {
  std::vector<View> parts;
  for (auto const& part : text::difference(before, after)) parts.push_back(part_view(part));
  return parts;
}

void add_changes(View& view, Context const& context, service::WorkingCopy const& copy) {
  if (!copy.is_public() || copy.state == model::State::published) return;
  auto const shown = context.editorial.published(copy);
  if (!shown || !*shown) return;
  auto const wanted = schema::public_part(*copy.type, copy.record);
  auto const options = display_options(context);
  std::vector<View> changes;
  for (auto const& group : copy.type->groups) {
    for (auto const* const field : group.fields) {
      auto const before = text_of(*field, **shown, options);
      auto const after = text_of(*field, wanted, options);
      if (before == after) continue;
      changes.push_back(std::move(
          View().text("label", field->label.fr).list("parts", difference_parts(before, after))));
    }
  }
  view.flag("has_changes", !changes.empty()).list("changes", std::move(changes));
}

}  // namespace solidaires::office
