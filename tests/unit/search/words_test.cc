#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <tuple>

#include "node/search/french.h"
#include "node/search/highlight.h"
#include "node/search/index.h"
#include "node/search/vocabulary.h"
#include "tests/unit/search/world.h"

namespace solidaires::search {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

void expect_one_stem(std::initializer_list<std::string_view> forms) {
  for (auto const form : forms) EXPECT_EQ(stem(form), stem(*forms.begin())) << form;
}

TEST(Stem, is_shared_by_the_forms_of_a_word) {
  expect_one_stem({"benevole", "benevoles", "benevolat"});
  expect_one_stem({"salarie", "salaries", "salariee", "salariees"});
  expect_one_stem({"directeur", "directrice", "directeurs", "directrices"});
  expect_one_stem({"acteur", "actrice", "acteurs", "actrices"});
  expect_one_stem({"activite", "activites"});
  expect_one_stem({"velo", "velos"});
  expect_one_stem({"emploi", "emplois"});
  expect_one_stem({"jeu", "jeux"});
  expect_one_stem({"heureux", "heureuse", "heureuses"});
  expect_one_stem({"employeur", "employeuse", "employeurs"});
  expect_one_stem({"local", "locale", "locaux", "locales"});
  expect_one_stem({"cooperative", "cooperatives", "cooperatif"});
  expect_one_stem({"travail", "travaux"});
  expect_one_stem({"tout", "toute", "toutes"});
  expect_one_stem({"cuisinier", "cuisiniere", "cuisinieres"});
  expect_one_stem({"boulanger", "boulangere"});
}

TEST(Stem, keeps_different_words_apart) {
  EXPECT_NE(stem("ressourcerie"), stem("recyclerie"));
  EXPECT_NE(stem("epicerie"), stem("epice"));
  EXPECT_NE(stem("mutuelle"), stem("mutation"));
}

TEST(Edits, counts_letters_changed_left_out_added_and_swapped) {
  EXPECT_EQ(edits("ressourcerie", "ressourcerie", 2), 0);
  EXPECT_EQ(edits("resourcerie", "ressourcerie", 2), 1);
  EXPECT_EQ(edits("ressoucrerie", "ressourcerie", 2), 1);
  EXPECT_EQ(edits("", "ab", 2), 2);
  EXPECT_EQ(edits("abc", "xyz", 2), 3);
  EXPECT_EQ(edits("a", "abcdefgh", 2), 3);
}

class Words : public testing::Test {
 protected:
  Words() {
    std::vector<Entry> const entries = {
        entry(1, "Épicerie sociale de Rumilly", "Des bénévoles vous accueillent."),
        entry(2, "L'Atelier des vélos", "Réparer son vélo soi-même, à Annecy et près d’Annecy."),
        entry(3, "Réseau de l’ESS", "Les adhérent·e·s et les salarié(e)s de l’E.S.S."),
        entry(4, "Ressourcerie du lac", "Nous cherchons un·e directeur·rice."),
        entry(5, "À tous", "On y va."),
    };
    index_.put(entries);
  }
  [[nodiscard]] std::vector<std::uint64_t> find(std::string typed) const {
    auto const found = index_.search(words(std::move(typed)));
    return found.some_words ? std::vector<std::uint64_t>{} : numbers(found);
  }
  Index index_;
};

TEST_F(Words, are_found_whatever_their_accents_case_and_number) {
  EXPECT_THAT(find("epicerie"), ElementsAre(1));
  EXPECT_THAT(find("ÉPICERIES SOCIALES"), ElementsAre(1));
  EXPECT_THAT(find("bénévolat"), ElementsAre(1));
  EXPECT_THAT(find("velo"), ElementsAre(2));
  EXPECT_THAT(find("réparation vélos"), ElementsAre(2));
}

TEST_F(Words, are_found_with_their_elision_or_without) {
  EXPECT_THAT(find("d'Annecy"), ElementsAre(2));
  EXPECT_THAT(find("Annecy"), ElementsAre(2));
  EXPECT_THAT(find("l’ESS"), ElementsAre(3));
  EXPECT_THAT(find("ess"), ElementsAre(3));
  EXPECT_THAT(find("E.S.S."), ElementsAre(3));
}

TEST_F(Words, of_inclusive_writing_are_found_by_either_form) {
  EXPECT_THAT(find("adhérente"), ElementsAre(3));
  EXPECT_THAT(find("adhérents"), ElementsAre(3));
  EXPECT_THAT(find("adhérent·e·s"), ElementsAre(3));
  EXPECT_THAT(find("salariées"), ElementsAre(3));
  EXPECT_THAT(find("directrice"), ElementsAre(4));
  EXPECT_THAT(find("directeurs"), ElementsAre(4));
}

TEST_F(Words, that_are_too_common_do_not_narrow_a_search) {
  EXPECT_THAT(find("l'épicerie sociale de la ville de Rumilly"), IsEmpty());
  EXPECT_THAT(find("une épicerie de la Rumilly"), ElementsAre(1));
  EXPECT_THAT(find("de"), UnorderedElementsAre(1, 2, 3));
}

TEST_F(Words, are_all_required_unless_nothing_has_them_all) {
  EXPECT_THAT(find("épicerie rumilly"), ElementsAre(1));
  auto const found = index_.search(words("épicerie rumilly ressourcerie"));
  EXPECT_TRUE(found.some_words);
  EXPECT_THAT(numbers(found), ElementsAre(1));  // two of three, not one
  EXPECT_EQ(found.total, 1U);
}

TEST_F(Words, of_which_one_lacks_come_apart_if_few_have_them_all) {
  index_.put(entry(6, "Épicerie de Cluses"));
  index_.put(entry(7, "Rumilly en fête", "Bénévoles et sociale, sans le mot qui manque."));
  auto query = words("épicerie sociale rumilly");
  EXPECT_THAT(index_.search(query).nearly, IsEmpty());  // unless asked for
  query.nearly_limit = 5;
  auto const found = index_.search(query);
  EXPECT_THAT(numbers(found), ElementsAre(1));
  EXPECT_EQ(found.total, 1U);
  ASSERT_EQ(found.nearly.size(), 1U);  // two of three words, not one
  EXPECT_EQ(number_of(found.nearly.front().key), 7U);
  query.types = {"event"};
  EXPECT_THAT(index_.search(query).nearly, IsEmpty());
  query = words("épicerie rumilly");
  query.nearly_limit = 5;
  query.limit = 1;  // a whole page has both
  EXPECT_THAT(index_.search(query).nearly, IsEmpty());
}

TEST_F(Words, that_nothing_has_give_nothing) {
  auto const found = index_.search(words("xylophone"));
  EXPECT_EQ(found.total, 0U);
  EXPECT_FALSE(found.some_words);
  EXPECT_THAT(found.corrections, IsEmpty());
  EXPECT_EQ(index_.search(words("...  ·  !")).total, 5U);  // no word at all: everything
}

TEST_F(Words, with_a_slip_are_corrected_and_said_so) {
  for (auto const* typed :
       {"resourcerie", "ressoucrerie", "ressourceri", "rassourcerie", "ressourccerie"}) {
    EXPECT_THAT(find(typed), ElementsAre(4)) << typed;
  }
  auto const found = index_.search(words("épicerie rumily"));
  EXPECT_THAT(numbers(found), ElementsAre(1));
  ASSERT_EQ(found.corrections.size(), 1U);
  EXPECT_EQ(found.corrections[0].typed, "rumily");
  EXPECT_EQ(found.corrections[0].corrected, "rumilly");
  EXPECT_TRUE(found.corrections[0].used);
  EXPECT_THAT(found.words, ElementsAre("epicerie", "rumilly"));
}

TEST_F(Words, that_are_short_are_left_as_typed) {
  EXPECT_THAT(index_.search(words("las")).corrections, IsEmpty());
}

TEST_F(Words, that_went_with_their_document_are_not_proposed) {
  index_.remove(key_of(4));
  auto const found = index_.search(words("resourcerie"));
  EXPECT_THAT(found.corrections, IsEmpty());
  EXPECT_EQ(found.total, 0U);
}

TEST_F(Words, that_went_are_not_proposed_although_others_have_forms_of_them) {
  auto const proposed = [&] {
    auto const found = index_.search(words("benevolta"));
    return found.corrections.empty() ? std::string() : found.corrections[0].corrected;
  };
  index_.put(entry(6, "Le bénévolat"));
  EXPECT_EQ(proposed(), "benevolat");
  index_.put(entry(6, "Le jardin"));
  EXPECT_EQ(proposed(), "benevoles");
}

TEST_F(Words, that_an_entry_of_a_batch_loses_and_a_later_one_has_are_found) {
  std::vector<Entry> const batch = {entry(4, "Jardin"), entry(7, "Ressourcerie du col")};
  index_.put(batch);
  EXPECT_THAT(find("ressourcerie"), ElementsAre(7));
  EXPECT_THAT(index_.search(words("resourcerie")).corrections, testing::SizeIs(1));
}

TEST(Vocabulary, forgets_what_no_document_has_and_uses_its_numbers_again) {
  Vocabulary vocabulary;
  auto const any = [](Term) { return std::size_t{1}; };
  auto const stays = vocabulary.intern("benevoles");
  auto const goes = vocabulary.intern("benevolat");
  auto const alone = vocabulary.intern("ressourcerie");
  for (auto const word : {stays, goes, goes, alone}) vocabulary.take(word);
  vocabulary.drop(goes);
  vocabulary.forget_unused();
  EXPECT_EQ(vocabulary.known("benevolat"), goes) << "one document has it still";
  vocabulary.drop(goes);
  vocabulary.drop(alone);
  vocabulary.forget_unused();
  EXPECT_EQ(vocabulary.known("benevolat"), std::nullopt);
  EXPECT_EQ(vocabulary.known("ressourcerie"), std::nullopt);
  EXPECT_EQ(vocabulary.term("ressourceries"), std::nullopt);
  EXPECT_EQ(vocabulary.term("benevolat"), vocabulary.term_of(stays)) << "by its stem";
  EXPECT_FALSE(vocabulary.nearest("ressoucrerie", any));
  EXPECT_THAT(vocabulary.beginning_with("b", 9), ElementsAre(vocabulary.term_of(stays)));
  EXPECT_THAT(vocabulary.beginning_with("r", 9), IsEmpty());
  for (auto const* const text : {"atelier", "jardin"}) vocabulary.take(vocabulary.intern(text));
  vocabulary.forget_unused();
  EXPECT_LE(std::max(*vocabulary.known("atelier"), *vocabulary.known("jardin")), 2U)
      << "both places were free";
  EXPECT_EQ(vocabulary.nearest("jadrin", any)->word, "jardin");
  EXPECT_FALSE(vocabulary.nearest("ressoucrerie", any));
}

TEST(Vocabulary, is_the_same_after_words_came_and_went_as_if_they_never_had) {
  SeededRng rng(23);
  Vocabulary changed;
  Vocabulary plain;
  std::vector<std::string> all;
  std::vector<int> counts(400);
  for (std::uint64_t i = 0; i < counts.size(); ++i) all.push_back(word(7 * i));
  for (int step = 0; step < 4000; ++step) {
    auto const at = static_cast<std::size_t>(rng.below(counts.size()));
    if (counts[at] > 0 && rng.below(2) == 0) {
      changed.drop(*changed.known(all[at]));
      --counts[at];
    } else {
      changed.take(changed.intern(all[at]));
      ++counts[at];
    }
    if (step % 3 == 0) changed.forget_unused();
  }
  changed.forget_unused();
  for (std::size_t at = 0; at < counts.size(); ++at) {
    EXPECT_EQ(changed.known(all[at]).has_value(), counts[at] > 0) << all[at];
    if (counts[at] > 0) plain.intern(all[at]);
  }
  auto const any = [](Term) { return std::size_t{1}; };
  for (auto const& text : all) {
    auto slip = text;
    std::swap(slip[2], slip[3]);
    auto const a = changed.nearest(slip, any);
    auto const b = plain.nearest(slip, any);
    ASSERT_EQ(a.has_value(), b.has_value()) << slip;
    if (a) EXPECT_EQ(a->word, b->word) << slip;
  }
}

TEST_F(Words, that_are_rare_get_a_frequent_neighbour_proposed) {
  std::vector<Entry> many;
  for (std::uint64_t i = 100; i < 200; ++i) many.push_back(entry(i, "Recyclerie de quartier"));
  many.push_back(entry(99, "Recylcerie", ""));
  index_.put(many);
  auto query = words("recylcerie");
  query.types = {"event"};
  auto const found = index_.search(query);
  ASSERT_EQ(found.corrections.size(), 1U);
  EXPECT_EQ(found.corrections[0].corrected, "recyclerie");
  EXPECT_FALSE(found.corrections[0].used);
}

TEST_F(Words, being_typed_complete_themselves) {
  auto query = words("épi");
  query.complete_last = true;
  EXPECT_THAT(numbers(index_.search(query)), ElementsAre(1));
  query.words = "atelier vél";
  EXPECT_THAT(numbers(index_.search(query)), ElementsAre(2));
  query.words = "vél atelier";  // only the last word is unfinished; a lost beginning still serves
  EXPECT_THAT(numbers(index_.search(query)), ElementsAre(2));
}

TEST_F(Words, of_a_replaced_document_are_gone) {
  index_.put(entry(1, "Jardin partagé"));
  EXPECT_THAT(find("épicerie"), IsEmpty());
  EXPECT_THAT(find("jardin"), ElementsAre(1));
  EXPECT_EQ(index_.size(), 5U);
  EXPECT_TRUE(index_.remove(key_of(1)));
  EXPECT_FALSE(index_.remove(key_of(1)));
  EXPECT_THAT(find("jardin"), IsEmpty());
  index_.put(entry(6, "Jardin d'hiver"));  // takes the free slot
  EXPECT_THAT(find("jardin"), ElementsAre(6));
  index_.clear();
  EXPECT_EQ(index_.size(), 0U);
  EXPECT_THAT(find("jardin"), IsEmpty());
  EXPECT_EQ(index_.search(words("")).total, 0U);
}

TEST_F(Words, of_any_size_and_bytes_are_survived) {
  SeededRng rng(5);
  std::vector<std::string> naughty = {std::string(1'000'000, 'a'),
                                      std::string("\0\x01\x7F épicerie", 13),
                                      "\xC3\x28 \xFF\xFE épicerie",
                                      "' OR 1=1 --",
                                      "<script>alert(1)</script>",
                                      "é\u0301\u0301\u0301",
                                      "‮épicerie",
                                      "%00%0A",
                                      "((((·e·s",
                                      "e·e·e·e·e·e",
                                      std::string(3000, '\''),
                                      "''''l'l'l'l'd'épicerie"};
  for (int i = 0; i < 200; ++i) naughty.push_back(rng.bytes(rng.below(300)));
  std::string many;
  for (int i = 0; i < 100'000; ++i) many += "mot" + std::to_string(i) + " ";
  naughty.push_back(many);
  for (auto const& typed : naughty) {
    auto query = words(typed);
    query.count = {"theme", kTypeFacet, typed};
    query.complete_last = true;
    auto const found = index_.search(query);
    EXPECT_LE(found.words.size(), Query::kWords);
    (void)index_.suggest(typed, 1000);
    index_.put(entry(50, typed, typed));
    index_.put(entry(51, "x"));
  }
  EXPECT_THAT(find("épicerie sociale"), ElementsAre(1));
}

TEST(Synonyms, find_what_says_the_same_in_other_words) {
  Index index;
  index.put(entry(1, "Ressourcerie des Aravis"));
  index.put(entry(2, "L’économie sociale et solidaire en chiffres"));
  index.put(entry(3, "Guide de l’ESS"));
  index.put(entry(4, "Économie circulaire", "Une action sociale et solidaire."));
  EXPECT_THAT(numbers(index.search(words("recyclerie"))), ElementsAre(1));
  for (auto const* const typed : {"ESS", "économie sociale", "l’économie solidaire"})
    EXPECT_THAT(numbers(index.search(words(typed))), UnorderedElementsAre(2, 3)) << typed;
  EXPECT_THAT(numbers(index.search(words("économie circulaire"))), ElementsAre(4));
}

TEST(Inclusive, words_find_both_forms) {
  Index index;
  index.put(entry(1, "Un traducteur"));
  index.put(entry(2, "Une autrice"));
  index.put(entry(3, "Un auteur"));
  EXPECT_THAT(numbers(index.search(words("auteur·rice"))), UnorderedElementsAre(2, 3));
}

TEST(Highlight, marks_every_form_of_the_words) {
  std::string const text = "L'Épicerie et ses épiceries, un·e adhérent·e";
  std::vector<std::string> const typed = {"epicerie", "adherents"};
  std::vector<std::string> pieces;
  for (auto const& range : highlight(text, typed)) {
    pieces.push_back(text.substr(range.begin, range.end - range.begin));
  }
  EXPECT_THAT(pieces, ElementsAre("Épicerie", "épiceries", "adhérent·e"));
  std::vector<std::string> const beginning = {"epi"};
  EXPECT_THAT(highlight(text, beginning), IsEmpty());
  EXPECT_EQ(highlight(text, beginning, true).size(), 2U);
  EXPECT_THAT(highlight(text, {}), IsEmpty());
}

TEST(Highlight, shows_the_passage_around_the_first_word) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "rien à voir ";
  text += "une ressourcerie au bord du lac ";
  for (int i = 0; i < 60; ++i) text += "rien à voir ";
  std::vector<std::string> const typed = {"ressourcerie"};
  auto const shown = passage(text, typed, 80);
  EXPECT_TRUE(shown.starts_with("…") && shown.ends_with("…")) << shown;
  EXPECT_NE(shown.find("une ressourcerie au bord"), std::string::npos) << shown;
  EXPECT_EQ(passage("court", typed, 80), "court");
}

TEST_F(Words, are_suggested_from_the_beginnings_of_titles) {
  auto const titles = [&](std::string_view typed) {
    std::vector<std::string> out;
    for (auto const& suggestion : index_.suggest(typed, 5)) out.push_back(suggestion.title);
    return out;
  };
  EXPECT_THAT(titles("épi"), ElementsAre("Épicerie sociale de Rumilly"));
  EXPECT_THAT(titles("EPICERIE SOC"), ElementsAre("Épicerie sociale de Rumilly"));
  EXPECT_THAT(titles("r"),
              ElementsAre("Réseau de l’ESS", "Ressourcerie du lac", "Épicerie sociale de Rumilly"));
  EXPECT_THAT(titles("rumilly épi"), ElementsAre("Épicerie sociale de Rumilly"));
  EXPECT_THAT(titles(""), IsEmpty());
  std::vector<std::string> const events = {"event"};
  EXPECT_THAT(index_.suggest("épi", 5, events), IsEmpty());
  EXPECT_THAT(index_.suggest("r", 1), testing::SizeIs(1));
}

// However many there are: titles that begin so before those with a word that does, short ones
// first.
TEST(Suggestions, of_a_few_letters_are_the_best_of_all) {
  Index index;
  SeededRng rng(61);
  std::map<std::uint64_t, std::string> held;
  auto const best = [&](std::string const& typed) {
    std::vector<std::tuple<bool, std::size_t, std::string, std::string>> all;
    for (auto const& [number, title] : held) {
      auto const second = title.find(' ') + 1;
      if (title.starts_with(typed)) {
        all.emplace_back(false, title.size(), title, title);
      } else if (title.substr(second).starts_with(typed)) {
        all.emplace_back(true, title.size() - second, title.substr(second), title);
      }
    }
    std::ranges::sort(all);
    std::vector<std::string> out;
    for (auto const& one : all) {
      if (out.size() < 8) out.push_back(std::get<3>(one));
    }
    return out;
  };
  for (std::uint64_t step = 0; step < 6000 && !testing::Test::HasFailure(); ++step) {
    auto const number = rng.below(1500);
    if (rng.below(3) == 0) {
      index.remove(key_of(number));
      held.erase(number);
    } else {
      held[number] = word(rng.below(4000)) + " " + word(4000 + number);  // no two alike
      index.put(entry(number, held[number]));
    }
    if (step < 1000 || step % 50 != 0) continue;
    auto const typed = word(rng.below(4000)).substr(0, 1 + rng.below(3));
    std::vector<std::string> got;
    for (auto const& suggestion : index.suggest(typed, 8)) got.push_back(suggestion.title);
    auto const expected = best(typed);
    got.resize(std::min(got.size(), expected.size()));  // what a search finds may follow
    EXPECT_EQ(got, expected) << typed;
  }
}

}  // namespace
}  // namespace solidaires::search
