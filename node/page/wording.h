// Numbers, dates and distances as people say them in the language of a page, with the insecable
// spaces that its typography asks for. Hours are those of a day of 24. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "node/model/civil_time.h"
#include "schema/vocabulary.h"

namespace solidaires::page {

using schema::Language;

inline constexpr std::string_view kNbsp = "\u00a0";

[[nodiscard]] std::string number_text(std::int64_t value, Language language);  // 12 345 · 12,345
[[nodiscard]] std::string decimal_text(double value, unsigned digits, Language language);  // 3,5
// "42 structures", "1 structure", "aucune structure": the singular up to 1, as French counts.
[[nodiscard]] std::string counted(std::int64_t count, std::string_view singular,
                                  std::string_view plural, bool feminine, Language language);
[[nodiscard]] std::string distance_text(double km, Language language);  // "800 m", "4 km", "4,2 km"
// "14 h", "14 h 30" · "14:00", "14:30"
[[nodiscard]] std::string hour_text(model::CivilTime const& at, Language language);
// "samedi 12 décembre 2026" · "Saturday 12 December 2026"
[[nodiscard]] std::string date_text(model::CivilDate const& date, Language language);
[[nodiscard]] std::string weekday_text(model::CivilDate const& date, Language language);  // no year
[[nodiscard]] std::string day_number(model::CivilDate const& date,
                                     Language language);  // "1er", "2"
[[nodiscard]] std::string month_text(int year, unsigned month, Language language);
[[nodiscard]] std::string_view month_name(unsigned month, Language language);  // 1 to 12
// "aujourd'hui", "demain", "après-demain", "hier", else the date; the year is said only when it is
// not the year of `today`.
[[nodiscard]] std::string relative_day(model::CivilDate const& date, model::CivilDate const& today,
                                       Language language);
// Over what takes place on that day: "Aujourd’hui, jeudi 10 décembre", "Demain, ...", "Ce samedi 12
// décembre" until the end of the week, then "Lundi 14 décembre", "Samedi 2 janvier 2027".
[[nodiscard]] std::string day_heading(model::CivilDate const& date, model::CivilDate const& today,
                                      Language language);
// "samedi 12 décembre, de 14 h à 17 h", "du 12 au 14 décembre 2026", "toute la journée".
[[nodiscard]] std::string span_text(model::CivilTime const& start,
                                    std::optional<model::CivilTime> const& end, bool all_day,
                                    model::CivilDate const& today, Language language);
// "du 7 au 13 décembre 2026", "from 30 November to 6 December 2026": always with the year.
[[nodiscard]] std::string days_text(model::CivilDate const& first, model::CivilDate const& last,
                                    Language language);
// "il y a 3 jours", "à l'instant", "il y a 2 heures"
[[nodiscard]] std::string age_text(std::int64_t seconds, Language language);

}  // namespace solidaires::page
