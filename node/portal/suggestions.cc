#include "node/portal/suggestions.h"

#include <boost/json.hpp>

#include "node/page/site.h"
#include "node/portal/pages.h"
#include "node/text/fold.h"
#include "schema/model.h"

namespace solidaires::portal {
namespace {

namespace json = boost::json;

constexpr std::size_t kTypedMax = 80;  // characters
constexpr std::size_t kTypedMin = 2;
constexpr std::size_t kTitlesMax = 6;
constexpr std::size_t kThemesMax = 3;
constexpr std::size_t kPlacesMax = 4;
constexpr std::size_t kPlacesAloneMax = 8;

struct Suggested {
  std::string label;
  std::string kind;   // "structure", "thème", "lieu": said beside the label
  std::string href;   // where choosing it leads
  std::string value;  // of a place: what to put into the field
};

void add_titles(std::vector<Suggested>& out, Context const& context, std::string_view typed) {
  for (auto const& record : context.catalogue.suggest(typed, kTitlesMax)) {
    auto label = record->title;
    if (auto const* const place = record->place(); place != nullptr && !place->commune.empty()) {
      label += cat(", ", place->commune);
    }
    out.push_back({std::move(label),
                   record->type->singular.in(context.language()),
                   context.address(record->path),
                   {}});
  }
}

// A term that begins with what is typed, or has a word that does; each leads to the list that it
// filters.
void add_themes(std::vector<Suggested>& out, Context const& context, std::string_view typed) {
  auto const wanted = text::fold(typed);
  auto const* const type = context.instance.model.type("structure");
  if (type == nullptr || wanted.empty()) return;
  std::size_t found = 0;
  auto const language = context.language();
  for (auto const* const field : type->facets()) {
    if (field->vocabulary == nullptr || (field->key != "themes" && field->key != "sectors"))
      continue;
    for (auto const& term : field->vocabulary->terms) {
      auto const folded = text::fold(term.label.in(language));
      bool const meant = folded.starts_with(wanted) || folded.contains(cat(' ', wanted));
      if (!meant || term.retired) continue;
      if (found++ == kThemesMax) return;
      out.push_back(
          {term.label.in(language),
           context.say("thème"_fr),
           context.address(cat('/', type->prefix, '?', field->facet->parameter, '=', term.code)),
           {}});
    }
  }
}

void add_places(std::vector<Suggested>& out, Context const& context, std::string_view typed,
                std::size_t most) {
  geography::FindOptions options;
  options.limit = most;
  options.preferred_departments = context.instance.territory;
  geography::FindOptions first = options;
  first.limit = 1;
  for (auto const& place : context.gazetteer->find_places(typed, options)) {
    // By its name where that leads back to it, else (a homonym, an area) by its key.
    auto value = place.name;
    auto const again = context.gazetteer->find_places(value, first);
    if (again.empty() || again.front().key() != place.key()) value = place.key();
    auto href = context.address(cat("/recherche?lieu=", page::url_encode(value)));
    out.push_back({place.label, context.say("lieu"_fr), std::move(href), std::move(value)});
  }
}

// What a screen reader says of them.
std::string words_of(Context const& context, std::size_t count) {
  if (count == 0) return {};
  return count == 1 ? context.say("1 suggestion, flèche bas pour la choisir"_fr)
                    : context.say("{} suggestions, flèche bas pour choisir"_fr, count);
}

std::string as_items(Context const& context, std::vector<Suggested> const& all) {
  json::array items;
  for (auto const& one : all) {
    json::object item{{"label", one.label}, {"kind", one.kind}, {"href", one.href}};
    if (!one.value.empty()) item["value"] = one.value;
    items.emplace_back(std::move(item));
  }
  return json::serialize(
             json::object{{"items", std::move(items)}, {"words", words_of(context, all.size())}}) +
         "\n";
}

// [typed, labels, descriptions, addresses]
std::string as_open_search(std::string_view typed, std::vector<Suggested> const& all,
                           std::string const& base_url) {
  json::array labels, kinds, addresses;
  for (auto const& one : all) {
    labels.emplace_back(one.label);
    kinds.emplace_back(one.kind);
    addresses.emplace_back(base_url + one.href);
  }
  return json::serialize(json::array{json::string(typed), std::move(labels), std::move(kinds),
                                     std::move(addresses)}) +
         "\n";
}

}  // namespace

http::Response suggestions(Context const& context, http::Request const& request) {
  auto const typed =
      text::single_line(text::clean(text::beginning(request.query.get("q"), kTypedMax)));
  std::vector<Suggested> found;
  if (typed.size() >= kTypedMin) {
    if (request.query.get("sorte") == "lieu") {
      add_places(found, context, typed, kPlacesAloneMax);
    } else {
      add_titles(found, context, typed);
      add_themes(found, context, typed);
      add_places(found, context, typed, kPlacesMax);
    }
  }
  if (request.query.get("forme") == "opensearch") {
    return keep_page(
        http::Response::bytes(as_open_search(typed, found, context.site()->identity().base_url),
                              "application/x-suggestions+json"),
        tags_of_all(context));
  }
  return keep_page(http::Response::json(as_items(context, found)), tags_of_all(context));
}

}  // namespace solidaires::portal
