// The rule of a recurring event: the part of RFC 5545's RRULE that people use, read, checked and
// written. Expanding it into dates is not done here. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/value.h"
#include "sync/base/result.h"

namespace solidaires::schema {

enum class Frequency : std::uint8_t { daily, weekly, monthly, yearly };

struct RuleDay {
  int nth = 0;  // of the month: 1 to 5, -1 the last; 0: each
  int day = 0;  // 0 Monday to 6 Sunday
  friend bool operator==(RuleDay const&, RuleDay const&) = default;
};

struct Recurrence {
  Frequency frequency = Frequency::weekly;
  int interval = 1;
  std::optional<int> count;
  std::optional<Date> until;  // included; at most one of count and until
  std::vector<RuleDay> days;
  std::vector<int> month_days;  // 1 to 31, -1 the last
  std::vector<int> months;      // 1 to 12
  std::vector<int> positions;   // BYSETPOS
  friend bool operator==(Recurrence const&, Recurrence const&) = default;
};

// Code::invalid with a French sentence. "RRULE:" in front is forgiven; a time in UNTIL is dropped.
[[nodiscard]] Result<Recurrence> parse_rule(std::string_view text);
// "FREQ=MONTHLY;INTERVAL=2;UNTIL=20270630;BYDAY=1SA". UNTIL is a date, which includes that day
// whatever the time of the event.
[[nodiscard]] std::string to_rule(Recurrence const& rule);

}  // namespace solidaires::schema
