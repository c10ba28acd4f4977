#include "schema/audience.h"

#include <gmock/gmock.h>

#include "schema/json.h"
#include "tests/unit/schema/records.h"

namespace solidaires::schema {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Audience, nothing_private_leaves_any_type) {
  for (auto const& type : real_model().types()) {
    Record record = full_record(type);
    for (auto const& field : type.fields)
      if (field.is_switch) record.insert_or_assign(field.key, false);
    record.emplace("not_in_the_model", std::string("secret"));
    record.emplace("not_in_the_model/x", Present{});
    Record const open = public_part(type, record);
    for (auto const& [key, value] : open) {
      auto const* field = type.field(field_of(key));
      ASSERT_NE(field, nullptr) << key;
      EXPECT_EQ(field->audience, Audience::everyone) << type.key << '.' << key;
    }
    for (auto const& field : type.fields) {
      EXPECT_EQ(has(open, field.key), field.audience == Audience::everyone)
          << type.key << '.' << field.key;
    }
    EXPECT_EQ(public_part(type, open), open);
  }
}

TEST(Audience, an_owner_may_open_an_office_field) {
  auto const& structure = real_type("structure");
  Record record{{"contact_name", std::string("Camille")},
                {"budget_bracket", std::string("moins-10k")}};
  EXPECT_TRUE(public_part(structure, record).empty());
  record.emplace("contact_public", true);
  Record const open = public_part(structure, record);
  EXPECT_TRUE(open.contains("contact_name"));
  EXPECT_FALSE(open.contains("budget_bracket"));
  EXPECT_EQ(public_part(structure, open), open);
}

TEST(Audience, a_hidden_address_is_published_as_its_commune) {
  auto const& structure = real_type("structure");
  Record record = full_record(structure);
  auto address = *get<Address>(record, "address");
  address.hidden = true;
  address.lines = {"3 rue secrète"};
  address.label = "La Maison cachée";
  address.postal_code = "73999";
  address.ban_id = "73065_0001";
  record.insert_or_assign("address", address);
  Record const open = public_part(structure, record);
  auto const& shown = *get<Address>(open, "address");
  EXPECT_EQ(shown.commune, "Chambéry");
  EXPECT_EQ(shown.commune_code, "73065");
  EXPECT_TRUE(shown.hidden);
  EXPECT_EQ(shown.precision, Precision::commune);
  std::string const everything = to_json(structure, open) + to_schema_org(structure, open, {});
  for (std::string_view const secret :
       {"secrète", "cachée", "73999", "73065_0001", "45.566", "12345678200010", "Granges"})
    EXPECT_THAT(everything, Not(HasSubstr(std::string(secret)))) << secret;
  for (auto const* key : {"siret", "sites", "transport", "carpool", "accessibility_page"})
    EXPECT_FALSE(has(open, key)) << key;
  EXPECT_EQ(public_part(structure, open), open);
}

TEST(Audience, a_hidden_site_hides_only_itself) {
  auto const& structure = real_type("structure");
  Record record = full_record(structure);
  auto const key = element_key("sites", elements(record, "sites").front());
  auto site = *get<Address>(record, key);
  site.hidden = true;
  record.insert_or_assign(key, site);
  Record const open = public_part(structure, record);
  EXPECT_TRUE(get<Address>(open, key)->lines.empty());
  EXPECT_FALSE(get<Address>(open, "address")->lines.empty());
  EXPECT_TRUE(open.contains("siret"));
}

TEST(Audience, a_value_of_the_wrong_kind_is_not_published) {
  auto const& structure = real_type("structure");
  Address hidden;
  hidden.lines = {"3 rue secrète"};
  Record const record{{"name", hidden},
                      {"address", std::string("3 rue secrète")},
                      {"summary", Unknown{"bytes"}},
                      {"name/x", std::string("element of a single field")},
                      {"sectors", Present{}},
                      {"themes/formation", std::string("text")}};
  EXPECT_TRUE(public_part(structure, record).empty());
}

TEST(Audience, the_office_sees_all_but_local_fields) {
  auto const& structure = real_type("structure");
  Record const record{{"name", std::string("N")}, {"membership_paid", true}};
  EXPECT_EQ(part_for(structure, record, Audience::office), record);
  EXPECT_EQ(part_for(structure, record, Audience::everyone).size(), 1U);
}

}  // namespace
}  // namespace solidaires::schema
