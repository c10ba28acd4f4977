// Every component of the portal in its states, by the parts of templates that the pages use, with
// invented content: for whoever changes the look, and for the checks in a browser.
#include <array>
#include <span>

#include "node/page/wording.h"
#include "node/portal/list_parts.h"
#include "node/portal/map.h"
#include "node/portal/pages.h"
#include "node/text/fold.h"

namespace solidaires::portal {
namespace {

using page::View;

constexpr std::string_view kPath = "/composants";

struct Named {
  std::string_view name, label;
};

std::vector<View> named(std::span<Named const> all) {
  std::vector<View> out;
  for (auto const& [name, label] : all)
    out.push_back(std::move(View().text("name", name).text("label", label)));
  return out;
}

constexpr std::array<Named, 10> kColours{{{"paper", "Fond"},
                                          {"paper-shade", "Fond ombré"},
                                          {"ink", "Texte"},
                                          {"ink-soft", "Texte discret"},
                                          {"accent", "Accent"},
                                          {"accent-deep", "Accent profond"},
                                          {"accent-wash", "Accent pâle"},
                                          {"good", "Réussite"},
                                          {"warn", "Mise en garde"},
                                          {"bad", "Erreur"}}};
constexpr std::array<Named, 11> kBadges{{{"draft", "brouillon"},
                                         {"submitted", "à relire"},
                                         {"returned", "renvoyée"},
                                         {"published", "publiée"},
                                         {"withdrawn", "retirée"},
                                         {"conflict", "à départager"},
                                         {"life-upcoming", "ouvre bientôt"},
                                         {"life-open", "ouvert"},
                                         {"life-closing", "ferme dans 3 jours"},
                                         {"life-to-confirm", "à confirmer"},
                                         {"life-over", "terminé"}}};
constexpr std::array<Named, 5> kPhases{{{"upcoming", "ouvre bientôt"},
                                        {"open", "ouvert jusqu’au 12 décembre"},
                                        {"closing", "ferme dans 3 jours"},
                                        {"to-confirm", "à confirmer"},
                                        {"over", "terminé"}}};

View link(std::string_view label) {
  return std::move(View().text("label", label).text("href", kPath).text("remove", kPath));
}

// Every name that the template reads: what is unset would be looked up in the page around.
View blank_card() {
  View view;
  view.text("href", kPath).flag("has_picture", false).flag("cancelled", false);
  for (auto const* const name : {"kind", "category", "when", "status", "life", "life_phase",
                                 "place", "distance", "summary", "next_dates", "updated"})
    view.text(name, {});
  view.text("level", "3");
  view.html("summary_html", {});
  return view;
}

// One card of each kind, then one in each phase.
std::vector<View> sample_cards(Context const& context) {
  std::vector<View> out;
  for (auto const& type : context.instance.model.types()) {
    bool const dated = type.has(schema::Trait::has_schedule);
    out.push_back(std::move(blank_card()
                                .text("title", cat("Exemple", page::kNbsp, ": ", type.singular.fr))
                                .text("kind", type.singular.fr)
                                .text("category", "Association")
                                .text("when", dated ? "samedi 12 décembre, de 14 h à 17 h" : "")
                                .text("next_dates", dated ? "samedi 19 décembre" : "")
                                .text("place", "Annecy (74)")
                                .text("distance", cat("4", page::kNbsp, "km"))
                                .text("summary", type.description.fr)
                                .text("updated", "mis à jour aujourd’hui")));
  }
  for (auto const& [phase, label] : kPhases) {
    out.push_back(std::move(blank_card()
                                .text("title", "Exemple qui a une échéance")
                                .text("life", label)
                                .text("life_phase", phase)
                                .text("place", "Chambéry (73)")
                                .html("summary_html", {"Un résumé, avec un <mark>mot</mark> "
                                                       "trouvé."})));
  }
  out.push_back(std::move(blank_card()
                              .text("title", "Exemple de date annulée")
                              .text("when", "dimanche 13 décembre, 10 h")
                              .flag("cancelled", true)
                              .text("status", "annulé")));
  return out;
}

View sample_item(std::string_view title, bool cancelled) {
  return std::move(View()
                       .text("href", kPath)
                       .text("title", title)
                       .text("hour", "14 h")
                       .text("place", "Annecy")
                       .text("kind", "Atelier")
                       .flag("cancelled", cancelled)
                       .text("status", cancelled ? "annulé" : ""));
}

// Of December 2026, the 9th being today; something on the 12th and 13th.
View sample_day(std::int64_t day) {
  auto const date = model::CivilDate::from_days(day);
  View view;
  view.text("iso", date.iso())
      .text("number", std::to_string(date.day))
      .text("spoken", page::weekday_text(date, page::Language::fr))
      .text("label", page::weekday_text(date, page::Language::fr))
      .flag("today", date.month == 12 && date.day == 9)
      .flag("past", date.month == 11 || (date.month == 12 && date.day < 9))
      .flag("outside", date.month != 12);
  std::vector<View> items;
  if (date.month == 12 && date.day == 12) items.push_back(sample_item("Réparer ensemble", false));
  if (date.month == 12 && date.day == 13) items.push_back(sample_item("Grande tablée", true));
  view.flag("has_items", !items.empty()).list("items", std::move(items));
  return view;
}

void add_agenda(View& view) {
  auto const monday = model::CivilDate{2026, 11, 30}.days();
  std::vector<View> weeks, days;
  for (auto first = monday; first < monday + 5 * 7; first += 7) {
    std::vector<View> week;
    for (auto day = first; day < first + 7; ++day) week.push_back(sample_day(day));
    weeks.push_back(std::move(View().list("days", std::move(week))));
  }
  for (auto day = monday + 7; day < monday + 14; ++day) days.push_back(sample_day(day));
  view.list("weeks", std::move(weeks))
      .list("days", std::move(days))
      .text("month", page::month_text(2026, 12, page::Language::fr))
      .text("count", "2 dates");
}

void add_search(View& view) {
  view.text("words", "vélo").text("place", "Annecy").flag("scheduled", true);
  view.text("from", "2026-12-01").text("until", "");
  view.list("radii", {choice("0", "dans la commune seulement", false),
                      choice("15", cat("à moins de 15", page::kNbsp, "km"), true)});
  view.list("departments", {choice("", "Tout le territoire", true)});
  std::vector<View> terms;
  for (auto const& [name, label] : {Named{"un", "Alimentation"}, Named{"deux", "Réparation"}}) {
    terms.push_back(std::move(View()
                                  .text("id", cat("exemple-", name))
                                  .text("name", "exemple")
                                  .text("code", name)
                                  .text("label", label)
                                  .text("count", "12")
                                  .flag("checked", name == "un")));
  }
  view.flag("has_facets", true)
      .list("facets",
            {std::move(
                View().text("label", "Thème").flag("open", true).list("terms", std::move(terms)))});
  view.flag("has_chips", true)
      .list("chips", {link("« vélo »"), link("Annecy")})
      .text("clear", kPath);
}

void add_form(View& view) {
  view.text("action", kPath).text("nom", "").text("courriel", "claude").text("message", "");
  view.text("nom_error", "Dites comment vous vous appelez.")
      .text("courriel_error", "Écrivez une adresse complète, comme « prenom@exemple.fr ».")
      .text("message_error", "Le message est vide.");
  auto const problem = [](std::string_view field, std::string_view message) {
    return std::move(View().text("href", cat('#', field)).text("message", message));
  };
  view.flag("has_problems", true)
      .text("problem_heading", "Des points sont à corriger")
      .list("problems", {problem("nom", "Dites comment vous vous appelez."),
                         problem("courriel", "Écrivez une adresse complète."),
                         problem("message", "Le message est vide.")});
}

void add_pages(View& view) {
  auto const page = [](std::string_view label, std::string_view spoken) {
    return std::move(View().text("label", label).text("href", kPath).text("spoken", spoken));
  };
  view.flag("has_pages", true)
      .list("pages", {page("‹", "page précédente"), page("1", ""),
                      std::move(View().text("label", "2").flag("current", true)), page("3", ""),
                      page("›", "page suivante")});
}

void add_map(View& view, Context const& context) {
  std::vector<MapPoint> points;
  for (auto const* const name : {"Annecy", "Chambéry", "Albertville", "Grenoble", "Valence"}) {
    auto const found = context.gazetteer->find_places(name, {.limit = 1});
    if (!found.empty()) points.push_back({found.front().point, name, std::string(kPath)});
  }
  MapOptions options;
  options.departments = context.instance.territory;
  options.label = "Carte d’exemple, avec cinq communes";
  view.html("map_html", draw_map(*context.gazetteer, points, options));
}

}  // namespace

http::Response design_page(Context const& context, http::Request const& /*request*/) {
  View view = identity_view(context.site()->identity());
  view.list("colours", named(kColours)).list("badges", named(kBadges));
  view.list("tags", {link("Alimentation durable"), link("Mobilité")});
  view.list("cards", sample_cards(context));
  std::vector<View> kinds, tabs;
  for (auto const& type : context.instance.model.types()) {
    kinds.push_back(std::move(View()
                                  .text("label", text::capitalised(type.plural.fr))
                                  .text("description", type.description.fr)
                                  .text("count", "1 234")));
    tabs.push_back(std::move(View()
                                 .text("label", type.plural.fr)
                                 .text("href", kPath)
                                 .text("count", "12")
                                 .flag("current", tabs.empty())));
  }
  view.list("kinds", std::move(kinds)).list("tabs", std::move(tabs));
  view.list("ideas", {link("Chercher à moins de 50 km")});
  add_search(view);
  add_form(view);
  add_pages(view);
  add_map(view, context);
  add_agenda(view);
  page::PageInfo info;
  info.title = "Composants";
  info.path = kPath;
  info.noindex = true;
  info.breadcrumb = {{"Composants", ""}};
  return keep_page(http::Response::html(context.site()->page(info, "portal/design", view)),
                   {"site"});
}

}  // namespace solidaires::portal
