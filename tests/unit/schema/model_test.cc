#include "tests/unit/schema/model.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <set>

#include "schema/version.h"
#include "sync/base/rng.h"

namespace solidaires::schema {
namespace {

using testing::HasSubstr;

TEST(ContentModel, loads_the_real_types_in_the_order_of_menus) {
  auto const& types = real_model().types();
  std::vector<std::string> keys;
  for (auto const& type : types) keys.push_back(type.key);
  EXPECT_THAT(keys, testing::ElementsAre("structure", "event", "job_offer", "job_request", "call",
                                         "article", "resource"));
  EXPECT_EQ(real_model().type_by_prefix("emploi/offres"), real_model().type("job_offer"));
  EXPECT_EQ(real_model().type_by_prefix("agenda"), real_model().type("event"));
  EXPECT_EQ(real_model().type("nothing"), nullptr);
  EXPECT_GT(real_type("structure").fields.size(), 60U);
}

TEST(ContentModel, has_a_version_that_peers_can_compare) {
  auto const version = load_version(SCHEMA_DIRECTORY);
  ASSERT_TRUE(version) << version.error().to_string();
  EXPECT_GE(version->major, 1U);
  EXPECT_FALSE(load_version("/nonexistent"));
}

TEST(ContentModel, says_french_articles) {
  EXPECT_EQ(with_the(real_type("structure"), Language::fr), "la structure");
  EXPECT_EQ(with_the(real_type("event"), Language::fr), "l’événement");
  EXPECT_EQ(with_a(real_type("article"), Language::fr), "une actualité");
  EXPECT_EQ(of_the(real_type("event"), Language::fr), "de l’événement");
  EXPECT_EQ(with_a(real_type("event"), Language::en), "an event");
}

TEST(ContentModel, resolves_terms_by_code_former_code_label_and_alias) {
  auto const& publics = *real_model().vocabulary("publics");
  EXPECT_EQ(publics.find("demandeurs-demploi"), publics.find("demandeurs-emploi"));
  EXPECT_EQ(publics.resolve("TOUT PUBLIC"), publics.find("tous-publics"));
  EXPECT_EQ(publics.resolve("séniors"), publics.find("seniors"));
  EXPECT_EQ(publics.resolve("inconnus"), nullptr);
  EXPECT_TRUE(publics.find("tous-publics")->exclusive);
}

TEST(ContentModel, knows_wider_and_narrower_terms) {
  auto const& families = *real_model().vocabulary("ess_families");
  EXPECT_TRUE(families.is_within("scic", "cooperative"));
  EXPECT_FALSE(families.is_within("association", "cooperative"));
  EXPECT_TRUE(families.is_within("association", "association"));
  EXPECT_EQ(families.with_narrower("mutuelle"),
            (std::vector<std::string>{"mutuelle", "mutuelle-sante", "mutuelle-assurance"}));
  EXPECT_EQ(families.label_of("of-tomorrow", Language::fr), "of-tomorrow");
}

TEST(ContentModel, each_label_of_each_vocabulary_leads_back_to_its_term) {
  for (auto const& [key, vocabulary] : real_model().vocabularies())
    for (auto const& term : vocabulary.terms) {
      EXPECT_EQ(vocabulary.find(term.code), &term) << key << ' ' << term.code;
      EXPECT_EQ(vocabulary.resolve(term.label.fr), &term) << key << ' ' << term.label.fr;
    }
}

TEST(ContentModel, gives_roles_their_permissions) {
  auto const* member = real_model().role("member");
  auto const* moderator = real_model().role("animateur");
  ASSERT_NE(member, nullptr);
  ASSERT_NE(moderator, nullptr);
  EXPECT_FALSE(member->may(Permission::publish));
  EXPECT_TRUE(moderator->may(Permission::publish));
  EXPECT_FALSE(moderator->may(Permission::manage_users));
  EXPECT_EQ(real_model().role("regional_moderator")->reach, Reach::network);
}

std::string const kVocabulary = R"(vocabulary {
  key: "colours"
  label { fr: "Couleurs" en: "Colours" }
  term { code: "red" label { fr: "Rouge" en: "Red" } }
}
)";

std::string type_with(std::string const& fields) {
  return R"(type {
  key: "thing"
  prefix: "choses"
  singular { fr: "chose" en: "thing" }
  plural { fr: "choses" en: "things" }
  gender: feminine
  group {
    key: "all"
    label { fr: "Tout" en: "All" }
    field {
      key: "name" kind: text label { fr: "Nom" en: "Name" } audience: public card: title
    }
)" + fields +
         "  }\n}\n";
}

std::vector<Defect> defects_of(std::map<std::string, std::string> const& files) {
  std::vector<Defect> defects;
  auto const model = ContentModel::parse(files, &defects);
  EXPECT_EQ(model.has_value(), defects.empty());
  if (!model) {
    EXPECT_EQ(model.error().code(), Code::invalid);
  }
  return defects;
}

std::vector<Defect> defects_with(std::string const& fields) {
  return defects_of({{"types/thing.txtpb", type_with(fields)}, {"colours.txtpb", kVocabulary}});
}

TEST(ContentModel, accepts_the_small_model_that_the_next_tests_break) {
  EXPECT_TRUE(defects_with("").empty());
}

TEST(ContentModel, names_file_line_and_field_of_an_unknown_vocabulary) {
  auto const defects = defects_with(R"(    field {
      key: "colour"
      kind: choice
      label { fr: "Couleur" en: "Colour" }
      audience: public
      vocabulary: "smells"
    }
)");
  ASSERT_EQ(defects.size(), 1U);
  EXPECT_EQ(defects[0].file, "types/thing.txtpb");
  EXPECT_EQ(defects[0].line, 18);
  EXPECT_EQ(defects[0].field, "thing.colour");
  EXPECT_EQ(defects[0].to_string(),
            "types/thing.txtpb:18: thing.colour: unknown vocabulary \"smells\"");
}

TEST(ContentModel, reports_all_defects_at_once) {
  auto const defects = defects_with(R"(    field {
      key: "_state" kind: text label { fr: "a" en: "a" } audience: public
    }
    field {
      key: "name" kind: text label { fr: "a" en: "a" } audience: public
    }
    field {
      key: "weight" kind: integer label { fr: "Poids" } audience: public min: 9 max: 2
    }
    field {
      key: "secret" kind: boolean label { fr: "a" en: "a" } audience: office
      facet { parameter: "secret" }
    }
    field {
      key: "bare"
    }
)");
  std::vector<std::string> texts;
  for (auto const& defect : defects) texts.push_back(defect.to_string());
  EXPECT_THAT(texts, testing::Contains(HasSubstr(":14: thing._state: keys that start with '_'")));
  EXPECT_THAT(texts, testing::Contains(HasSubstr(":17: thing.name: this field is defined twice")));
  EXPECT_THAT(texts, testing::Contains(HasSubstr(":20: thing.weight: label has no English")));
  EXPECT_THAT(texts, testing::Contains(HasSubstr(":20: thing.weight: min is above max")));
  EXPECT_THAT(texts, testing::Contains(HasSubstr(":24: thing.secret: a facet would reveal")));
  EXPECT_THAT(texts, testing::Contains(HasSubstr("thing.bare: kind is missing")));
  EXPECT_THAT(texts, testing::Contains(HasSubstr("thing.bare: audience is missing")));
}

TEST(ContentModel, locates_a_syntax_error) {
  auto const defects = defects_of({{"a.txtpb", "type {\n  key: \"x\"\n  colour: 3\n}\n"}});
  ASSERT_EQ(defects.size(), 1U);
  EXPECT_EQ(defects[0].file, "a.txtpb");
  EXPECT_EQ(defects[0].line, 3);
  EXPECT_THAT(defects[0].message, HasSubstr("colour"));
}

TEST(ContentModel, a_file_that_does_not_parse_hides_no_defect_of_the_others) {
  auto const defects =
      defects_of({{"a.txtpb", "type {"}, {"b.txtpb", "vocabulary { key: \"v\" }"}});
  EXPECT_TRUE(std::ranges::any_of(defects, [](auto& d) { return d.file == "a.txtpb"; }));
  EXPECT_TRUE(std::ranges::any_of(defects, [](auto& d) { return d.file == "b.txtpb"; }));
}

TEST(ContentModel, refuses_two_terms_with_one_code) {
  auto const defects = defects_of({{"v.txtpb", R"(vocabulary {
  key: "v"
  label { fr: "v" en: "v" }
  term { code: "a" label { fr: "a" en: "a" } }
  term {
    code: "b" label { fr: "b" en: "b" }
    former_code: "a"
  }
})"}});
  ASSERT_EQ(defects.size(), 1U);
  EXPECT_EQ(defects[0].line, 7);
  EXPECT_THAT(defects[0].message, HasSubstr("used already on line 4"));
}

TEST(ContentModel, refuses_conditions_and_switches_that_lead_nowhere) {
  auto const defects = defects_with(R"(    field {
      key: "a" kind: text label { fr: "a" en: "a" } audience: office public_if: "name"
    }
    field {
      key: "b" kind: text label { fr: "b" en: "b" } audience: public
      applies_if { field: "c" value: "blue" }
    }
    field {
      key: "c" kind: choice vocabulary: "colours" label { fr: "c" en: "c" } audience: public
    }
    field {
      key: "d" kind: references refers_to: "ghost" label { fr: "d" en: "d" } audience: public
    }
)");
  ASSERT_EQ(defects.size(), 3U);
  EXPECT_THAT(defects[0].message, HasSubstr("public_if"));
  EXPECT_THAT(defects[1].message, HasSubstr("never is \"blue\""));
  EXPECT_THAT(defects[2].message, HasSubstr("unknown type \"ghost\""));
}

TEST(ContentModel, refuses_reserved_and_shared_prefixes) {
  std::string other = type_with("");
  other.replace(other.find("\"thing\""), 7, "\"other\"");
  std::string office = type_with("");
  office.replace(office.find("\"thing\""), 7, "\"office\"");
  office.replace(office.find("\"choses\""), 8, "\"espace\"");
  auto const defects =
      defects_of({{"a.txtpb", type_with("")}, {"b.txtpb", other}, {"c.txtpb", office}});
  ASSERT_EQ(defects.size(), 2U);
  EXPECT_THAT(defects[0].message, HasSubstr("belongs to thing"));
  EXPECT_THAT(defects[1].message, HasSubstr("reserved"));
}

// Every file of the model, relative to its directory.
std::set<std::string> files_below(std::filesystem::path const& directory) {
  std::set<std::string> files;
  for (auto const& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.path().extension() == ".txtpb")
      files.insert(std::filesystem::relative(entry.path(), directory).string());
  }
  return files;
}

TEST(ContentModel, programs_are_given_every_file_of_it) {
  EXPECT_EQ(files_below(SCHEMA_STAGED), files_below(SCHEMA_DIRECTORY));
}

TEST(ContentModel, the_charter_and_the_wordings_that_rest_on_it) {
  EXPECT_GE(real_model().charter().size(), 5U);
  auto const* const wording = real_model().wording("advertising");
  ASSERT_NE(wording, nullptr);
  EXPECT_EQ(wording->article, real_model().article("no_advertising"));
  EXPECT_TRUE(wording->decisions.contains(Decision::refuse));
  EXPECT_EQ(real_model().article("nothing"), nullptr);
  auto const parsed = ContentModel::parse({{"a.txtpb", R"(
wording { key: "w" label { fr: "l" en: "l" } text { fr: "t" en: "t" } article: "gone" decision: refuse }
wording { key: "w" label { fr: "l" en: "l" } text { fr: "t" en: "t" } }
)"}});
  ASSERT_FALSE(parsed);
  for (std::string_view const part : {"no article gone", "defined twice", "for no decision"})
    EXPECT_THAT(parsed.error().message(), HasSubstr(part));
}

TEST(ContentModel, survives_noise_instead_of_text) {
  SeededRng rng(3);
  for (int round = 0; round < 200; ++round)
    (void)ContentModel::parse({{"noise.txtpb", rng.bytes(rng.below(300))}});
}

TEST(ContentModel, says_when_there_is_no_model) {
  auto const model = ContentModel::load("/nonexistent/solidaires");
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().message(), HasSubstr("/nonexistent/solidaires"));
}

}  // namespace
}  // namespace solidaires::schema
