// When an event takes place: the rule of a schedule unfolded into occurrences, with its exceptions,
// additions and overrides (RFC 5545; libical stays in the .cc). Pure functions, any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "node/model/civil_time.h"
#include "schema/value.h"

namespace solidaires::model {

struct Occurrence {
  CivilTime original;  // the start that the rule gives: names this occurrence for good
  CivilTime start;
  std::optional<CivilTime> end;  // all-day: the last day, included
  bool all_day = false;
  schema::OccurrenceStatus status = schema::OccurrenceStatus::planned;
  std::string note;

  [[nodiscard]] CivilDate last_day() const { return end ? end->date : start.date; }
};

// Occurrences that touch the days from `from` to `until` (both included), in order of start, at
// most `limit`. A rule without end is followed no further than `until`; cancelled ones are given,
// marked.
[[nodiscard]] std::vector<Occurrence> occurrences(schema::Schedule const& schedule, CivilDate from,
                                                  CivilDate until, std::size_t limit);
// The first that ends on `day` or later and is not cancelled; within the five years that follow.
[[nodiscard]] std::optional<Occurrence> next_occurrence(schema::Schedule const& schedule,
                                                        CivilDate day);
// True for an RRULE that can be followed.
[[nodiscard]] bool is_rule(std::string_view rule);

[[nodiscard]] CivilTime civil(schema::LocalDateTime const& at);
[[nodiscard]] schema::LocalDateTime local(CivilTime const& at);

}  // namespace solidaires::model
