// How far the portal follows the French reference of accessibility (RGAA): its criteria, the state
// of each and how it was checked, as data (accessibility/rgaa-4.1.2.json). The statement that the
// law asks for is made from it. Plain values.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "node/model/civil_time.h"
#include "node/page/messages.h"
#include "sync/base/result.h"

namespace solidaires::portal {

enum class Conformity : std::uint8_t { met, not_met, not_applicable, not_checked };

struct Criterion {
  std::string number{};   // "10.4"
  std::size_t theme = 0;  // 1 to 13
  std::string title{};    // in our own words
  Conformity state = Conformity::not_checked;
  std::string check{};  // what showed it, in words; never empty when it is met
  std::string note{};
};

struct AccessibilityReview {
  std::string version{};  // of the reference
  model::CivilDate reviewed{};
  std::vector<std::string> themes{};
  std::vector<Criterion> criteria{};

  [[nodiscard]] std::size_t count(Conformity state) const;
  // Of the criteria that apply, those that are met, in whole per cent, rounded down. What nobody
  // looked at counts as not met.
  [[nodiscard]] std::size_t rate() const;
  // As article 47 of the law of 11 February 2005 and its decree call it: "totalement conforme",
  // "partiellement conforme" from half of the criteria, else "non conforme".
  [[nodiscard]] page::Text state() const;
};

// The criteria of each theme of RGAA 4.1.2: 106 in all.
inline constexpr std::array<std::size_t, 13> kCriteriaOfThemes{9,  2, 3,  13, 8,  2, 5,
                                                               10, 4, 14, 13, 11, 12};

// Code::invalid says what is wrong: a criterion that is missing or twice, an unknown state, one
// that is met though nothing showed it.
[[nodiscard]] Result<AccessibilityReview> parse_accessibility(std::string_view json);
[[nodiscard]] Result<AccessibilityReview> load_accessibility(std::filesystem::path const& file);

}  // namespace solidaires::portal
