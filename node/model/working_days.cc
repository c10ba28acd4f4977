#include "node/model/working_days.h"

#include <algorithm>
#include <array>
#include <utility>

namespace solidaires::model {
namespace {

// The anonymous Gregorian computus (Butcher 1876; Meeus, Astronomical Algorithms, chapter 8).
CivilDate easter(int year) {
  int const golden = year % 19;
  int const century = year / 100;
  int const of_century = year % 100;
  int const corrected = (century + 8) / 25;
  int const moon = (century - corrected + 1) / 3;
  int const epact = (19 * golden + century - century / 4 - moon + 15) % 30;
  int const weekday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4) % 7;
  int const late = (golden + 11 * epact + 22 * weekday) / 451;
  int const sum = epact + weekday - 7 * late + 114;
  return {year, static_cast<unsigned>(sum / 31), static_cast<unsigned>(sum % 31 + 1)};
}

}  // namespace

bool is_public_holiday(CivilDate const& date) {
  static constexpr std::array<std::pair<unsigned, unsigned>, 8> kFixed{
      {{1, 1}, {5, 1}, {5, 8}, {7, 14}, {8, 15}, {11, 1}, {11, 11}, {12, 25}}};
  if (std::ranges::find(kFixed, std::pair(date.month, date.day)) != kFixed.end()) return true;
  static constexpr std::array<std::int64_t, 3> kAfterEaster{1, 39, 50};  // Monday, Ascension, Whit
  auto const since = date.days() - easter(date.year).days();
  return std::ranges::find(kAfterEaster, since) != kAfterEaster.end();
}

bool is_working_day(CivilDate const& date) {
  constexpr unsigned kSaturday = 5;
  return date.weekday() < kSaturday && !is_public_holiday(date);
}

Instant after_working_days(Instant from, unsigned days) {
  auto at = to_civil(from);
  if (!is_working_day(at.date)) {
    // Counts from the beginning of the next day that is one.
    at.hour = 0;
    at.minute = 0;
    do {
      at.date = CivilDate::from_days(at.date.days() + 1);
    } while (!is_working_day(at.date));
  }
  while (days > 0) {
    at.date = CivilDate::from_days(at.date.days() + 1);
    if (is_working_day(at.date)) --days;
  }
  return to_instant(at);
}

}  // namespace solidaires::model
