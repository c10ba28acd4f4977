#include "schema/audience.h"

#include "schema/form_reader.h"

namespace solidaires::schema {
namespace {

// What everyone may know of a hidden place: the commune, nothing finer (not even the postal code,
// which in a city is a district).
Address commune_only(Address const& address) {
  Address out;
  out.commune = address.commune;
  out.commune_code = address.commune_code;
  out.country = address.country;
  out.precision = Precision::commune;
  out.hidden = true;
  return out;
}

bool hides_a_place(Type const& type, Record const& record) {
  return std::ranges::any_of(record, [&](auto const& entry) {
    auto const* address = std::get_if<Address>(&entry.second);
    if (address == nullptr || !address->hidden) return false;
    auto const* field = type.field(field_of(entry.first));
    return field != nullptr && field->kind == FieldKind::address;
  });
}

// An element key of a set is published too: it must be one that the kind can have.
bool has_right_key(Field const& field, std::string_view key) {
  return is_set(field.kind) == (key.size() > field.key.size());
}

}  // namespace

bool is_public(Field const& field, Record const& record) {
  if (field.audience == Audience::everyone) return true;
  return field.audience == Audience::office && !field.public_if.empty() &&
         is_set_to_true(record, field.public_if);
}

Record public_part(Type const& type, Record const& record) {
  bool const hidden = hides_a_place(type, record);
  Record out;
  for (auto const& [key, value] : record) {
    auto const* field = type.field(field_of(key));
    bool const open = field != nullptr && is_public(*field, record) && fits(field->kind, value) &&
                      has_right_key(*field, key) && !(hidden && field->locates);
    if (!open) continue;
    auto const* address = std::get_if<Address>(&value);
    if (address != nullptr && address->hidden)
      out.emplace(key, commune_only(*address));
    else
      out.emplace(key, value);
  }
  return out;
}

Record part_for(Type const& type, Record const& record, Audience audience) {
  if (audience == Audience::everyone) return public_part(type, record);
  Record out;
  for (auto const& [key, value] : record) {
    auto const* field = type.field(field_of(key));
    if (field != nullptr && field->audience <= audience) out.emplace(key, value);
  }
  return out;
}

}  // namespace solidaires::schema
