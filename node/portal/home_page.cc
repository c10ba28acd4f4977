#include "node/page/french.h"
#include "node/page/markdown.h"
#include "node/portal/cards.h"
#include "node/portal/filters.h"
#include "node/portal/life.h"
#include "node/portal/map.h"
#include "node/portal/pages.h"
#include "node/text/fold.h"

namespace solidaires::portal {
namespace {

using page::View;

constexpr std::size_t kOnHome = 4;

// The next dates, or the newest records, of one kind.
View section(Context const& context, schema::Type const& type, std::string_view label) {
  service::ListQuery query;
  query.types = {type.key};
  if (!context.instance.hub) query.place.departments = context.instance.territory;
  query.sort = service::Sort::date;
  query.limit = kOnHome;
  if (type.has(schema::Trait::has_schedule)) query.from = context.today();
  if (opens_and_closes(&type)) {  // what one must not miss
    query.phases = {"closing"};
    query.sort = service::Sort::deadline;
  }
  View view;
  view.text("label", label)
      .text("href", cat('/', type.prefix))
      .text("more", cat("Voir tout : ", type.plural.fr));
  auto const found = context.catalogue.find(query);
  if (found && !found->hits.empty()) {
    view.list("cards", cards(context, found->hits));
    view.flag("has_cards", true);
  }
  return view;
}

std::string section_label(schema::Type const& type) {
  if (type.has(schema::Trait::has_schedule)) return "Prochaines dates";
  if (opens_and_closes(&type))
    return cat(text::capitalised(type.plural.fr), page::kNbsp, ": bientôt clos");
  if (type.has_life())
    return cat(type.gender == schema::Gender::feminine ? "Dernières " : "Derniers ",
               type.plural.fr);
  if (type.has(schema::Trait::is_organisation)) return "Nouvelles fiches de l’annuaire";
  return type.has(schema::Trait::has_story) ? "À la une" : text::capitalised(type.plural.fr);
}

}  // namespace

http::Response home_page(Context const& context, http::Request const& /*request*/) {
  auto const site = context.site();
  auto const& identity = site->identity();
  View view;
  view.text("title", identity.title)
      .text("territory", identity.territory)
      .flag("hub", context.instance.hub);
  // Records, their dates and the operator's own words are in French.
  bool const in_french = context.language() == schema::Language::fr;
  if (in_french)
    view.html("intro_html", page::markdown(identity.home_text, page::LineBreaks::joined));
  view.html("drawing_html", draw_territory(*context.gazetteer, context.instance.territory));
  auto const counts = context.catalogue.counts(context.instance.hub ? std::vector<std::string>()
                                                                    : context.instance.territory);
  view.flag("in_translation", !in_french);
  std::vector<View> kinds, sections;
  for (auto const& type : context.instance.model.types()) {
    auto const found = counts.find(type.key);
    auto const count = found == counts.end() ? 0 : static_cast<std::int64_t>(found->second);
    View kind;
    bool const several = count > 1 || (count == 0 && !in_french);
    kind.text("href", cat('/', type.prefix))
        .text("count", in_french ? page::french_number(count) : std::to_string(count))
        .text("label", (several ? type.plural : type.singular).in(context.language()))
        .text("description", type.description.in(context.language()));
    kinds.push_back(std::move(kind));
    if (in_french) sections.push_back(section(context, type, section_label(type)));
  }
  view.list("kinds", std::move(kinds)).list("sections", std::move(sections));
  if (in_french && !identity.take_part_text.empty())
    view.html("take_part_html", page::markdown(identity.take_part_text, page::LineBreaks::joined));
  std::vector<View> portals;
  for (auto const& link : identity.network) {
    portals.push_back(std::move(View().text("label", link.label).text("href", link.href)));
  }
  view.flag("has_portals", context.instance.hub && !portals.empty())
      .list("portals", std::move(portals));
  page::PageInfo info;
  info.title = identity.title;
  info.description = identity.tagline;
  set_address(info, context, "/");
  info.main_class = "home";
  return keep_while_true(context, http::Response::html(site->page(info, "portal/home", view)),
                         tags_of_all(context));
}

}  // namespace solidaires::portal
