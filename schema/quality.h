// How complete and fresh a record is, between 0 and 1, and what is missing. Pure functions; the
// date comes in as an argument.
#pragma once

#include <optional>
#include <vector>

#include "schema/model.h"
#include "schema/value.h"

namespace solidaires::schema {

struct QualityScore {
  double score = 1;                      // weighted mean of the criteria that apply
  std::vector<Field const*> missing;     // recommended and empty, most weighty first
  std::vector<Field const*> improvable;  // filled, but too short or too long
  std::optional<double> freshness;       // 1 under 6 months, 0 from 2 years; types that ask for it
};

// `confirmed_on`: the last edit or confirmation; nullopt: never (freshness 0).
[[nodiscard]] QualityScore quality(Type const& type, Record const& record,
                                   std::optional<Date> confirmed_on, Date today);

}  // namespace solidaires::schema
