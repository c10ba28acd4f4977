#include <libical/ical.h>

#include <algorithm>
#include <memory>
#include <set>

#include "node/page/french.h"
#include "node/portal/cards.h"
#include "node/portal/filters.h"
#include "node/portal/map.h"
#include "node/portal/pages.h"
#include "schema/display.h"
#include "schema/json.h"
#include "schema/table.h"

namespace solidaires::portal {
namespace {

constexpr std::size_t kExportMax = 5'000;
constexpr std::size_t kJsonPage = 100;

std::string iso_instant(Instant at) {
  auto const civil = model::to_civil(at, "UTC");
  return cat(civil.iso(), ":00Z");
}

std::string record_json(Context const& context, service::PublicRecord const& record,
                        std::optional<double> distance_km) {
  auto const site = context.site();
  schema::JsonMembers first{{"id", schema::json_string(record.key.id.to_string())},
                            {"type", schema::json_string(record.type->key)},
                            {"url", schema::json_string(site->identity().base_url + record.path)},
                            {"node", schema::json_string(record.node.str())},
                            {"updated_at", schema::json_string(iso_instant(record.updated_at))}};
  if (!record.source.empty()) first.emplace_back("source", schema::json_string(record.source));
  if (!record.licence.empty()) first.emplace_back("licence", schema::json_string(record.licence));
  if (record.demonstration) first.emplace_back("demonstration", "true");
  if (distance_km) {
    auto number = page::french_decimal(*distance_km, 2);
    std::ranges::replace(number, ',', '.');
    std::erase_if(number, [](char c) { return c != '.' && (c < '0' || c > '9'); });
    first.emplace_back("distance_km", number);
  }
  return schema::to_json(*record.type, record.record, first);
}

std::string list_json(Context const& context, service::ListResult const& result,
                      Filters const& filters, std::string const& path) {
  std::string out = cat("{\"total\":", result.total, ",\"items\":[");
  for (std::size_t i = 0; i < result.hits.size(); ++i) {
    out += cat(i == 0 ? "" : ",",
               record_json(context, *result.hits[i].record, result.hits[i].distance_km));
  }
  out += "]";
  if (filters.page * kJsonPage < result.total) {
    auto const next = cat(context.site()->identity().base_url, path, ".json",
                          filters.query_of_page(filters.page + 1));
    out += cat(",\"next\":", schema::json_string(next));
  }
  return out + "}\n";
}

std::optional<geography::Point> point_of(Context const& context,
                                         service::PublicRecord const& record) {
  auto const* const place = record.place();
  if (place == nullptr) return std::nullopt;
  if (place->point) return geography::Point{place->point->latitude, place->point->longitude};
  auto const* const commune = context.gazetteer->commune(place->commune_code);
  if (commune == nullptr || commune->precision == geography::Precision::unknown)
    return std::nullopt;
  return commune->point;
}

std::string list_geojson(Context const& context, service::ListResult const& result) {
  std::string out = "{\"type\":\"FeatureCollection\",\"features\":[";
  bool first = true;
  for (auto const& hit : result.hits) {
    auto const at = point_of(context, *hit.record);
    if (!at) continue;
    auto const number = [](double value) {
      std::string digits = std::to_string(value);
      return digits;
    };
    out += cat(first ? "" : ",",
               "{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[",
               number(at->longitude), ',', number(at->latitude),
               "]},\"properties\":{\"id\":", schema::json_string(hit.record->key.id.to_string()),
               ",\"title\":", schema::json_string(hit.record->title),
               ",\"place\":", schema::json_string(hit.record->place()->commune),
               ",\"url\":", schema::json_string(hit.record->path), "}}");
    first = false;
  }
  return out + "]}\n";
}

// A cell that a spreadsheet would run as a formula is kept as text.
std::string csv_cell(std::string_view text) {
  std::string out = "\"";
  if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos)
    out += '\'';
  for (char const c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::string list_csv(Context const& context, schema::Type const& type,
                     service::ListResult const& result) {
  std::string out = "\xef\xbb\xbf";
  auto const columns = schema::table_columns(type);
  out += "\"id\"";
  for (auto const& column : columns) out += cat(';', csv_cell(column.column->header));
  out += ";\"adresse de la page\"\r\n";
  for (auto const& hit : result.hits) {
    out += csv_cell(hit.record->key.id.to_string());
    for (auto const& cell : schema::to_cells(type, hit.record->record))
      out += cat(';', csv_cell(cell));
    out += cat(';', csv_cell(context.site()->identity().base_url + hit.record->path), "\r\n");
  }
  return out;
}

// ---- iCalendar (RFC 5545) ----

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
  auto text = schema::card(*record.type, schema::Card::summary, record.record);
  text += cat(text.empty() ? "" : "\n\n", url);
  icalcomponent_add_property(event, icalproperty_new_description(text.c_str()));
  if (auto const* const place = record.place(); place != nullptr) {
    std::string where;
    for (auto const& line : schema::address_lines(*place, schema::Language::fr))
      where += cat(where.empty() ? "" : ", ", line);
    icalcomponent_add_property(event, icalproperty_new_location(where.c_str()));
  }
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
  for (auto const& changed : schedule.overrides) {
    auto const original = model::civil(changed.original);
    auto* const one = icalcomponent_new(ICAL_VEVENT_COMPONENT);
    describe(one, context, record);
    add_time(one, icalproperty_new_recurrenceid(ical_time(original, schedule.all_day)),
             schedule.all_day, schedule.zone);
    auto const moved = model::occurrences(schedule, {1970, 1, 1}, {2199, 12, 31}, 100'000);
    auto const found = std::ranges::find(moved, original, &model::Occurrence::original);
    if (found != moved.end()) add_span(one, schedule, found->start, found->end);
    if (changed.status == schema::OccurrenceStatus::cancelled) {
      icalcomponent_add_property(one, icalproperty_new_status(ICAL_STATUS_CANCELLED));
    }
    if (!changed.note.empty())
      icalcomponent_add_property(one, icalproperty_new_comment(changed.note.c_str()));
    icalcomponent_add_component(calendar, one);
  }
}

std::string calendar_of(Context const& context, std::vector<service::RecordPtr> const& records,
                        std::string const& name) {
  Component const calendar(icalcomponent_new(ICAL_VCALENDAR_COMPONENT), &icalcomponent_free);
  icalcomponent_add_property(calendar.get(), icalproperty_new_version("2.0"));
  icalcomponent_add_property(calendar.get(), icalproperty_new_prodid("-//Solidaires//Agenda//FR"));
  auto* const label = icalproperty_new_x(name.c_str());
  icalproperty_set_x_name(label, "X-WR-CALNAME");
  icalcomponent_add_property(calendar.get(), label);
  std::set<std::string> zones;
  for (auto const& record : records) {
    auto const* const field = record->type->first(schema::FieldKind::schedule);
    auto const* const schedule =
        field == nullptr ? nullptr : schema::get<schema::Schedule>(record->record, field->key);
    if (schedule == nullptr) continue;
    if (!schedule->all_day && zones.insert(schedule->zone).second) {
      auto* const zone = icaltimezone_get_builtin_timezone(schedule->zone.c_str());
      if (zone != nullptr) {
        auto* const described = icalcomponent_new_clone(icaltimezone_get_component(zone));
        // The built-in data names the zone after itself; events name it as people do.
        if (auto* const id = icalcomponent_get_first_property(described, ICAL_TZID_PROPERTY);
            id != nullptr) {
          icalproperty_set_tzid(id, schedule->zone.c_str());
        }
        icalcomponent_add_component(calendar.get(), described);
      }
    }
    add_event(calendar.get(), context, *record, *schedule);
  }
  std::unique_ptr<char, decltype(&icalmemory_free_buffer)> const text(
      icalcomponent_as_ical_string_r(calendar.get()), &icalmemory_free_buffer);
  return text.get();
}

http::Response not_found() {
  return http::Response::text("Cette adresse n’existe pas.\n", 404);
}

}  // namespace

http::Response list_export(Context const& context, schema::Type const* type,
                           http::Request const& request, std::string_view format) {
  auto const path = type == nullptr ? std::string("/recherche") : cat('/', type->prefix);
  auto const filters = read_filters(context, type, request.query);
  auto query = to_query(context, type, filters);
  if (format == "json") {
    query.limit = kJsonPage;
    query.offset = (filters.page - 1) * kJsonPage;
  } else if (format == "csv" || format == "ics") {
    query.limit = kExportMax;
    query.offset = 0;
  }
  auto const found = context.catalogue.find(query);
  if (!found) return http::Response::text("Un problème est survenu.\n", 500);
  std::vector<std::string> tags;
  for (auto const& one : context.instance.model.types()) tags.push_back(cat("type:", one.key));
  if (format == "json")
    return keep_page(http::Response::json(list_json(context, *found, filters, path)),
                     std::move(tags));
  if (format == "geojson") {
    return keep_page(http::Response::bytes(list_geojson(context, *found), "application/geo+json"),
                     std::move(tags));
  }
  if (format == "csv" && type != nullptr) {
    auto response =
        http::Response::bytes(list_csv(context, *type, *found), "text/csv; charset=utf-8");
    response.with("Content-Disposition", http::content_disposition(cat(type->prefix, ".csv")));
    return keep_page(std::move(response), std::move(tags));
  }
  if (format == "ics" && type != nullptr && type->has(schema::Trait::has_schedule)) {
    std::vector<service::RecordPtr> records;
    for (auto const& hit : found->hits) records.push_back(hit.record);
    return keep_page(
        http::Response::bytes(calendar_of(context, records, context.site()->identity().title),
                              "text/calendar; charset=utf-8"),
        std::move(tags));
  }
  return not_found();
}

http::Response record_export(Context const& context, schema::Type const& type,
                             http::Request const& request, std::string_view format) {
  auto const found = context.catalogue.at(type, request.capture("address"));
  if (!found) return http::Response::text("Un problème est survenu.\n", 500);
  if (std::holds_alternative<service::Gone>(*found))
    return http::Response::text("Cette fiche a été retirée.\n", 410);
  auto const* const held = std::get_if<service::RecordPtr>(&*found);
  if (held == nullptr) return not_found();
  auto const& record = **held;
  std::vector<std::string> tags{cat("doc:", record.key.id.to_string())};
  if (format == "json")
    return keep_page(http::Response::json(record_json(context, record, {}) + "\n"),
                     std::move(tags));
  if (format == "ics" && type.has(schema::Trait::has_schedule)) {
    return keep_page(http::Response::bytes(calendar_of(context, {*held}, record.title),
                                           "text/calendar; charset=utf-8"),
                     std::move(tags));
  }
  return not_found();
}

}  // namespace solidaires::portal
