#include "node/model/recurrence.h"

#include <gtest/gtest.h>

namespace solidaires::model {
namespace {

schema::LocalDateTime at(int year, unsigned month, unsigned day, unsigned hour = 0,
                         unsigned minute = 0) {
  return local({{year, month, day}, hour, minute});
}

std::vector<std::string> days(std::vector<Occurrence> const& list) {
  std::vector<std::string> out;
  for (auto const& one : list) out.push_back(one.start.iso());
  return out;
}

// The repair café of the first Saturdays, from 14 h to 17 h.
schema::Schedule repair_cafe() {
  schema::Schedule schedule;
  schedule.start = at(2026, 1, 3, 14);
  schedule.end = at(2026, 1, 3, 17);
  schedule.rule = "FREQ=MONTHLY;BYDAY=1SA";
  return schedule;
}

TEST(Recurrence, a_single_event_takes_place_once_and_only_within_the_days_asked_for) {
  schema::Schedule once;
  once.start = at(2026, 12, 12, 14);
  EXPECT_EQ(days(occurrences(once, {2026, 12, 1}, {2026, 12, 31}, 10)),
            (std::vector<std::string>{"2026-12-12T14:00"}));
  EXPECT_TRUE(occurrences(once, {2026, 12, 13}, {2027, 12, 31}, 10).empty());
  EXPECT_TRUE(occurrences(once, {2026, 11, 1}, {2026, 12, 11}, 10).empty());
}

TEST(Recurrence, first_saturdays_keep_their_hours_and_length) {
  auto const list = occurrences(repair_cafe(), {2026, 3, 1}, {2026, 5, 31}, 10);
  EXPECT_EQ(days(list),
            (std::vector<std::string>{"2026-03-07T14:00", "2026-04-04T14:00", "2026-05-02T14:00"}));
  EXPECT_EQ(list.front().end->iso(), "2026-03-07T17:00");
}

TEST(Recurrence, exceptions_overrides_and_additions_change_single_dates) {
  auto schedule = repair_cafe();
  schedule.exceptions = {at(2026, 8, 1, 14)};
  schedule.additions = {at(2026, 8, 22, 10)};
  schedule.overrides = {
      {at(2026, 6, 6, 14), schema::OccurrenceStatus::cancelled, {}, {}, "salle indisponible"},
      {at(2026, 7, 4, 14), schema::OccurrenceStatus::moved, at(2026, 7, 11, 9), {}, ""}};
  auto const list = occurrences(schedule, {2026, 6, 1}, {2026, 8, 31}, 10);
  ASSERT_EQ(days(list),
            (std::vector<std::string>{"2026-06-06T14:00", "2026-07-11T09:00", "2026-08-22T10:00"}));
  EXPECT_EQ(list[0].status, schema::OccurrenceStatus::cancelled);
  EXPECT_EQ(list[0].note, "salle indisponible");
  EXPECT_EQ(list[1].original.iso(), "2026-07-04T14:00") << "it keeps the name that the rule gave";
  EXPECT_EQ(list[1].end->iso(), "2026-07-11T12:00") << "and its length";
}

TEST(Recurrence, a_date_moved_in_from_later_is_found) {
  auto schedule = repair_cafe();
  schedule.overrides = {
      {at(2026, 5, 2, 14), schema::OccurrenceStatus::moved, at(2026, 4, 25, 14), {}, ""}};
  EXPECT_EQ(days(occurrences(schedule, {2026, 4, 20}, {2026, 4, 30}, 10)),
            (std::vector<std::string>{"2026-04-25T14:00"}));
}

TEST(Recurrence, the_next_occurrence_skips_what_is_cancelled_and_what_is_over) {
  auto schedule = repair_cafe();
  schedule.overrides = {{at(2026, 6, 6, 14), schema::OccurrenceStatus::cancelled, {}, {}, ""}};
  EXPECT_EQ(next_occurrence(schedule, {2026, 6, 1})->start.iso(), "2026-07-04T14:00");
  schedule.rule += ";UNTIL=20260630T000000";
  EXPECT_FALSE(next_occurrence(schedule, {2026, 6, 1}));
}

TEST(Recurrence, several_days_count_until_their_last) {
  schema::Schedule fair;
  fair.start = at(2026, 11, 20);
  fair.end = at(2026, 11, 22);
  fair.all_day = true;
  EXPECT_EQ(occurrences(fair, {2026, 11, 22}, {2026, 11, 30}, 5).size(), 1U);
  EXPECT_TRUE(occurrences(fair, {2026, 11, 23}, {2026, 11, 30}, 5).empty());
}

TEST(Recurrence, a_rule_without_end_or_without_any_date_stops) {
  schema::Schedule daily;
  daily.start = at(1990, 1, 1, 8);
  daily.rule = "FREQ=DAILY";
  EXPECT_EQ(occurrences(daily, {2026, 1, 1}, {2026, 1, 7}, 3).size(), 3U);
  daily.rule = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30";
  EXPECT_TRUE(occurrences(daily, {2026, 1, 1}, {2036, 1, 1}, 10).empty());
}

TEST(Recurrence, refuses_rules_that_cannot_be_followed) {
  EXPECT_TRUE(is_rule("FREQ=WEEKLY;BYDAY=MO,WE;INTERVAL=2"));
  for (auto const* wrong : {"", "FREQ=SOMETIMES", "hello", "FREQ=SECONDLY", "BYDAY=MO"}) {
    EXPECT_FALSE(is_rule(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace solidaires::model
