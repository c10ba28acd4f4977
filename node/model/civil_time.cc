#include "node/model/civil_time.h"

#include <unicode/basictz.h>
#include <unicode/timezone.h>

#include <charconv>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>

#include "sync/base/bytes.h"

namespace solidaires::model {
namespace {

using Days = std::chrono::sys_days;

std::string padded(unsigned value, std::size_t width) {
  std::string digits = std::to_string(value);
  return digits.size() < width ? std::string(width - digits.size(), '0') + digits : digits;
}

// Exactly `text` as an unsigned number; nothing else around it.
template <class Number>
bool read_number(std::string_view text, Number& out) {
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

// The zones that were asked for; there are a few hundred names in all. Never freed.
icu::TimeZone const* zone_named(std::string_view name) {
  static std::shared_mutex mutex;
  static std::map<std::string, std::unique_ptr<icu::TimeZone>, std::less<>> zones;
  {
    std::shared_lock const lock(mutex);
    if (auto const found = zones.find(name); found != zones.end()) return found->second.get();
  }
  std::unique_ptr<icu::TimeZone> made(
      icu::TimeZone::createTimeZone(icu::UnicodeString::fromUTF8(std::string(name))));
  if (*made == icu::TimeZone::getUnknown()) return nullptr;  // not kept: names come from outside
  std::unique_lock const lock(mutex);
  return zones.try_emplace(std::string(name), std::move(made)).first->second.get();
}

}  // namespace

Result<CivilDate> CivilDate::parse(std::string_view iso) {
  CivilDate date;
  bool const shaped = iso.size() == 10 && iso[4] == '-' && iso[7] == '-' &&
                      read_number(iso.substr(0, 4), date.year) &&
                      read_number(iso.substr(5, 2), date.month) &&
                      read_number(iso.substr(8, 2), date.day);
  auto const calendar = std::chrono::year_month_day{
      std::chrono::year{date.year}, std::chrono::month{date.month}, std::chrono::day{date.day}};
  if (!shaped || date.year < 1 || !calendar.ok()) {
    return fail(Code::invalid, "a date is written YYYY-MM-DD and exists in the calendar");
  }
  return date;
}

std::string CivilDate::iso() const {
  return cat(padded(static_cast<unsigned>(year), 4), '-', padded(month, 2), '-', padded(day, 2));
}

std::int64_t CivilDate::days() const {
  auto const calendar = std::chrono::year_month_day{
      std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}};
  return Days(calendar).time_since_epoch().count();
}

CivilDate CivilDate::from_days(std::int64_t days) {
  std::chrono::year_month_day const calendar{Days(std::chrono::days(days))};
  return {static_cast<int>(calendar.year()), static_cast<unsigned>(calendar.month()),
          static_cast<unsigned>(calendar.day())};
}

unsigned CivilDate::weekday() const {
  auto const shifted = (days() + 3) % 7;  // 1970-01-01 was a Thursday
  return static_cast<unsigned>(shifted < 0 ? shifted + 7 : shifted);
}

IsoWeek IsoWeek::of(CivilDate const& date) {
  auto const thursday = CivilDate::from_days(date.days() - date.weekday() + 3);
  auto const day_of_year = thursday.days() - CivilDate{thursday.year, 1, 1}.days();
  return {thursday.year, static_cast<unsigned>(day_of_year / 7 + 1)};
}

CivilDate IsoWeek::monday() const {
  // The fourth of January is always in the first week.
  CivilDate const fourth{year, 1, 4};
  return CivilDate::from_days(fourth.days() - fourth.weekday() + 7 * (std::int64_t{week} - 1));
}

bool IsoWeek::valid() const {
  return week >= 1 && week <= 53 && of(monday()) == *this;
}

std::string IsoWeek::text() const {
  return cat(year, week < 10 ? "-0" : "-", week);
}

Result<CivilTime> CivilTime::parse(std::string_view iso) {
  CivilTime at;
  bool const shaped = iso.size() >= 16 && (iso[10] == 'T' || iso[10] == ' ') && iso[13] == ':' &&
                      read_number(iso.substr(11, 2), at.hour) &&
                      read_number(iso.substr(14, 2), at.minute) && at.hour < 24 && at.minute < 60 &&
                      (iso.size() == 16 || iso.substr(16) == ":00");
  if (!shaped) return fail(Code::invalid, "a time is written YYYY-MM-DDTHH:MM");
  SOL_ASSIGN(at.date, CivilDate::parse(iso.substr(0, 10)));
  return at;
}

std::string CivilTime::iso() const {
  return cat(date.iso(), 'T', padded(hour, 2), ':', padded(minute, 2));
}

Instant to_instant(CivilTime const& at, std::string_view zone) {
  auto const local = Days(std::chrono::days(at.date.days())) + std::chrono::hours(at.hour) +
                     std::chrono::minutes(at.minute);
  auto const* const found = zone_named(zone);
  if (found == nullptr) return std::chrono::time_point_cast<Millis>(local);
  std::int32_t raw = 0;
  std::int32_t saving = 0;
  UErrorCode status = U_ZERO_ERROR;
  auto const* const basic = dynamic_cast<icu::BasicTimeZone const*>(found);
  auto const local_ms =
      static_cast<UDate>(std::chrono::duration_cast<Millis>(local.time_since_epoch()).count());
  if (basic != nullptr) {
    basic->getOffsetFromLocal(local_ms, UCAL_TZ_LOCAL_FORMER, UCAL_TZ_LOCAL_FORMER, raw, saving,
                              status);
  } else {
    found->getOffset(local_ms, 1, raw, saving, status);
  }
  return std::chrono::time_point_cast<Millis>(local) - Millis(raw + saving);
}

CivilTime to_civil(Instant at, std::string_view zone) {
  std::int32_t raw = 0;
  std::int32_t saving = 0;
  if (auto const* const found = zone_named(zone); found != nullptr) {
    UErrorCode status = U_ZERO_ERROR;
    found->getOffset(static_cast<UDate>(to_unix_ms(at)), 0, raw, saving, status);
  }
  auto const local = at + Millis(raw + saving);
  auto const day = std::chrono::floor<std::chrono::days>(local);
  auto const minutes = std::chrono::duration_cast<std::chrono::minutes>(local - day).count();
  return {CivilDate::from_days(day.time_since_epoch().count()), static_cast<unsigned>(minutes / 60),
          static_cast<unsigned>(minutes % 60)};
}

std::string machine_time(Instant at) {
  return cat(to_civil(at, "UTC").iso(), ":00Z");
}

bool is_time_zone(std::string_view zone) {
  return zone_named(zone) != nullptr;
}

}  // namespace solidaires::model
