#include "schema/form.h"

#include "schema/form_reader.h"

namespace solidaires::schema {

bool Parsed::ok() const {
  return std::ranges::all_of(problems, &Problem::note);
}

std::vector<Field const*> form_fields(Type const& type, Audience widest) {
  std::vector<Field const*> out;
  for (auto const& group : type.groups)
    for (auto const* field : group.fields)
      if (field->audience <= widest) out.push_back(field);
  return out;
}

void parse_field(Field const& field, FormFields const& typed, Parsed& out) {
  FormReader(field, typed, Source::form, out).run();
}

Parsed parse_form(FormFields const& typed, std::span<Field const* const> fields) {
  Parsed out;
  for (auto const* field : fields) parse_field(*field, typed, out);
  for (auto const* field : fields) {
    if (field->default_from.empty() || out.record.contains(field->key)) continue;
    if (auto const text = text_of(out.record, field->default_from); !text.empty())
      out.record.insert_or_assign(field->key, std::string(text));
  }
  return out;
}

Parsed parse_form(Type const& type, FormFields const& typed) {
  return parse_form(typed, form_fields(type, Audience::local));
}

FormFields form_values(Type const& type, Record const& record) {
  FormFields out;
  for (auto const& field : type.fields) write_inputs(field, record, out);
  return out;
}

Record only(Record const& record, std::span<Field const* const> fields) {
  Record out;
  for (auto const& [key, value] : record) {
    auto const found = std::ranges::find(fields, field_of(key), &Field::key);
    if (found == fields.end() || !fits((*found)->kind, value)) continue;
    // A code of a newer vocabulary is not on the form either: it must not look as if it was
    // removed.
    auto const* vocabulary = (*found)->vocabulary;
    auto const* text = std::get_if<std::string>(&value);
    bool const element = (*found)->kind == FieldKind::choices;
    if (vocabulary != nullptr && (element || text != nullptr)) {
      std::string_view const code =
          element ? std::string_view(key).substr(field_of(key).size() + 1) : *text;
      if (vocabulary->find(code) == nullptr) continue;
    }
    out.emplace(key, value);
  }
  return out;
}

bool holds(Condition const& condition, Record const& record) {
  if (condition.field.empty()) return true;
  bool met = condition.values.empty() && has(record, condition.field);
  for (auto const& value : condition.values) {
    auto const* flag = get<bool>(record, condition.field);
    if (value == "true" || value == "false")
      met = met || (flag != nullptr ? *flag : false) == (value == "true");
    met = met || text_of(record, condition.field) == value ||
          record.contains(element_key(condition.field, value));
  }
  return met != condition.negated;
}

}  // namespace solidaires::schema
