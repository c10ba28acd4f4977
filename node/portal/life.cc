#include "node/portal/life.h"

#include <algorithm>

#include "node/page/wording.h"
#include "node/portal/map.h"
#include "schema/display.h"

namespace solidaires::portal {
namespace {

using model::Phase;

constexpr double kNearKm = 40;

// "12 décembre", "1er mars 2027": the year only if it is not this one.
std::string day_of(Context const& context, model::CivilDate const& date) {
  auto const language = context.language();
  auto const year = date.year == context.today().year ? std::string() : cat(' ', date.year);
  return cat(page::day_number(date, language), ' ', page::month_name(date.month, language), year);
}

std::string moment_text(Context const& context, model::LifeState const& state) {
  auto const day = day_of(context, state.at->date);
  return state.whole_day
             ? day
             : context.say("{} à {}"_fr, day, page::hour_text(*state.at, context.language()));
}

std::string closing_text(Context const& context, model::LifeState const& state) {
  auto const left = state.at->date.days() - context.today().days();
  if (left <= 0) {
    return state.whole_day ? context.say("Dernier jour"_fr)
                           : context.say("Dernier jour : jusqu’à {}"_fr,
                                         page::hour_text(*state.at, context.language()));
  }
  auto const until = moment_text(context, state);
  return left == 1 ? context.say("Plus qu’un jour : jusqu’au {}"_fr, until)
                   : context.say("Plus que {} jours : jusqu’au {}"_fr, left, until);
}

// What its people said, in the words of the vocabulary; else what the dates say.
std::string over_text(Context const& context, service::PublicRecord const& record,
                      model::LifeState const& state) {
  auto const& type = *record.type;
  std::string_view const e = type.gender == schema::Gender::feminine ? "e" : "";
  auto said = context.say(state.phase == Phase::closed ? "Clos{}"_fr : "Terminé{}"_fr, e);
  auto const* const outcome = type.field(type.life.outcome);
  if (state.phase != Phase::closed && state.phase != Phase::expired && outcome != nullptr)
    said = schema::display_line(*outcome, record.record, {.language = context.language()});
  return state.at ? context.say("{} depuis le {}"_fr, said, day_of(context, state.at->date)) : said;
}

service::ListQuery instead_of(Context const& context, service::PublicRecord const& record,
                              bool near, bool alike) {
  service::ListQuery query;
  query.types = {record.type->key};
  query.limit = 10;
  query.sort = service::Sort::newest;
  if (auto const* const place = near ? record.place() : nullptr; place != nullptr) {
    if (auto const at = point_of(context, record); at)
      query.place.around = schema::Point{at->latitude, at->longitude};
    query.place.radius_km = kNearKm;
    query.place.commune = place->commune_code;
    query.sort = service::Sort::distance;
  }
  auto const& key = record.type->life.near;
  if (!alike || key.empty()) return query;
  auto codes = schema::elements(record.record, key);
  if (codes.empty()) codes = {std::string(schema::text_of(record.record, key))};
  std::erase(codes, std::string());
  // Alike in the wider theme is alike enough.
  auto const* const vocabulary = record.type->field(key)->vocabulary;
  for (auto& code : codes) {
    auto const* const term = vocabulary == nullptr ? nullptr : vocabulary->find(code);
    if (term != nullptr && !term->parent.empty()) code = term->parent;
  }
  if (!codes.empty()) query.facets.emplace(key, std::move(codes));
  return query;
}

}  // namespace

std::string life_text(Context const& context, service::PublicRecord const& record,
                      model::LifeState const& state) {
  std::string_view const e = record.type->gender == schema::Gender::feminine ? "e" : "";
  switch (state.phase) {
    case Phase::timeless: return {};
    case Phase::upcoming: return context.say("Ouvre le {}"_fr, moment_text(context, state));
    case Phase::open:
      if (state.ongoing) return context.say("Ouvert{} toute l’année"_fr, e);
      return state.at ? context.say("Ouvert{} jusqu’au {}"_fr, e, moment_text(context, state))
                      : context.say("Ouvert{}"_fr, e);
    case Phase::closing: return closing_text(context, state);
    case Phase::to_confirm: return context.say("À confirmer"_fr);
    default: return over_text(context, record, state);
  }
}

model::LifeState add_life(page::View& view, Context const& context,
                          service::PublicRecord const& record) {
  auto const state = model::life_of(*record.type, record.record, context.instance.clock.now());
  view.text("life", life_text(context, record, state));
  view.text("life_phase", state.over() ? "over" : model::phase_name(state.phase));
  view.flag("life_over", state.over());
  return state;
}

std::vector<service::ListHit> open_instead(Context const& context,
                                           service::PublicRecord const& record, std::size_t limit) {
  std::vector<service::ListHit> hits;
  for (auto const& [near, alike] :
       {std::pair(true, true), {true, false}, {false, true}, {false, false}}) {
    auto const found = context.catalogue.find(instead_of(context, record, near, alike));
    if (!found) return hits;
    for (auto const& hit : found->hits) {
      auto const same = [&hit](auto const& other) { return other.record->key == hit.record->key; };
      if (hits.size() == limit) return hits;
      if (hit.record->key == record.key || std::ranges::any_of(hits, same)) continue;
      hits.push_back(hit);
    }
  }
  return hits;
}

}  // namespace solidaires::portal
