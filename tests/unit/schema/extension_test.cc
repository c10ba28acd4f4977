// A field and a type added by data alone, seen wherever the model is used.
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "schema/audience.h"
#include "schema/display.h"
#include "schema/form.h"
#include "schema/json.h"
#include "schema/table.h"
#include "tests/unit/schema/model.h"

namespace solidaires::schema {
namespace {

using testing::HasSubstr;

constexpr std::string_view kNewField = R"(
extend {
  type: "structure"
  group {
    key: "activity"
    field {
      key: "waste_saved"
      kind: decimal
      label { fr: "Déchets évités, en tonnes" en: "Waste avoided, in tonnes" }
      audience: public
      min: 0
      json: "wasteSaved"
      schema_org: "additionalProperty"
      column { header: "dechets_evites" alias: "tonnes évitées" }
    }
  }
}
)";

constexpr std::string_view kNewType = R"(
vocabulary {
  key: "ad_kinds"
  label { fr: "Genre d’offre" en: "Kind of offer" }
  term { code: "cdi" label { fr: "CDI" en: "Permanent" } }
  term { code: "benevolat" label { fr: "Bénévolat" en: "Volunteering" } }
}
type {
  key: "small_ad"
  prefix: "annonces"
  rank: 15
  singular { fr: "petite annonce" en: "small ad" }
  plural { fr: "petites annonces" en: "small ads" }
  gender: feminine
  schema_org: "JobPosting"
  trait: expires
  expiry_field: "until"
  group {
    key: "offer"
    label { fr: "L’offre" en: "The offer" }
    field {
      key: "title" kind: text label { fr: "Intitulé" en: "Title" }
      required: draft audience: public card: title schema_org: "title"
    }
    field {
      key: "kind" kind: choice vocabulary: "ad_kinds" label { fr: "Genre" en: "Kind" }
      audience: public facet { parameter: "genre" }
    }
    field {
      key: "until" kind: date label { fr: "Jusqu’au" en: "Until" }
      audience: public schema_org: "validThrough"
    }
    field { key: "pay_note" kind: text label { fr: "Salaire" en: "Pay" } audience: office }
  }
}
)";

class Extension : public testing::Test {
 protected:
  void SetUp() override {
    namespace fs = std::filesystem;
    auto const* test = testing::UnitTest::GetInstance()->current_test_info();
    directory_ = fs::path(testing::TempDir()) /
                 cat("schema-", test->name(), '-', static_cast<long>(::getpid()));
    fs::remove_all(directory_);
    fs::create_directories(directory_);
    for (auto const* part : {"types", "vocabularies", "roles.txtpb"})
      fs::copy(fs::path(SCHEMA_DIRECTORY) / part, directory_ / part, fs::copy_options::recursive);
    std::ofstream(directory_ / "types" / "zz_waste.txtpb") << kNewField;
    std::ofstream(directory_ / "zz_jobs.txtpb") << kNewType;
    auto loaded = ContentModel::load(directory_);
    ASSERT_TRUE(loaded) << loaded.error().to_string();
    model_.emplace(*std::move(loaded));
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::filesystem::path directory_;
  std::optional<ContentModel> model_;
};

TEST_F(Extension, a_new_field_is_in_form_page_api_and_import) {
  auto const& structure = *model_->type("structure");
  auto const* field = structure.field("waste_saved");
  ASSERT_NE(field, nullptr);
  EXPECT_EQ(field->group, "activity");
  auto const fields = form_fields(structure, Audience::everyone);
  EXPECT_NE(std::ranges::find(fields, field), fields.end());

  auto const typed = parse_form(structure, {{"name", "N"}, {"waste_saved", "12,5"}});
  EXPECT_TRUE(typed.ok());
  EXPECT_TRUE(validate(structure, typed.record, Stage::draft).empty());
  EXPECT_EQ(display_line(*field, typed.record), "12,5");
  EXPECT_THAT(to_json(structure, public_part(structure, typed.record)),
              HasSubstr("\"wasteSaved\":1.25E1"));
  EXPECT_THAT(to_schema_org(structure, typed.record, {}), HasSubstr("additionalProperty"));
  EXPECT_EQ(propose_mapping(structure, {"Tonnes évitées"}),
            (std::vector<std::string>{"waste_saved"}));
  EXPECT_EQ(from_cells(structure, {{"name", "N"}, {"waste_saved", "12,5"}}).record, typed.record);
  EXPECT_EQ(to_text(*field, typed.record), "12.5");
  EXPECT_EQ(
      validate(structure, parse_form(structure, {{"name", "N"}, {"waste_saved", "-1"}}).record,
               Stage::draft)
          .size(),
      1U);
}

TEST_F(Extension, a_new_type_has_form_page_api_and_import) {
  auto const* type = model_->type_by_prefix("annonces");
  ASSERT_NE(type, nullptr);
  EXPECT_EQ(model_->types()[1].key, "small_ad");  // by rank, between structures and events
  EXPECT_EQ(with_the(*type, Language::fr), "la petite annonce");
  auto const parsed = parse_form(*type, {{"title", "Menuiserie (f/h)"},
                                         {"kind", "cdi"},
                                         {"until", "31/12/2026"},
                                         {"pay_note", "secret"}});
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(title(*type, parsed.record), "Menuiserie (f/h)");
  EXPECT_EQ(display_line(*type->field("kind"), parsed.record), "CDI");
  std::string const json = to_json(*type, public_part(*type, parsed.record));
  EXPECT_EQ(json, R"x({"title":"Menuiserie (f/h)","kind":"cdi","until":"2026-12-31"})x");
  EXPECT_THAT(to_schema_org(*type, parsed.record, {}), HasSubstr("\"@type\":\"JobPosting\""));
  EXPECT_EQ(type->facets().size(), 1U);
  auto const cells = to_cells(*type, parsed.record, Language::fr);
  EXPECT_THAT(cells, testing::ElementsAre("Menuiserie (f/h)", "CDI", "2026-12-31", "secret"));
  EXPECT_EQ(
      from_cells(
          *type,
          {{"title", cells[0]}, {"kind", cells[1]}, {"until", cells[2]}, {"pay_note", cells[3]}})
          .record,
      parsed.record);
}

TEST_F(Extension, a_defect_in_the_added_file_is_located_there) {
  std::ofstream(directory_ / "types" / "zz_waste.txtpb") << "\nextend {\n  type: \"ghost\"\n}\n";
  std::vector<Defect> defects;
  EXPECT_FALSE(ContentModel::load(directory_, &defects));
  ASSERT_EQ(defects.size(), 1U);
  EXPECT_EQ(defects[0].to_string(),
            "types/zz_waste.txtpb:3: extend ghost: there is no type of that key");
}

}  // namespace
}  // namespace solidaires::schema
