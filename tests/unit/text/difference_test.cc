#include "node/text/difference.h"

#include <gtest/gtest.h>

#include "sync/base/bytes.h"
#include "sync/base/rng.h"

namespace solidaires::text {
namespace {

// "Le [-vieux-]{+nouveau+} marché"
std::string shown(std::string_view before, std::string_view after) {
  std::string out;
  for (auto const& [change, part] : difference(before, after)) {
    if (change == Change::none) out += part;
    if (change == Change::gone) out += cat("[-", part, "-]");
    if (change == Change::come) out += cat("{+", part, "+}");
  }
  return out;
}

TEST(Difference, equal_texts_have_one_part_and_empty_ones_none) {
  EXPECT_EQ(shown("Un marché.", "Un marché."), "Un marché.");
  EXPECT_TRUE(difference("", "").empty());
  EXPECT_EQ(shown("", "Neuf"), "{+Neuf+}");
  EXPECT_EQ(shown("Vieux", ""), "[-Vieux-]");
}

TEST(Difference, a_word_is_changed_as_a_whole_with_its_accents) {
  EXPECT_EQ(shown("Le marché paysan", "Le marché d’été"), "Le marché [-paysan-]{+d’été+}");
  EXPECT_EQ(shown("ouvert le lundi", "ouvert le mardi matin"),
            "ouvert le [-lundi-]{+mardi matin+}");
}

TEST(Difference, punctuation_stands_by_itself) {
  EXPECT_EQ(shown("Oui, demain.", "Oui, demain !"), "Oui, demain[-.-]{+ !+}");
}

TEST(Difference, white_space_between_two_changes_is_read_with_them) {
  EXPECT_EQ(shown("un deux trois", "un quatre cinq"), "un [-deux trois-]{+quatre cinq+}");
}

TEST(Difference, without_what_came_it_is_the_text_before) {
  SeededRng rng(7);
  std::string_view const words[] = {"le ", "la ", "pain", ", ", "été ", "\n", "vélo "};
  for (int round = 0; round < 200; ++round) {
    std::string before, after;
    for (auto* text : {&before, &after}) {
      auto const count = rng.next() % 12;
      for (std::uint64_t i = 0; i < count; ++i) *text += words[rng.next() % std::size(words)];
    }
    std::string old_text, new_text;
    for (auto const& [change, part] : difference(before, after)) {
      if (change != Change::come) old_text += part;
      if (change != Change::gone) new_text += part;
    }
    EXPECT_EQ(old_text, before);
    EXPECT_EQ(new_text, after);
  }
}

TEST(Difference, huge_texts_are_one_change) {
  std::string before, after;
  for (int i = 0; i < 20'000; ++i) {
    before += cat("a", i, ' ');
    after += cat("b", i, ' ');
  }
  before = cat("même ", before, "fin");
  after = cat("même ", after, "fin");
  auto const parts = difference(before, after);
  ASSERT_EQ(parts.size(), 4U);
  EXPECT_EQ(parts[0].text, "même ");
}

}  // namespace
}  // namespace solidaires::text
