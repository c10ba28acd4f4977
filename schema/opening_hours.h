// Opening hours: the common subset of OpenStreetMap's opening_hours, checked, and said in words.
//   rule ; rule ...     rule = [months or dates] [days] [times | off] ["comment"]
//   "Mo-Fr 09:00-12:00,14:00-17:00; Sa 09:00-12:00; PH off", "Dec-Mar Mo-Su 10:00-18:00",
//   "Sa[1] 10:00-12:00", "24/7"
// French input is understood too: "lun-ven 9h-12h, 14h-17h30 ; sam fermé". Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/vocabulary.h"
#include "sync/base/result.h"

namespace solidaires::schema {

struct OpeningRule {
  struct Span {
    std::uint16_t from = 0, to = 0;  // minutes of the day; to may pass 1440 (after midnight)
    bool open_end = false;           // "18:00+"
  };
  std::string season;      // "Dec-Mar", "Jul 01-Aug 31", as normalised; empty: all year
  std::vector<bool> days;  // 7, Monday first; empty: every day
  std::vector<int> nth;    // of the month: 1..5, -1 last; empty: each
  bool public_holidays = false, school_holidays = false;
  bool closed = false;
  std::vector<Span> spans;  // empty and not closed: by the comment only, or all day
  std::string comment;
};

struct OpeningHours {
  bool always = false;  // 24/7
  std::vector<OpeningRule> rules;
};

// Code::invalid with a French sentence that names the part not understood.
[[nodiscard]] Result<OpeningHours> parse_opening_hours(std::string_view text);
[[nodiscard]] std::string to_osm(OpeningHours const& hours);  // normalised text
// "Du lundi au vendredi : 9 h – 12 h, 14 h – 17 h", one line per rule.
[[nodiscard]] std::vector<std::string> opening_hours_lines(OpeningHours const& hours,
                                                           Language language);

}  // namespace solidaires::schema
