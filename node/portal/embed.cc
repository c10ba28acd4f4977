// A list or a map of this portal for the site of somebody else: a frame that nothing but a link
// leaves, and the page on which one composes it.
#include <algorithm>
#include <charconv>

#include "node/page/wording.h"
#include "node/portal/cards.h"
#include "node/portal/filters.h"
#include "node/portal/list_parts.h"
#include "node/portal/map_panel.h"
#include "node/portal/pages.h"
#include "node/text/fold.h"

namespace solidaires::portal {
namespace {

using page::View;

constexpr std::size_t kShownDefault = 10;
constexpr std::size_t kShownMax = 50;
constexpr std::array<std::size_t, 4> kShownChoices{5, 10, 20, 50};

std::size_t shown(http::Request const& request) {
  auto const text = request.query.get("nombre");
  std::size_t number = kShownDefault;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return std::clamp<std::size_t>(number, 1, kShownMax);
}

std::string title_of(Context const& context, schema::Type const* type, Filters const& filters) {
  auto const kind = type == nullptr ? context.say("Ce que l’on trouve"_fr)
                                    : text::capitalised(type->plural.in(context.language()));
  auto const place = place_phrase(context, filters);
  auto const words =
      filters.words.empty() ? std::string() : cat(' ', context.say("« {} »"_fr, filters.words));
  return cat(kind, words, place.empty() || place.starts_with(':') ? "" : " ", place);
}

std::string frame_path(schema::Type const* type) {
  return cat("/integre", list_path(type));
}

// "&nombre=20" only where it says something.
std::string frame_query(Filters const& filters, std::size_t number) {
  auto query = filters.query();
  if (number != kShownDefault) query += cat(query.empty() ? "?" : "&", "nombre=", number);
  return query;
}

std::vector<View> type_choices(Context const& context, schema::Type const* chosen) {
  std::vector<View> out;
  auto const add = [&](std::string_view value, std::string_view label, bool selected) {
    out.push_back(choice(value, label, selected));
  };
  for (auto const& type : context.instance.model.types())
    add(type.prefix, text::capitalised(type.plural.in(context.language())), chosen == &type);
  add("recherche", context.say("Toutes les rubriques"_fr), chosen == nullptr);
  return out;
}

// What stands in no field of the form, and must not get lost when it is sent.
std::vector<View> kept_facets(Filters const& filters) {
  std::vector<View> out;
  for (auto const& [parameter, codes] : filters.facets) {
    for (auto const& code : codes)
      out.push_back(std::move(View().text("name", parameter).text("value", code)));
  }
  return out;
}

}  // namespace

std::string embed_href(Context const& context, schema::Type const* type, Filters const& filters) {
  auto const query = filters.query();
  return context.address(
      cat("/integrer?rubrique=",
          page::url_encode(type == nullptr ? std::string_view("recherche") : type->prefix),
          query.empty() ? "" : "&", query.empty() ? query : query.substr(1)));
}

http::Response embedded_page(Context const& context, schema::Type const* type,
                             http::Request const& request) {
  auto const filters = read_filters(context, type, request.query);
  bool const on_map = filters.view == kMapView;
  auto query = to_query(context, type, filters);
  auto const number = shown(request);
  query.offset = 0;
  query.limit = on_map ? kMapItemsMax : number;
  auto const found = context.catalogue.find(query);
  if (!found) return error_page(context, 500, &request);
  auto hits = found->hits;
  auto const site = context.site();
  Filters all = filters;
  all.view.clear();
  Filters marks = all;
  marks.view = kMapView;  // as many as the drawing has
  View view;
  view.text("title", title_of(context, type, filters))
      .text("site_title", site->identity().title)
      .text("all_href", context.address(cat(list_path(type), all.query())))
      .text("count", list_heading(context, type, *found, filters));
  if (on_map) {
    add_map(view, context, found->hits,
            {.place = query.place,
             .label = title_of(context, type, filters),
             .data = cat(list_path(type), ".geojson", marks.query()),
             .zoom = [&](geography::Box const& piece) {
               Filters within = all;
               within.zone = piece;
               return context.address(cat(list_path(type), within.query()));
             }});
  }
  if (hits.size() > number) hits.resize(number);
  view.flag("has_results", !hits.empty())
      .list("cards", cards(context, hits, {.show_kind = type == nullptr}));
  page::PageInfo info;
  info.title = title_of(context, type, filters);
  auto response = http::Response::html(site->embedded_page(info, "portal/embedded", view));
  response.frameable = true;
  return keep_while_true(context, std::move(response), tags_of_all(context));
}

http::Response embed_page(Context const& context, http::Request const& request) {
  auto const site = context.site();
  auto const* const type = context.instance.model.type_by_prefix(request.query.get("rubrique"));
  auto filters = read_filters(context, type, request.query);
  filters.page = 1;
  bool const on_map = filters.view == kMapView;
  auto const number = shown(request);
  View view;
  view.text("site_title", site->identity().title);
  view.text("words", filters.words).text("place", filters.place_text);
  view.list("types", type_choices(context, type)).list("radii", radius_choices(context, filters));
  view.list("facets", kept_facets(filters));
  std::vector<View> numbers;
  for (auto const one : kShownChoices) {
    numbers.push_back(choice(std::to_string(one), std::to_string(one), one == number));
  }
  view.list("numbers", std::move(numbers)).flag("on_map", on_map).flag("as_list", !on_map);
  std::vector<View> ignored;
  for (auto const& sentence : filters.ignored)
    ignored.push_back(std::move(View().text("sentence", sentence)));
  view.flag("has_ignored", !ignored.empty()).list("ignored", std::move(ignored));
  if (request.query.has("rubrique")) {
    auto const path = context.address(cat(frame_path(type), frame_query(filters, number)));
    auto const title = cat(title_of(context, type, filters), " – ", site->identity().title);
    auto const address = site->identity().base_url + path;
    view.text("frame_path", path).text("frame_address", address).text("frame_title", title);
    view.text("snippet", cat("<iframe src=\"", page::escaped(address), "\" title=\"",
                             page::escaped(title), "\" width=\"100%\" height=\"600\" ",
                             "loading=\"lazy\" style=\"border:0\"></iframe>"));
    view.text("criteria", chip_words(context, type, filters));
  }
  return fixed_page(context, "/integrer", "Intégrer une liste ou une carte à un site"_fr,
                    "portal/embed", view);
}

}  // namespace solidaires::portal
