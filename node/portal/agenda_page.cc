#include <algorithm>
#include <map>

#include "node/page/wording.h"
#include "node/portal/cards.h"
#include "node/portal/filters.h"
#include "node/portal/pages.h"
#include "schema/display.h"

namespace solidaires::portal {
namespace {

using model::CivilDate;
using page::View;

constexpr std::size_t kItemsMax = 1'000;  // of one page

CivilDate first_of(int year, unsigned month) {
  return {year, month, 1};
}

CivilDate last_of(int year, unsigned month) {
  auto const next = month == 12 ? CivilDate{year + 1, 1, 1} : CivilDate{year, month + 1, 1};
  return CivilDate::from_days(next.days() - 1);
}

std::string month_path(schema::Type const& type, CivilDate const& day) {
  return cat('/', type.prefix, '/', day.iso().substr(0, 7));
}

std::string week_path(schema::Type const& type, CivilDate const& day) {
  return cat('/', type.prefix, "/semaine/", model::IsoWeek::of(day).text());
}

bool is_year(int year) {
  return year >= 2000 && year <= 2100;
}

View item_view(Context const& context, service::AgendaItem const& item) {
  auto const language = context.language();
  View view;
  view.text("title", item.record->title).text("href", context.address(item.record->path));
  view.text("kind", schema::card(*item.record->type, schema::Card::category, item.record->record,
                                 {.language = language}));
  if (!item.occurrence.all_day) view.text("hour", page::hour_text(item.occurrence.start, language));
  view.text("status", status_label(context, item.occurrence.status));
  view.flag("cancelled", item.occurrence.status == schema::OccurrenceStatus::cancelled);
  if (auto const* const place = item.record->place(); place != nullptr)
    view.text("place", place->commune);
  return view;
}

// What takes place on each day (since 1970) from `first` to `last`; what goes on for several days
// stands on each of them.
struct Span {
  CivilDate first, last;
  Filters filters;
  std::map<std::int64_t, std::vector<View>> by_day;
  std::vector<service::AgendaItem> items;
};

Result<Span> read_span(Context const& context, schema::Type const& type,
                       http::Request const& request, CivilDate first, CivilDate last) {
  Span span{first, last, read_filters(context, &type, request.query), {}, {}};
  SOL_ASSIGN(span.items, context.catalogue.agenda(to_query(context, &type, span.filters), first,
                                                  last, kItemsMax));
  for (auto const& item : span.items) {
    auto const from = std::max(item.occurrence.start.date.days(), first.days());
    auto const until = std::min(item.occurrence.last_day().days(), last.days());
    for (auto day = from; day <= until; ++day) span.by_day[day].push_back(item_view(context, item));
  }
  return span;
}

std::size_t count_within(Span const& span, CivilDate const& first, CivilDate const& last) {
  return static_cast<std::size_t>(
      std::ranges::count_if(span.items, [&](service::AgendaItem const& item) {
        return item.occurrence.start.date <= last && item.occurrence.last_day() >= first;
      }));
}

// The filters that hold, for the head of the page; each can be taken off.
void add_chosen(View& view, Context const& context, schema::Type const& type,
                Filters const& filters, std::string const& path) {
  auto chosen = chip_views(context, &type, filters, context.address(path));
  view.flag("has_chips", !chosen.empty()).list("chips", std::move(chosen));
}

View day_view(Context const& context, CivilDate const& date, Span const& span) {
  auto const today = context.today();
  auto const label = page::weekday_text(date, context.language());
  View view;
  view.text("number", std::to_string(date.day))
      .text("iso", date.iso())
      .text("spoken", label)
      .text("label", label)
      .flag("today", date == today)
      .flag("past", date < today);
  auto const found = span.by_day.find(date.days());
  if (found != span.by_day.end()) view.list("items", found->second).flag("has_items", true);
  return view;
}

std::vector<View> month_grid(Context const& context, Span const& span, unsigned month) {
  std::vector<View> weeks;
  for (auto monday = span.first.days(); monday <= span.last.days(); monday += 7) {
    std::vector<View> days;
    for (auto day = monday; day < monday + 7; ++day) {
      auto const date = CivilDate::from_days(day);
      auto view = day_view(context, date, span);
      view.flag("outside", date.month != month);
      days.push_back(std::move(view));
    }
    weeks.push_back(std::move(View().list("days", std::move(days))));
  }
  return weeks;
}

}  // namespace

http::Response month_page(Context const& context, schema::Type const& type,
                          http::Request const& request, int year, unsigned month) {
  if (!is_year(year) || month < 1 || month > 12) return error_page(context, 404, &request);
  auto const first = first_of(year, month);
  auto const last = last_of(year, month);
  auto const read =
      read_span(context, type, request, CivilDate::from_days(first.days() - first.weekday()),
                CivilDate::from_days(last.days() + (6 - last.weekday())));
  if (!read) return error_page(context, 500, &request);
  auto const& span = *read;
  auto const path = month_path(type, first);
  auto const query = span.filters.query();
  auto const before = CivilDate::from_days(first.days() - 1);
  auto const after = CivilDate::from_days(last.days() + 1);
  auto const today = context.today();
  auto const language = context.language();
  auto const words = page::month_text(year, month, language);
  View view;
  view.list("weeks", month_grid(context, span, month))
      .text("month", words)
      .text("previous_href", context.address(cat(month_path(type, before), query)))
      .text("next_href", context.address(cat(month_path(type, after), query)))
      .text("previous_label", page::month_name(before.month, language))
      .text("next_label", page::month_name(after.month, language))
      .text("list_href", context.address(cat('/', type.prefix, query)))
      .text("week_href",
            context.address(
                cat(week_path(type, first <= today && today <= last ? today : first), query)))
      .text("count", context.counted(count_within(span, first, last), "date"_fr, "dates"_fr, true));
  add_chosen(view, context, type, span.filters, path);
  std::vector<View> listed;
  for (auto const& [day, list] : span.by_day) {
    auto const date = CivilDate::from_days(day);
    if (date.month != month) continue;
    listed.push_back(
        std::move(View().text("label", page::date_text(date, language)).list("items", list)));
  }
  view.flag("has_list", !listed.empty()).list("listed", std::move(listed));

  page::PageInfo info;
  bool const vowel = month == 4 || month == 8 || month == 10;  // avril, août, octobre
  info.title = context.say(vowel ? "Agenda d’{}"_fr : "Agenda de {}"_fr, words);
  set_address(info, context, cat(path, query));
  info.section = type.key;
  info.noindex = span.filters.any();
  info.breadcrumb = {{context.say("Agenda"_fr), context.address(cat('/', type.prefix))},
                     {words, ""}};
  return keep_page(http::Response::html(context.site()->page(info, "portal/month", view)),
                   tags_of_all(context));
}

http::Response week_page(Context const& context, schema::Type const& type,
                         http::Request const& request, int year, unsigned number) {
  model::IsoWeek const week{year, number};
  if (!is_year(year) || !week.valid()) return error_page(context, 404, &request);
  auto const monday = week.monday();
  auto const sunday = CivilDate::from_days(monday.days() + 6);
  auto const read = read_span(context, type, request, monday, sunday);
  if (!read) return error_page(context, 500, &request);
  auto const& span = *read;
  auto const path = week_path(type, monday);
  auto const query = span.filters.query();
  auto const words = page::days_text(monday, sunday, context.language());
  std::vector<View> days;
  for (auto day = monday.days(); day <= sunday.days(); ++day) {
    days.push_back(day_view(context, CivilDate::from_days(day), span));
  }
  View view;
  view.list("days", std::move(days))
      .text("week", words)
      .text("number", std::to_string(number))
      .text("previous_href",
            context.address(cat(week_path(type, CivilDate::from_days(monday.days() - 7)), query)))
      .text("next_href",
            context.address(cat(week_path(type, CivilDate::from_days(monday.days() + 7)), query)))
      .text("list_href", context.address(cat('/', type.prefix, query)))
      .text("month_href",
            context.address(cat(month_path(type, CivilDate::from_days(monday.days() + 3)), query)))
      .text("count", context.counted(span.items.size(), "date"_fr, "dates"_fr, true));
  add_chosen(view, context, type, span.filters, path);
  page::PageInfo info;
  info.title = context.say("Agenda, semaine {}"_fr, words);
  set_address(info, context, cat(path, query));
  info.section = type.key;
  info.noindex = span.filters.any();
  info.breadcrumb = {{context.say("Agenda"_fr), context.address(cat('/', type.prefix))},
                     {context.say("semaine {}"_fr, number), ""}};
  return keep_page(http::Response::html(context.site()->page(info, "portal/week", view)),
                   tags_of_all(context));
}

}  // namespace solidaires::portal
