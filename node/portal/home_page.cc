#include "node/page/markdown.h"
#include "node/page/wording.h"
#include "node/portal/cards.h"
#include "node/portal/filters.h"
#include "node/portal/life.h"
#include "node/portal/map.h"
#include "node/portal/pages.h"
#include "node/service/programme.h"
#include "node/text/fold.h"

namespace solidaires::portal {
namespace {

using page::View;

constexpr std::size_t kOnHome = 4;
constexpr std::size_t kFeaturedMax = 6;

std::string section_label(Context const& context, schema::Type const& type) {
  auto const& kinds = type.plural.in(context.language());
  if (type.has(schema::Trait::has_schedule)) return context.say("Prochaines dates"_fr);
  if (opens_and_closes(&type))
    return context.say("{}\u00a0: bientôt clos"_fr, text::capitalised(kinds));
  if (type.has_life())
    return context.say(
        type.gender == schema::Gender::feminine ? "Dernières {}"_fr : "Derniers {}"_fr, kinds);
  if (type.has(schema::Trait::is_organisation))
    return context.say("Nouvelles fiches de l’annuaire"_fr);
  return type.has(schema::Trait::has_story) ? context.say("À la une"_fr) : text::capitalised(kinds);
}

// The next dates, or the newest records, of one kind.
View section(Context const& context, schema::Type const& type) {
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
  view.text("label", section_label(context, type))
      .text("href", context.address(cat('/', type.prefix)))
      .text("more", context.say("Voir tout : {}"_fr, type.plural.in(context.language())));
  auto const found = context.catalogue.find(query);
  if (found && !found->hits.empty()) {
    view.list("cards", cards(context, found->hits));
    view.flag("has_cards", true);
  }
  return view;
}

// What the editorial team put on the front page for these days.
std::vector<View> featured(Context const& context) {
  std::vector<View> views;
  auto const features = service::Programmes(context.instance).on_front_page(context.today());
  if (!features) return views;
  for (auto const& feature : *features) {
    auto const record = context.catalogue.get(feature.record);
    if (!record || !*record) continue;
    auto const hit = hit_of(context, *record);
    auto const* const dates = (*record)->type->first(schema::FieldKind::schedule);
    if (dates != nullptr && schema::has((*record)->record, dates->key) && !hit.occurrence)
      continue;  // it is over
    auto view = card(context, hit, {.show_kind = true});
    if (!feature.words.empty()) view.text("summary", feature.words);
    views.push_back(std::move(view));
    if (views.size() == kFeaturedMax) break;
  }
  return views;
}

}  // namespace

http::Response home_page(Context const& context, http::Request const& /*request*/) {
  auto const site = context.site();
  auto const& identity = site->identity();
  View view;
  view.text("title", identity.title)
      .text("territory", identity.territory)
      .flag("hub", context.instance.hub);
  // Where the operator's own words are in French, the page has others.
  bool const in_french = context.language() == page::Language::fr;
  view.flag("in_translation", !in_french);
  if (in_french)
    view.html("intro_html", page::markdown(identity.home_text, page::LineBreaks::joined));
  view.html("drawing_html", draw_territory(*context.gazetteer, context.instance.territory));
  auto const counts = context.catalogue.counts(context.instance.hub ? std::vector<std::string>()
                                                                    : context.instance.territory);
  auto const language = context.language();
  std::vector<View> kinds, sections;
  for (auto const& type : context.instance.model.types()) {
    auto const found = counts.find(type.key);
    auto const count = found == counts.end() ? 0 : static_cast<std::int64_t>(found->second);
    View kind;
    bool const several = count > 1 || (count == 0 && language == page::Language::en);
    kind.text("href", context.address(cat('/', type.prefix)))
        .text("count", page::number_text(count, language))
        .text("label", (several ? type.plural : type.singular).in(language))
        .text("description", type.description.in(language));
    kinds.push_back(std::move(kind));
    sections.push_back(section(context, type));
  }
  auto chosen = featured(context);
  view.flag("has_featured", !chosen.empty()).list("featured", std::move(chosen));
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
  auto tags = tags_of_all(context);
  tags.emplace_back(service::kProgrammeTag);
  return keep_while_true(context, http::Response::html(site->page(info, "portal/home", view)),
                         std::move(tags));
}

}  // namespace solidaires::portal
