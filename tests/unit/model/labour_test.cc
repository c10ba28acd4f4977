#include "node/model/labour.h"

#include <gtest/gtest.h>

#include "schema/model.h"

namespace solidaires::model {
namespace {

schema::ContentModel const& real_model() {
  static auto const kModel = schema::ContentModel::load(SCHEMA_DIRECTORY).value();
  return kModel;
}

using Changes = std::vector<std::pair<std::string, std::string>>;

std::string fields_of(std::vector<schema::Problem> const& problems) {
  std::string out;
  for (auto const& problem : problems) {
    EXPECT_FALSE(problem.message.fr.empty());
    EXPECT_FALSE(problem.message.en.empty());
    out += cat(out.empty() ? "" : " ", problem.field);
  }
  return out;
}

// An offer that is in order, with changes; an empty text takes a field away.
std::string offer(Changes const& changes, LabourRules const& rules = {}) {
  std::map<std::string, std::string> typed{{"title", "Menuisière ou menuisier (f/h)"},
                                           {"kind", "emploi"},
                                           {"description", "Trois ans d’expérience bienvenus."},
                                           {"employer_name", "La Remise"},
                                           {"pay_min", "2000"},
                                           {"pay_max", "2200"},
                                           {"pay_unit", "mois"},
                                           {"apply_by", "portal"},
                                           {"published_on", "2026-03-01"}};
  for (auto const& [key, value] : changes) typed[key] = value;
  schema::FormFields fields;
  for (auto const& [key, value] : typed) {
    if (!value.empty()) fields.emplace(key, value);
  }
  auto const& type = *real_model().type("job_offer");
  return fields_of(labour_problems(type, schema::parse_form(type, fields).record, rules));
}

std::string said(std::string_view text) {
  return offer({{"description", std::string(text)}});
}

TEST(Labour, an_offer_in_order_passes) {
  EXPECT_EQ(offer({}), "");
  for (auto const* const text :
       {"Encadrer une équipe de jeunes de 11 à 17 ans.", "Plus de trois ans d’expérience.",
        "Moins de 2 ans d’expérience acceptés.", "Veiller sur des enfants de moins de 3 ans.",
        "Des jeunes de moins de 18 ans.", "Poste ouvert à toutes et tous.",
        "Accueil des femmes et des enfants.", "Frais de déplacement remboursés.",
        "Une caution n’est pas demandée."})
    EXPECT_EQ(said(text), "") << text;
}

TEST(Labour, limits_of_age_are_named_however_they_are_written) {
  for (auto const* const text :
       {"Vous avez moins de 30 ans.", "MOINS DE 26 ANS", "Âge maximum : 35", "limite d’âge 40 ans",
        "Jusqu’à 28 ans.", "Nous cherchons une personne âgée de moins de 25 ans", "30 ans maximum",
        "Un profil jeune et dynamique"})
    EXPECT_EQ(said(text), "description") << text;
  EXPECT_EQ(offer({{"title", "Vendeur, moins de 30 ans"}}), "title");
  EXPECT_EQ(offer({{"kind", "service-civique"}, {"description", "De moins de 26 ans."}}), "")
      << "the law sets an age itself";
}

TEST(Labour, mentions_that_the_law_forbids_and_money_asked_are_named) {
  for (auto const* const text :
       {"Hommes uniquement.", "Bonne présentation exigée", "Célibataire de préférence",
        "de nationalité française", "Langue maternelle française", "Frais de dossier : 30 euros",
        "Uniforme à la charge du candidat", "Il faut verser une caution."})
    EXPECT_EQ(said(text), "description") << text;
}

TEST(Labour, paid_work_says_what_it_pays_unless_the_rule_is_off) {
  EXPECT_EQ(offer({{"pay_min", ""}, {"pay_max", ""}, {"pay_unit", ""}}), "pay_min");
  EXPECT_EQ(offer({{"pay_min", ""}}, {.pay_range_required = false}), "");
  EXPECT_EQ(offer({{"pay_unit", ""}}), "pay_unit");
  EXPECT_EQ(offer({{"pay_max", ""}}), "");
  EXPECT_EQ(offer({{"pay_max", "1900"}}), "pay_max");
  EXPECT_EQ(offer({{"pay_max", "2500 CHF"}}), "pay_max");
  EXPECT_EQ(offer({{"kind", "benevolat"}, {"pay_min", ""}}), "");
}

TEST(Labour, an_offer_is_dated_and_somebody_known_stands_behind_it) {
  EXPECT_EQ(offer({{"published_on", ""}}), "published_on");
  EXPECT_EQ(offer({{"employer_name", ""}}), "employer_name");
  EXPECT_EQ(offer({{"employer_name", ""}, {"employer_confidential", "Chez Paul"}}), "");
  EXPECT_EQ(offer({{"apply_by", "in-person"}}), "apply_in_person");
}

TEST(Labour, a_request_for_work_tells_nobody_how_to_reach_the_person) {
  auto const& type = *real_model().type("job_request");
  auto const request = [&type](schema::FormFields const& typed) {
    return fields_of(labour_problems(type, schema::parse_form(type, typed).record));
  };
  EXPECT_EQ(request({{"title", "Cuisinière, depuis 2014"}, {"email", "a@exemple.fr"}}), "");
  EXPECT_EQ(request({{"title", "Cuisinière 06 12 34 56 78"}}), "title");
  EXPECT_EQ(request({{"description", "Écrivez à moi@exemple.fr"}}), "description");
  EXPECT_EQ(request({{"address.commune", "Rumilly"}, {"address.lines", "3 rue des Essais"}}),
            "address");
  EXPECT_EQ(request({{"address.commune", "Rumilly"}}), "");
}

TEST(Labour, other_kinds_are_left_alone) {
  auto const& type = *real_model().type("event");
  auto const record =
      schema::parse_form(type, {{"description", "Pour les moins de 30 ans"}}).record;
  EXPECT_TRUE(labour_problems(type, record).empty());
}

}  // namespace
}  // namespace solidaires::model
