#include <libical/ical.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "node/formats/readers.h"
#include "node/model/civil_time.h"
#include "node/text/fold.h"
#include "sync/base/bytes.h"
#include "sync/base/hash.h"

namespace solidaires::formats {
namespace {

constexpr std::size_t kCalendarBytesMax = 16UL * 1024 * 1024;
constexpr std::size_t kShortNameBytes = 12;
constexpr int kDayMinutes = 24 * 60;
constexpr std::size_t kDateCharacters = 10;  // 2026-12-12

struct ComponentFree {
  void operator()(icalcomponent* component) const { icalcomponent_free(component); }
};
using Calendar = std::unique_ptr<icalcomponent, ComponentFree>;

struct Moment {
  std::string date;  // 2026-12-12
  std::string time;  // 14:00; empty: the whole day
  std::string zone;  // another than that of Paris
  [[nodiscard]] std::string text() const { return time.empty() ? date : cat(date, ' ', time); }
};

std::string two(int number) {
  return cat(number < 10 ? "0" : "", number);
}

std::string date_text(int year, int month, int day) {
  return cat(year, '-', two(month), '-', two(day));
}

std::string value_of(icalproperty* property) {
  std::unique_ptr<char, decltype(&free)> const text(icalproperty_get_value_as_string_r(property),
                                                    &free);
  return text == nullptr ? std::string() : std::string(text.get());
}

// Texts without the backslashes of the format.
std::string text_of(icalcomponent* event, icalproperty_kind kind) {
  auto* const property = icalcomponent_get_first_property(event, kind);
  if (property == nullptr) return {};
  auto const* const value = icalproperty_get_value(property);
  if (value == nullptr) return {};
  if (icalvalue_isa(value) == ICAL_TEXT_VALUE) {
    auto const* const text = icalvalue_get_text(value);
    return text == nullptr ? std::string() : std::string(text);
  }
  return value_of(property);
}

// "/freeassociation.sourceforge.net/Europe/Paris" -> "Europe/Paris"; empty: no such name.
std::string zone_name(std::string_view tzid) {
  auto const last = tzid.rfind('/');
  if (last == std::string_view::npos || last == 0) return {};
  auto const before = tzid.rfind('/', last - 1);
  auto const name = before == std::string_view::npos ? tzid : tzid.substr(before + 1);
  return model::is_time_zone(name) ? std::string(name) : std::string();
}

class EventReader {
 public:
  EventReader(NamedRows& rows, icalcomponent* event) : rows_(rows), event_(event) {}

  void read(std::vector<std::string> const& told_apart);
  [[nodiscard]] static std::optional<Moment> moment_of(icalproperty* property, NamedRows* rows);

 private:
  void identity();
  void times();
  void repetition(std::vector<std::string> const& told_apart);
  void status();
  [[nodiscard]] std::optional<Moment> end(icaltimetype start);

  NamedRows& rows_;
  icalcomponent* event_;
};

std::optional<Moment> EventReader::moment_of(icalproperty* property, NamedRows* rows) {
  if (property == nullptr) return std::nullopt;
  auto const* const value = icalproperty_get_value(property);
  if (value == nullptr) return std::nullopt;
  auto const kind = icalvalue_isa(value);
  icaltimetype time = icaltime_null_time();
  if (kind == ICAL_DATE_VALUE || kind == ICAL_DATETIME_VALUE || kind == ICAL_DATETIMEDATE_VALUE) {
    time = kind == ICAL_DATE_VALUE ? icalvalue_get_date(value) : icalvalue_get_datetime(value);
  } else if (kind == ICAL_DATETIMEPERIOD_VALUE) {
    time = icalvalue_get_datetimeperiod(value).time;
  }
  if (icaltime_is_null_time(time) != 0 || icaltime_is_valid_time(time) == 0 || time.year < 1900 ||
      time.year > 2200)
    return std::nullopt;
  if (time.is_date != 0) return Moment{date_text(time.year, time.month, time.day), {}, {}};
  if (icaltime_is_utc(time) != 0) {
    auto const seconds = static_cast<std::int64_t>(icaltime_as_timet(time));
    auto const iso = model::to_civil(Instant(std::chrono::seconds(seconds))).iso();
    return Moment{iso.substr(0, kDateCharacters), iso.substr(kDateCharacters + 1), {}};
  }
  Moment out{
      date_text(time.year, time.month, time.day), cat(two(time.hour), ':', two(time.minute)), {}};
  auto* const parameter = icalproperty_get_first_parameter(property, ICAL_TZID_PARAMETER);
  std::string_view const tzid = parameter == nullptr ? "" : icalparameter_get_tzid(parameter);
  auto const zone = zone_name(tzid);
  if (rows != nullptr && tzid.empty()) {
    rows->note("heure sans fuseau : lue comme l’heure de Paris");
  } else if (rows != nullptr && zone.empty()) {
    rows->note(cat("fuseau inconnu (", tzid, ") : heure lue comme celle de Paris"));
  }
  if (zone != model::kParis) out.zone = zone;
  return out;
}

void EventReader::identity() {
  auto const title = text_of(event_, ICAL_SUMMARY_PROPERTY);
  auto id = text_of(event_, ICAL_UID_PROPERTY);
  if (id.empty()) {
    auto* const start = icalcomponent_get_first_property(event_, ICAL_DTSTART_PROPERTY);
    auto const seed = cat(title, '\n', start == nullptr ? std::string() : value_of(start));
    id = cat("sans-uid-", hex(sha256(seed).substr(0, kShortNameBytes)));
    rows_.note("pas d’identifiant (UID) : le titre et la date en tiennent lieu");
  }
  auto* const apart = icalcomponent_get_first_property(event_, ICAL_RECURRENCEID_PROPERTY);
  if (auto const which = moment_of(apart, nullptr)) {
    id += cat('/', which->text());
    rows_.note("date modifiée d’une série : elle devient une fiche à part");
  }
  rows_.put("id", id);
  rows_.put("titre", plain_text(title));
}

// DTEND, or DTSTART with DURATION.
std::optional<Moment> EventReader::end(icaltimetype start) {
  auto* const property = icalcomponent_get_first_property(event_, ICAL_DTEND_PROPERTY);
  if (property != nullptr) {
    auto out = moment_of(property, nullptr);
    if (out && out->time.empty()) {  // the day after the last
      auto last = icaltime_from_string(value_of(property).c_str());
      icaltime_adjust(&last, -1, 0, 0, 0);
      out->date = date_text(last.year, last.month, last.day);
    }
    return out;
  }
  auto* const duration = icalcomponent_get_first_property(event_, ICAL_DURATION_PROPERTY);
  if (duration == nullptr || start.is_date != 0 || icaltime_is_utc(start) != 0) return std::nullopt;
  auto const length = icaldurationtype_as_int(icalproperty_get_duration(duration)) / 60;
  if (length <= 0 || length > 366 * kDayMinutes) return std::nullopt;
  icaltime_adjust(&start, 0, 0, length, 0);
  return Moment{date_text(start.year, start.month, start.day),
                cat(two(start.hour), ':', two(start.minute)),
                {}};
}

void EventReader::times() {
  auto* const property = icalcomponent_get_first_property(event_, ICAL_DTSTART_PROPERTY);
  auto const start = moment_of(property, &rows_);
  if (!start) {
    rows_.note("pas de date de début lisible");
    return;
  }
  rows_.put("date_debut", start->date);
  rows_.put(start->time.empty() ? "journee_entiere" : "heure_debut",
            start->time.empty() ? "oui" : start->time);
  rows_.put("fuseau", start->zone);
  auto const until = end(icalproperty_get_dtstart(property));
  if (!until) return;
  if (until->text() < start->text()) {
    if (until->date < start->date || !until->time.empty())
      rows_.note("la fin précède le début : seule la date de début est gardée");
    return;
  }
  if (until->text() == start->text()) return;
  rows_.put("date_fin", until->date);
  rows_.put("heure_fin", until->time);
}

void EventReader::repetition(std::vector<std::string> const& told_apart) {
  if (auto* const rule = icalcomponent_get_first_property(event_, ICAL_RRULE_PROPERTY);
      rule != nullptr)
    rows_.put("repetition", value_of(rule));
  auto const moments = [this](icalproperty_kind kind) {
    std::string joined;
    for (auto* property = icalcomponent_get_first_property(event_, kind); property != nullptr;
         property = icalcomponent_get_next_property(event_, kind)) {
      auto const at = moment_of(property, nullptr);
      if (at) joined += cat(joined.empty() ? "" : ";", at->text());
    }
    return joined;
  };
  auto without = moments(ICAL_EXDATE_PROPERTY);
  for (auto const& apart : told_apart) without += cat(without.empty() ? "" : ";", apart);
  rows_.put("dates_exclues", without);
  rows_.put("dates_ajoutees", moments(ICAL_RDATE_PROPERTY));
}

void EventReader::status() {
  auto* const property = icalcomponent_get_first_property(event_, ICAL_STATUS_PROPERTY);
  if (property == nullptr) return;
  bool const off = icalproperty_get_status(property) == ICAL_STATUS_CANCELLED;
  rows_.put("etat", off ? "cancelled" : "scheduled");
}

void EventReader::read(std::vector<std::string> const& told_apart) {
  identity();
  times();
  bool const alone =
      icalcomponent_get_first_property(event_, ICAL_RECURRENCEID_PROPERTY) != nullptr;
  if (!alone) repetition(told_apart);
  status();
  rows_.put("description", plain_text(text_of(event_, ICAL_DESCRIPTION_PROPERTY)));
  rows_.put("lieu", plain_text(text_of(event_, ICAL_LOCATION_PROPERTY)));
  rows_.put("url", text_of(event_, ICAL_URL_PROPERTY));
  std::string categories;
  for (auto* property = icalcomponent_get_first_property(event_, ICAL_CATEGORIES_PROPERTY);
       property != nullptr;
       property = icalcomponent_get_next_property(event_, ICAL_CATEGORIES_PROPERTY)) {
    categories += cat(categories.empty() ? "" : ",", value_of(property));
  }
  rows_.put("categories", categories);
}

}  // namespace

Result<TableFile> read_calendar(DecodedText const& text) {
  if (text.text.size() > kCalendarBytesMax) {
    return fail(Code::exhausted, cat("L’agenda dépasse ", kCalendarBytesMax >> 20U,
                                     " Mo. Demandez-en un extrait à sa source."));
  }
  Calendar const calendar(icalparser_parse_string(text.text.c_str()));
  NamedRows rows;
  if (calendar == nullptr) return rows.finish(Format::calendar, text.encoding);
  std::vector<icalcomponent*> events;
  auto const collect = [&events](icalcomponent* parent) {
    for (auto* event = icalcomponent_get_first_component(parent, ICAL_VEVENT_COMPONENT);
         event != nullptr; event = icalcomponent_get_next_component(parent, ICAL_VEVENT_COMPONENT))
      events.push_back(event);
  };
  collect(calendar.get());
  for (auto* inner = icalcomponent_get_first_component(calendar.get(), ICAL_VCALENDAR_COMPONENT);
       inner != nullptr;
       inner = icalcomponent_get_next_component(calendar.get(), ICAL_VCALENDAR_COMPONENT))
    collect(inner);
  std::map<std::string, std::vector<std::string>> apart;  // UID -> dates that have an event alone
  for (auto* const event : events) {
    auto* const which = icalcomponent_get_first_property(event, ICAL_RECURRENCEID_PROPERTY);
    if (auto const at = EventReader::moment_of(which, nullptr))
      apart[text_of(event, ICAL_UID_PROPERTY)].push_back(at->text());
  }
  for (auto* const event : events) {
    if (rows.full()) break;
    rows.begin();
    EventReader(rows, event).read(apart[text_of(event, ICAL_UID_PROPERTY)]);
  }
  return rows.finish(Format::calendar, text.encoding);
}

}  // namespace solidaires::formats
