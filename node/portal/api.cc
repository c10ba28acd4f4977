#include "node/portal/api.h"

#include <boost/json.hpp>

#include "node/text/fold.h"
#include "schema/model.h"

namespace solidaires::portal {
namespace {

namespace json = boost::json;
using schema::FieldKind;

json::string text(std::string_view value) {
  return json::string(value);
}

json::object string_type(std::string_view format = {}) {
  json::object out{{"type", "string"}};
  if (!format.empty()) out["format"] = text(format);
  return out;
}

json::object reference(std::string_view name) {
  return {{"$ref", text(cat("#/components/schemas/", name))}};
}

json::object array_of(json::object items) {
  return {{"type", "array"}, {"items", std::move(items)}};
}

json::object coded(schema::Field const& field) {
  auto out = string_type();
  if (field.vocabulary == nullptr) return out;
  json::array codes;
  for (auto const& term : field.vocabulary->terms) codes.emplace_back(text(term.code));
  out["enum"] = std::move(codes);
  return out;
}

// One value of a field, as schema/json.cc writes it.
json::object value_schema(schema::Field const& field) {
  switch (field.kind) {
    case FieldKind::integer: return {{"type", "integer"}};
    case FieldKind::decimal: return {{"type", "number"}};
    case FieldKind::boolean: return {{"type", "boolean"}};
    case FieldKind::date: return string_type("date");
    case FieldKind::date_time: return string_type("date-time");
    case FieldKind::url: return string_type("uri");
    case FieldKind::email: return string_type("email");
    case FieldKind::reference:
    case FieldKind::references: return string_type("uuid");
    case FieldKind::choice:
    case FieldKind::choices: return coded(field);
    case FieldKind::address:
    case FieldKind::addresses: return reference("Address");
    case FieldKind::schedule: return reference("Schedule");
    case FieldKind::money: return reference("Money");
    case FieldKind::price: return reference("Price");
    case FieldKind::agreements: return reference("Agreement");
    case FieldKind::picture: return reference("Picture");
    case FieldKind::file: return reference("File");
    case FieldKind::links: return reference("Link");
    case FieldKind::external_ids: return reference("ExternalId");
    default: return string_type();
  }
}

json::object described(json::object schema, schema::Words const& label) {
  // Beside "$ref", a description is allowed since OpenAPI 3.1.
  schema["description"] = text(label.fr);
  return schema;
}

json::object record_schema(schema::Type const& type) {
  json::object properties{{"id", string_type("uuid")},
                          {"type", json::object{{"const", text(type.key)}}},
                          {"url", string_type("uri")},
                          {"node", string_type()},
                          {"updated_at", string_type("date-time")},
                          {"source", string_type()},
                          {"licence", string_type()},
                          {"distance_km", json::object{{"type", "number"}}}};
  for (auto const& field : type.fields) {
    if (field.audience != schema::Audience::everyone && field.public_if.empty()) continue;
    auto one = value_schema(field);
    if (schema::is_set(field.kind)) one = array_of(std::move(one));
    properties[field.json] = described(std::move(one), field.label);
  }
  return {{"type", "object"},
          {"description", text(type.description.fr)},
          {"required", json::array{"id", "type", "url", "node", "updated_at"}},
          {"properties", std::move(properties)}};
}

json::object object_of(std::initializer_list<std::pair<std::string_view, json::object>> members) {
  json::object properties;
  for (auto const& [name, schema] : members) properties[name] = schema;
  return {{"type", "object"}, {"properties", std::move(properties)}};
}

json::object shared_schemas() {
  auto const number = json::object{{"type", "number"}};
  auto const integer = json::object{{"type", "integer"}};
  auto const yes_no = json::object{{"type", "boolean"}};
  json::object out;
  out["Address"] = object_of({{"label", string_type()},
                              {"lines", array_of(string_type())},
                              {"postal_code", string_type()},
                              {"commune_code", string_type()},
                              {"commune", string_type()},
                              {"country", string_type()},
                              {"latitude", number},
                              {"longitude", number},
                              {"precision", string_type()},
                              {"hidden", yes_no},
                              {"ban_id", string_type()}});
  out["Money"] = object_of({{"amount", number}, {"currency", string_type()}});
  out["Price"] = object_of({{"kind", string_type()},
                            {"amounts", array_of(reference("Money"))},
                            {"membership", yes_no},
                            {"note", string_type()}});
  out["Schedule"] = object_of({{"start", string_type()},
                               {"end", string_type()},
                               {"all_day", yes_no},
                               {"time_zone", string_type()},
                               {"rule", string_type()},
                               {"exceptions", array_of(string_type())},
                               {"additions", array_of(string_type())},
                               {"overrides", array_of({{"type", "object"}})}});
  out["Agreement"] = object_of({{"code", string_type()},
                                {"authority", string_type()},
                                {"number", string_type()},
                                {"start", string_type("date")},
                                {"end", string_type("date")}});
  out["Picture"] = object_of({{"source", string_type()},
                              {"alt", string_type()},
                              {"credit", string_type()},
                              {"media_type", string_type()},
                              {"size", integer},
                              {"width", integer},
                              {"height", integer}});
  out["File"] = object_of({{"sha256", string_type()},
                           {"size", integer},
                           {"media_type", string_type()},
                           {"name", string_type()},
                           {"label", string_type()}});
  out["Link"] = object_of({{"url", string_type("uri")}, {"label", string_type()}});
  out["ExternalId"] = object_of({{"scheme", string_type()}, {"value", string_type()}});
  return out;
}

struct Parameter {
  std::string name, meaning;
  json::object schema;
  bool several = false;
};

std::vector<Parameter> parameters_of(schema::Type const& type, page::Messages const& words) {
  std::vector<Parameter> out;
  auto const add = [&](std::string_view name, page::Text meaning, json::object schema,
                       bool several = false) {
    out.push_back({std::string(name), std::string(words.say(meaning)), std::move(schema), several});
  };
  add("q", "Mots cherchés"_fr, string_type());
  add("lieu", "Commune, code postal, code INSEE, intercommunalité ou département"_fr,
      string_type());
  add("rayon", "Distance autour du lieu, en kilomètres (0 à 200)"_fr, {{"type", "number"}});
  add("dep", "Codes de départements, ou « tous »"_fr, string_type(), true);
  for (auto const* const field : type.facets()) {
    out.push_back(
        {field->facet->parameter, field->label.in(words.language()), value_schema(*field), true});
  }
  if (type.has(schema::Trait::has_schedule)) {
    add("du", "Premier jour (2026-12-31)"_fr, string_type("date"));
    add("au", "Dernier jour, compris"_fr, string_type("date"));
  }
  add("tri", "Ordre : pertinence, distance, date ou nom"_fr,
      {{"type", "string"}, {"enum", json::array{"pertinence", "distance", "date", "nom"}}});
  add("page", "Page de 100 fiches, à partir de 1"_fr, {{"type", "integer"}, {"minimum", 1}});
  return out;
}

json::array list_parameters(schema::Type const& type) {
  json::array out;
  for (auto& one : parameters_of(type, page::french())) {
    json::object described{
        {"name", text(one.name)},
        {"in", "query"},
        {"description", text(one.meaning)},
        {"schema", one.several ? array_of(std::move(one.schema)) : std::move(one.schema)}};
    if (one.several) described["explode"] = true;
    out.emplace_back(std::move(described));
  }
  return out;
}

json::object header(std::string_view description) {
  return {{"description", text(description)}, {"schema", string_type()}};
}

json::object budget_headers() {
  return {
      {"RateLimit-Policy",
       header("Nombre de demandes (q) qu’un client peut faire en tant de secondes (w). Absent "
              "d’une réponse déjà prête, qui ne compte pas")},
      {"RateLimit", header("Demandes qui restent (r), et secondes (t) jusqu’à ce qu’elles y soient "
                           "toutes de nouveau")}};
}

json::object counted_answer(std::string_view description, json::object schema) {
  return {
      {"description", text(description)},
      {"headers", budget_headers()},
      {"content", json::object{{"application/json", json::object{{"schema", std::move(schema)}}}}}};
}

json::object too_many() {
  auto headers = budget_headers();
  headers["Retry-After"] = header("Secondes à attendre avant la demande suivante");
  return {{"description", "Trop de demandes depuis cette adresse"},
          {"headers", std::move(headers)}};
}

json::object list_path(schema::Type const& type) {
  json::object found = object_of({{"total", {{"type", "integer"}}},
                                  {"items", array_of(reference(type.key))},
                                  {"next", string_type("uri")}});
  json::object get{{"operationId", text(cat("list_", type.key))},
                   {"summary", text(text::capitalised(type.plural.fr))},
                   {"tags", json::array{text(type.plural.fr)}},
                   {"parameters", list_parameters(type)}};
  json::object responses;
  responses["200"] = counted_answer("Les fiches de cette page", std::move(found));
  responses["304"] = json::object{{"description", "Rien n’a changé (If-None-Match)"}};
  responses["429"] = too_many();
  get["responses"] = std::move(responses);
  return {{"get", std::move(get)}};
}

json::object record_path(schema::Type const& type) {
  json::object address{{"name", "address"},
                       {"in", "path"},
                       {"required", true},
                       {"description", "La fin de l’adresse de la page : nom-identifiant"},
                       {"schema", string_type()}};
  json::object get{{"operationId", text(cat("get_", type.key))},
                   {"summary", text(text::capitalised(type.singular.fr))},
                   {"tags", json::array{text(type.plural.fr)}},
                   {"parameters", json::array{std::move(address)}}};
  json::object responses;
  responses["200"] = counted_answer("La fiche", reference(type.key));
  responses["404"] = json::object{{"description", "Cette adresse n’existe pas"}};
  responses["410"] = json::object{{"description", "La fiche a été retirée"}};
  responses["429"] = too_many();
  get["responses"] = std::move(responses);
  return {{"get", std::move(get)}};
}

std::string base_url(Context const& context) {
  return context.site()->identity().base_url;
}

json::object distribution(std::string const& url, std::string_view media_type,
                          std::string_view title) {
  return {{"@type", "dcat:Distribution"},
          {"dct:title", text(title)},
          {"dcat:accessURL", json::object{{"@id", text(url)}}},
          {"dcat:downloadURL", json::object{{"@id", text(url)}}},
          {"dcat:mediaType", text(media_type)},
          {"dct:license", json::object{{"@id", text(kLicenceUrl)}}}};
}

}  // namespace

std::vector<std::pair<std::string, std::string>> list_parameters_of(schema::Type const& type,
                                                                    page::Messages const& words) {
  std::vector<std::pair<std::string, std::string>> out;
  for (auto& one : parameters_of(type, words)) {
    out.emplace_back(std::move(one.name), std::move(one.meaning));
  }
  return out;
}

std::string open_api(Context const& context) {
  auto const site = context.site();
  auto const& identity = site->identity();
  json::object info{
      {"title", text(cat(identity.title, " : API"))},
      {"version", "1"},
      {"description",
       "Lecture seule, sans clé, en JSON. Les filtres sont ceux des pages. Chaque réponse porte un "
       "ETag ; la page suivante est donnée par « next »."},
      {"license", json::object{{"name", "Licence Ouverte 2.0"}, {"url", text(kLicenceUrl)}}}};
  if (!identity.email.empty()) info["contact"] = json::object{{"email", text(identity.email)}};
  json::object paths;
  auto schemas = shared_schemas();
  for (auto const& type : context.instance.model.types()) {
    schemas[type.key] = record_schema(type);
    paths[cat('/', type.prefix)] = list_path(type);
    paths[cat('/', type.prefix, "/{address}")] = record_path(type);
  }
  json::object out{
      {"openapi", "3.1.0"},
      {"info", std::move(info)},
      {"servers", json::array{json::object{{"url", text(identity.base_url + "/api/v1")}}}},
      {"paths", std::move(paths)},
      {"components", json::object{{"schemas", std::move(schemas)}}}};
  return json::serialize(out) + "\n";
}

std::string dcat_catalogue(Context const& context) {
  auto const site = context.site();
  auto const& identity = site->identity();
  json::object publisher{
      {"@type", "foaf:Organization"},
      {"foaf:name", text(identity.publisher.empty() ? identity.title : identity.publisher)}};
  json::array sets;
  for (auto const& type : context.instance.model.types()) {
    auto const list = cat(identity.base_url, '/', type.prefix);
    json::array forms{
        distribution(list + ".csv", "text/csv", "CSV"),
        distribution(list + ".geojson", "application/geo+json", "GeoJSON"),
        distribution(cat(identity.base_url, "/api/v1/", type.prefix), "application/json", "JSON")};
    if (type.has(schema::Trait::has_schedule)) {
      forms.emplace_back(distribution(list + ".ics", "text/calendar", "iCalendar"));
    }
    sets.emplace_back(json::object{
        {"@id", text(list)},
        {"@type", "dcat:Dataset"},
        {"dct:title", text(cat(text::capitalised(type.plural.fr), ", ", identity.territory))},
        {"dct:description", text(type.description.fr)},
        {"dct:language", "fr"},
        {"dct:publisher", publisher},
        {"dcat:landingPage", json::object{{"@id", text(list)}}},
        {"dcat:distribution", std::move(forms)}});
  }
  json::object out{{"@context", json::object{{"dcat", "http://www.w3.org/ns/dcat#"},
                                             {"dct", "http://purl.org/dc/terms/"},
                                             {"foaf", "http://xmlns.com/foaf/0.1/"}}},
                   {"@id", text(identity.base_url + "/donnees")},
                   {"@type", "dcat:Catalog"},
                   {"dct:title", text(cat("Données ouvertes de ", identity.title))},
                   {"dct:publisher", publisher},
                   {"dct:license", json::object{{"@id", text(kLicenceUrl)}}},
                   {"dcat:dataset", std::move(sets)}};
  return json::serialize(out) + "\n";
}

std::string nodeinfo_links(Context const& context) {
  json::object const link{{"rel", "http://nodeinfo.diaspora.software/ns/schema/2.1"},
                          {"href", text(base_url(context) + "/nodeinfo/2.1")}};
  return json::serialize(json::object{{"links", json::array{link}}}) + "\n";
}

std::string nodeinfo(Context const& context) {
  std::size_t published = 0;
  for (auto const& [type, count] : context.catalogue.counts(context.instance.territory)) {
    published += count;
  }
  json::object out{
      {"version", "2.1"},
      {"software", json::object{{"name", "solidaires"}, {"version", SOLIDAIRES_VERSION}}},
      {"protocols", json::array{}},
      {"services",
       json::object{{"inbound", json::array{}}, {"outbound", json::array{"atom1.0", "rss2.0"}}}},
      {"openRegistrations", false},
      {"usage", json::object{{"users", json::object{}}, {"localPosts", published}}},
      {"metadata", json::object{{"nodeName", text(context.site()->identity().title)}}}};
  return json::serialize(out) + "\n";
}

}  // namespace solidaires::portal
