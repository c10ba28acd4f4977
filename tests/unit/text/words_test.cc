#include "node/text/words.h"

#include <gtest/gtest.h>

#include "node/text/fold.h"
#include "sync/base/rng.h"

namespace solidaires::text {
namespace {

// "adherent/adherente": both forms of inclusive writing.
std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  WordScanner scanner(text);
  for (Word word; scanner.next(word);) {
    out.push_back(word.feminine.empty() ? word.folded : word.folded + "/" + word.feminine);
  }
  return out;
}

using Words = std::vector<std::string>;

TEST(Words, are_folded_and_cut_at_whatever_is_no_letter) {
  EXPECT_EQ(words("Épicerie sociale, à Rumilly (74)!"),
            (Words{"epicerie", "sociale", "a", "rumilly", "74"}));
  EXPECT_EQ(words("Saint-Jean-de-Maurienne"), (Words{"saint", "jean", "de", "maurienne"}));
  EXPECT_EQ(words(""), Words{});
  EXPECT_EQ(words(" -- ·’. "), Words{});
}

TEST(Words, lose_their_elision_whatever_the_apostrophe) {
  EXPECT_EQ(words("l'ESS d’Annecy qu'elle s`unit"), (Words{"ess", "annecy", "elle", "unit"}));
  EXPECT_EQ(words("jusqu'à aujourd'hui"), (Words{"a", "aujourd", "hui"}));
  EXPECT_EQ(words("l' 'd'"), (Words{"l", "d"}));
}

TEST(Words, give_both_forms_of_inclusive_writing) {
  EXPECT_EQ(words("adhérent·e·s"), Words{"adherent/adherente"});
  EXPECT_EQ(words("adhérent.e.s salarié-e-s"), (Words{"adherent/adherente", "salarie/salariee"}));
  EXPECT_EQ(words("salarié(e)s, agent(s)"), (Words{"salarie/salariee", "agent"}));
  EXPECT_EQ(words("habitant•es"), Words{"habitant/habitante"});
  EXPECT_EQ(words("tous·tes"), Words{"tous/toute"});  // the feminine is in the singular
  EXPECT_EQ(words("directeur·rice, animateur/trice"),
            (Words{"directeur/directrice", "animateur/animatrice"}));
  EXPECT_EQ(words("travailleur·euse·s heureux·se conseiller·ère actif·ve citoyen·ne·s"),
            (Words{"travailleur/travailleuse", "heureux/heureuse", "conseiller/conseillere",
                   "actif/active", "citoyen/citoyenne"}));
}

TEST(Words, are_not_taken_for_inclusive_writing_when_they_are_not) {
  EXPECT_EQ(words("dit-elle"), (Words{"dit", "elle"}));
  EXPECT_EQ(words("fin.Le début"), (Words{"fin", "le", "debut"}));
  EXPECT_EQ(words("peut-être (ou pas)"), (Words{"peut", "etre", "ou", "pas"}));
  EXPECT_EQ(words("toutes/tous"), (Words{"toutes", "tous"}));
  EXPECT_EQ(words("prends-les"), (Words{"prends", "les"}));
}

TEST(Words, join_initials) {
  EXPECT_EQ(words("L'E.S.S. et la S.C.I.C"), (Words{"ess", "et", "la", "scic"}));
  EXPECT_EQ(words("M. Martin, p. 12"), (Words{"m", "martin", "p", "12"}));
}

TEST(Words, know_their_bytes_in_the_source) {
  std::string const text = "À l’été, adhérent·e·s";
  WordScanner scanner(text);
  Word word;
  Words pieces;
  while (scanner.next(word)) pieces.push_back(text.substr(word.begin, word.end - word.begin));
  EXPECT_EQ(pieces, (Words{"À", "été", "adhérent·e·s"}));
}

TEST(Words, stay_bounded_and_in_order_for_any_bytes) {
  SeededRng rng(3);
  for (int round = 0; round < 500; ++round) {
    std::string text = rng.bytes(rng.below(80));
    text += round % 2 == 0 ? "a·e" : "\xC3";
    std::size_t end = 0;
    WordScanner scanner(text);
    for (Word word; scanner.next(word);) {
      EXPECT_FALSE(word.folded.empty());
      EXPECT_EQ(word.folded.find(' '), std::string::npos);
      EXPECT_TRUE(valid_utf8(word.folded));
      EXPECT_LE(end, word.begin);
      EXPECT_LT(word.begin, word.end);
      end = word.end;
    }
    EXPECT_LE(end, text.size());
  }
}

TEST(Words, cut_a_run_of_letters_that_nobody_typed) {
  std::size_t count = 0;
  std::string const run(1'000'000, 'x');
  WordScanner scanner(run);
  for (Word word; scanner.next(word); ++count) {
    EXPECT_LE(word.folded.size(), WordScanner::kWordBytes);
  }
  EXPECT_EQ(count, 1'000'000 / WordScanner::kWordBytes);
}

}  // namespace
}  // namespace solidaires::text
