#include "node/text/fold.h"

#include <gtest/gtest.h>

#include "sync/base/rng.h"

namespace solidaires::text {
namespace {

std::string random_bytes(SeededRng& rng, std::size_t size) {
  // Mostly what breaks decoders: lead bytes, continuations, a little text.
  static constexpr std::string_view kParts = "\xC3\xA9\xE2\x80\x99\xF0\x9F\x98\x80\xC0\xFF ab'\n";
  std::string out;
  for (std::size_t i = 0; i < size; ++i) {
    out += rng.below(4) == 0 ? static_cast<char>(rng.below(256))
                             : kParts[static_cast<std::size_t>(rng.below(kParts.size()))];
  }
  return out;
}

TEST(Fold, removes_case_accents_and_punctuation) {
  EXPECT_EQ(fold("L'Œuvre d'Été, n° 2"), "l oeuvre d ete n 2");
  EXPECT_EQ(fold("  ÉPICERIE  Sociale -- de   Rumilly! "), "epicerie sociale de rumilly");
  EXPECT_EQ(fold("Saint‑Jean‐de–Maurienne"), "saint jean de maurienne");
  EXPECT_EQ(fold("ex æquo, Straße, Łódź, Ærø"), "ex aequo strasse lodz aero");
  EXPECT_EQ(fold("l’aînée ÿ Ç ï û"), "l ainee y c i u");
  EXPECT_EQ(fold("adhérent·e·s"), "adherent e s");
  EXPECT_EQ(fold("ﬁnance № ２３ m²"), "finance no 23 m2");
}

TEST(Fold, gives_the_same_for_composed_and_decomposed_letters) {
  EXPECT_EQ(fold("e\u0301te\u0301"), fold("été"));
  EXPECT_EQ(fold("co\u00ADopé\u200Bra\u200Dtive"), "cooperative");
}

TEST(Fold, gives_nothing_for_nothing) {
  EXPECT_EQ(fold(""), "");
  EXPECT_EQ(fold("  \t\n ... ·’ "), "");
  EXPECT_EQ(fold(std::string_view("\0\0", 2)), "");
}

TEST(Fold, takes_a_broken_byte_for_a_separator) {
  EXPECT_EQ(fold("caf\xE9 bar"), "caf bar");
  EXPECT_EQ(fold("a\xC3"), "a");
  EXPECT_EQ(fold("\xF0\x9F\x98z"), "z");
}

TEST(Fold, keeps_other_scripts) {
  EXPECT_EQ(fold("Кооператив"), "кооператив");
  EXPECT_EQ(fold("Ένωση"), "ενωση");
}

TEST(Fold, is_idempotent_and_tidy_for_any_bytes) {
  SeededRng rng(7);
  for (int round = 0; round < 500; ++round) {
    auto const folded = fold(random_bytes(rng, rng.below(60)));
    EXPECT_EQ(fold(folded), folded);
    EXPECT_TRUE(valid_utf8(folded));
    EXPECT_EQ(folded.find("  "), std::string::npos);
    EXPECT_FALSE(folded.starts_with(' ') || folded.ends_with(' '));
  }
}

TEST(Slug, is_readable_and_cut_between_words) {
  EXPECT_EQ(slug("Épicerie sociale de Rumilly", 60), "epicerie-sociale-de-rumilly");
  EXPECT_EQ(slug("Épicerie sociale de Rumilly", 18), "epicerie-sociale");
  EXPECT_EQ(slug("Épicerie sociale de Rumilly", 16), "epicerie-sociale");
  EXPECT_EQ(slug("anticonstitutionnellement", 8), "anticons");
  EXPECT_EQ(slug("L'ESS, c'est quoi ?", 60), "l-ess-c-est-quoi");
  EXPECT_EQ(slug("· !", 60), "");
  EXPECT_EQ(slug("texte", 0), "");
}

TEST(Slug, writes_other_scripts_in_latin_letters) {
  auto const address = slug("Кооператив Мир", 60);
  EXPECT_EQ(address.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), std::string::npos);
  EXPECT_TRUE(address.starts_with("k")) << address;
}

TEST(Utf8, tells_well_formed_from_broken) {
  EXPECT_TRUE(valid_utf8(""));
  EXPECT_TRUE(valid_utf8("été 😀"));
  EXPECT_FALSE(valid_utf8("\xC0\x80"));          // overlong
  EXPECT_FALSE(valid_utf8("\xED\xA0\x80"));      // surrogate
  EXPECT_FALSE(valid_utf8("\xF4\x90\x80\x80"));  // above U+10FFFF
  EXPECT_FALSE(valid_utf8("ab\xE2\x82"));
  EXPECT_EQ(length("été 😀"), 5U);
  EXPECT_EQ(length("\xFFz"), 2U);
}

TEST(Clean, composes_replaces_and_leaves_out) {
  EXPECT_EQ(clean("e\u0301te\u0301"), "été");
  EXPECT_EQ(clean("caf\xE9"), "caf\uFFFD");
  EXPECT_EQ(clean(std::string_view("a\0b\x01"
                                   "c\x7F",
                                   6)),
            "abc");
  EXPECT_EQ(clean("\uFEFFa\u202Eb\u0085"), "ab");
  EXPECT_EQ(clean("lignes\r\n\tgardées"), "lignes\r\n\tgardées");
}

TEST(Clean, gives_well_formed_text_for_any_bytes) {
  SeededRng rng(11);
  for (int round = 0; round < 500; ++round) {
    auto const cleaned = clean(random_bytes(rng, rng.below(60)));
    EXPECT_TRUE(valid_utf8(cleaned));
    EXPECT_EQ(clean(cleaned), cleaned);
  }
}

TEST(Lines, have_one_kind_of_end_and_no_ragged_edges) {
  EXPECT_EQ(normalise_lines("a\r\nb\rc\nd"), "a\nb\nc\nd");
  EXPECT_EQ(normalise_lines("\n\n a  \n\n\n\n b\t\n\n"), " a\n\n b");
  EXPECT_EQ(normalise_lines(" \r\n \t"), "");
}

TEST(Lines, become_one) {
  EXPECT_EQ(single_line(" a \n\n b\tc "), "a b c");
  EXPECT_EQ(single_line("Bonjour\u00A0!\u00A0"), "Bonjour\u00A0!");
  EXPECT_EQ(single_line("un \u00A0 deux"), "un deux");
}

TEST(Excerpt, cuts_between_words_and_says_so) {
  EXPECT_EQ(excerpt("Un texte court.", 40), "Un texte court.");
  EXPECT_EQ(excerpt("Un texte assez long pour être coupé", 20), "Un texte assez long…");
  EXPECT_EQ(excerpt("Fruits, légumes, pain", 9), "Fruits…");
  EXPECT_EQ(excerpt("Un\n texte\u00A0court", 40), "Un texte\u00A0court");
  EXPECT_EQ(excerpt("anticonstitutionnellement", 10), "anticonst…");
  EXPECT_EQ(excerpt("été", 3), "été");
  EXPECT_EQ(excerpt("étés", 3), "ét…");
  EXPECT_EQ(excerpt("texte", 0), "");
}

TEST(Capital, begins_a_heading) {
  EXPECT_EQ(capitalised("événements"), "Événements");
  EXPECT_EQ(capitalised("œuvres"), "Œuvres");
  EXPECT_EQ(capitalised("42 structures"), "42 structures");
  EXPECT_EQ(capitalised("É"), "É");
  EXPECT_EQ(capitalised(""), "");
  EXPECT_EQ(capitalised("\xffx"), "\xffx");
}

TEST(Excerpt, never_exceeds_its_length) {
  SeededRng rng(13);
  for (int round = 0; round < 500; ++round) {
    auto const text = clean(random_bytes(rng, rng.below(200)));
    auto const max = 1 + rng.below(40);
    EXPECT_LE(length(excerpt(text, max)), max);
    EXPECT_TRUE(valid_utf8(excerpt(text, max)));
  }
}

}  // namespace
}  // namespace solidaires::text
