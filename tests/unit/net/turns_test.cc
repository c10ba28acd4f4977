#include "sync/net/turns.h"

#include <gtest/gtest.h>

#include <array>
#include <span>

namespace solidaires::net {
namespace {

constexpr Instant kStart{Millis{1'000'000}};
using Members = std::vector<int*>;

struct Queue : testing::Test {
  Turns<int> turns{2, Millis{30'000}};
  std::array<int, 100> nodes{};
};

TEST_F(Queue, lets_so_many_begin_and_the_others_wait_in_the_order_they_came) {
  EXPECT_EQ(turns.come(nodes[0], kStart), Members{&nodes[0]});
  EXPECT_EQ(turns.come(nodes[1], kStart), Members{&nodes[1]});
  EXPECT_TRUE(turns.come(nodes[2], kStart).empty());
  EXPECT_TRUE(turns.come(nodes[3], kStart).empty());
  EXPECT_EQ(turns.leave(nodes[1], kStart), Members{&nodes[2]});
  EXPECT_EQ(turns.leave(nodes[0], kStart), Members{&nodes[3]});
  EXPECT_EQ(turns.waiting(), 0U);
}

TEST_F(Queue, one_that_leaves_while_it_waits_is_not_waited_for) {
  for (auto& node : std::span(nodes).first(4)) std::ignore = turns.come(node, kStart);
  EXPECT_TRUE(turns.leave(nodes[2], kStart).empty());
  EXPECT_EQ(turns.leave(nodes[0], kStart), Members{&nodes[3]});
}

TEST_F(Queue, a_long_turn_holds_up_nobody_for_longer_than_its_limit) {
  std::size_t begun = 0;
  for (auto& node : nodes) begun += turns.come(node, kStart).size();
  EXPECT_EQ(begun, 2U);
  auto now = kStart;
  while (turns.waiting() > 0 && now < kStart + Millis{3'600'000}) {
    now += Millis{250};
    begun += turns.look(now).size();  // nobody ever finishes
  }
  EXPECT_EQ(begun, nodes.size());
  EXPECT_LE(now - kStart, Millis{30'000} * 50);
}

TEST_F(Queue, tells_who_has_begun_and_when) {
  std::ignore = turns.come(nodes[0], kStart);
  std::ignore = turns.come(nodes[1], kStart + Millis{2'000});
  auto const now = turns.now();
  ASSERT_EQ(now.size(), 2U);
  EXPECT_EQ(now[0].member, &nodes[0]);
  EXPECT_EQ(now[1].since, kStart + Millis{2'000});
}

}  // namespace
}  // namespace solidaires::net
