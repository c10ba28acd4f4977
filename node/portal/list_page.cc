#include <algorithm>
#include <array>

#include "node/page/wording.h"
#include "node/portal/alerts.h"
#include "node/portal/calendar_address.h"
#include "node/portal/cards.h"
#include "node/portal/citations.h"
#include "node/portal/filters.h"
#include "node/portal/life.h"
#include "node/portal/list_parts.h"
#include "node/portal/map_panel.h"
#include "node/portal/pages.h"
#include "node/portal/short_address.h"
#include "node/text/fold.h"
#include "schema/display.h"

namespace solidaires::portal {
namespace {

using page::View;

constexpr std::size_t kFacetTermsMax = 40;
constexpr std::size_t kPagerReach = 2;
constexpr std::size_t kNearlyShown = 5;

std::vector<View> facet_views(Context const& context, schema::Type const& type,
                              Filters const& filters, service::ListResult const& result) {
  auto const language = context.language();
  std::vector<View> groups;
  for (auto const* const field : type.facets()) {
    auto const found = result.facets.find(field->key);
    auto const chosen = filters.facets.find(field->facet->parameter);
    std::vector<std::string> const picked =
        chosen == filters.facets.end() ? std::vector<std::string>() : chosen->second;
    if ((found == result.facets.end() || found->second.empty()) && picked.empty()) continue;
    auto counts = found == result.facets.end() ? std::vector<service::FacetCount>() : found->second;
    for (auto const& code : picked) {
      if (std::ranges::find(counts, code, &service::FacetCount::code) == counts.end())
        counts.push_back({code, 0});
    }
    // In the vocabulary's own order, so that a choice does not move when counts change.
    if (field->vocabulary != nullptr) {
      std::ranges::sort(counts, {},
                        [&](auto const& count) { return field->vocabulary->order(count.code); });
    }
    if (counts.size() > kFacetTermsMax) counts.resize(kFacetTermsMax);
    std::vector<View> terms;
    for (auto const& count : counts) {
      auto const* const term =
          field->vocabulary == nullptr ? nullptr : field->vocabulary->find(count.code);
      auto label = field->vocabulary == nullptr
                       ? (count.code == "true" ? context.say("oui"_fr) : count.code)
                       : field->vocabulary->label_of(count.code, language);
      bool const checked = std::ranges::find(picked, count.code) != picked.end();
      View one;
      one.text("code", count.code)
          .text("label", label)
          .text("name", field->facet->parameter)
          .flag("checked", checked);
      one.text("id", cat("f-", field->facet->parameter, '-', count.code));
      one.text("count", page::number_text(static_cast<std::int64_t>(count.count), language));
      if (term != nullptr && term->depth > 0) one.flag("narrower", true);
      terms.push_back(std::move(one));
    }
    View group;
    group.text("label", field->label.in(language))
        .flag("open", !picked.empty() || groups.size() < 2)
        .list("terms", std::move(terms));
    groups.push_back(std::move(group));
  }
  return groups;
}

std::vector<View> pager(Context const& context, Filters const& filters, std::string const& path,
                        std::size_t pages) {
  std::vector<View> out;
  if (pages < 2) return out;
  auto const add = [&](std::size_t number, std::string const& label, std::string const& spoken) {
    View view;
    view.text("label", label).text("spoken", spoken);
    if (number == filters.page && spoken.empty()) {
      view.flag("current", true);
    } else {
      view.text("href", cat(path, filters.query_of_page(number)));
    }
    out.push_back(std::move(view));
  };
  if (filters.page > 1) add(filters.page - 1, "‹", context.say("page précédente"_fr));
  for (std::size_t number = 1; number <= pages; ++number) {
    bool const near = number + kPagerReach >= filters.page && number <= filters.page + kPagerReach;
    if (number == 1 || number == pages || near) add(number, std::to_string(number), {});
  }
  if (filters.page < pages) add(filters.page + 1, "›", context.say("page suivante"_fr));
  return out;
}

std::vector<View> department_choices(Context const& context, Filters const& filters) {
  std::vector<View> out;
  auto const site = context.site();
  bool const territory = filters.departments.empty() && !filters.everywhere;
  if (!context.instance.hub)
    out.push_back(choice("", context.say("Tout le territoire ({})"_fr, site->identity().territory),
                         territory));
  out.push_back(choice("tous", context.say("Tout le réseau régional"_fr),
                       filters.everywhere || (context.instance.hub && territory)));
  std::vector<std::string> codes = context.instance.territory;
  for (auto const& node : context.instance.directory.nodes())
    codes.insert(codes.end(), node.territory.begin(), node.territory.end());
  for (auto const& code : filters.departments) codes.push_back(code);
  std::ranges::sort(codes);
  auto const twins = std::ranges::unique(codes);
  codes.erase(twins.begin(), twins.end());
  for (auto const& code : codes) {
    auto const* const department = context.gazetteer->department(code);
    if (department == nullptr) continue;
    bool const selected = filters.departments.size() == 1 && filters.departments.front() == code;
    out.push_back(choice(code, cat(department->name, " (", code, ')'), selected));
  }
  return out;
}

std::vector<View> sort_links(Context const& context, schema::Type const* type,
                             Filters const& filters, service::ListQuery const& query,
                             std::string const& path) {
  std::vector<View> out;
  auto const add = [&](service::Sort sort, std::string_view name, page::Text label) {
    View view;
    view.text("label", context.say(label)).flag("current", query.sort == sort);
    view.text("href", cat(path, filters.query_sorted(name)));
    out.push_back(std::move(view));
  };
  if (!filters.words.empty()) add(service::Sort::relevance, "pertinence", "pertinence"_fr);
  if (query.place.around) add(service::Sort::distance, "distance", "distance"_fr);
  bool const scheduled = type != nullptr && type->has(schema::Trait::has_schedule);
  if (type != nullptr && !type->life.closes.empty())
    add(service::Sort::deadline, "echeance", "date limite"_fr);
  add(service::Sort::date, "date", scheduled ? "date"_fr : "plus récents"_fr);
  add(service::Sort::name, "nom", "nom"_fr);
  return out;
}

// The other kinds under the same conditions, so that a place or a word is never chosen twice.
std::vector<View> tabs(Context const& context, schema::Type const* current, Filters const& filters,
                       service::ListResult const& result) {
  Filters shared = filters;
  shared.facets.clear();
  shared.view.clear();
  shared.sort.reset();
  std::vector<View> out;
  for (auto const& type : context.instance.model.types()) {
    auto const found = result.by_type.find(type.key);
    View view;
    view.text("label", type.plural.in(context.language()))
        .text("href", context.address(cat('/', type.prefix, shared.query())));
    view.text("count",
              page::number_text(
                  found == result.by_type.end() ? 0 : static_cast<std::int64_t>(found->second),
                  context.language()));
    view.flag("current", current == &type);
    out.push_back(std::move(view));
  }
  return out;
}

void add_empty_state(View& view, Context const& context, schema::Type const* type,
                     Filters const& filters, service::ListQuery const& query,
                     std::string const& path) {
  std::vector<View> ideas;
  auto const idea = [&](page::Text label, std::string const& href) {
    ideas.push_back(std::move(View().text("label", context.say(label)).text("href", href)));
  };
  if (query.place.around && query.place.radius_km < 50) {
    Filters wider = filters;
    wider.radius_km = 50;
    idea("Chercher à moins de 50 km"_fr, cat(path, wider.query()));
  }
  if (!filters.everywhere) {
    Filters everywhere = filters;
    everywhere.everywhere = true;
    everywhere.departments.clear();
    everywhere.place.reset();
    everywhere.zone.reset();
    idea("Chercher dans tout le réseau régional"_fr, cat(path, everywhere.query()));
  }
  if (!filters.facets.empty()) {
    Filters open = filters;
    open.facets.clear();
    idea("Retirer les filtres de la colonne"_fr, cat(path, open.query()));
  }
  if (type != nullptr && !filters.words.empty())
    idea("Chercher ces mots dans toutes les rubriques"_fr,
         context.address(cat("/recherche", filters.query())));
  view.list("ideas", std::move(ideas));
}

std::vector<View> other_places(Filters const& filters, std::string const& path) {
  std::vector<View> out;
  auto const words =
      filters.words.empty() ? std::string() : cat("&q=", page::url_encode(filters.words));
  for (auto const& place : filters.other_places) {
    auto const href = cat(path, "?lieu=", page::url_encode(place.key()), words);
    out.push_back(std::move(View().text("label", place.label).text("href", href)));
  }
  return out;
}

// What was asked, in the form and as pieces that can be taken away; what was not understood.
void add_filters(View& view, Context const& context, schema::Type const* type,
                 Filters const& filters, std::string const& path) {
  view.text("path", path).text("words", filters.words).text("place", filters.place_text);
  view.list("radii", radius_choices(context, filters))
      .list("departments", department_choices(context, filters));
  if (filters.zone) view.text("zone", box_text(*filters.zone));
  view.text("view", filters.view);
  auto chosen = chip_views(context, type, filters, path);
  view.flag("has_chips", !chosen.empty()).list("chips", std::move(chosen)).text("clear", path);
  std::vector<View> ignored;
  for (auto const& sentence : filters.ignored)
    ignored.push_back(std::move(View().text("sentence", sentence)));
  view.flag("has_ignored", !ignored.empty()).list("ignored", std::move(ignored));
  auto others = other_places(filters, path);
  view.flag("has_other_places", !others.empty()).list("other_places", std::move(others));
}

void add_corrections(View& view, Filters const& filters, service::ListResult const& result,
                     std::string const& path) {
  for (auto const& correction : result.corrections) {
    view.text(correction.used ? "corrected" : "proposed", correction.corrected)
        .text("mistyped", correction.typed);
    Filters mended = filters;
    mended.words = correction.corrected;
    view.text("proposed_href", cat(path, mended.query()));
  }
  view.flag("some_words", result.some_words_only && result.total > 0);
}

// The spans that people ask for most, each a link to the same list with its dates.
std::vector<View> quick_dates(Context const& context, Filters const& filters,
                              std::string const& path) {
  auto const today = context.today();
  auto const monday = today.days() - today.weekday();
  auto const saturday = std::max(monday + 5, today.days());
  struct Span {
    page::Text label;
    std::int64_t first, last;
  };
  std::array<Span, 4> const spans = {{{"aujourd’hui"_fr, today.days(), today.days()},
                                      {"ce week-end"_fr, saturday, monday + 6},
                                      {"cette semaine"_fr, today.days(), monday + 6},
                                      {"la semaine prochaine"_fr, monday + 7, monday + 13}}};
  std::vector<View> out;
  for (auto const& span : spans) {
    auto dated = filters;
    dated.from = model::CivilDate::from_days(span.first);
    dated.until = model::CivilDate::from_days(span.last);
    bool const current = filters.from == dated.from && filters.until == dated.until;
    out.push_back(std::move(View()
                                .text("label", context.say(span.label))
                                .text("href", cat(path, dated.query()))
                                .flag("current", current)));
  }
  return out;
}

void add_dates(View& view, Context const& context, schema::Type const& type, Filters const& filters,
               std::string const& path) {
  view.flag("scheduled", true)
      .text("month_href", context.address(cat('/', type.prefix, '/',
                                              context.today().iso().substr(0, 7), filters.query())))
      .text("week_href",
            context.address(cat('/', type.prefix, "/semaine/",
                                model::IsoWeek::of(context.today()).text(), filters.query())))
      .list("quick_dates", quick_dates(context, filters, path))
      .text("from", filters.from ? filters.from->iso() : "")
      .text("until", filters.until ? filters.until->iso() : "")
      .text("ics_href", calendar_path(context, type, filters));
}

// What takes place, day by day; what goes on already stands under the first day asked for.
std::vector<View> days(Context const& context, std::vector<service::ListHit> const& hits,
                       CardOptions options, service::ListQuery const& query) {
  auto const today = context.today();
  options.heading = 4;
  std::vector<View> out;
  for (auto from = hits.begin(); from != hits.end();) {
    auto const day_of = [&](service::ListHit const& hit) -> std::optional<model::CivilDate> {
      if (!hit.occurrence) return std::nullopt;
      return std::max(hit.occurrence->start.date, query.from.value_or(today));
    };
    auto const day = day_of(*from);
    auto const until =
        std::find_if(from, hits.end(), [&](auto const& hit) { return day_of(hit) != day; });
    View view;
    view.text("label", day ? page::day_heading(*day, today, context.language())
                           : context.say("Sans date à venir"_fr))
        .list("cards", cards(context, {from, until}, options));
    out.push_back(std::move(view));
    from = until;
  }
  return out;
}

page::PageInfo info_of(Context const& context, schema::Type const* type, Filters const& filters,
                       std::string const& title, std::string const& heading) {
  auto const path = list_path(type);
  page::PageInfo info;
  info.title = filters.any() ? context.say("{}\u00a0: {}"_fr, title, heading) : title;
  info.description = type == nullptr ? "" : type->description.in(context.language());
  set_address(info, context, cat(path, filters.query_of_page(filters.page)));
  info.section = type == nullptr ? "" : type->key;
  info.breadcrumb = {{title, ""}};
  info.query = filters.words;
  info.noindex = filters.any();
  info.alternates.push_back({"application/atom+xml", context.say("Cette sélection en flux Atom"_fr),
                             cat(path, ".atom", filters.query())});
  info.alternates.push_back({"application/rss+xml", context.say("Cette sélection en flux RSS"_fr),
                             cat(path, ".rss", filters.query())});
  if (type == nullptr) return info;
  info.alternates.push_back({"application/json", context.say("Cette sélection en JSON"_fr),
                             cat(path, ".json", filters.query())});
  if (type->has(schema::Trait::has_schedule))
    info.alternates.push_back({"text/calendar", context.say("Cette sélection pour un agenda"_fr),
                               calendar_path(context, *type, filters)});
  return info;
}

// A search by its kind; of one without a result, the place and the themes too, never the words.
void count_search(http::Response& response, schema::Type const* type, Filters const& filters,
                  service::ListResult const& result) {
  if (!filters.any() || filters.page > 1) return;
  auto const add = [&](std::string_view group, std::string_view detail) {
    response = counted(std::move(response), group, detail);
  };
  auto const kind = type == nullptr ? std::string_view("all") : std::string_view(type->key);
  add(service::usage::kSearch, kind);
  if (result.total > 0) return;
  add(service::usage::kEmpty, kind);
  if (filters.place) add(service::usage::kEmptyPlace, filters.place->key());
  for (auto const& department : filters.departments) add(service::usage::kEmptyPlace, department);
  if (auto const themes = filters.facets.find("theme"); themes != filters.facets.end()) {
    for (auto const& code : themes->second) add(service::usage::kEmptyTheme, code);
  }
}

}  // namespace

page::View choice(std::string_view value, std::string_view label, bool selected) {
  return std::move(View().text("value", value).text("label", label).flag("selected", selected));
}

std::string list_path(schema::Type const* type) {
  return type == nullptr ? std::string("/recherche") : cat('/', type->prefix);
}

std::vector<View> radius_choices(Context const& context, Filters const& filters) {
  std::vector<View> out;
  auto const chosen = filters.radius_km.value_or(kRadiusDefaultKm);
  bool listed = false;
  for (int const km : {0, 5, 10, 15, 20, 30, 50, 100}) {
    bool const selected = chosen == km;
    listed = listed || selected;
    out.push_back(choice(std::to_string(km),
                         km == 0 ? context.say("dans la commune seulement"_fr)
                                 : context.say("à moins de {}"_fr, cat(km, page::kNbsp, "km")),
                         selected));
  }
  if (!listed) {
    out.push_back(choice(
        page::decimal_text(chosen, 1, context.language()),
        context.say("à moins de {}"_fr, page::distance_text(chosen, context.language())), true));
  }
  return out;
}

std::string list_heading(Context const& context, schema::Type const* type,
                         service::ListResult const& result, Filters const& filters) {
  auto const language = context.language();
  auto const text = text::capitalised(
      type == nullptr ? context.counted(result.total, "résultat"_fr, "résultats"_fr, false)
                      : page::counted(static_cast<std::int64_t>(result.total),
                                      type->singular.in(language), type->plural.in(language),
                                      type->gender == schema::Gender::feminine, language));
  auto const place = place_phrase(context, filters);
  if (place.empty()) return text;
  return place.starts_with(':') ? context.say("{}\u00a0{}"_fr, text, place) : cat(text, ' ', place);
}

http::Response list_page(Context const& context, schema::Type const* type,
                         http::Request const& request) {
  auto const path = context.address(list_path(type));
  auto const data_path = list_path(type);
  auto const filters = read_filters(context, type, request.query);
  auto query = to_query(context, type, filters);
  query.nearly_limit = kNearlyShown;
  auto const found = context.catalogue.find(query);
  if (!found) return error_page(context, 500, &request);
  auto const& result = *found;
  auto const pages = (result.total + query.limit - 1) / query.limit;
  if (filters.page > 1 && filters.page > pages)
    return http::Response::redirect(cat(path, filters.query_of_page(pages)));

  auto const title = type == nullptr ? context.say("Rechercher"_fr)
                                     : text::capitalised(type->plural.in(context.language()));
  auto const said = list_heading(context, type, result, filters);
  View view;
  view.text("title", title).text("heading", said);
  add_filters(view, context, type, filters, path);
  add_corrections(view, filters, result, path);
  view.list("tabs", tabs(context, type, filters, result));
  if (type != nullptr) {
    if (type->has(schema::Trait::has_schedule)) add_dates(view, context, *type, filters, path);
    auto facets = facet_views(context, *type, filters, result);
    view.flag("has_facets", !facets.empty()).list("facets", std::move(facets));
    view.text("csv_href", cat(data_path, ".csv", filters.query()))
        .text("json_href", cat(data_path, ".json", filters.query()))
        .text("atom_href", cat(data_path, ".atom", filters.query()))
        .text("rss_href", cat(data_path, ".rss", filters.query()));
    view.text("bib_href", is_citable(*type) ? cat(data_path, ".bib", filters.query()) : "")
        .text("ris_href", cat(data_path, ".ris", filters.query()));
  }
  view.text("embed_href", embed_href(context, type, fit_to_keep(context, filters)));
  view.text("alert_href", alert_href(context, data_path + fit_to_keep(context, filters).query()));
  view.list("sorts", sort_links(context, type, filters, query, path));
  CardOptions const options{.words = filters.words.empty() ? nullptr : &result.words,
                            .show_kind = type == nullptr};
  if (type != nullptr && type->has(schema::Trait::has_schedule) &&
      query.sort == service::Sort::date)
    view.flag("has_days", true).list("days", days(context, result.hits, options, query));
  else
    view.list("cards", cards(context, result.hits, options));
  view.flag("has_results", result.total > 0);
  view.flag("has_nearly", !result.nearly.empty())
      .list("nearly", cards(context, result.nearly, options));
  if (!filters.over_too && result.over > 0) {
    Filters all = filters;
    all.over_too = true;
    view.text("over_href", cat(path, all.query()))
        .text("over_count",
              page::number_text(static_cast<std::int64_t>(result.over), context.language()));
  }
  if (result.total == 0) add_empty_state(view, context, type, filters, query, path);
  auto turns = pager(context, filters, path, pages);
  view.flag("has_pages", !turns.empty()).list("pages", std::move(turns));
  add_list_map(view, context, filters, query, result, data_path);
  add_paper_trail(view, context, cat(path, filters.query_of_page(filters.page)));

  auto const info = info_of(context, type, filters, title, said);
  auto response = http::Response::html(context.site()->page(info, "portal/list", view));
  count_search(response, type, filters, result);
  return keep_while_true(context, std::move(response), tags_of_all(context));
}

}  // namespace solidaires::portal
