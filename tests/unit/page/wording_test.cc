#include "node/page/wording.h"

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
  EXPECT_EQ(number_text(1234567, Language::fr), "1\u202f234\u202f567");
  EXPECT_EQ(number_text(999, Language::fr), "999");
  EXPECT_EQ(number_text(-1000, Language::fr), "\u22121\u202f000");
}

TEST(French, says_none_one_and_many) {
  EXPECT_EQ(plain(counted(0, "structure", "structures", true, Language::fr)), "aucune structure");
  EXPECT_EQ(plain(counted(1, "événement", "événements", false, Language::fr)), "1 événement");
  EXPECT_EQ(plain(counted(1500, "structure", "structures", true, Language::fr)),
            "1 500 structures");
}

TEST(French, says_distances_as_people_do) {
  EXPECT_EQ(plain(distance_text(0.0, Language::fr)), "100 m");
  EXPECT_EQ(plain(distance_text(0.83, Language::fr)), "800 m");
  EXPECT_EQ(plain(distance_text(0.97, Language::fr)), "1 km");
  EXPECT_EQ(plain(distance_text(4.25, Language::fr)), "4,3 km");
  EXPECT_EQ(plain(distance_text(12.6, Language::fr)), "13 km");
}

TEST(French, says_dates_in_full_and_leaves_out_this_year) {
  EXPECT_EQ(plain(date_text({2026, 12, 12}, Language::fr)), "samedi 12 décembre 2026");
  EXPECT_EQ(plain(date_text({2026, 5, 1}, Language::fr)), "vendredi 1er mai 2026");
  EXPECT_EQ(relative_day({2026, 12, 11}, kToday, Language::fr), "demain");
  EXPECT_EQ(relative_day({2026, 12, 9}, kToday, Language::fr), "hier");
  EXPECT_EQ(plain(relative_day({2027, 1, 2}, kToday, Language::fr)), "samedi 2 janvier 2027");
}

TEST(French, heads_a_day_by_how_near_it_is) {  // today is a Thursday
  auto const heading = [](CivilDate const& date) {
    return plain(day_heading(date, kToday, Language::fr));
  };
  EXPECT_EQ(heading(kToday), "Aujourd’hui, jeudi 10 décembre");
  EXPECT_EQ(heading({2026, 12, 11}), "Demain, vendredi 11 décembre");
  EXPECT_EQ(heading({2026, 12, 13}), "Ce dimanche 13 décembre");
  EXPECT_EQ(heading({2026, 12, 14}), "Lundi 14 décembre");
  EXPECT_EQ(heading({2027, 1, 2}), "Samedi 2 janvier 2027");
  EXPECT_EQ(heading({2026, 12, 5}), "Samedi 5 décembre");
}

TEST(English, says_numbers_dates_and_hours_as_english_does) {
  constexpr auto kEnglish = Language::en;
  EXPECT_EQ(number_text(1234567, kEnglish), "1,234,567");
  EXPECT_EQ(plain(distance_text(4.25, kEnglish)), "4.3 km");
  EXPECT_EQ(plain(counted(0, "event", "events", false, kEnglish)), "no events");
  EXPECT_EQ(plain(counted(1, "event", "events", false, kEnglish)), "1 event");
  EXPECT_EQ(plain(date_text({2026, 5, 1}, kEnglish)), "Friday 1 May 2026");
  EXPECT_EQ(relative_day({2026, 12, 12}, kToday, kEnglish), "the day after tomorrow");
  EXPECT_EQ(plain(day_heading({2026, 12, 12}, kToday, kEnglish)), "This Saturday 12 December");
  EXPECT_EQ(plain(span_text({{2026, 12, 12}, 14, 0}, CivilTime{{2026, 12, 12}, 17, 30}, false,
                            kToday, kEnglish)),
            "Saturday 12 December, from 14:00 to 17:30");
  EXPECT_EQ(plain(days_text({2026, 12, 28}, {2027, 1, 3}, kEnglish)),
            "from 28 December 2026 to 3 January 2027");
  EXPECT_EQ(plain(days_text({2026, 12, 7}, {2026, 12, 13}, Language::fr)),
            "du 7 au 13 décembre 2026");
  EXPECT_EQ(plain(age_text(7'300, kEnglish)), "2 hours ago");
}

TEST(French, says_spans_of_time) {
  CivilTime const two{{2026, 12, 12}, 14, 0};
  EXPECT_EQ(plain(span_text(two, CivilTime{{2026, 12, 12}, 17, 30}, false, kToday, Language::fr)),
            "samedi 12 décembre, de 14 h à 17 h 30");
  EXPECT_EQ(plain(span_text(two, std::nullopt, false, kToday, Language::fr)),
            "samedi 12 décembre, à 14 h");
  EXPECT_EQ(plain(span_text(two, CivilTime{{2026, 12, 14}, 0, 0}, true, kToday, Language::fr)),
            "du 12 au 14 décembre");
  EXPECT_EQ(plain(span_text({{2026, 12, 31}, 20, 0}, CivilTime{{2027, 1, 1}, 2, 0}, false, kToday,
                            Language::fr)),
            "jeudi 31 décembre, de 20 h à 2 h");
  EXPECT_EQ(plain(span_text({{2026, 12, 30}, 0, 0}, CivilTime{{2027, 1, 2}, 0, 0}, true, kToday,
                            Language::fr)),
            "du 30 décembre 2026 au 2 janvier 2027");
}

TEST(French, says_how_long_ago) {
  EXPECT_EQ(plain(age_text(20, Language::fr)), "à l’instant");
  EXPECT_EQ(plain(age_text(61, Language::fr)), "il y a 1 minute");
  EXPECT_EQ(plain(age_text(3 * 86'400, Language::fr)), "il y a 3 jours");
  EXPECT_EQ(plain(age_text(90 * 86'400, Language::fr)), "il y a 3 mois");
}

}  // namespace
}  // namespace solidaires::page
