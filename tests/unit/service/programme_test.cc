#include "node/service/programme.h"

#include "tests/unit/service/world.h"

namespace solidaires::service {
namespace {

using model::CivilDate;

class ProgrammeTest : public testing::Test, protected World {
 protected:
  // The test's today is 10 March 2026.
  static CivilDate march(unsigned day) { return {2026, 3, day}; }
  std::vector<DocumentId> shown(CivilDate day) {
    std::vector<DocumentId> ids;
    for (auto const& one : programmes.on_front_page(day).value()) ids.push_back(one.record);
    return ids;
  }

  Programmes programmes{instance};
  Actor const animateur = somebody("animateur", "Camille");
  Actor const elected = somebody("committee", "Ana");
  Actor const member = somebody("member", "Inès");
};

TEST_F(ProgrammeTest, a_record_stands_on_the_front_page_on_its_days_and_once) {
  auto const one = published("article", article_form("Un"));
  auto const two = published("article", article_form("Deux"));
  ASSERT_TRUE(programmes.feature(animateur, one, march(10), march(12), "  Parce que.  "));
  ASSERT_TRUE(programmes.feature(elected, two, march(11), march(11), ""));
  ASSERT_TRUE(programmes.feature(animateur, one, march(11), march(14), "Encore"));
  using Ids = std::vector<DocumentId>;
  EXPECT_EQ(shown(march(9)), Ids{});
  EXPECT_EQ(shown(march(10)), Ids{one.key.id});
  EXPECT_EQ(shown(march(11)), (Ids{one.key.id, two.key.id}));
  EXPECT_EQ(shown(march(14)), Ids{one.key.id});
  EXPECT_EQ(shown(march(15)), Ids{});
  auto const first = programmes.on_front_page(march(10)).value().front();
  EXPECT_EQ(first.words, "Parce que.");
  EXPECT_EQ(first.by.name, "Camille");
  ASSERT_TRUE(programmes.remove(elected, instance.self, first.id));
  EXPECT_EQ(shown(march(10)), Ids{});
}

TEST_F(ProgrammeTest, what_cannot_stand_there_is_refused_with_a_reason) {
  auto const copy = published("article", article_form("Un"));
  auto const unseen = draft(animateur, "article", article_form("Brouillon"));
  auto const code = [&](Actor const& actor, WorkingCopy const& one, CivilDate from, CivilDate until,
                        std::string_view words = {}) {
    return programmes.feature(actor, one, from, until, words).error().code();
  };
  EXPECT_EQ(code(member, copy, march(10), march(12)), Code::denied);
  EXPECT_EQ(code(animateur, unseen, march(10), march(12)), Code::invalid);
  EXPECT_EQ(code(animateur, copy, march(12), march(11)), Code::invalid);
  EXPECT_EQ(code(animateur, copy, march(1), march(9)), Code::invalid);
  EXPECT_EQ(code(animateur, copy, march(10), CivilDate{2028, 1, 1}), Code::invalid);
  EXPECT_EQ(code(animateur, copy, march(10), march(12), std::string(301, 'x')), Code::invalid);
  EXPECT_EQ(programmes.note(animateur, node_name("isere"), march(10), "x").error().code(),
            Code::denied);
  EXPECT_EQ(programmes.note(animateur, instance.self, march(10), "  ").error().code(),
            Code::invalid);
  EXPECT_TRUE(programmes.read(instance.self).value().features.empty());
}

TEST_F(ProgrammeTest, what_two_sides_plan_while_the_link_is_cut_is_all_there_afterwards) {
  World hub("auvergne-rhone-alpes", {"73", "74"}, true);
  hub.nodes.list.push_back({instance.self, "", "", {"73", "74"}, true});
  auto const regional = hub.somebody("regional_moderator", "Region");
  ASSERT_TRUE(programmes.note(animateur, instance.self, march(20), "D’ici"));
  ASSERT_TRUE(Programmes(hub.instance).note(regional, instance.self, march(19), "De là-bas"));
  receive(hub, ScopeId::office(instance.self));
  auto const notes = programmes.read(instance.self).value().notes;
  ASSERT_EQ(notes.size(), 2U);
  EXPECT_EQ(notes.front().text, "De là-bas");
  EXPECT_EQ(notes.front().by.node, hub.instance.self);
}

TEST_F(ProgrammeTest, entries_of_past_years_are_forgotten) {
  ASSERT_TRUE(programmes.note(animateur, instance.self, march(11), "Il y a longtemps"));
  clock.pass(Millis(std::chrono::hours(24 * 400)));
  ASSERT_TRUE(programmes.note(animateur, instance.self, {2027, 5, 1}, "Bientôt"));
  auto const notes = programmes.read(instance.self).value().notes;
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_EQ(notes.front().text, "Bientôt");
}

}  // namespace
}  // namespace solidaires::service
