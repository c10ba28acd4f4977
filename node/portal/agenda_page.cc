#include <algorithm>
#include <map>

#include "node/page/french.h"
#include "node/portal/cards.h"
#include "node/portal/filters.h"
#include "node/portal/pages.h"

namespace solidaires::portal {
namespace {

using model::CivilDate;
using page::View;

constexpr std::size_t kMonthItemsMax = 1'000;

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

View item_view(service::AgendaItem const& item) {
  View view;
  view.text("title", item.record->title).text("href", item.record->path);
  if (!item.occurrence.all_day) view.text("hour", page::french_hour(item.occurrence.start));
  view.text("status", status_label(item.occurrence.status));
  view.flag("cancelled", item.occurrence.status == schema::OccurrenceStatus::cancelled);
  if (auto const* const place = item.record->place(); place != nullptr)
    view.text("place", place->commune);
  return view;
}

}  // namespace

http::Response month_page(Context const& context, schema::Type const& type,
                          http::Request const& request, int year, unsigned month) {
  if (year < 2000 || year > 2100 || month < 1 || month > 12)
    return error_page(context, 404, &request);
  auto const site = context.site();
  auto const first = first_of(year, month);
  auto const last = last_of(year, month);
  auto const grid_first = CivilDate::from_days(first.days() - first.weekday());
  auto const grid_last = CivilDate::from_days(last.days() + (6 - last.weekday()));
  auto const filters = read_filters(context, &type, request.query);
  auto const items = context.catalogue.agenda(to_query(context, &type, filters), grid_first,
                                              grid_last, kMonthItemsMax);
  if (!items) return error_page(context, 500, &request);
  std::map<std::int64_t, std::vector<View>> by_day;
  std::size_t in_month = 0;
  for (auto const& item : *items) {
    auto const from = std::max(item.occurrence.start.date.days(), grid_first.days());
    auto const until = std::min(item.occurrence.last_day().days(), grid_last.days());
    for (auto day = from; day <= until; ++day) by_day[day].push_back(item_view(item));
    if (item.occurrence.start.date <= last && item.occurrence.last_day() >= first) ++in_month;
  }
  auto const today = context.today();
  std::vector<View> weeks;
  for (auto monday = grid_first.days(); monday <= grid_last.days(); monday += 7) {
    std::vector<View> days;
    for (auto day = monday; day < monday + 7; ++day) {
      auto const date = CivilDate::from_days(day);
      View view;
      view.text("number", std::to_string(date.day))
          .text("iso", date.iso())
          .text("spoken", page::french_day_month(date));
      view.flag("outside", date.month != month).flag("today", date == today);
      auto const found = by_day.find(day);
      if (found != by_day.end()) view.list("items", found->second).flag("has_items", true);
      days.push_back(std::move(view));
    }
    weeks.push_back(std::move(View().list("days", std::move(days))));
  }
  View view;
  view.list("weeks", std::move(weeks)).text("month", page::french_month(year, month));
  auto const query = filters.query();
  view.text("previous_href", cat(month_path(type, CivilDate::from_days(first.days() - 1)), query));
  view.text("next_href", cat(month_path(type, CivilDate::from_days(last.days() + 1)), query));
  view.text("previous_label",
            page::french_month_name(CivilDate::from_days(first.days() - 1).month));
  view.text("next_label", page::french_month_name(CivilDate::from_days(last.days() + 1).month));
  view.text("list_href", cat('/', type.prefix, query)).text("path", month_path(type, first));
  view.text("words", filters.words).text("place", filters.place_text);
  view.text("count", page::counted(static_cast<std::int64_t>(in_month), "date", "dates", true));
  std::vector<View> listed;
  for (auto const& [day, list] : by_day) {
    auto const date = CivilDate::from_days(day);
    if (date.month != month) continue;
    listed.push_back(std::move(View().text("label", page::french_date(date)).list("items", list)));
  }
  view.flag("has_list", !listed.empty()).list("listed", std::move(listed));

  page::PageInfo info;
  bool const vowel = month == 4 || month == 8 || month == 10;  // avril, août, octobre
  info.title = cat(vowel ? "Agenda d’" : "Agenda de ", page::french_month(year, month));
  info.path = cat(month_path(type, first), query);
  info.section = type.key;
  info.noindex = filters.any();
  info.breadcrumb = {{"Agenda", cat('/', type.prefix)}, {page::french_month(year, month), ""}};
  return keep_page(http::Response::html(site->page(info, "portal/month", view)),
                   {cat("type:", type.key)});
}

}  // namespace solidaires::portal
