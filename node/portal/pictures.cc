#include "node/portal/pictures.h"

#include "schema/file_reference.h"

namespace solidaires::portal {
namespace {

// The picture that cards show, or another if the record has no such.
schema::Picture const* picture_of(service::PublicRecord const& record) {
  schema::Picture const* found = nullptr;
  for (auto const& field : record.type->fields) {
    if (field.kind != schema::FieldKind::picture) continue;
    auto const* const picture = schema::get<schema::Picture>(record.record, field.key);
    if (picture == nullptr || !schema::file_reference(*picture)) continue;
    if (field.card == schema::Card::picture) return picture;
    if (found == nullptr) found = picture;
  }
  return found;
}

// For those who save it.
std::string_view name_of(std::string_view media_type) {
  if (media_type == "image/png") return "image.png";
  if (media_type == "image/webp") return "image.webp";
  return media_type == "image/jpeg" ? "image.jpg" : "image";
}

std::string path_of(service::PublicRecord const& record, schema::FileReference const& file) {
  return cat("/fichiers/", record.key.id.to_string(), '/', hex(file.sha256), '/',
             name_of(file.media_type));
}

void show(page::View& view, Context const& context, service::PublicRecord const& record,
          schema::Picture const* picture, FileAddress const& address = {}) {
  for (std::string_view const name :
       {"picture_src", "picture_alt", "picture_credit", "picture_width", "picture_height"}) {
    view.text(name, {});
  }
  auto const file = picture == nullptr ? std::nullopt : schema::file_reference(*picture);
  view.flag("has_picture", file.has_value());
  if (!file) return;
  if (!address && context.bring_file &&
      !context.instance.store.has_file(record.key.scope, file->sha256)) {
    std::ignore = context.bring_file(record.key, *file, Millis{0});
  }
  view.text("picture_src", address ? address(*file) : path_of(record, *file))
      .text("picture_alt", picture->alt)
      .text("picture_credit", picture->credit);
  if (picture->width == 0 || picture->height == 0) return;
  view.text("picture_width", std::to_string(picture->width))
      .text("picture_height", std::to_string(picture->height));
}

}  // namespace

void add_picture(page::PageInfo& info, service::PublicRecord const& record) {
  auto const* const picture = picture_of(record);
  if (picture == nullptr) return;
  info.picture = path_of(record, *schema::file_reference(*picture));
  info.picture_alt = picture->alt;
}

void add_picture(page::View& view, Context const& context, service::PublicRecord const& record) {
  show(view, context, record, picture_of(record));
}

std::vector<page::View> picture_views(Context const& context, service::PublicRecord const& record,
                                      FileAddress const& address) {
  std::vector<page::View> views;
  for (auto const& field : record.type->fields) {
    if (field.kind != schema::FieldKind::picture) continue;
    auto const* const picture = schema::get<schema::Picture>(record.record, field.key);
    if (picture == nullptr || !schema::file_reference(*picture)) continue;
    bool const is_main = field.card == schema::Card::picture;
    page::View view;
    show(view, context, record, picture, address);
    view.flag("is_main", is_main);
    views.insert(is_main ? views.begin() : views.end(), std::move(view));
  }
  return views;
}

}  // namespace solidaires::portal
