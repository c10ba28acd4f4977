// What opens, closes and is filled: in words on cards and pages, hidden from lists when it is over,
// and never shown longer than it holds.
#include <gmock/gmock.h>

#include "tests/unit/portal/world.h"

namespace solidaires::portal {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class LifeTest : public PortalWorld {
 protected:
  // It is 10 March 2026, 10 h in Paris.
  void pass_until(std::string_view civil) {
    clock.pass(model::to_instant(model::CivilTime::parse(civil).value()) - clock.now());
  }
  std::string path_of(service::WorkingCopy const& copy) {
    return catalogue->get(copy.key.id).value()->path;
  }
};

TEST_F(LifeTest, a_call_that_closes_at_two_is_closed_at_two_in_lists_and_on_its_page) {
  auto const call = published(
      "call", service::call_form("Montagnes solidaires", {{"deadline", "2026-03-10T14:00"}}));
  published("call", service::call_form("Vallées en commun", {{"deadline", "2026-06-30T14:00"}}));
  auto const path = path_of(call);
  pass_until("2026-03-10T13:59");
  EXPECT_THAT(get(path).body, HasSubstr("Dernier jour : jusqu’à 14"));
  auto const before = get("/appels-a-projets");
  EXPECT_THAT(before.body, HasSubstr("Montagnes solidaires"));
  ASSERT_TRUE(before.cache);
  EXPECT_LE(before.cache->at_most.count(), 60) << "kept no longer than it is true";
  for (auto const* format : {".json", ".csv", ".atom", ".geojson"}) {
    auto const same = get(cat("/appels-a-projets", format));
    ASSERT_TRUE(same.cache) << format;
    EXPECT_LE(same.cache->at_most.count(), 60) << format;
  }
  EXPECT_THAT(get("/").body, HasSubstr("Montagnes solidaires"));

  pass_until("2026-03-10T14:00");
  auto const list = get("/appels-a-projets").body;
  EXPECT_THAT(list, Not(HasSubstr("Montagnes solidaires")));
  EXPECT_THAT(list, HasSubstr("Vallées en commun"));
  EXPECT_THAT(list, HasSubstr("Montrer aussi ce qui est terminé (1)"));
  EXPECT_THAT(faults_of(list), IsEmpty());
  auto const all = get("/appels-a-projets?termines=1").body;
  EXPECT_THAT(all, HasSubstr("Montagnes solidaires"));
  EXPECT_THAT(all, HasSubstr("Clos depuis le 10 mars"));
  auto const page = get(path);
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, HasSubstr("Clos depuis le 10 mars"));
  EXPECT_THAT(page.body, HasSubstr("Vallées en commun")) << "what is open instead";
  EXPECT_THAT(faults_of(page.body), IsEmpty());
  EXPECT_THAT(get("/").body, Not(HasSubstr("Montagnes solidaires")));
  EXPECT_THAT(get("/appels-a-projets.json").body, Not(HasSubstr("Montagnes solidaires")));
}

TEST_F(LifeTest, an_offer_that_is_filled_leaves_the_lists_and_leads_to_what_is_open_near_it) {
  auto const filled = published(
      "job_offer", service::job_offer_form("Menuiserie (f/h)",
                                           {{"outcome", "filled"}, {"outcome_on", "2026-03-04"}}));
  published("job_offer", service::job_offer_form("Charpente (f/h)"));
  auto const page = get(path_of(filled)).body;
  EXPECT_THAT(page, HasSubstr("Pourvue depuis le 4 mars"));
  EXPECT_THAT(page, HasSubstr("Charpente (f/h)"));
  EXPECT_THAT(get("/emploi/offres").body, Not(HasSubstr("Menuiserie (f/h)")));
  EXPECT_THAT(get("/emploi/offres").body, HasSubstr("Ouverte"));
  EXPECT_EQ(location(get("/emploi")), "/emploi/offres");
  EXPECT_THAT(get("/recherche?q=menuiserie").body, Not(HasSubstr("Menuiserie (f/h)")));
}

TEST_F(LifeTest, an_offer_is_shown_for_sixty_days_and_then_says_that_it_has_ended) {
  auto const offer = published("job_offer", service::job_offer_form("Menuiserie (f/h)"));
  pass_until("2026-04-30T23:58");
  EXPECT_THAT(get("/emploi/offres").body, HasSubstr("Menuiserie (f/h)"));
  pass_until("2026-05-01T00:00");
  EXPECT_THAT(get("/emploi/offres").body, Not(HasSubstr("Menuiserie (f/h)")));
  EXPECT_THAT(get(path_of(offer)).body, HasSubstr("Terminée depuis le 30 avril"));
}

}  // namespace
}  // namespace solidaires::portal
