#include "schema/opening_hours.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/recurrence.h"
#include "sync/base/rng.h"

namespace solidaires::schema {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string osm(std::string_view text) {
  auto const hours = parse_opening_hours(text);
  return hours ? to_osm(*hours) : hours.error().message();
}
std::vector<std::string> lines(std::string_view text, Language language = Language::fr) {
  auto const hours = parse_opening_hours(text);
  return hours ? opening_hours_lines(*hours, language)
               : std::vector<std::string>{hours.error().message()};
}

TEST(OpeningHours, keeps_the_common_forms_of_osm) {
  for (std::string_view const text :
       {"Mo-Fr 09:00-12:00,14:00-17:00", "Mo-Fr 09:00-12:00; Sa 09:00-12:00; PH off", "24/7",
        "Dec-Mar Mo-Su 10:00-18:00", "Sa[1] 10:00-12:00", "Sa[-1] 10:00-12:00",
        "Jul 01-Aug 31 Tu,Th 10:00-12:00", "Fr 18:00+", "Fr-Sa 20:00-02:00",
        "We \"sur rendez-vous\"", "Mo,We-Fr 08:30-12:00", "PH 10:00-12:00", "Mar-Oct 09:00-18:00"})
    EXPECT_EQ(osm(text), text);
}

TEST(OpeningHours, understands_how_people_write_in_french) {
  EXPECT_EQ(osm("lun-ven 9h-12h, 14h-17h30 ; sam fermé"), "Mo-Fr 09:00-12:00,14:00-17:30; Sa off");
  EXPECT_EQ(osm("du lundi au vendredi de 9 h à 12 h et de 14 h à 17 h"),
            "Mo-Fr 09:00-12:00,14:00-17:00");
  EXPECT_EQ(osm("Mardi et jeudi : 9h–midi"), "Tu,Th 09:00-12:00");
  EXPECT_EQ(osm("mar 9h-12h"), "Tu 09:00-12:00");
  EXPECT_EQ(osm("Mar 9h-12h"), "Tu 09:00-12:00");
  EXPECT_EQ(osm("juillet-août lundi 9h-12h"), "Jul-Aug Mo 09:00-12:00");
  EXPECT_EQ(osm("lundi 9h-12h\nmardi 14h-18h"), "Mo 09:00-12:00; Tu 14:00-18:00");
  EXPECT_EQ(osm("jours fériés fermé"), "PH off");
  EXPECT_EQ(osm("mars lundi 9h-12h"), osm(osm("mars lundi 9h-12h")));
}

TEST(OpeningHours, what_it_writes_it_reads_the_same) {
  for (std::string_view const text :
       {"lun-ven 9h-12h, 14h-17h30 ; sam fermé", "décembre-mars tous 9h-12h", "mars lundi 9h-12h",
        "ven-lun 10h-12h", "15 juin - 15 septembre mer 9h-12h"}) {
    auto const hours = parse_opening_hours(text);
    if (!hours) continue;
    EXPECT_EQ(osm(to_osm(*hours)), to_osm(*hours)) << text;
  }
}

TEST(OpeningHours, says_what_it_does_not_understand) {
  EXPECT_THAT(osm("sur rendez-vous"), HasSubstr("« sur » n'est pas compris"));
  EXPECT_THAT(osm("Mo-Fr"), HasSubstr("Il manque les heures"));
  EXPECT_THAT(osm("Mo 09:00"), HasSubstr("l'heure de fermeture"));
  EXPECT_THAT(osm("Mo 09:00-30:00"), HasSubstr("n'est pas une heure"));
  EXPECT_THAT(osm("Mo[9] 09:00-10:00"), HasSubstr("rang"));
  EXPECT_THAT(osm("Mo \"ouvert"), HasSubstr("guillemet"));
  EXPECT_THAT(osm(""), HasSubstr("vides"));
}

TEST(OpeningHours, speaks_french_and_english) {
  EXPECT_THAT(lines("Mo-Fr 09:00-12:00,14:00-17:30; Sa off"),
              ElementsAre("Du lundi au vendredi\u00A0: 9\u00A0h – 12\u00A0h, 14\u00A0h – "
                          "17\u00A0h\u00A0"
                          "30",
                          "Samedi\u00A0: fermé"));
  EXPECT_THAT(lines("Sa[1] 10:00-12:00"),
              ElementsAre("Premier samedi du mois\u00A0: 10\u00A0h – 12\u00A0h"));
  EXPECT_THAT(lines("Dec-Mar Mo,Tu 10:00-18:00")[0],
              HasSubstr("De décembre à mars, lundi et mardi"));
  EXPECT_THAT(lines("Aug off")[0], HasSubstr("En août"));
  EXPECT_THAT(lines("Jul 01-Aug 31 off")[0], HasSubstr("Du 1er juillet au 31 août"));
  EXPECT_THAT(lines("Mo-Fr 09:00-12:00", Language::en),
              ElementsAre("Monday to Friday: 09:00 – 12:00"));
  EXPECT_THAT(lines("24/7"), ElementsAre("24 heures sur 24, 7 jours sur 7"));
}

TEST(OpeningHours, survives_noise) {
  SeededRng rng(5);
  std::string_view const pieces[] = {"Mo", "-", "09:00", ",",  ";", "[",   "]",  "Mar",  " ",
                                     "\"", "à", "9h",    "31", "+", "off", "PH", "\xFF", "déc"};
  for (int round = 0; round < 5000; ++round) {
    std::string text;
    for (std::uint64_t n = rng.below(9); n > 0; --n) text += pieces[rng.below(std::size(pieces))];
    auto const hours = parse_opening_hours(text);
    if (!hours) continue;
    EXPECT_EQ(osm(to_osm(*hours)), to_osm(*hours)) << text;
    (void)opening_hours_lines(*hours, Language::fr);
  }
}

TEST(Recurrence, comes_back_as_it_was_written) {
  for (std::string_view const text :
       {"FREQ=DAILY", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE", "FREQ=MONTHLY;BYDAY=1SA",
        "FREQ=MONTHLY;UNTIL=20270630;BYDAY=-1FR", "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=15",
        "FREQ=YEARLY;BYMONTH=5,6;BYDAY=1SU", "FREQ=MONTHLY;BYDAY=MO,TU,WE;BYSETPOS=-1"}) {
    auto const rule = parse_rule(text);
    ASSERT_TRUE(rule) << text << ": " << rule.error().message();
    EXPECT_EQ(to_rule(*rule), text);
  }
  EXPECT_EQ(to_rule(*parse_rule("RRULE:freq=weekly;wkst=MO;until=20270630T215959Z")),
            "FREQ=WEEKLY;UNTIL=20270630");
}

TEST(Recurrence, refuses_what_makes_no_sense) {
  for (std::string_view const text :
       {"", "BYDAY=MO", "FREQ=HOURLY", "FREQ=DAILY;COUNT=0", "FREQ=WEEKLY;BYDAY=2MO",
        "FREQ=MONTHLY;BYDAY=6MO", "FREQ=MONTHLY;BYDAY=0MO", "FREQ=DAILY;COUNT=2;UNTIL=20270101",
        "FREQ=DAILY;UNTIL=20270231", "FREQ=DAILY;UNTIL=soon", "FREQ=DAILY;COLOUR=RED"})
    EXPECT_FALSE(parse_rule(text)) << text;
}

}  // namespace
}  // namespace solidaires::schema
