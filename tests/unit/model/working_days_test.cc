#include "node/model/working_days.h"

#include <gtest/gtest.h>

namespace solidaires::model {
namespace {

CivilDate day(std::string_view iso) {
  return CivilDate::parse(iso).value();
}

std::string after(std::string_view from, unsigned days) {
  return to_civil(after_working_days(to_instant(CivilTime::parse(from).value()), days)).iso();
}

// Dates of the official calendars of those years.
TEST(WorkingDays, the_eleven_holidays_of_a_year) {
  for (auto const* holiday :
       {"2026-01-01", "2026-04-06", "2026-05-01", "2026-05-08", "2026-05-14", "2026-05-25",
        "2026-07-14", "2026-08-15", "2026-11-01", "2026-11-11", "2026-12-25"}) {
    EXPECT_TRUE(is_public_holiday(day(holiday))) << holiday;
  }
  int count = 0;
  for (auto at = day("2026-01-01"); at.year == 2026; at = CivilDate::from_days(at.days() + 1))
    count += is_public_holiday(at) ? 1 : 0;
  EXPECT_EQ(count, 11);
}

TEST(WorkingDays, easter_moves) {
  for (auto const* monday : {"2024-04-01", "2025-04-21", "2027-03-29", "2038-04-26", "2000-04-24"})
    EXPECT_TRUE(is_public_holiday(day(monday))) << monday;
}

TEST(WorkingDays, a_weekend_and_a_holiday_do_not_count) {
  EXPECT_EQ(after("2026-03-10T09:30", 2), "2026-03-12T09:30");  // Tuesday
  EXPECT_EQ(after("2026-03-13T16:00", 2), "2026-03-17T16:00");  // over a weekend
  EXPECT_EQ(after("2026-04-03T16:00", 1), "2026-04-07T16:00");  // over Easter
  EXPECT_EQ(after("2026-12-24T08:00", 2), "2026-12-29T08:00");
}

TEST(WorkingDays, what_comes_on_a_day_off_counts_from_the_next_working_day) {
  EXPECT_EQ(after("2026-03-14T22:10", 2), "2026-03-18T00:00");  // Saturday evening
  EXPECT_EQ(after("2026-03-14T22:10", 0), "2026-03-16T00:00");
}

TEST(WorkingDays, the_hour_stays_when_the_clocks_change) {
  EXPECT_EQ(after("2026-03-27T10:00", 1), "2026-03-30T10:00");
}

}  // namespace
}  // namespace solidaires::model
