#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>

#include "node/formats/readers.h"
#include "sync/base/bytes.h"

namespace solidaires::formats {
namespace {

namespace json = boost::json;

constexpr int kDepthMax = 8;  // of an item: what lies deeper is left out

// Where services put their list: GeoJSON, GoGoCarto, France Travail, and the usual words.
constexpr std::array<std::string_view, 12> kLists{"features", "data",    "resultats", "results",
                                                  "items",    "entries", "offres",    "structures",
                                                  "services", "events",  "records",   "@graph"};

json::value const* member(json::value const& value, std::string_view name) {
  auto const* const object = value.if_object();
  return object == nullptr ? nullptr : object->if_contains(name);
}

std::string_view text_member(json::value const& value, std::string_view name) {
  auto const* const found = member(value, name);
  return found != nullptr && found->is_string() ? std::string_view(found->get_string())
                                                : std::string_view();
}

bool has(json::value const& item, std::string_view name) {
  return member(item, name) != nullptr;
}

// "45.9", where the library would write "4.59E1".
std::string decimal(double number) {
  constexpr double kPlainMax = 1e15;
  std::array<char, 64> text{};
  auto const shape =
      std::abs(number) < kPlainMax ? std::chars_format::fixed : std::chars_format::scientific;
  auto const [end, error] = std::to_chars(text.data(), text.data() + text.size(), number, shape);
  return error == std::errc{} ? std::string(text.data(), end) : std::string();
}

std::string scalar(json::value const& value) {
  if (auto const* const text = value.if_string()) return {text->data(), text->size()};
  if (auto const* const flag = value.if_bool()) return *flag ? "oui" : "non";
  if (auto const* const number = value.if_double()) return decimal(*number);
  if (value.is_number()) return json::serialize(value);
  return {};
}

// The name of an object in a list: {"code": "44L", "libelle": "Accompagnement"}.
std::string name_in_list(json::value const& value) {
  for (std::string_view const name : {"libelle", "label", "nom", "name", "titre", "title"}) {
    if (auto text = text_member(value, name); !text.empty()) return std::string(text);
  }
  return scalar(value);
}

void flatten(NamedRows& rows, std::string const& path, json::value const& value, int depth) {
  if (depth > kDepthMax || rows.full()) return;
  if (auto const* const object = value.if_object()) {
    for (auto const& [key, inner] : *object) {
      std::string const name(key);
      flatten(rows, path.empty() ? name : cat(path, '.', name), inner, depth + 1);
    }
  } else if (auto const* const list = value.if_array()) {
    std::string joined;
    for (auto const& element : *list) {
      auto const text = name_in_list(element);
      if (!text.empty()) joined += cat(joined.empty() ? "" : " | ", text);
    }
    rows.put(path, joined);
  } else {
    rows.put(path, scalar(value));
  }
}

void put_point(NamedRows& rows, json::value const* longitude, json::value const* latitude) {
  if (longitude == nullptr || latitude == nullptr) return;
  rows.put("latitude", scalar(*latitude));
  rows.put("longitude", scalar(*longitude));
}

void feature(NamedRows& rows, json::value const& item) {
  if (auto const* const geometry = member(item, "geometry"); geometry != nullptr) {
    auto const* const at = member(*geometry, "coordinates");
    auto const* const pair = at == nullptr ? nullptr : at->if_array();
    if (text_member(*geometry, "type") == "Point" && pair != nullptr && pair->size() >= 2) {
      put_point(rows, &(*pair)[0], &(*pair)[1]);
    } else if (!geometry->is_null()) {
      rows.note("géométrie autre qu’un point : laissée de côté");
    }
  }
  if (auto const* const properties = member(item, "properties"); properties != nullptr)
    flatten(rows, "", *properties, 0);
  if (auto const* const id = member(item, "id"); id != nullptr) rows.put("id", scalar(*id));
}

// [id, name, latitude, longitude, [categories], ...]
void compact_element(NamedRows& rows, json::array const& element) {
  constexpr std::array<std::string_view, 5> kNames{"id", "name", "latitude", "longitude",
                                                   "categories"};
  for (std::size_t i = 0; i < std::min(kNames.size(), element.size()); ++i)
    flatten(rows, std::string(kNames[i]), element[i], 0);
}

void full_element(NamedRows& rows, json::value const& item) {
  for (auto const& [key, value] : item.get_object()) {
    std::string const name(key);
    // Its parts bear the names of a postal address by themselves.
    flatten(rows, name == "address" && value.is_object() ? "" : name, value, 0);
  }
}

Format format_of(json::value const& whole, json::value const& item) {
  if (text_member(whole, "type") == "FeatureCollection") return Format::geojson;
  bool const gogo = text_member(whole, "ontology").starts_with("gogo");
  if (gogo || item.is_array() || (has(item, "geo") && has(item, "sourceKey")))
    return Format::gogocarto;
  if (has(item, "id_fiche") || has(item, "bf_titre")) return Format::yeswiki;
  if (has(item, "source") && has(item, "id") && has(item, "nom") && has(item, "date_maj"))
    return Format::data_inclusion;
  if (has(item, "intitule") && (has(item, "typeContrat") || has(item, "lieuTravail")))
    return Format::job_offers;
  return Format::json;
}

void read_item(NamedRows& rows, Format format, json::value const& item) {
  if (!item.is_object() && !item.is_array()) return;
  rows.begin();
  if (format == Format::geojson) {
    feature(rows, item);
  } else if (item.is_array()) {
    compact_element(rows, item.get_array());
  } else if (format == Format::gogocarto) {
    full_element(rows, item);
  } else {
    flatten(rows, "", item, 0);
  }
}

// Values of the list, wherever it stands; none: nullopt.
std::optional<std::vector<json::value const*>> items_of(json::value const& whole) {
  std::vector<json::value const*> items;
  auto const take = [&items](json::array const& list) {
    for (auto const& item : list) items.push_back(&item);
  };
  if (auto const* const list = whole.if_array()) {
    take(*list);
    return items;
  }
  auto const* const object = whole.if_object();
  if (object == nullptr) return std::nullopt;
  for (auto const name : kLists) {
    auto const* const list = object->if_contains(name);
    if (list != nullptr && list->is_array()) {
      take(list->get_array());
      return items;
    }
  }
  // YesWiki: {"first-record": {...}, "second-record": {...}}
  for (auto const& [key, value] : *object) {
    if (!value.is_object()) return std::nullopt;
    items.push_back(&value);
  }
  return items;
}

}  // namespace

Result<TableFile> read_json(DecodedText const& text) {
  boost::system::error_code error;
  auto const whole = json::parse(text.text, error);
  if (error) {
    return fail(Code::invalid,
                "Le fichier commence comme du JSON, mais ne se lit pas jusqu’au bout : il est "
                "coupé ou abîmé. Téléchargez-le de nouveau.");
  }
  auto const items = items_of(whole);
  if (!items || items->empty()) {
    return fail(Code::invalid,
                "Ce fichier JSON ne contient pas de liste de fiches. Vérifiez l’adresse ou "
                "l’export d’où il vient.");
  }
  auto const format = format_of(whole, *items->front());
  NamedRows rows;
  for (auto const* const item : *items) {
    read_item(rows, format, *item);
    if (rows.full()) break;
  }
  return rows.finish(format, text.encoding);
}

}  // namespace solidaires::formats
