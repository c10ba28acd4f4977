#include "node/portal/accessibility.h"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <set>

#include "tests/unit/portal/world.h"

namespace solidaires::portal {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Accessibility : public PortalWorld {
 protected:
  AccessibilityReview const& review() { return context_->accessibility; }
};

TEST_F(Accessibility, every_criterion_stands_once_and_what_is_met_says_by_which_check) {
  ASSERT_EQ(review().criteria.size(), 106U);
  EXPECT_EQ(review().version, "4.1.2");
  std::set<std::string> numbers, titles;
  for (auto const& one : review().criteria) {
    EXPECT_TRUE(numbers.insert(one.number).second) << one.number;
    EXPECT_TRUE(titles.insert(one.title).second) << one.number << " repeats: " << one.title;
    EXPECT_TRUE(one.state != Conformity::met || !one.check.empty()) << one.number;
    EXPECT_TRUE(one.state != Conformity::not_met || !one.note.empty())
        << one.number << ": people are told what does not work";
  }
}

TEST(AccessibilityData, is_refused_when_it_is_not_whole) {
  std::ifstream file(SOLIDAIRES_ACCESSIBILITY_FILE);
  std::string const good{std::istreambuf_iterator<char>(file), {}};
  ASSERT_TRUE(parse_accessibility(good));
  auto const fault = [&](std::string_view from, std::string_view to) {
    auto bad = good;
    auto const at = bad.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    auto const parsed = parse_accessibility(bad.replace(at, from.size(), to));
    return parsed ? std::string() : parsed.error().message();
  };
  EXPECT_THAT(fault(R"("number": "10.4")", R"("number": "10.5")"), HasSubstr("10.4"));
  EXPECT_THAT(fault(R"("state": "conforme")", R"("state": "parfait")"), HasSubstr("1.1"));
  EXPECT_THAT(fault(R"("check": "axe")", R"("check": "on le croit")"), HasSubstr("no check"));
  EXPECT_THAT(fault(R"(, "check": "axe")", ""), HasSubstr("1.1 names no check"));
  EXPECT_THAT(fault(R"("criteria": [)", R"("criteria": [ 1,)"), HasSubstr("missing"));
}

TEST(AccessibilityRate, counts_what_nobody_looked_at_as_not_met) {
  AccessibilityReview review;
  EXPECT_EQ(review.state().french(), "non conforme");
  auto const add = [&](Conformity state) { review.criteria.push_back({.state = state}); };
  add(Conformity::met);
  add(Conformity::not_applicable);
  EXPECT_EQ(review.state().french(), "totalement conforme");
  EXPECT_EQ(review.rate(), 100U);
  add(Conformity::not_checked);
  EXPECT_EQ(review.rate(), 50U);
  EXPECT_EQ(review.state().french(), "partiellement conforme");
  add(Conformity::not_met);
  EXPECT_EQ(review.rate(), 33U);
  EXPECT_EQ(review.state().french(), "non conforme");
}

TEST_F(Accessibility, the_statement_says_what_the_law_asks_for) {
  auto const page = get("/accessibilite").body;
  EXPECT_THAT(faults_of(page), IsEmpty());
  EXPECT_THAT(page, HasSubstr(cat("<strong>", review().state().french(), "</strong>")));
  EXPECT_THAT(page, HasSubstr(cat("<strong>", review().rate(), " %</strong>")));
  EXPECT_THAT(page, HasSubstr("article 47 de la loi n° 2005-102"));
  EXPECT_THAT(page, HasSubstr("Défenseur des droits"));
  EXPECT_THAT(page, HasSubstr("mailto:bonjour@essai.example"));
  for (auto const& one : review().criteria) {
    bool const is_open = one.state == Conformity::not_met || one.state == Conformity::not_checked;
    EXPECT_THAT(
        page, is_open ? testing::Matcher<std::string>(HasSubstr(cat("(critère ", one.number, ")")))
                      : Not(HasSubstr(cat("(critère ", one.number, ")"))));
  }
  auto const criteria = get("/accessibilite/criteres").body;
  EXPECT_THAT(faults_of(criteria), IsEmpty());
  for (auto const& one : review().criteria)
    EXPECT_THAT(criteria, HasSubstr(cat("<th scope=\"row\">", one.number, "</th>")));
}

}  // namespace
}  // namespace solidaires::portal
