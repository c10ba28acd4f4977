#include "node/office/form_reading.h"

#include <algorithm>

#include "node/office/form_places.h"

namespace solidaires::office {
namespace {

constexpr std::size_t kCandidatesMax = 400;

// What can be read of `fields`, and what cannot.
schema::Parsed parse(Context const& context, schema::Type const& type,
                     schema::FormFields const& typed, std::span<schema::Field const* const> fields,
                     std::vector<schema::Problem>& problems) {
  auto const coded =
      with_area_codes(type, typed, *context.gazetteer, context.instance.territory, problems);
  auto parsed = schema::parse_form(coded, fields);
  for (auto& problem : parsed.problems) problems.push_back(problem);
  return parsed;
}

bool sound(std::vector<schema::Problem> const& problems) {
  return std::ranges::all_of(problems, &schema::Problem::note);
}

}  // namespace

std::vector<Candidate> candidates(Office const& office, Visitor const& visitor) {
  service::ListFilter filter;
  filter.limit = kCandidatesMax;
  std::vector<Candidate> found;
  service::Actor seeing = visitor.actor;
  auto const page = office.context().editorial.list(seeing, filter);
  if (!page) return found;
  for (auto const& item : page->items)
    found.push_back({item.key.id.to_string(), item.title, item.type->key});
  return found;
}

schema::FormFields typed_in(http::Request const& request) {
  schema::FormFields typed;
  for (auto const& [name, value] : request.form.items()) {
    if (!name.starts_with('_')) typed.emplace(name, value);
  }
  return typed;
}

std::optional<schema::Record> read_form(Context const& context, schema::Type const& type,
                                        schema::FormFields const& typed,
                                        std::span<schema::Field const* const> fields,
                                        std::vector<schema::Problem>& problems) {
  auto parsed = parse(context, type, typed, fields, problems);
  if (!sound(problems)) return std::nullopt;
  for (auto& problem : schema::validate(type, parsed.record, schema::Stage::draft)) {
    if (!problem.note) problems.push_back(std::move(problem));
  }
  if (!sound(problems)) return std::nullopt;
  return std::move(parsed.record);
}

std::optional<schema::Record> read_field(Context const& context, service::WorkingCopy const& copy,
                                         schema::Field const& field,
                                         schema::FormFields const& typed,
                                         std::vector<schema::Problem>& problems) {
  std::array const one{&field};
  auto parsed = parse(context, *copy.type, typed, one, problems);
  if (!sound(problems)) return std::nullopt;
  auto whole = copy.record;
  std::erase_if(whole,
                [&field](auto const& item) { return schema::field_of(item.first) == field.key; });
  whole.insert(parsed.record.begin(), parsed.record.end());
  for (auto& problem : schema::validate(*copy.type, whole, schema::Stage::draft)) {
    if (!problem.note && problem.field == field.key) problems.push_back(std::move(problem));
  }
  if (!sound(problems)) return std::nullopt;
  return std::move(parsed.record);
}

}  // namespace solidaires::office
