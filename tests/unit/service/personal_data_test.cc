#include "node/service/personal_data.h"

#include <boost/json.hpp>

#include "tests/unit/service/world.h"

namespace solidaires::service {
namespace {

class PersonalDataTest : public testing::Test, protected World {
 protected:
  Account account(std::string_view email, std::string_view name, std::string_view role) {
    return accounts
        .add({std::string(email), std::string(name), std::string(role), "un long mot de passe"}, {})
        .value();
  }
};

TEST_F(PersonalDataTest, somebody_is_told_everything_that_is_theirs_and_nothing_of_others) {
  auto const ines = account("ines@essai.example", "Inès", "member");
  auto const ana = account("ana@essai.example", "Ana", "committee");
  auto const camille = account("camille@essai.example", "Camille", "animateur");
  auto const own = draft(accounts.actor(ines), "article", article_form("À Inès"));
  auto const other = draft(accounts.actor(camille), "article", article_form("À Camille"));
  ASSERT_TRUE(editorial.say(accounts.actor(ines), own.key, "Une question", true));
  ASSERT_TRUE(editorial.say(accounts.actor(camille), own.key, "Une réponse", true));
  ASSERT_OK(editorial.submit(accounts.actor(ines), own.key));
  ASSERT_OK(editorial.hand_over(accounts.actor(camille), own.key, "À vous"));
  auto const asked = editorial.get(accounts.actor(ana), own.key).value();
  ASSERT_TRUE(editorial.reviews().vote(accounts.actor(ana), asked, model::Vote::no, "Non, car."));

  auto const of_ines = personal_data(instance, ines).value();
  ASSERT_EQ(of_ines.records.size(), 1U);
  EXPECT_EQ(of_ines.records.front().title, "À Inès");
  ASSERT_EQ(of_ines.words.size(), 1U);
  EXPECT_EQ(of_ines.words.front().text, "Une question");
  EXPECT_EQ(of_ines.words.front().title, "À Inès");
  EXPECT_EQ(of_ines.touched, 0U);

  auto const of_ana = personal_data(instance, ana).value();
  EXPECT_TRUE(of_ana.records.empty());
  ASSERT_EQ(of_ana.words.size(), 1U);
  EXPECT_EQ(of_ana.words.front().vote, "contre");

  EXPECT_EQ(personal_data(instance, camille).value().touched, 1U);

  auto const json = to_json(of_ines);
  auto const read = boost::json::parse(json).as_object();
  EXPECT_EQ(read.at("account").at("email").as_string(), "ines@essai.example");
  EXPECT_EQ(read.at("records").at(0).at("title").as_string(), "À Inès");
  EXPECT_EQ(read.at("records").at(0).at("_state").as_string(), "in_committee");
  EXPECT_EQ(read.at("words").at(0).at("text").as_string(), "Une question");
  EXPECT_EQ(json.find("Camille"), std::string::npos);
  EXPECT_EQ(json.find("Une réponse"), std::string::npos);
}

}  // namespace
}  // namespace solidaires::service
