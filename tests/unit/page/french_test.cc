#include "node/page/french.h"

#include <gtest/gtest.h>

namespace solidaires::page {
namespace {

using model::CivilDate;
using model::CivilTime;

constexpr CivilDate kToday{2026, 12, 10};

// The insecable spaces made visible as plain ones, to read the expectations.
std::string plain(std::string text) {
  for (std::string_view const space : {"\u00a0", "\u202f"}) {
    for (auto at = text.find(space); at != std::string::npos; at = text.find(space)) {
      text.replace(at, space.size(), " ");
    }
  }
  return text;
}

TEST(French, groups_thousands_with_insecable_spaces) {
  EXPECT_EQ(french_number(1234567), "1\u202f234\u202f567");
  EXPECT_EQ(french_number(999), "999");
  EXPECT_EQ(french_number(-1000), "\u22121\u202f000");
}

TEST(French, says_none_one_and_many) {
  EXPECT_EQ(plain(counted(0, "structure", "structures", true)), "aucune structure");
  EXPECT_EQ(plain(counted(1, "événement", "événements", false)), "1 événement");
  EXPECT_EQ(plain(counted(1500, "structure", "structures", true)), "1 500 structures");
}

TEST(French, says_distances_as_people_do) {
  EXPECT_EQ(plain(french_distance(0.0)), "100 m");
  EXPECT_EQ(plain(french_distance(0.83)), "800 m");
  EXPECT_EQ(plain(french_distance(0.97)), "1 km");
  EXPECT_EQ(plain(french_distance(4.25)), "4,3 km");
  EXPECT_EQ(plain(french_distance(12.6)), "13 km");
}

TEST(French, says_dates_in_full_and_leaves_out_this_year) {
  EXPECT_EQ(plain(french_date({2026, 12, 12})), "samedi 12 décembre 2026");
  EXPECT_EQ(plain(french_date({2026, 5, 1})), "vendredi 1er mai 2026");
  EXPECT_EQ(relative_day({2026, 12, 11}, kToday), "demain");
  EXPECT_EQ(relative_day({2026, 12, 9}, kToday), "hier");
  EXPECT_EQ(plain(relative_day({2027, 1, 2}, kToday)), "samedi 2 janvier 2027");
}

TEST(French, heads_a_day_by_how_near_it_is) {  // today is a Thursday
  EXPECT_EQ(plain(day_heading(kToday, kToday)), "Aujourd’hui, jeudi 10 décembre");
  EXPECT_EQ(plain(day_heading({2026, 12, 11}, kToday)), "Demain, vendredi 11 décembre");
  EXPECT_EQ(plain(day_heading({2026, 12, 13}, kToday)), "Ce dimanche 13 décembre");
  EXPECT_EQ(plain(day_heading({2026, 12, 14}, kToday)), "Lundi 14 décembre");
  EXPECT_EQ(plain(day_heading({2027, 1, 2}, kToday)), "Samedi 2 janvier 2027");
  EXPECT_EQ(plain(day_heading({2026, 12, 5}, kToday)), "Samedi 5 décembre");
}

TEST(French, says_spans_of_time) {
  CivilTime const two{{2026, 12, 12}, 14, 0};
  EXPECT_EQ(plain(french_span(two, CivilTime{{2026, 12, 12}, 17, 30}, false, kToday)),
            "samedi 12 décembre, de 14 h à 17 h 30");
  EXPECT_EQ(plain(french_span(two, std::nullopt, false, kToday)), "samedi 12 décembre, à 14 h");
  EXPECT_EQ(plain(french_span(two, CivilTime{{2026, 12, 14}, 0, 0}, true, kToday)),
            "du 12 au 14 décembre");
  EXPECT_EQ(
      plain(french_span({{2026, 12, 31}, 20, 0}, CivilTime{{2027, 1, 1}, 2, 0}, false, kToday)),
      "jeudi 31 décembre, de 20 h à 2 h");
  EXPECT_EQ(plain(french_span({{2026, 12, 30}, 0, 0}, CivilTime{{2027, 1, 2}, 0, 0}, true, kToday)),
            "du 30 décembre 2026 au 2 janvier 2027");
}

TEST(French, says_how_long_ago) {
  EXPECT_EQ(plain(french_age(20)), "à l’instant");
  EXPECT_EQ(plain(french_age(61)), "il y a 1 minute");
  EXPECT_EQ(plain(french_age(3 * 86'400)), "il y a 3 jours");
  EXPECT_EQ(plain(french_age(90 * 86'400)), "il y a 3 mois");
}

}  // namespace
}  // namespace solidaires::page
