#include "node/portal/partner_formats.h"

#include <array>
#include <boost/json.hpp>

#include "node/portal/map.h"
#include "schema/display.h"
#include "schema/model.h"

namespace solidaires::portal {
namespace {

namespace json = boost::json;

// Fields of a structure whose codes are categories for others.
constexpr std::array<std::string_view, 2> kCategoryFields = {"sectors", "themes"};

json::string text(std::string_view value) {
  return json::string(value);
}

void put(json::object& out, std::string_view name, std::string_view value) {
  if (!value.empty()) out[name] = text(value);
}

std::string field_text(service::PublicRecord const& record, std::string_view key) {
  return std::string(schema::text_of(record.record, key));
}

// GoGoCarto writes days as dd/mm/yyyy.
std::string gogocarto_day(Instant at) {
  auto const date = model::to_civil(at).date;
  auto const two = [](unsigned number) { return cat(number < 10 ? "0" : "", number); };
  return cat(two(date.day), '/', two(date.month), '/', date.year);
}

// "sectors:alimentation": codes of two vocabularies may be the same.
std::string category_id(std::string_view field, std::string_view code) {
  return cat(field, ':', code);
}

json::array categories(service::PublicRecord const& record) {
  json::array out;
  for (auto const field : kCategoryFields) {
    for (auto const& code : schema::elements(record.record, field)) {
      out.emplace_back(text(category_id(field, code)));
    }
  }
  return out;
}

json::object gogocarto_address(schema::Address const& place) {
  json::object out;
  std::string lines;
  for (auto const& line : place.lines) lines += cat(lines.empty() ? "" : ", ", line);
  put(out, "streetAddress", lines);
  put(out, "addressLocality", place.commune);
  put(out, "postalCode", place.postal_code);
  put(out, "addressCountry", place.country);
  std::string whole;
  for (auto const& line : schema::address_lines(place, schema::Language::fr)) {
    whole += cat(whole.empty() ? "" : ", ", line);
  }
  put(out, "customFormatedAddress", whole);
  return out;
}

json::object full_element(Context const& context, service::PublicRecord const& record) {
  auto const& base = context.site()->identity().base_url;
  json::object out;
  out["id"] = text(record.key.id.to_string());
  put(out, "name", record.title);
  if (auto const at = point_of(context, record)) {
    out["geo"] = json::object{{"latitude", at->latitude}, {"longitude", at->longitude}};
  }
  put(out, "sourceKey", record.source.empty() ? context.site()->identity().title : record.source);
  if (auto const* const place = record.place(); place != nullptr) {
    out["address"] = gogocarto_address(*place);
  }
  put(out, "createdAt", gogocarto_day(record.published_at));
  put(out, "updatedAt", gogocarto_day(record.updated_at));
  out["status"] = 1;
  out["categories"] = categories(record);
  put(out, "abstract", schema::card(*record.type, schema::Card::summary, record.record));
  put(out, "description", field_text(record, "description"));
  put(out, "openHours", field_text(record, "hours"));
  put(out, "telephone", field_text(record, "phone"));
  put(out, "website", field_text(record, "website"));
  out["url"] = text(base + record.path);
  put(out, "licence", record.licence);
  return out;
}

json::array compact_element(Context const& context, service::PublicRecord const& record) {
  json::array out{text(record.key.id.to_string()), text(record.title)};
  auto const at = point_of(context, record);
  out.emplace_back(at ? json::value(at->latitude) : json::value());
  out.emplace_back(at ? json::value(at->longitude) : json::value());
  out.emplace_back(categories(record));
  return out;
}

json::array taxonomy_of(std::string_view field, schema::Vocabulary const& vocabulary) {
  json::array roots;
  json::array* parents = &roots;
  for (auto const& term : vocabulary.terms) {
    json::object one;
    one["id"] = text(category_id(field, term.code));
    one["name"] = text(term.label.fr);
    one["subcategories"] = json::array{};
    if (term.depth == 0) {
      roots.emplace_back(std::move(one));
      parents = &roots.back().as_object().at("subcategories").as_array();
    } else {
      parents->emplace_back(std::move(one));
    }
  }
  return roots;
}

json::object inclusion_structure(Context const& context, service::PublicRecord const& record) {
  auto const& base = context.site()->identity().base_url;
  auto const& source = context.instance.self.str();
  json::object out;
  out["source"] = text(source);
  out["id"] = text(cat(source, "--", record.key.id.to_string()));
  put(out, "nom", record.title);
  put(out, "date_maj", model::to_civil(record.updated_at).date.iso());
  auto description = field_text(record, "description");
  if (description.empty()) {
    description = schema::card(*record.type, schema::Card::summary, record.record);
  }
  put(out, "description", description);
  out["lien_source"] = text(base + record.path);
  put(out, "siret", field_text(record, "siret"));
  if (auto const* const place = record.place(); place != nullptr) {
    put(out, "commune", place->commune);
    put(out, "code_postal", place->postal_code);
    put(out, "code_insee", place->commune_code);
    if (!place->lines.empty()) put(out, "adresse", place->lines.back());
    if (place->lines.size() > 1) put(out, "complement_adresse", place->lines.front());
  }
  if (auto const at = point_of(context, record)) {
    out["longitude"] = at->longitude;
    out["latitude"] = at->latitude;
  }
  put(out, "telephone", field_text(record, "phone"));
  put(out, "courriel", field_text(record, "email"));
  put(out, "site_web", field_text(record, "website"));
  put(out, "horaires_accueil", field_text(record, "hours"));
  put(out, "accessibilite_lieu", field_text(record, "accessibility_page"));
  return out;
}

}  // namespace

std::string gogocarto_elements(Context const& context, Records const& records, bool compact) {
  json::array data;
  for (auto const& record : records) {
    if (compact) {
      data.emplace_back(compact_element(context, *record));
    } else {
      data.emplace_back(full_element(context, *record));
    }
  }
  json::object out;
  out["licence"] = "https://www.etalab.gouv.fr/licence-ouverte-open-licence";
  out["ontology"] = compact ? "gogocompact" : "gogofull";
  if (compact) {
    out["mapping"] = json::array{"id", "name", "latitude", "longitude", "categories"};
  }
  out["data"] = std::move(data);
  return json::serialize(out) + "\n";
}

std::string gogocarto_element(Context const& context, service::PublicRecord const& record) {
  return json::serialize(full_element(context, record)) + "\n";
}

std::string gogocarto_taxonomy(Context const& context) {
  json::array out;
  auto const* const type = context.instance.model.type("structure");
  for (auto const key : kCategoryFields) {
    auto const* const field = type == nullptr ? nullptr : type->field(key);
    if (field == nullptr || field->vocabulary == nullptr) continue;
    json::object group;
    group["id"] = text(key);
    group["name"] = text(field->label.fr);
    group["options"] = taxonomy_of(key, *field->vocabulary);
    out.emplace_back(std::move(group));
  }
  return json::serialize(out) + "\n";
}

std::string data_inclusion(Context const& context, Records const& records) {
  json::array out;
  for (auto const& record : records) out.emplace_back(inclusion_structure(context, *record));
  return json::serialize(out) + "\n";
}

}  // namespace solidaires::portal
