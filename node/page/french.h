// Numbers, dates and distances as people say them in French, with the insecable spaces that French
// typography asks for. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "node/model/civil_time.h"

namespace solidaires::page {

inline constexpr std::string_view kNbsp = "\u00a0";

[[nodiscard]] std::string french_number(std::int64_t value);              // 12 345
[[nodiscard]] std::string french_decimal(double value, unsigned digits);  // 3,5
// "42 structures", "1 structure", "aucune structure": the singular up to 1, as French counts.
[[nodiscard]] std::string counted(std::int64_t count, std::string_view singular,
                                  std::string_view plural, bool feminine);
[[nodiscard]] std::string french_distance(double km);                 // "800 m", "4 km", "4,2 km"
[[nodiscard]] std::string french_hour(model::CivilTime const& at);    // "14 h", "14 h 30"
[[nodiscard]] std::string french_date(model::CivilDate const& date);  // "samedi 12 décembre 2026"
[[nodiscard]] std::string french_day_month(model::CivilDate const& date);  // "samedi 12 décembre"
[[nodiscard]] std::string french_month(int year, unsigned month);          // "décembre 2026"
[[nodiscard]] std::string_view french_month_name(unsigned month);          // 1 to 12
[[nodiscard]] std::string_view french_weekday(unsigned weekday);           // 0 is Monday
// "aujourd'hui", "demain", "après-demain", "samedi" (within six days), "hier", else the date; the
// year is said only when it is not the year of `today`.
[[nodiscard]] std::string relative_day(model::CivilDate const& date, model::CivilDate const& today);
// Over what takes place on that day: "Aujourd’hui, jeudi 10 décembre", "Demain, ...", "Ce samedi 12
// décembre" until the end of the week, then "Lundi 14 décembre", "Samedi 2 janvier 2027".
[[nodiscard]] std::string day_heading(model::CivilDate const& date, model::CivilDate const& today);
// "samedi 12 décembre, de 14 h à 17 h", "du 12 au 14 décembre 2026", "toute la journée".
[[nodiscard]] std::string french_span(model::CivilTime const& start,
                                      std::optional<model::CivilTime> const& end, bool all_day,
                                      model::CivilDate const& today);
// "il y a 3 jours", "à l'instant", "il y a 2 heures"
[[nodiscard]] std::string french_age(std::int64_t seconds);

}  // namespace solidaires::page
