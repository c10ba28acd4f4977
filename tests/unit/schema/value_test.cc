#include "schema/value.h"

#include <gtest/gtest.h>

#include "proto/value.pb.h"
#include "sync/base/rng.h"

namespace solidaires::schema {
namespace {

using namespace std::chrono;

Schedule full_schedule() {
  Schedule out;
  out.start = {2026y / December / 12, 14 * 60};
  out.end = LocalDateTime{2026y / December / 12, 17 * 60};
  out.rule = "FREQ=MONTHLY;BYDAY=2SA";
  out.exceptions = {{2027y / August / 14, 14 * 60}};
  out.additions = {{2027y / August / 21, 15 * 60}};
  out.overrides = {{{2027y / January / 9, 14 * 60},
                    OccurrenceStatus::moved,
                    LocalDateTime{2027y / January / 16, 14 * 60},
                    std::nullopt,
                    "à cause de la neige"}};
  return out;
}

std::vector<Value> one_of_each() {
  SeededRng rng(1);
  Address address;
  address.label = "Le Bivouac";
  address.lines = {"3 rue des Granges", "Bâtiment B"};
  address.postal_code = "73000";
  address.commune_code = "73065";
  address.commune = "Chambéry";
  address.point = Point{45.566267, 5.920364};
  address.precision = Precision::house;
  address.hidden = true;
  address.ban_id = "73065_0001_00003";
  Price price{PriceKind::amounts, {{{1250, "EUR"}, "plein tarif"}, {{0, "CHF"}, ""}}, true, "note"};
  return {Present{},
          std::string("texte avec accents é et 🏔"),
          std::int64_t{-42},
          Decimal{125, 1},
          false,
          true,
          Date{2024y / February / 29},
          LocalDateTime{2026y / March / 29, 1439},
          Money{1999, "CHF"},
          address,
          Address{},
          full_schedule(),
          price,
          Price{},
          ExternalId{"siren", "123456782", Date{2026y / May / 1}},
          DocumentId::make(from_unix_ms(1), rng),
          Agreement{"esus", "DREETS", "73-1", Date{2021y / May / 1}, std::nullopt},
          Picture{"https://exemple.fr/a.jpg", "Une montagne", "A. B."},
          Link{"https://exemple.fr/", "Nous"}};
}

TEST(Value, each_kind_comes_back_from_its_bytes) {
  for (auto const& value : one_of_each()) {
    Bytes const bytes = encode(value);
    EXPECT_FALSE(bytes.empty()) << "empty bytes mean cleared; alternative " << value.index();
    EXPECT_EQ(decode(bytes), value) << "alternative " << value.index();
  }
}

TEST(Value, what_cannot_be_read_is_kept_byte_for_byte) {
  for (Bytes const& bytes : {Bytes("\xFF\xFE nonsense"), Bytes(), Bytes("\x0A"), Bytes(3, '\0')}) {
    auto const value = decode(bytes);
    ASSERT_TRUE(std::holds_alternative<Unknown>(value));
    EXPECT_EQ(encode(value), bytes);
  }
}

TEST(Value, keeps_a_kind_of_a_later_version) {
  Bytes const later = "\xA2\x06\x03new";  // field 100, which no version of today knows
  EXPECT_EQ(decode(later), Value(Unknown{later}));
}

template <class Change>
Value decode_changed(Change change) {
  proto::Value message;
  change(message);
  return decode(message.SerializeAsString());
}

TEST(Value, refuses_impossible_parts) {
  auto const unknown = [](Value const& value) { return std::holds_alternative<Unknown>(value); };
  EXPECT_TRUE(unknown(decode_changed([](auto& v) {
    v.mutable_date()->set_year(2026);
    v.mutable_date()->set_month(2);
    v.mutable_date()->set_day(30);
  })));
  EXPECT_TRUE(unknown(decode_changed([](auto& v) { v.mutable_date(); })));
  EXPECT_TRUE(unknown(decode_changed([](auto& v) { v.mutable_decimal()->set_scale(200); })));
  EXPECT_TRUE(unknown(decode_changed([](auto& v) { v.set_reference("short"); })));
  EXPECT_TRUE(unknown(decode_changed([](auto& v) {
    v.mutable_address()->set_latitude(std::numeric_limits<double>::quiet_NaN());
    v.mutable_address()->set_longitude(5);
  })));
  EXPECT_TRUE(unknown(decode_changed([](auto& v) { v.mutable_address()->set_precision(77); })));
  EXPECT_TRUE(unknown(decode_changed([](auto& v) { v.mutable_schedule(); })));
  EXPECT_TRUE(unknown(decode_changed([](auto& v) { v.mutable_price()->set_kind(9); })));
}

TEST(Value, damaged_bytes_never_crash) {
  SeededRng rng(11);
  for (auto const& value : one_of_each()) {
    Bytes const bytes = encode(value);
    for (int round = 0; round < 300; ++round) {
      Bytes changed = bytes;
      changed[rng.below(changed.size())] = static_cast<char>(rng.below(256));
      if (round % 3 == 0) changed.resize(rng.below(changed.size()) + 1);
      auto const read = decode(changed);
      (void)decode(encode(read));
    }
  }
}

TEST(Value, a_huge_text_comes_back) {
  Value const huge = std::string(5'000'000, 'x');
  EXPECT_EQ(decode(encode(huge)), huge);
}

TEST(Record, finds_elements_and_tells_fields_of_like_names_apart) {
  Record const record{{"public", true},
                      {"publics/familles", Present{}},
                      {"publics/jeunes", Present{}},
                      {"publics_note", std::string("x")}};
  EXPECT_EQ(elements(record, "publics"), (std::vector<std::string>{"familles", "jeunes"}));
  EXPECT_TRUE(elements(record, "public").empty());
  EXPECT_TRUE(has(record, "publics"));
  EXPECT_FALSE(has(record, "publi"));
  EXPECT_EQ(field_of("publics/familles"), "publics");
  EXPECT_TRUE(is_set_to_true(record, "public"));
  EXPECT_EQ(text_of(record, "public"), "");
}

TEST(Record, changes_lead_from_one_record_to_the_other) {
  Record const before{{"a", std::string("1")}, {"b", std::string("2")}, {"tags/x", Present{}}};
  Record const after{{"a", std::string("1")}, {"b", std::string("3")}, {"tags/y", Present{}}};
  auto const all = changes(before, after);
  ASSERT_EQ(all.size(), 3U);
  Record result = before;
  for (auto const& change : all) {
    if (change.value)
      result.insert_or_assign(change.key, *change.value);
    else
      result.erase(change.key);
  }
  EXPECT_EQ(result, after);
  EXPECT_TRUE(changes(after, after).empty());
  EXPECT_EQ(changes({}, after).size(), after.size());
}

}  // namespace
}  // namespace solidaires::schema
