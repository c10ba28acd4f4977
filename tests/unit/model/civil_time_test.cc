#include "node/model/civil_time.h"

#include <gtest/gtest.h>

namespace solidaires::model {
namespace {

TEST(CivilDate, reads_real_dates_alone) {
  EXPECT_EQ(CivilDate::parse("2024-02-29").value().iso(), "2024-02-29");
  for (auto const* wrong : {"", "2026-02-29", "2026-13-01", "2026-00-10", "26-01-01", "2026-1-1",
                            "2026/01/01", "2026-01-01x", "-026-01-01"}) {
    EXPECT_FALSE(CivilDate::parse(wrong)) << wrong;
  }
}

TEST(CivilDate, counts_days_both_ways_and_knows_its_weekday) {
  EXPECT_EQ((CivilDate{1970, 1, 1}.days()), 0);
  for (std::int64_t day = -200'000; day < 200'000; day += 137) {
    EXPECT_EQ(CivilDate::from_days(day).days(), day);
  }
  EXPECT_EQ((CivilDate{2026, 12, 12}.weekday()), 5U) << "a Saturday";
  EXPECT_EQ((CivilDate{1969, 12, 28}.weekday()), 6U) << "a Sunday before the epoch";
}

TEST(CivilTime, reads_what_forms_and_files_write) {
  EXPECT_EQ(CivilTime::parse("2026-12-12T14:30").value().iso(), "2026-12-12T14:30");
  EXPECT_EQ(CivilTime::parse("2026-12-12 14:30:00").value().iso(), "2026-12-12T14:30");
  for (auto const* wrong :
       {"2026-12-12", "2026-12-12T24:00", "2026-12-12T12:60", "2026-12-12T1230"}) {
    EXPECT_FALSE(CivilTime::parse(wrong)) << wrong;
  }
}

TEST(CivilTime, finds_its_instant_in_winter_and_in_summer) {
  EXPECT_EQ(to_unix_ms(to_instant({{2026, 1, 1}, 0, 0})), 1767222000000) << "UTC+1";
  EXPECT_EQ(to_unix_ms(to_instant({{2026, 7, 1}, 12, 0})), 1782900000000) << "UTC+2";
  EXPECT_EQ(to_civil(from_unix_ms(1782900000000)), (CivilTime{{2026, 7, 1}, 12, 0}));
}

TEST(CivilTime, an_hour_that_the_change_of_clocks_repeats_means_the_first) {
  // 2026-10-25 at 3:00 Paris goes back to 2:00: 2:30 happens at 0:30 and at 1:30 UTC.
  EXPECT_EQ(to_unix_ms(to_instant({{2026, 10, 25}, 2, 30})), 1792888200000);
}

TEST(CivilTime, an_hour_that_the_change_of_clocks_skips_moves_forward) {
  EXPECT_EQ(to_civil(to_instant({{2026, 3, 29}, 2, 30})), (CivilTime{{2026, 3, 29}, 3, 30}));
}

TEST(CivilTime, an_unknown_zone_counts_as_utc) {
  EXPECT_FALSE(is_time_zone("Europe/Chambery"));
  EXPECT_TRUE(is_time_zone("Europe/Zurich"));
  EXPECT_EQ(to_unix_ms(to_instant({{1970, 1, 1}, 1, 0}, "Europe/Chambery")), 3'600'000);
}

TEST(IsoWeekTest, weeks_are_numbered_as_calendars_do) {
  struct Case {
    CivilDate date;
    std::string_view week;
  };
  for (auto const& [date, week] : std::initializer_list<Case>{{{2026, 1, 1}, "2026-01"},
                                                              {{2025, 12, 29}, "2026-01"},
                                                              {{2026, 12, 31}, "2026-53"},
                                                              {{2027, 1, 3}, "2026-53"},
                                                              {{2027, 1, 4}, "2027-01"},
                                                              {{2024, 2, 29}, "2024-09"}}) {
    EXPECT_EQ(IsoWeek::of(date).text(), week) << date.iso();
    EXPECT_EQ(IsoWeek::of(date).monday().weekday(), 0U);
    EXPECT_EQ(IsoWeek::of(IsoWeek::of(date).monday()), IsoWeek::of(date));
  }
  EXPECT_TRUE((IsoWeek{2026, 53}).valid());
  EXPECT_FALSE((IsoWeek{2025, 53}).valid());
  EXPECT_FALSE((IsoWeek{2025, 0}).valid());
}

}  // namespace
}  // namespace solidaires::model
