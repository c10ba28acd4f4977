// Where a record stands in its life merely because time passes: to come, open, closing, over. What
// a type declares (`life` and `expiry_field` in its file) says which fields decide. Pure functions:
// the time comes in. Dates are days in Europe/Paris, and a deadline with an hour holds to the
// minute: what closes at 14:00 is closed at 14:00.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "node/model/civil_time.h"
#include "schema/type.h"
#include "schema/value.h"

namespace solidaires::model {

enum class Phase : std::uint8_t {
  timeless,  // nothing about it has a date
  upcoming,  // opens later
  open,
  closing,     // open, and closes within the days that its type says
  to_confirm,  // its people are not sure that it takes place
  // From here on it is over.
  closed,     // the deadline has passed
  expired,    // was shown long enough
  filled,     // found somebody
  exhausted,  // nothing is left of the money
  withdrawn,
  results  // closed, and who won is known
};

struct LifeState {
  Phase phase = Phase::timeless;
  // upcoming: when it opens; open and closing: when it closes; over: since when. With `whole_day`
  // only its date counts, and an end on that day includes it.
  std::optional<CivilTime> at;
  bool whole_day = true;
  bool ongoing = false;         // open without an end
  std::optional<Instant> next;  // when the phase changes though nothing is written

  [[nodiscard]] bool over() const { return phase >= Phase::closed; }
};

[[nodiscard]] LifeState life_of(schema::Type const& type, schema::Record const& record,
                                Instant now);

// "closing", for style sheets and filters.
[[nodiscard]] std::string_view phase_name(Phase phase);

}  // namespace solidaires::model
