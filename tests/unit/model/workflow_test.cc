#include "node/model/workflow.h"

#include <gtest/gtest.h>

namespace solidaires::model {
namespace {

using enum schema::Permission;

Permissions const kMember{create, edit_own, submit, withdraw_own};
Permissions const kModerator{create, edit_own, edit_any, submit, publish, send_back, withdraw};

TEST(Workflow, every_state_reads_back_by_its_stored_name) {
  for (auto const state : kStates) {
    EXPECT_EQ(parse_state(state_name(state)), state);
  }
  EXPECT_EQ(parse_state("unknown"), std::nullopt);
}

TEST(Workflow, an_edit_of_a_published_record_is_a_draft_until_it_is_seen) {
  EXPECT_EQ(after(State::published, Step::edit).value(), State::draft);
  EXPECT_EQ(after(State::returned, Step::edit).value(), State::returned);
  EXPECT_EQ(after(State::submitted, Step::edit).value(), State::submitted);
}

TEST(Workflow, a_step_without_meaning_is_a_conflict_that_says_the_state) {
  for (auto const& [state, step] : {std::pair{State::published, Step::publish},
                                    {State::submitted, Step::submit},
                                    {State::draft, Step::send_back},
                                    {State::withdrawn, Step::withdraw}}) {
    auto const refused = after(state, step);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Code::conflict);
    EXPECT_NE(refused.error().message().find(state_label(state)), std::string::npos);
  }
}

TEST(Workflow, a_member_works_on_what_is_theirs_and_never_publishes) {
  EXPECT_TRUE(may(kMember, State::draft, Step::edit, true));
  EXPECT_TRUE(may(kMember, State::draft, Step::submit, true));
  EXPECT_TRUE(may(kMember, State::published, Step::withdraw, true));
  EXPECT_EQ(may(kMember, State::draft, Step::edit, false).error().code(), Code::denied);
  EXPECT_EQ(may(kMember, State::draft, Step::submit, false).error().code(), Code::denied);
  EXPECT_EQ(may(kMember, State::submitted, Step::publish, true).error().code(), Code::denied);
  EXPECT_EQ(may(kMember, State::submitted, Step::send_back, true).error().code(), Code::denied);
}

TEST(Workflow, nobody_without_permissions_may_do_anything) {
  for (auto const state : kStates) {
    EXPECT_TRUE(open_steps({}, state, true).empty());
  }
}

TEST(Workflow, a_moderator_sees_publish_first) {
  EXPECT_EQ(open_steps(kModerator, State::submitted, false),
            (std::vector{Step::publish, Step::edit, Step::send_back, Step::schedule,
                         Step::hand_over, Step::refuse, Step::withdraw}));
}

TEST(Workflow, what_was_scheduled_and_then_edited_is_read_again) {
  EXPECT_EQ(after(State::scheduled, Step::edit).value(), State::submitted);
}

TEST(Workflow, a_trusted_author_does_not_bring_back_what_others_took_away) {
  Permissions const trusted{create, edit_own, submit, withdraw_own, publish_own};
  EXPECT_TRUE(may(trusted, State::draft, Step::publish, true));
  for (auto const state : {State::hidden, State::refused, State::in_committee})
    EXPECT_EQ(may(trusted, state, Step::publish, true).error().code(), Code::denied);
  for (auto const state : {State::hidden, State::refused})
    EXPECT_TRUE(may(trusted, state, Step::edit, true)) << "they may answer by correcting it";
}

TEST(Workflow, only_the_author_who_was_refused_appeals) {
  EXPECT_EQ(after(State::refused, Step::appeal).value(), State::in_committee);
  EXPECT_TRUE(may(kMember, State::refused, Step::appeal, true));
  EXPECT_FALSE(may(kMember, State::refused, Step::appeal, false));
  EXPECT_FALSE(may(kMember, State::submitted, Step::appeal, true));
}

}  // namespace
}  // namespace solidaires::model
