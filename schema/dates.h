// Dates and times as people and files write them. Pure functions, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "schema/value.h"

namespace solidaires::schema {

// "2026-12-12", "12/12/2026", "12.12.2026", "12 décembre 2026", "samedi 1er mai 2027"; a time after
// an ISO date is ignored. Two-digit years are refused: nobody knows what they mean.
[[nodiscard]] std::optional<Date> parse_date(std::string_view text);
// Minutes of the day: "14:30", "14h30", "14 h", "9h05", "midi", "minuit". Seconds are dropped.
[[nodiscard]] std::optional<std::uint16_t> parse_time(std::string_view text);
// A date, then perhaps 'T', a space or "à", and a time (00:00 if there is none).
[[nodiscard]] std::optional<LocalDateTime> parse_date_time(std::string_view text);

[[nodiscard]] std::string iso(Date date);                // "2026-12-12"
[[nodiscard]] std::string iso(LocalDateTime const& at);  // "2026-12-12T14:30"
[[nodiscard]] std::string iso_time(std::uint16_t minute);

[[nodiscard]] std::int64_t days_between(Date from, Date to);
[[nodiscard]] Date plus_months(Date date, int months);  // the last day of a shorter month

}  // namespace solidaires::schema
