#include "node/geography/movements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace solidaires::geography {
namespace {

using testing::ElementsAre;

Movement row(int kind, std::string date, std::string before, std::string after,
             std::string type_before = "COM", std::string type_after = "COM") {
  Movement one;
  one.kind = kind;
  one.date = std::move(date);
  one.name_before = "Before " + before;
  one.name_after = "After " + after;
  one.code_before = std::move(before);
  one.code_after = std::move(after);
  one.type_before = std::move(type_before);
  one.type_after = std::move(type_after);
  return one;
}

TEST(Movements, leave_a_code_that_never_changed_as_it_is) {
  Movements const none({});
  EXPECT_EQ(none.today("91001"), "91001");
  EXPECT_FALSE(none.exists("91001"));  // nothing is known of it
}

TEST(Movements, follow_a_merger_of_a_merger_in_any_order_of_rows) {
  Movements const changes(
      {row(32, "2017-01-01", "91002", "91003"), row(32, "2017-01-01", "91003", "91003"),
       row(33, "1973-01-01", "91001", "91002"), row(33, "1973-01-01", "91002", "91002")});
  EXPECT_EQ(changes.today("91001"), "91003");
  EXPECT_EQ(changes.today("91002"), "91003");
  EXPECT_EQ(changes.today("91003"), "91003");
  EXPECT_TRUE(changes.exists("91003"));
}

TEST(Movements, keep_a_commune_that_was_merged_and_re_established) {
  Movements const changes(
      {row(33, "1973-01-01", "91001", "91002"), row(33, "1973-01-01", "91002", "91002"),
       row(21, "1983-01-01", "91002", "91001"), row(21, "1983-01-01", "91002", "91002"),
       row(21, "1983-01-01", "91001", "91001", "COMA", "COM")});
  EXPECT_EQ(changes.today("91001"), "91001");
  EXPECT_EQ(changes.today("91002"), "91002");
  EXPECT_TRUE(changes.exists("91001"));
}

TEST(Movements, take_parts_along_when_their_commune_is_re_established) {
  Movements const changes(
      {row(31, "1965-01-01", "91009", "91001"), row(31, "1965-01-01", "91001", "91001"),
       row(33, "1973-01-01", "91001", "91002"), row(33, "1973-01-01", "91002", "91002"),
       row(21, "1983-01-01", "91002", "91001"), row(21, "1983-01-01", "91002", "91002")});
  EXPECT_EQ(changes.today("91009"), "91001");
}

TEST(Movements, follow_a_code_that_moves_with_its_department_or_its_seat) {
  Movements const changes(
      {row(41, "1968-01-01", "91030", "92030"), row(32, "2017-01-01", "92040", "92050"),
       row(32, "2017-01-01", "92050", "92050"), row(50, "2024-03-15", "92050", "92040")});
  EXPECT_EQ(changes.today("91030"), "92030");
  EXPECT_EQ(changes.today("92050"), "92040");
  EXPECT_EQ(changes.today("92040"), "92040");
  EXPECT_TRUE(changes.exists("92040"));
}

TEST(Movements, see_the_whole_day_when_two_changes_fall_on_it) {
  Movements const changes(
      {row(31, "1974-01-01", "91001", "91002"), row(31, "1974-01-01", "91002", "91002"),
       row(32, "1974-01-01", "91002", "91003"), row(32, "1974-01-01", "91003", "91003")});
  EXPECT_EQ(changes.today("91001"), "91003");
  EXPECT_EQ(changes.today("91002"), "91003");
}

TEST(Movements, mark_a_commune_that_was_divided) {
  Movements const changes(
      {row(30, "1950-01-01", "91001", "91003"), row(30, "1950-01-01", "91001", "91002"),
       row(31, "1951-01-01", "91005", "91006"), row(31, "1951-01-01", "91006", "91006")});
  EXPECT_TRUE(changes.is_split("91001"));
  EXPECT_EQ(changes.today("91001"), "91002");
  EXPECT_FALSE(changes.is_split("91005"));
}

TEST(Movements, take_associated_and_delegated_parts_for_parts_of_their_commune) {
  Movements const changes({row(34, "2026-01-01", "91020", "91021", "COMA", "COM"),
                           row(35, "2026-01-01", "91022", "91021", "COMD", "COM"),
                           row(71, "2020-07-22", "91030", "91031", "COMD", "COMD"),
                           row(20, "1964-08-12", "91387", "91388", "ARM", "ARM")});
  EXPECT_EQ(changes.today("91020"), "91021");
  EXPECT_EQ(changes.today("91022"), "91021");
  EXPECT_EQ(changes.today("91030"), "91030");
  EXPECT_FALSE(changes.names().contains("91387"));
}

TEST(Movements, remember_every_name_that_a_code_had) {
  auto first = row(10, "1950-01-01", "91001", "91001");
  first.name_before = "Vieux-Nom";
  auto second = row(10, "1990-01-01", "91001", "91001");
  second.name_before = "Nom-Moyen";
  Movements const changes({second, first, second});
  EXPECT_THAT(changes.names().at("91001"), ElementsAre("Vieux-Nom", "Nom-Moyen"));
}

TEST(Movements, come_to_an_end_on_a_circle) {
  Movements const changes(
      {row(31, "1950-01-01", "91001", "91002"), row(32, "1950-01-01", "91002", "91001")});
  EXPECT_FALSE(changes.today("91001").empty());
}

}  // namespace
}  // namespace solidaires::geography
