// Working days in France, by which the network promises an answer: Monday to Friday without the
// eleven public holidays of the whole country (Code du travail, L3133-1). Pure functions.
#pragma once

#include "node/model/civil_time.h"

namespace solidaires::model {

// Years from 1583, when the calendar of Gregory came.
[[nodiscard]] bool is_public_holiday(CivilDate const& date);
[[nodiscard]] bool is_working_day(CivilDate const& date);

// The same hour in Paris, `days` working days later: from Friday 16:00, two days end on Tuesday
// 16:00. What begins on a day off counts from the end of that day.
[[nodiscard]] Instant after_working_days(Instant from, unsigned days);

}  // namespace solidaires::model
