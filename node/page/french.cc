#include "node/page/french.h"

#include <array>
#include <cmath>

#include "node/text/fold.h"
#include "sync/base/bytes.h"

namespace solidaires::page {
namespace {

using model::CivilDate;
using model::CivilTime;

constexpr std::array<std::string_view, 12> kMonths{"janvier",   "février", "mars",     "avril",
                                                   "mai",       "juin",    "juillet",  "août",
                                                   "septembre", "octobre", "novembre", "décembre"};
constexpr std::array<std::string_view, 7> kWeekdays{"lundi",    "mardi",  "mercredi", "jeudi",
                                                    "vendredi", "samedi", "dimanche"};
constexpr std::string_view kThinNbsp = "\u202f";

std::string day_number(CivilDate const& date) {
  return date.day == 1 ? "1er" : std::to_string(date.day);
}

std::string day_month(CivilDate const& date) {
  return cat(day_number(date), kNbsp, french_month_name(date.month));
}

std::string with_year_if_other(std::string const& text, CivilDate const& date,
                               CivilDate const& today) {
  return date.year == today.year ? text : cat(text, kNbsp, date.year);
}

}  // namespace

std::string french_number(std::int64_t value) {
  std::string digits = std::to_string(value < 0 ? -value : value);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), kThinNbsp);
  }
  return value < 0 ? "\u2212" + digits : digits;
}

std::string french_decimal(double value, unsigned digits) {
  double scale = 1;
  for (unsigned i = 0; i < digits; ++i) scale *= 10;
  auto const scaled = static_cast<std::int64_t>(std::llround(std::abs(value) * scale));
  auto const whole = scaled / static_cast<std::int64_t>(scale);
  std::string fraction = std::to_string(scaled % static_cast<std::int64_t>(scale));
  fraction.insert(0, fraction.size() < digits ? digits - fraction.size() : 0, '0');
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  std::string const sign = value < 0 && scaled != 0 ? "\u2212" : "";
  return fraction.empty() ? cat(sign, french_number(whole))
                          : cat(sign, french_number(whole), ',', fraction);
}

std::string counted(std::int64_t count, std::string_view singular, std::string_view plural,
                    bool feminine) {
  if (count == 0) return cat(feminine ? "aucune " : "aucun ", singular);
  return cat(french_number(count), kNbsp, count == 1 ? singular : plural);
}

std::string french_distance(double km) {
  if (km < 0.95) {
    auto const metres = std::max<std::int64_t>(std::llround(km * 10) * 100, 100);
    return cat(metres, kNbsp, 'm');
  }
  return cat(km < 9.95 ? french_decimal(km, 1) : french_number(std::llround(km)), kNbsp, "km");
}

std::string french_hour(CivilTime const& at) {
  auto const hour = cat(at.hour, kNbsp, 'h');
  if (at.minute == 0) return hour;
  return cat(hour, kNbsp, at.minute < 10 ? "0" : "", at.minute);
}

std::string_view french_month_name(unsigned month) {
  return kMonths.at((month + 11) % 12);
}
std::string_view french_weekday(unsigned weekday) {
  return kWeekdays.at(weekday % 7);
}

std::string french_day_month(CivilDate const& date) {
  return cat(french_weekday(date.weekday()), ' ', day_month(date));
}

std::string french_date(CivilDate const& date) {
  return cat(french_day_month(date), kNbsp, date.year);
}

std::string french_month(int year, unsigned month) {
  return cat(french_month_name(month), kNbsp, year);
}

std::string relative_day(CivilDate const& date, CivilDate const& today) {
  switch (date.days() - today.days()) {
    case -1: return "hier";
    case 0: return "aujourd’hui";
    case 1: return "demain";
    case 2: return "après-demain";
    default: return with_year_if_other(french_day_month(date), date, today);
  }
}

std::string day_heading(CivilDate const& date, CivilDate const& today) {
  auto const day = with_year_if_other(french_day_month(date), date, today);
  auto const ahead = date.days() - today.days();
  if (ahead == 0) return cat("Aujourd’hui, ", day);
  if (ahead == 1) return cat("Demain, ", day);
  auto const sunday = 6 - static_cast<std::int64_t>(today.weekday());
  return ahead > 1 && ahead <= sunday ? cat("Ce ", day) : text::capitalised(day);
}

std::string french_span(CivilTime const& start, std::optional<CivilTime> const& end, bool all_day,
                        CivilDate const& today) {
  auto const day = with_year_if_other(french_day_month(start.date), start.date, today);
  if (!end || (!all_day && *end <= start)) {
    return all_day ? day : cat(day, ", à ", french_hour(start));
  }
  if (end->date == start.date) {
    if (all_day) return cat(day, ", toute la journée");
    return cat(day, ", de ", french_hour(start), " à ", french_hour(*end));
  }
  // An evening that ends after midnight is still one evening.
  bool const one_night = !all_day && end->date.days() == start.date.days() + 1 && end->hour < 6;
  if (one_night) return cat(day, ", de ", french_hour(start), " à ", french_hour(*end));
  bool const same_month = end->date.month == start.date.month && end->date.year == start.date.year;
  auto const first = same_month ? day_number(start.date)
                     : start.date.year == end->date.year
                         ? day_month(start.date)
                         : cat(day_month(start.date), kNbsp, start.date.year);
  auto const days =
      cat("du ", first, " au ", with_year_if_other(day_month(end->date), end->date, today));
  return all_day ? days
                 : cat(days, ", de ", french_hour(start), " le premier jour à ", french_hour(*end),
                       " le dernier");
}

std::string french_age(std::int64_t seconds) {
  auto const ago = [](std::int64_t count, std::string_view singular, std::string_view plural) {
    return cat("il y a ", count, kNbsp, count > 1 ? plural : singular);
  };
  if (seconds < 60) return "à l’instant";
  if (seconds < 3'600) return ago(seconds / 60, "minute", "minutes");
  if (seconds < 86'400) return ago(seconds / 3'600, "heure", "heures");
  if (seconds < 31LL * 86'400) return ago(seconds / 86'400, "jour", "jours");
  if (seconds < 365LL * 86'400) return ago(seconds / (30LL * 86'400), "mois", "mois");
  return ago(seconds / (365LL * 86'400), "an", "ans");
}

}  // namespace solidaires::page
