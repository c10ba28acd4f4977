#include "node/model/committee.h"

#include <gtest/gtest.h>

#include <vector>

#include "node/model/civil_time.h"

namespace solidaires::model {
namespace {

using enum Vote;

CommitteeRules const kRules{.quorum = 3, .working_days = 5};
Instant const kAsked = to_instant(CivilTime::parse("2026-03-10T10:00").value());  // a Tuesday
Instant const kBefore = to_instant(CivilTime::parse("2026-03-16T10:00").value());
Instant const kAfter = to_instant(CivilTime::parse("2026-03-17T10:00").value());

Verdict at(Instant now, std::vector<Vote> const& votes, std::size_t electors = 5) {
  return verdict(votes, kRules, electors, kAsked, now);
}

TEST(Committee, votes_read_back_by_their_stored_name) {
  for (auto const vote : {yes, no, abstain}) EXPECT_EQ(parse_vote(vote_name(vote)), vote);
  EXPECT_EQ(parse_vote("maybe"), std::nullopt);
}

TEST(Committee, a_question_stays_open_until_its_day_so_that_all_can_vote) {
  auto const early = at(kBefore, {yes, yes, yes});
  EXPECT_EQ(early.outcome, Outcome::open);
  EXPECT_EQ(early.closes_at, kAfter);
  auto const late = at(kAfter, {yes, yes, no, yes});
  EXPECT_EQ(late.outcome, Outcome::accepted);
  EXPECT_FALSE(late.by_silence);
  EXPECT_EQ(late.yes, 3U);
  EXPECT_EQ(late.no, 1U);
}

TEST(Committee, when_everybody_has_voted_it_closes_at_once) {
  EXPECT_EQ(at(kBefore, {yes, no, yes, yes, abstain}).outcome, Outcome::accepted);
  EXPECT_EQ(at(kBefore, {yes, no}, 2).outcome, Outcome::open) << "two are no quorum";
}

TEST(Committee, a_tie_leaves_things_as_they_are) {
  EXPECT_EQ(at(kAfter, {yes, no, abstain}).outcome, Outcome::rejected);
}

TEST(Committee, silence_consents_unless_somebody_is_against) {
  auto const silent = at(kAfter, {});
  EXPECT_EQ(silent.outcome, Outcome::accepted);
  EXPECT_TRUE(silent.by_silence);
  EXPECT_EQ(at(kBefore, {}).outcome, Outcome::open);
  EXPECT_EQ(at(kAfter, {yes, no}).outcome, Outcome::open) << "the quorum has to be met now";
  EXPECT_EQ(at(kAfter, {yes, no, no}).outcome, Outcome::rejected);
}

}  // namespace
}  // namespace solidaires::model
