#include "node/service/public_record.h"

#include <set>

#include "node/model/life_cycle.h"
#include "node/service/working_copy_reader.h"
#include "node/text/fold.h"
#include "schema/display.h"

namespace solidaires::service {
namespace {

using schema::Field;
using schema::FieldKind;

constexpr std::int64_t kDaysAhead = 2 * 366;
constexpr std::size_t kOccurrencesMax = 500;
constexpr std::size_t kSlugBytes = 60;
constexpr unsigned kKeywordWeight = 5;  // short texts from this weight on count as keywords
constexpr unsigned kSummaryWeight = 3;  // so do vocabularies from this one on

void append(std::string& text, std::string_view more) {
  if (more.empty()) return;
  if (!text.empty()) text += '\n';
  text += more;
}

// The codes that a field holds, none empty; "true" of a boolean that is set.
std::vector<std::string> chosen(Field const& field, schema::Record const& record) {
  auto codes = schema::elements(record, field.key);
  if (field.kind == FieldKind::agreements) {
    for (auto& code : codes) {
      auto const* const held =
          schema::get<schema::Agreement>(record, schema::element_key(field.key, code));
      code = held == nullptr ? std::string() : held->code;
    }
  }
  if (field.kind == FieldKind::choice) codes = {std::string(schema::text_of(record, field.key))};
  if (field.kind == FieldKind::boolean && schema::is_set_to_true(record, field.key))
    codes = {"true"};
  std::erase(codes, std::string());
  return codes;
}

// Other names of what was chosen from a vocabulary ("AMAP"), which no page shows.
void append_aliases(std::string& text, Field const& field, schema::Record const& record) {
  if (field.vocabulary == nullptr) return;
  for (auto const& code : chosen(field, record)) {
    if (auto const* const term = field.vocabulary->find(code); term != nullptr)
      for (auto const& alias : term->aliases) append(text, alias);
  }
}

// What somebody chose to say about the record in a word or two weighs more than its long texts.
std::string& text_for(search::Entry& entry, Field const& field) {
  if (field.key == "acronym") return entry.acronym;
  bool const names = field.kind == FieldKind::reference || field.kind == FieldKind::references;
  bool const is_text = field.kind == FieldKind::text || field.kind == FieldKind::tags || names;
  if (field.card == schema::Card::summary) return entry.summary;
  if (field.search_weight >= kKeywordWeight && is_text) return entry.keywords;
  if (field.search_weight >= kSummaryWeight && field.vocabulary != nullptr) return entry.keywords;
  return field.search_weight >= kSummaryWeight && is_text ? entry.summary : entry.body;
}

void add_texts(search::Entry& entry, PublicRecord const& record, schema::Resolve const& resolve) {
  schema::DisplayOptions options;
  options.resolve = resolve;
  entry.title = record.title;
  for (auto const& field : record.type->fields) {
    if (field.search_weight == 0 || field.card == schema::Card::title) continue;
    auto& text = text_for(entry, field);
    append(text, schema::display_line(field, record.record, options));
    append_aliases(text, field, record.record);
  }
}

void add_place(search::Entry& entry, schema::Address const& address,
               geography::Gazetteer const& gazetteer) {
  search::Place place;
  auto const* const commune = gazetteer.commune(address.commune_code);
  if (commune != nullptr) {
    place = {std::string(commune->code),
             std::string(commune->department),
             std::string(commune->epci),
             {}};
    append(entry.place_names, commune->name);
    if (commune->precision != geography::Precision::unknown) {
      place.point = search::Point{commune->point.latitude, commune->point.longitude};
    }
  }
  append(entry.place_names, address.commune);
  if (address.point) place.point = search::Point{address.point->latitude, address.point->longitude};
  if (commune != nullptr || place.point) entry.places.push_back(std::move(place));
}

void add_facet(search::Entry& entry, Field const& field, schema::Record const& record) {
  auto& kept = entry.facets[field.key];
  for (auto code : chosen(field, record)) {
    while (!code.empty()) {
      if (std::ranges::find(kept, code) == kept.end()) kept.push_back(code);
      auto const* const term = field.vocabulary == nullptr ? nullptr : field.vocabulary->find(code);
      code = term == nullptr ? std::string() : term->parent;
    }
  }
}

void add_dates(search::Entry& entry, schema::Schedule const& schedule, Instant now) {
  auto const today = model::to_civil(now, schedule.zone).date;
  auto const from = model::CivilDate::from_days(today.days() - 1);
  auto const until = model::CivilDate::from_days(today.days() + kDaysAhead);
  auto list = model::occurrences(schedule, from, until, kOccurrencesMax);
  // What is over stays findable by its last date.
  if (list.empty()) list = model::occurrences(schedule, {1970, 1, 1}, from, kOccurrencesMax);
  for (auto const& one : list) {
    auto const start = model::to_instant(one.start, schedule.zone);
    auto end = one.end ? model::to_instant(*one.end, schedule.zone) : start + std::chrono::hours(1);
    if (one.all_day)
      end = model::to_instant({model::CivilDate::from_days(one.last_day().days() + 1), 0, 0},
                              schedule.zone);
    entry.dates.push_back({start, std::max(start, end)});
  }
}

// What serves a commune or an intercommunality and has no address is at home there: it stands in
// the lists of its department.
void add_served_places(search::Entry& entry, geography::Gazetteer const& gazetteer) {
  constexpr std::string_view kCommune = "commune:";
  constexpr std::string_view kEpci = "epci:";
  for (std::string_view const code : entry.served) {
    if (code.starts_with(kCommune)) {
      auto const* const commune = gazetteer.commune(code.substr(kCommune.size()));
      if (commune == nullptr) continue;
      entry.places.push_back({std::string(commune->code),
                              std::string(commune->department),
                              std::string(commune->epci),
                              {}});
    } else if (code.starts_with(kEpci)) {
      auto const epci = code.substr(kEpci.size());
      std::set<std::string_view> departments;
      for (auto const* const commune : gazetteer.communes_of(geography::PlaceKind::epci, epci)) {
        departments.insert(commune->department);
      }
      for (auto const department : departments) {
        entry.places.push_back({{}, std::string(department), std::string(epci), {}});
      }
    }
  }
}

}  // namespace

std::string public_path(schema::Type const& type, DocumentId const& id, std::string_view title) {
  auto const slug = text::slug(title, kSlugBytes);
  return cat('/', type.prefix, '/', slug, slug.empty() ? "" : "-", id.short_id());
}

schema::Address const* PublicRecord::place() const {
  for (auto const& field : type->fields) {
    if (field.kind == FieldKind::address) {
      auto const* const address = schema::get<schema::Address>(record, field.key);
      if (address != nullptr && !address->commune.empty()) return address;
    }
    if (field.kind != FieldKind::addresses) continue;
    for (auto const& element : schema::elements(record, field.key)) {
      auto const* const address =
          schema::get<schema::Address>(record, schema::element_key(field.key, element));
      if (address != nullptr && !address->commune.empty()) return address;
    }
  }
  return nullptr;
}

RecordPtr read_public_record(sync::Document const& document, schema::ContentModel const& model) {
  auto const* const type = model.type(document.type);
  if (type == nullptr || !sync::is_alive(document)) return nullptr;
  auto record = std::make_shared<PublicRecord>();
  record->key = document.key;
  record->node = NodeName::parse(document.key.scope.owner()).value_or(NodeName());
  record->type = type;
  record->record = read_record(document);
  record->title = schema::title(*type, record->record);
  if (record->title.empty()) record->title = "(sans titre)";
  record->path = public_path(*type, document.key.id, record->title);
  record->updated_at = engine_instant(document, engine::kUpdatedAt)
                           .value_or(from_unix_ms(sync::highest_stamp_ms(document)));
  record->published_at =
      engine_instant(document, engine::kPublishedAt).value_or(record->updated_at);
  auto const source = engine_text(document, engine::kSource);  // "source\nid\nlicence"
  auto const first = source.find('\n');
  auto const second = first == std::string::npos ? first : source.find('\n', first + 1);
  record->source = source.substr(0, first);
  if (second != std::string::npos) record->licence = source.substr(second + 1);
  record->demonstration = engine_text(document, engine::kDemonstration) == "1";
  return record;
}

search::Entry make_entry(PublicRecord const& record, geography::Gazetteer const& gazetteer,
                         Instant now, std::vector<std::string> const& territory,
                         schema::Resolve const& resolve) {
  search::Entry entry;
  entry.key = record.key;
  entry.type = record.type->key;
  entry.updated = record.updated_at;
  entry.sort_name = record.title;
  add_texts(entry, record, resolve);
  auto const life = model::life_of(*record.type, record.record, now);
  entry.facets[std::string(kLifeFacet)] = {std::string(life.over() ? kOver : kNotOver),
                                           std::string(model::phase_name(life.phase))};
  bool const closes = life.phase == model::Phase::open || life.phase == model::Phase::closing ||
                      life.phase == model::Phase::closed;
  if (closes && life.at) entry.closes = model::to_instant(*life.at);
  for (auto const& field : record.type->fields) {
    if (field.facet) add_facet(entry, field, record.record);
    if (field.kind == FieldKind::area) {
      for (auto& code : schema::elements(record.record, field.key))
        entry.served.push_back(std::move(code));
    }
  }
  for (auto const& [key, value] : record.record) {
    if (auto const* const address = std::get_if<schema::Address>(&value); address != nullptr) {
      add_place(entry, *address, gazetteer);
    } else if (auto const* const schedule = std::get_if<schema::Schedule>(&value);
               schedule != nullptr) {
      add_dates(entry, *schedule, now);
    }
  }
  if (entry.places.empty()) add_served_places(entry, gazetteer);
  if (entry.places.empty() && entry.served.empty()) {
    for (auto const& department : territory) entry.served.push_back(cat("dep:", department));
  }
  return entry;
}

}  // namespace solidaires::service
