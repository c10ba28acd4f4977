#include "schema/identifiers.h"

#include <gtest/gtest.h>

#include "sync/base/bytes.h"
#include "sync/base/rng.h"

namespace solidaires::schema {
namespace {

TEST(Identifiers, accepts_a_siren_whose_luhn_sum_holds) {
  EXPECT_TRUE(is_siren("123456782"));
  EXPECT_FALSE(is_siren("123456789"));
  EXPECT_FALSE(is_siren("12345678"));
  EXPECT_FALSE(is_siren("000000000"));
  EXPECT_FALSE(is_siren("12345678A"));
  EXPECT_FALSE(is_siren(""));
}

TEST(Identifiers, a_single_wrong_digit_always_breaks_a_siren) {
  std::string const good = "123456782";
  for (std::size_t at = 0; at < good.size(); ++at)
    for (char digit = '0'; digit <= '9'; ++digit) {
      std::string changed = good;
      changed[at] = digit;
      EXPECT_EQ(is_siren(changed), digit == good[at]) << changed;
    }
}

TEST(Identifiers, accepts_a_siret_only_below_a_valid_siren) {
  EXPECT_TRUE(is_siret("12345678200010"));
  EXPECT_FALSE(is_siret("12345678200011"));
  EXPECT_FALSE(is_siret("12345678900007"));  // Luhn holds over the whole, not over the SIREN
  EXPECT_FALSE(is_siret("1234567820001"));
}

TEST(Identifiers, la_poste_counts_its_digits_by_fives) {
  EXPECT_TRUE(is_siret("35600000000048"));   // its head office, Luhn
  EXPECT_TRUE(is_siret("35600000049837"));   // digits sum to 45
  EXPECT_FALSE(is_siret("35600000049838"));  // 46, and no Luhn
  EXPECT_FALSE(is_siret("12345678200007"));  // the exception is La Poste's alone
}

TEST(Identifiers, knows_the_form_of_rna_and_of_the_swiss_uid) {
  EXPECT_TRUE(is_rna("W731234567"));
  EXPECT_TRUE(is_rna("W2A1000001"));
  EXPECT_FALSE(is_rna("731234567"));
  EXPECT_FALSE(is_rna("W73123456"));
  // Weights 5 4 3 2 7 6 5 4: 1+2+... for 123456788 gives 5+8+9+8+35+36+35+32 = 168, 168 mod 11 = 3.
  EXPECT_TRUE(is_swiss_uid("CHE-123.456.788"));
  EXPECT_FALSE(is_swiss_uid("CHE-123.456.789"));
  EXPECT_FALSE(is_swiss_uid("CHE-123456788"));
}

TEST(Identifiers, forgives_spaces_dots_and_case) {
  EXPECT_EQ(check_id("siret", " 123 456 782 00010 ").value, "12345678200010");
  EXPECT_EQ(check_id("siren", "123\u00A0456\u202F782").value, "123456782");
  EXPECT_EQ(check_id("swiss_uid", "che 123456788 TVA").value, "CHE-123.456.788");
  EXPECT_EQ(check_id("rna", "w73 1234567").value, "W731234567");
  EXPECT_EQ(check_id("naf", "8899b").value, "88.99B");
  EXPECT_FALSE(check_id("siren", "123456782 ou 5").valid);
  EXPECT_FALSE(check_id("siren", "").valid);
}

TEST(Identifiers, restores_leading_zeros_only_for_files_and_only_if_the_key_holds) {
  ASSERT_TRUE(is_siren("005520135"));
  EXPECT_FALSE(check_id("siren", "5520135").valid);
  auto const repaired = check_id("siren", "5520135", true);
  EXPECT_TRUE(repaired.valid);
  EXPECT_TRUE(repaired.repaired);
  EXPECT_EQ(repaired.value, "005520135");
  EXPECT_EQ(check_id("siren", "5520135.0", true).value, "005520135");
  EXPECT_FALSE(check_id("siren", "5520136", true).valid);
}

TEST(Identifiers, refuses_what_a_spreadsheet_made_of_a_long_number) {
  auto const lost = check_id("siret", "8,01E+13", true);
  EXPECT_FALSE(lost.valid);
  EXPECT_NE(lost.problem.fr.find("tableur"), std::string::npos);
}

TEST(Identifiers, says_what_is_wrong_in_both_languages) {
  EXPECT_NE(check_id("siren", "1234567").problem.fr.find("7 chiffres"), std::string::npos);
  EXPECT_NE(check_id("siren", "123456789").problem.fr.find("clé"), std::string::npos);
  EXPECT_FALSE(check_id("rna", "bonjour").problem.en.empty());
}

TEST(Identifiers, never_trusts_noise) {
  SeededRng rng(7);
  for (int round = 0; round < 3000; ++round) {
    Bytes const noise = rng.bytes(rng.below(40));
    for (auto const* scheme : {"siren", "siret", "rna", "rnf", "finess", "uai", "swiss_uid"}) {
      auto const checked = check_id(scheme, noise, round % 2 == 0);
      if (!checked.valid) {
        EXPECT_FALSE(checked.problem.empty());
      }
    }
  }
}

}  // namespace
}  // namespace solidaires::schema
