#include "node/portal/cards.h"

#include <algorithm>

#include "node/page/wording.h"
#include "node/portal/life.h"
#include "node/portal/pictures.h"
#include "node/search/highlight.h"
#include "node/text/fold.h"
#include "schema/characters.h"
#include "schema/display.h"

namespace solidaires::portal {
namespace {

constexpr std::size_t kSummaryCharacters = 200;
constexpr std::size_t kNextDates = 3;

std::string summary_of(service::PublicRecord const& record) {
  auto text = schema::card(*record.type, schema::Card::summary, record.record);
  if (text.empty()) {
    auto const* const story = record.type->first(schema::FieldKind::long_text);
    if (story != nullptr) text = schema::text_of(record.record, story->key);
  }
  return text;
}

// The dates of a series after the one that is shown: "samedi 2 janvier 2027, samedi 6 février
// 2027".
std::string next_dates(Context const& context, service::PublicRecord const& record,
                       model::Occurrence const& shown) {
  auto const* const field = record.type->first(schema::FieldKind::schedule);
  auto const* const schedule =
      field == nullptr ? nullptr : schema::get<schema::Schedule>(record.record, field->key);
  if (schedule == nullptr || (schedule->rule.empty() && schedule->additions.empty())) return {};
  auto const from = shown.start.date;
  auto const year_after = model::CivilDate::from_days(from.days() + 366);
  std::vector<std::string> days;
  for (auto const& one : model::occurrences(*schedule, from, year_after, 4 * kNextDates)) {
    bool const later = one.start.date > from;
    if (!later || one.status == schema::OccurrenceStatus::cancelled) continue;
    if (days.size() < kNextDates)
      days.push_back(page::relative_day(one.start.date, context.today(), context.language()));
  }
  return schema::join(days, ", ");
}

}  // namespace

page::Html highlighted(std::string_view text, std::vector<std::string> const& words) {
  page::Html out;
  std::size_t at = 0;
  for (auto const& range : search::highlight(text, words)) {
    out.text += page::escaped(text.substr(at, range.begin - at));
    out.text +=
        cat("<mark>", page::escaped(text.substr(range.begin, range.end - range.begin)), "</mark>");
    at = range.end;
  }
  out.text += page::escaped(text.substr(at));
  return out;
}

std::string story_date(Context const& context, service::PublicRecord const& record) {
  auto const* const field = record.type->first(schema::Card::date);
  auto const* const date =
      field == nullptr ? nullptr : schema::get<schema::Date>(record.record, field->key);
  return date == nullptr
             ? page::date_text(model::to_civil(record.published_at).date, context.language())
             : schema::day_text(*date, context.language());
}

std::string status_label(Context const& context, schema::OccurrenceStatus status) {
  switch (status) {
    case schema::OccurrenceStatus::planned: return {};
    case schema::OccurrenceStatus::cancelled: return context.say("annulé"_fr);
    case schema::OccurrenceStatus::moved: return context.say("date déplacée"_fr);
    case schema::OccurrenceStatus::full: return context.say("complet"_fr);
  }
  return {};
}

service::ListHit hit_of(Context const& context, service::RecordPtr record) {
  auto const* const field = record->type->first(schema::FieldKind::schedule);
  auto const* const schedule =
      field == nullptr ? nullptr : schema::get<schema::Schedule>(record->record, field->key);
  service::ListHit hit{std::move(record), {}, {}};
  if (schedule != nullptr) hit.occurrence = model::next_occurrence(*schedule, context.today());
  return hit;
}

std::string occurrence_text(Context const& context, model::Occurrence const& one) {
  return page::span_text(one.start, one.end, one.all_day, context.today(), context.language());
}

page::View card(Context const& context, service::ListHit const& hit, CardOptions const& options) {
  auto const& record = *hit.record;
  auto const& type = *record.type;
  page::View view;
  auto const language = context.language();
  view.text("href", context.address(record.path)).text("title", record.title);
  view.text("level", std::to_string(options.heading));
  view.text("kind", options.show_kind ? type.singular.in(language) : std::string());
  for (std::string_view const name :
       {"place", "distance", "summary", "when", "status", "next_dates", "updated"}) {
    view.text(name, {});
  }
  view.html("summary_html", {}).flag("cancelled", false);
  view.text("category",
            schema::card(type, schema::Card::category, record.record, {.language = language}));
  if (auto const* const place = record.place(); place != nullptr) {
    auto const* const commune = context.gazetteer->commune(place->commune_code);
    view.text("place", commune == nullptr ? place->commune
                                          : cat(place->commune, " (", commune->department, ')'));
  }
  if (hit.distance_km)
    view.text("distance",
              context.say("à\u00a0{}"_fr, page::distance_text(*hit.distance_km, language)));
  auto const summary = summary_of(record);
  if (options.words != nullptr && !options.words->empty()) {
    view.html(
        "summary_html",
        highlighted(search::passage(summary, *options.words, kSummaryCharacters), *options.words));
  } else {
    view.text("summary", text::excerpt(summary, kSummaryCharacters));
  }
  auto const today = context.today();
  if (hit.occurrence) {
    view.text("when", occurrence_text(context, *hit.occurrence));
    view.text("status", status_label(context, hit.occurrence->status));
    view.text("next_dates", next_dates(context, record, *hit.occurrence));
    view.flag("cancelled", hit.occurrence->status == schema::OccurrenceStatus::cancelled);
  } else if (type.has(schema::Trait::has_story)) {
    view.text("when", story_date(context, record));
  }
  if (type.has(schema::Trait::freshness)) {
    // By the day: a page is kept for minutes, and an age in minutes would be wrong soon.
    auto const day = model::to_civil(record.updated_at).date;
    auto const said = page::relative_day(day, today, language);
    bool const long_ago = day.days() < today.days() - 1;
    view.text("updated", long_ago ? context.say("mis à jour le {}"_fr, said)
                                  : context.say("mis à jour {}"_fr, said));
  }
  add_life(view, context, record);
  view.flag("demonstration", record.demonstration);
  add_picture(view, context, record);
  return view;
}

std::vector<page::View> cards(Context const& context, std::vector<service::ListHit> const& hits,
                              CardOptions const& options) {
  std::vector<page::View> views;
  views.reserve(hits.size());
  for (auto const& hit : hits) views.push_back(card(context, hit, options));
  return views;
}

}  // namespace solidaires::portal
