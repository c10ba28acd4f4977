#include "node/portal/calendar.h"

#include <libical/ical.h>

#include <algorithm>
#include <memory>
#include <set>

#include "schema/display.h"

namespace solidaires::portal {
namespace {

constexpr std::size_t kDatesMax = 100'000;  // of one series

using Component = std::unique_ptr<icalcomponent, decltype(&icalcomponent_free)>;

icaltimetype ical_time(model::CivilTime const& at, bool all_day) {
  auto time = icaltime_null_time();
  time.year = at.date.year;
  time.month = static_cast<int>(at.date.month);
  time.day = static_cast<int>(at.date.day);
  time.hour = static_cast<int>(at.hour);
  time.minute = static_cast<int>(at.minute);
  time.is_date = all_day ? 1 : 0;
  return time;
}

void add_time(icalcomponent* event, icalproperty* property, bool all_day, std::string const& zone) {
  if (!all_day) icalproperty_add_parameter(property, icalparameter_new_tzid(zone.c_str()));
  icalcomponent_add_property(event, property);
}

model::CivilTime day_after(model::CivilTime at) {
  at.date = model::CivilDate::from_days(at.date.days() + 1);
  return at;
}

std::int64_t minutes_between(model::CivilTime const& a, model::CivilTime const& b) {
  return (b.date.days() - a.date.days()) * 1'440 +
         (static_cast<std::int64_t>(b.hour) - a.hour) * 60 + static_cast<std::int64_t>(b.minute) -
         a.minute;
}

void add_span(icalcomponent* event, schema::Schedule const& schedule, model::CivilTime const& start,
              std::optional<model::CivilTime> const& end) {
  add_time(event, icalproperty_new_dtstart(ical_time(start, schedule.all_day)), schedule.all_day,
           schedule.zone);
  if (!end || minutes_between(start, *end) < 0) return;
  // The end of a day event is the day after its last (RFC 5545, 3.6.1).
  add_time(event,
           icalproperty_new_dtend(
               ical_time(schedule.all_day ? day_after(*end) : *end, schedule.all_day)),
           schedule.all_day, schedule.zone);
}

void describe(icalcomponent* event, Context const& context, service::PublicRecord const& record) {
  auto const url = context.site()->identity().base_url + record.path;
  auto const uid = cat(record.key.id.to_string(), '@', record.node.str(), ".solidaires");
  icalcomponent_add_property(event, icalproperty_new_uid(uid.c_str()));
  auto const stamp = icaltime_from_timet_with_zone(to_unix_ms(record.updated_at) / 1000, 0,
                                                   icaltimezone_get_utc_timezone());
  icalcomponent_add_property(event, icalproperty_new_dtstamp(stamp));
  icalcomponent_add_property(event, icalproperty_new_lastmodified(stamp));
  // Grows with every publication: seconds since the first one.
  auto const sequence = (to_unix_ms(record.updated_at) - to_unix_ms(record.published_at)) / 1000;
  icalcomponent_add_property(event, icalproperty_new_sequence(static_cast<int>(
                                        std::clamp<std::int64_t>(sequence, 0, 2'000'000'000))));
  icalcomponent_add_property(event, icalproperty_new_summary(record.title.c_str()));
  icalcomponent_add_property(event, icalproperty_new_url(url.c_str()));
  if (auto const kind = schema::card(*record.type, schema::Card::category, record.record);
      !kind.empty()) {
    icalcomponent_add_property(event, icalproperty_new_categories(kind.c_str()));
  }
  auto text = schema::card(*record.type, schema::Card::summary, record.record);
  text += cat(text.empty() ? "" : "\n\n", url);
  icalcomponent_add_property(event, icalproperty_new_description(text.c_str()));
  if (auto const* const place = record.place(); place != nullptr) {
    std::string where;
    for (auto const& line : schema::address_lines(*place, schema::Language::fr))
      where += cat(where.empty() ? "" : ", ", line);
    icalcomponent_add_property(event, icalproperty_new_location(where.c_str()));
    if (place->point && !place->hidden) {
      icalcomponent_add_property(
          event, icalproperty_new_geo({place->point->latitude, place->point->longitude}));
    }
  }
}

void add_extension(icalcomponent* calendar, char const* name, std::string const& value) {
  auto* const property = icalproperty_new_x(value.c_str());
  icalproperty_set_x_name(property, name);
  icalcomponent_add_property(calendar, property);
}

void add_event(icalcomponent* calendar, Context const& context, service::PublicRecord const& record,
               schema::Schedule const& schedule) {
  auto const start = model::civil(schedule.start);
  std::optional<model::CivilTime> end;
  if (schedule.end) end = model::civil(*schedule.end);
  auto* const event = icalcomponent_new(ICAL_VEVENT_COMPONENT);
  describe(event, context, record);
  add_span(event, schedule, start, end);
  if (model::is_rule(schedule.rule)) {
    icalcomponent_add_property(
        event, icalproperty_new_rrule(icalrecurrencetype_from_string(schedule.rule.c_str())));
  }
  for (auto const& exception : schedule.exceptions) {
    add_time(event, icalproperty_new_exdate(ical_time(model::civil(exception), schedule.all_day)),
             schedule.all_day, schedule.zone);
  }
  for (auto const& addition : schedule.additions) {
    icaldatetimeperiodtype at{};
    at.time = ical_time(model::civil(addition), schedule.all_day);
    at.period = icalperiodtype_null_period();
    add_time(event, icalproperty_new_rdate(at), schedule.all_day, schedule.zone);
  }
  icalcomponent_add_component(calendar, event);
  if (schedule.overrides.empty()) return;
  auto const moved = model::occurrences(schedule, {1970, 1, 1}, {2199, 12, 31}, kDatesMax);
  for (auto const& changed : schedule.overrides) {
    auto const original = model::civil(changed.original);
    auto* const one = icalcomponent_new(ICAL_VEVENT_COMPONENT);
    describe(one, context, record);
    add_time(one, icalproperty_new_recurrenceid(ical_time(original, schedule.all_day)),
             schedule.all_day, schedule.zone);
    auto const found = std::ranges::find(moved, original, &model::Occurrence::original);
    if (found != moved.end()) add_span(one, schedule, found->start, found->end);
    if (changed.status == schema::OccurrenceStatus::cancelled) {
      icalcomponent_add_property(one, icalproperty_new_status(ICAL_STATUS_CANCELLED));
    } else if (changed.status == schema::OccurrenceStatus::full) {
      // The standard has no word for it: people read it in the title.
      icalcomponent_set_summary(one, cat(record.title, " (complet)").c_str());
    }
    if (!changed.note.empty())
      icalcomponent_add_property(one, icalproperty_new_comment(changed.note.c_str()));
    icalcomponent_add_component(calendar, one);
  }
}

void add_zone(icalcomponent* calendar, std::string const& name) {
  auto* const zone = icaltimezone_get_builtin_timezone(name.c_str());
  if (zone == nullptr) return;
  auto* const described = icalcomponent_new_clone(icaltimezone_get_component(zone));
  // The built-in data names the zone after itself; events name it as people do.
  if (auto* const id = icalcomponent_get_first_property(described, ICAL_TZID_PROPERTY);
      id != nullptr) {
    icalproperty_set_tzid(id, name.c_str());
  }
  // How clocks went a hundred years ago is of no use to anybody here.
  auto from = icaltime_null_time();
  from.year = 2000;
  from.month = from.day = 1;
  icaltimezone_truncate_vtimezone(described, from, icaltime_null_time(), 0);
  icalcomponent_add_component(calendar, described);
}

}  // namespace

std::string calendar_of(Context const& context, std::vector<service::RecordPtr> const& records,
                        std::string const& name) {
  Component const calendar(icalcomponent_new(ICAL_VCALENDAR_COMPONENT), &icalcomponent_free);
  icalcomponent_add_property(calendar.get(), icalproperty_new_version("2.0"));
  icalcomponent_add_property(calendar.get(), icalproperty_new_prodid("-//Solidaires//Agenda//FR"));
  add_extension(calendar.get(), "X-WR-CALNAME", name);
  add_extension(calendar.get(), "X-PUBLISHED-TTL", "PT6H");  // how often to ask again
  std::set<std::string> zones;
  for (auto const& record : records) {
    auto const* const field = record->type->first(schema::FieldKind::schedule);
    auto const* const schedule =
        field == nullptr ? nullptr : schema::get<schema::Schedule>(record->record, field->key);
    if (schedule == nullptr) continue;
    if (!schedule->all_day && zones.insert(schedule->zone).second) {
      add_zone(calendar.get(), schedule->zone);
    }
    add_event(calendar.get(), context, *record, *schedule);
  }
  std::unique_ptr<char, decltype(&icalmemory_free_buffer)> const text(
      icalcomponent_as_ical_string_r(calendar.get()), &icalmemory_free_buffer);
  return text.get();
}

}  // namespace solidaires::portal
