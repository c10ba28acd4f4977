// Dates and hours as clocks on walls show them, and their place in the world's time. Schedules are
// civil by nature ("samedi à 14 h" stays so when the clocks change); instants are for machines.
// Pure functions; ICU's time zones stay in the .cc.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "sync/base/clock.h"
#include "sync/base/result.h"

namespace solidaires::model {

struct CivilDate {
  int year = 1970;
  unsigned month = 1;  // 1 to 12
  unsigned day = 1;    // 1 to 31

  [[nodiscard]] static Result<CivilDate> parse(std::string_view iso);  // "2026-12-12"
  [[nodiscard]] std::string iso() const;
  [[nodiscard]] std::int64_t days() const;  // since 1970-01-01
  [[nodiscard]] static CivilDate from_days(std::int64_t days);
  [[nodiscard]] unsigned weekday() const;  // 0 is Monday
  friend auto operator<=>(CivilDate const&, CivilDate const&) = default;
};

// A week as calendars number it (ISO 8601): from Monday, the first has the year's first Thursday.
struct IsoWeek {
  int year = 1970;
  unsigned week = 1;  // 1 to 52, in some years 53

  [[nodiscard]] static IsoWeek of(CivilDate const& date);
  [[nodiscard]] CivilDate monday() const;
  [[nodiscard]] bool valid() const;
  [[nodiscard]] std::string text() const;  // "2026-50"
  friend auto operator<=>(IsoWeek const&, IsoWeek const&) = default;
};

struct CivilTime {
  CivilDate date;
  unsigned hour = 0;
  unsigned minute = 0;

  [[nodiscard]] static Result<CivilTime> parse(
      std::string_view iso);              // "2026-12-12T14:30" or with a space
  [[nodiscard]] std::string iso() const;  // "2026-12-12T14:30"
  friend auto operator<=>(CivilTime const&, CivilTime const&) = default;
};

inline constexpr std::string_view kParis = "Europe/Paris";

// `zone` is an IANA name; an unknown one counts as UTC. A civil time that a change of clocks skips
// is moved forward, one that it repeats means the first.
[[nodiscard]] Instant to_instant(CivilTime const& at, std::string_view zone = kParis);
[[nodiscard]] CivilTime to_civil(Instant at, std::string_view zone = kParis);
// "2026-12-12T13:00:00Z" (RFC 3339), to the minute: for machines.
[[nodiscard]] std::string machine_time(Instant at);
[[nodiscard]] bool is_time_zone(std::string_view zone);

}  // namespace solidaires::model
