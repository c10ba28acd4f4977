#include "sync/core/link_token.h"

#include <gtest/gtest.h>

namespace solidaires::sync {
namespace {

// A child's true store, as its parent sees it session after session.
struct Parent {
  Bytes kept;
  ReplicaId own{1};

  Result<> meet(Bytes const& shown, std::uint64_t counter, Bytes const& fresh) {
    SOL_ASSIGN(auto const record, judge_token(kept, own, shown, counter, fresh));
    kept = encode(record);
    return {};
  }
  void child_confirms() {
    auto record = decode_token_record(kept).value();
    confirm(record);
    kept = encode(record);
  }
};

TEST(LinkToken, follows_one_store_from_session_to_session) {
  Parent parent;
  EXPECT_TRUE(parent.meet("", 0, "t1"));
  parent.child_confirms();
  EXPECT_TRUE(parent.meet("t1", 5, "t2"));
  parent.child_confirms();
  EXPECT_TRUE(parent.meet("t2", 5, "t3"));
}

TEST(LinkToken, forgives_a_crash_before_and_after_the_token_was_kept) {
  Parent parent;
  ASSERT_TRUE(parent.meet("", 0, "t1"));
  EXPECT_TRUE(parent.meet("", 0, "t2")) << "the child never kept t1";
  EXPECT_TRUE(parent.meet("t2", 0, "t3")) << "it kept t2, but its word was lost";
  EXPECT_FALSE(parent.meet("", 0, "t4"));
}

TEST(LinkToken, names_a_restored_backup_and_a_clone) {
  Parent parent;
  ASSERT_TRUE(parent.meet("", 0, "t1"));
  parent.child_confirms();
  ASSERT_TRUE(parent.meet("t1", 3, "t2"));
  parent.child_confirms();
  for (auto const* old : {"", "t1", "t9"}) {
    auto const refused = parent.meet(old, 9, "t3");
    ASSERT_FALSE(refused) << old;
    EXPECT_EQ(refused.error().code(), Code::denied);
  }
  EXPECT_TRUE(parent.meet("t2", 9, "t4")) << "the true one is still welcome";
}

TEST(LinkToken, refuses_a_counter_that_went_back) {
  Parent parent;
  ASSERT_TRUE(parent.meet("", 7, "t1"));
  parent.child_confirms();
  EXPECT_EQ(parent.meet("t1", 6, "t2").error().code(), Code::denied);
  EXPECT_TRUE(parent.meet("t1", 7, "t2"));
}

TEST(LinkToken, begins_anew_when_either_end_is_a_new_incarnation) {
  Parent parent;
  EXPECT_TRUE(parent.meet("given to an earlier replica of the child", 0, "t1"));
  parent.child_confirms();
  parent.own = ReplicaId{2};
  EXPECT_TRUE(parent.meet("", 0, "t2")) << "the child knows no token of this parent";
  parent.child_confirms();
  EXPECT_FALSE(parent.meet("", 0, "t3"));
}

TEST(LinkToken, a_record_survives_its_bytes_and_nothing_else_passes_for_one) {
  TokenRecord const record{ReplicaId{7}, 42, "confirmed", Bytes("pen\0ding", 8)};
  EXPECT_EQ(decode_token_record(encode(record)).value(), record);
  EXPECT_EQ(decode_token_record("").value(), TokenRecord{});
  auto const bytes = encode(record);
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_token_record(bytes.substr(0, size))) << size;
  }
  EXPECT_EQ(judge_token("\xffgarbage", {}, "", 0, "t").error().code(), Code::corrupt);
}

}  // namespace
}  // namespace solidaires::sync
