#include <gtest/gtest.h>

#include "sync/base/bytes.h"
#include "sync/base/hash.h"
#include "sync/base/ids.h"
#include "sync/base/result.h"
#include "sync/base/rng.h"

namespace solidaires {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return fail(Code::invalid, "an odd number");
  return number / 2;
}

Result<int> quarter(int number) {
  SOL_ASSIGN(int const first, half(number));
  return half(first);
}

TEST(Result, carries_the_code_and_grows_context_on_its_way_up) {
  EXPECT_EQ(quarter(8).value(), 2);
  auto const failed = quarter(6);
  ASSERT_FALSE(failed);
  EXPECT_EQ(Error(failed.error()).in("a quarter").to_string(), "invalid: a quarter: an odd number");
}

TEST(Bytes, spells_the_vectors_of_rfc_4648) {
  EXPECT_EQ(base64url("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64url("fo"), "Zm8");
  EXPECT_EQ(hex("fo"), "666f");
  EXPECT_EQ(base32(std::string(5, '\xff')), "zzzzzzzz");
}

TEST(Bytes, reads_back_every_length_that_it_spells) {
  SeededRng rng(1);
  for (std::size_t size = 0; size < 40; ++size) {
    Bytes const bytes = rng.bytes(size);
    EXPECT_EQ(from_hex(hex(bytes)).value(), bytes);
    EXPECT_EQ(from_base64url(base64url(bytes)).value(), bytes);
  }
}

TEST(Bytes, refuses_text_that_no_bytes_spell) {
  EXPECT_FALSE(from_hex("abc"));
  EXPECT_FALSE(from_hex("zz"));
  EXPECT_FALSE(from_base64url("A"));
  EXPECT_FALSE(from_base64url("Zm9="));
  EXPECT_FALSE(from_base64url("Zm9")) << "the last digit holds bits that belong to no byte";
}

TEST(Bytes, a_reader_never_runs_past_the_end) {
  Bytes out;
  ByteWriter(out).u16(0x0102).u64(7).sized("tail");
  EXPECT_EQ(hex(out.substr(0, 2)), "0102");
  ByteReader reader(out);
  EXPECT_EQ(reader.u16().value(), 0x0102);
  EXPECT_EQ(reader.u64().value(), 7U);
  EXPECT_EQ(reader.sized().value(), "tail");
  EXPECT_TRUE(reader.done());
  EXPECT_EQ(reader.u8().error().code(), Code::corrupt);
}

TEST(Hash, is_sha_256_of_fips_180_4) {
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(DocumentId, is_a_uuid_of_version_7_that_sorts_by_time_and_reads_back) {
  SeededRng rng(2);
  auto const early = DocumentId::make(from_unix_ms(1'000), rng);
  auto const late = DocumentId::make(from_unix_ms(2'000), rng);
  EXPECT_LT(early, late);
  auto const text = early.to_string();
  EXPECT_EQ(text.substr(0, 15), "00000000-03e8-7");
  EXPECT_NE(std::string("89ab").find(text[19]), std::string::npos);
  EXPECT_EQ(DocumentId::parse(text).value(), early);
  EXPECT_FALSE(DocumentId::parse(text.substr(1)));
  EXPECT_FALSE(DocumentId::parse(text + "0"));
  EXPECT_EQ(early.short_id().size(), 8U);
}

TEST(NodeName, has_one_narrow_spelling) {
  EXPECT_TRUE(NodeName::parse("savoie-mont-blanc"));
  for (auto const* wrong : {"", "a", "1a", "Isère", "a/b", "isere-", "a b", "../etc"}) {
    EXPECT_FALSE(NodeName::parse(wrong)) << wrong;
  }
}

TEST(ScopeId, reads_back_every_kind_and_refuses_the_rest) {
  for (auto const* text : {"local", "office/isere", "public/isere", "network/rhone-alpes",
                           "group/00000000-03e8-7000-8000-000000000000"}) {
    EXPECT_EQ(ScopeId::parse(text).value().to_string(), text);
  }
  for (auto const* wrong : {"", "public", "public/", "local/x", "secret/isere", "group/isere"}) {
    EXPECT_FALSE(ScopeId::parse(wrong)) << wrong;
  }
}

TEST(SeededRng, gives_the_published_sequence_and_stays_below_its_bound) {
  SeededRng rng(1234567);
  EXPECT_EQ(rng.next(), 6457827717110365317ULL);
  EXPECT_EQ(rng.next(), 3203168211198807973ULL);
  for (int i = 0; i < 1000; ++i) EXPECT_LT(rng.below(3), 3U);
}

}  // namespace
}  // namespace solidaires
