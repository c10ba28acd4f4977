#include "node/page/wording.h"

#include <array>
#include <cmath>

#include "node/text/fold.h"
#include "sync/base/bytes.h"

namespace solidaires::page {
namespace {

using model::CivilDate;
using model::CivilTime;
using schema::Words;

using Months = std::array<std::string_view, 12>;
using Weekdays = std::array<std::string_view, 7>;
constexpr Months kFrenchMonths{"janvier",   "février", "mars",     "avril",
                               "mai",       "juin",    "juillet",  "août",
                               "septembre", "octobre", "novembre", "décembre"};
constexpr Months kEnglishMonths{"January",   "February", "March",    "April",
                                "May",       "June",     "July",     "August",
                                "September", "October",  "November", "December"};
constexpr Weekdays kFrenchWeekdays{"lundi",    "mardi",  "mercredi", "jeudi",
                                   "vendredi", "samedi", "dimanche"};
constexpr Weekdays kEnglishWeekdays{"Monday", "Tuesday",  "Wednesday", "Thursday",
                                    "Friday", "Saturday", "Sunday"};
constexpr std::string_view kThinNbsp = "\u202f";

constexpr std::string_view in(Language language, std::string_view french,
                              std::string_view english) {
  return language == Language::fr ? french : english;
}

std::string day_month(CivilDate const& date, Language language) {
  return cat(day_number(date, language), kNbsp, month_name(date.month, language));
}

std::string with_year_if_other(std::string const& text, CivilDate const& date,
                               CivilDate const& today) {
  return date.year == today.year ? text : cat(text, kNbsp, date.year);
}

// What of the first of two days need not be said, the second says.
std::string first_of(CivilDate const& first, CivilDate const& last, Language language) {
  if (first.year != last.year) return cat(day_month(first, language), kNbsp, first.year);
  return first.month == last.month ? day_number(first, language) : day_month(first, language);
}

std::string between(std::string_view first, std::string_view last, Language language) {
  return cat(in(language, "du ", "from "), first, in(language, " au ", " to "), last);
}

std::string hours_text(CivilTime const& start, CivilTime const& end, Language language) {
  return cat(in(language, "de ", "from "), hour_text(start, language), in(language, " à ", " to "),
             hour_text(end, language));
}

}  // namespace

std::string number_text(std::int64_t value, Language language) {
  std::string digits = std::to_string(value < 0 ? -value : value);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), in(language, kThinNbsp, ","));
  }
  return value < 0 ? "\u2212" + digits : digits;
}

std::string decimal_text(double value, unsigned digits, Language language) {
  double scale = 1;
  for (unsigned i = 0; i < digits; ++i) scale *= 10;
  auto const scaled = static_cast<std::int64_t>(std::llround(std::abs(value) * scale));
  auto const whole = number_text(scaled / static_cast<std::int64_t>(scale), language);
  std::string fraction = std::to_string(scaled % static_cast<std::int64_t>(scale));
  fraction.insert(0, fraction.size() < digits ? digits - fraction.size() : 0, '0');
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  std::string const sign = value < 0 && scaled != 0 ? "\u2212" : "";
  return fraction.empty() ? cat(sign, whole) : cat(sign, whole, in(language, ",", "."), fraction);
}

std::string counted(std::int64_t count, std::string_view singular, std::string_view plural,
                    bool feminine, Language language) {
  if (count == 0 && language == Language::en) return cat("no ", plural);
  if (count == 0) return cat(feminine ? "aucune " : "aucun ", singular);
  return cat(number_text(count, language), kNbsp, count == 1 ? singular : plural);
}

std::string distance_text(double km, Language language) {
  if (km < 0.95) {
    auto const metres = std::max<std::int64_t>(std::llround(km * 10) * 100, 100);
    return cat(metres, kNbsp, 'm');
  }
  return cat(km < 9.95 ? decimal_text(km, 1, language) : number_text(std::llround(km), language),
             kNbsp, "km");
}

std::string hour_text(CivilTime const& at, Language language) {
  auto const minute = cat(at.minute < 10 ? "0" : "", at.minute);
  if (language == Language::en) return cat(at.hour < 10 ? "0" : "", at.hour, ':', minute);
  auto const hour = cat(at.hour, kNbsp, 'h');
  return at.minute == 0 ? hour : cat(hour, kNbsp, minute);
}

std::string_view month_name(unsigned month, Language language) {
  return (language == Language::fr ? kFrenchMonths : kEnglishMonths).at((month + 11) % 12);
}

std::string day_number(CivilDate const& date, Language language) {
  return date.day == 1 && language == Language::fr ? "1er" : std::to_string(date.day);
}

std::string weekday_text(CivilDate const& date, Language language) {
  auto const& names = language == Language::fr ? kFrenchWeekdays : kEnglishWeekdays;
  return cat(names.at(date.weekday() % 7), ' ', day_month(date, language));
}

std::string date_text(CivilDate const& date, Language language) {
  return cat(weekday_text(date, language), kNbsp, date.year);
}

std::string month_text(int year, unsigned month, Language language) {
  return cat(month_name(month, language), kNbsp, year);
}

std::string relative_day(CivilDate const& date, CivilDate const& today, Language language) {
  switch (date.days() - today.days()) {
    case -1: return std::string(in(language, "hier", "yesterday"));
    case 0: return std::string(in(language, "aujourd’hui", "today"));
    case 1: return std::string(in(language, "demain", "tomorrow"));
    case 2: return std::string(in(language, "après-demain", "the day after tomorrow"));
    default: return with_year_if_other(weekday_text(date, language), date, today);
  }
}

std::string day_heading(CivilDate const& date, CivilDate const& today, Language language) {
  auto const day = with_year_if_other(weekday_text(date, language), date, today);
  auto const ahead = date.days() - today.days();
  if (ahead == 0) return cat(in(language, "Aujourd’hui, ", "Today, "), day);
  if (ahead == 1) return cat(in(language, "Demain, ", "Tomorrow, "), day);
  auto const sunday = 6 - static_cast<std::int64_t>(today.weekday());
  return ahead > 1 && ahead <= sunday ? cat(in(language, "Ce ", "This "), day)
                                      : text::capitalised(day);
}

std::string span_text(CivilTime const& start, std::optional<CivilTime> const& end, bool all_day,
                      CivilDate const& today, Language language) {
  auto const day = with_year_if_other(weekday_text(start.date, language), start.date, today);
  if (!end || (!all_day && *end <= start)) {
    return all_day ? day : cat(day, in(language, ", à ", " at "), hour_text(start, language));
  }
  if (end->date == start.date && all_day)
    return cat(day, in(language, ", toute la journée", ", all day"));
  // An evening that ends after midnight is still one evening.
  bool const one_night = !all_day && end->date.days() == start.date.days() + 1 && end->hour < 6;
  if (end->date == start.date || one_night)
    return cat(day, ", ", hours_text(start, *end, language));
  auto const days =
      between(first_of(start.date, end->date, language),
              with_year_if_other(day_month(end->date, language), end->date, today), language);
  if (all_day) return days;
  return language == Language::en
             ? cat(days, ", from ", hour_text(start, language), " on the first day to ",
                   hour_text(*end, language), " on the last")
             : cat(days, ", de ", hour_text(start, language), " le premier jour à ",
                   hour_text(*end, language), " le dernier");
}

std::string days_text(CivilDate const& first, CivilDate const& last, Language language) {
  return between(first_of(first, last, language), cat(day_month(last, language), kNbsp, last.year),
                 language);
}

std::string age_text(std::int64_t seconds, Language language) {
  auto const ago = [language](std::int64_t count, Words const& singular, Words const& plural) {
    auto const& unit = (count > 1 ? plural : singular).in(language);
    return language == Language::en ? cat(count, kNbsp, unit, " ago")
                                    : cat("il y a ", count, kNbsp, unit);
  };
  if (seconds < 60) return std::string(in(language, "à l’instant", "just now"));
  if (seconds < 3'600) return ago(seconds / 60, {"minute", "minute"}, {"minutes", "minutes"});
  if (seconds < 86'400) return ago(seconds / 3'600, {"heure", "hour"}, {"heures", "hours"});
  if (seconds < 31LL * 86'400) return ago(seconds / 86'400, {"jour", "day"}, {"jours", "days"});
  if (seconds < 365LL * 86'400)
    return ago(seconds / (30LL * 86'400), {"mois", "month"}, {"mois", "months"});
  return ago(seconds / (365LL * 86'400), {"an", "year"}, {"ans", "years"});
}

}  // namespace solidaires::page
