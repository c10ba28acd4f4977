// The simulator under the sanitizers, on few seeds, and the scenes. tests/sim/run does the many.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/sim/shrink.h"
#include "tests/sim/world.h"

namespace solidaires::sync::sim {
namespace {

constexpr std::uint64_t kCleanSeeds = 120;

TEST(Simulator, finds_nothing_wrong_with_the_real_core) {
  Outcome total;
  for (std::uint64_t seed = 1; seed <= kCleanSeeds; ++seed) {
    Options const options{.seed = seed};
    auto const outcome = run(options);
    ASSERT_EQ(outcome.violation, "") << command(options);
    total.conflicts += outcome.conflicts;
    total.crashes += outcome.crashes;
    total.renewals += outcome.renewals;
    total.named += outcome.named;
  }
  EXPECT_GT(total.conflicts, kCleanSeeds / 2) << "people must meet, or nothing is tested";
  EXPECT_GT(total.crashes, kCleanSeeds);
  EXPECT_GT(total.renewals, kCleanSeeds / 2);
  EXPECT_GT(total.named, kCleanSeeds / 20) << "stale stores and clones";
}

TEST(Simulator, plays_the_same_seed_twice_to_the_byte) {
  for (std::uint64_t seed = 101; seed <= 105; ++seed) {
    auto const first = run({.seed = seed});
    auto const second = run({.seed = seed});
    EXPECT_EQ(first.trace_hash, second.trace_hash) << seed;
    EXPECT_EQ(first.events, second.events) << seed;
    EXPECT_NE(first.trace_hash, run({.seed = seed + 1000}).trace_hash);
  }
}

TEST(Simulator, makes_a_failing_history_smaller) {
  Options failing{.plant = Plant::merge_drops};
  while (run(failing).violation.empty()) ++failing.seed;
  auto const violation = run(failing).violation;
  auto const small = shrink(failing, violation);
  EXPECT_FALSE(run(small).violation.empty());
  EXPECT_LT(small.steps, failing.steps / 2);
  EXPECT_NE(small.without, 0U) << "it needs no fault but a pause between two people";
  EXPECT_NE(command(small).find("--plant merge-drops"), std::string::npos);
}

TEST(Simulator, damage_that_nobody_is_told_of_is_found_and_mended) {
  std::size_t differences = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    auto const outcome = run({.seed = seed, .without = kNoFaults & ~mask_of(Fault::damage)});
    ASSERT_EQ(outcome.violation, "") << seed;
    differences += outcome.differences;
  }
  EXPECT_GT(differences, 6U) << "nothing but damage may be found, and not every seed has any";
}

class Sensitivity : public testing::TestWithParam<PlantInfo> {};

TEST_P(Sensitivity, finds_the_planted_bug) {
  auto const& info = GetParam();
  for (std::uint64_t seed = 1; seed <= info.seeds; ++seed) {
    auto const outcome = run({.seed = seed, .plant = info.plant});
    if (outcome.violation.empty()) continue;
    RecordProperty("seeds", static_cast<int>(seed));
    return;
  }
  FAIL() << info.name << " was not found within " << info.seeds << " seeds";
}

INSTANTIATE_TEST_SUITE_P(Plants, Sensitivity, testing::ValuesIn(kPlants), [](auto const& tested) {
  std::string name(tested.param.name);
  std::ranges::replace(name, '-', '_');
  return name;
});

TEST(Scene, a_hundred_nodes_that_return_at_once_are_equal_within_a_minute) {
  auto const outcome = run_return(1, 100, 6);
  EXPECT_EQ(outcome.violation, "");
  EXPECT_LT(outcome.settled_s, 60);
  EXPECT_LT(outcome.settled_bytes, 100U * 20'000U) << "bytes per node, greetings included";
}

TEST(Scene, what_a_return_costs_grows_with_the_nodes_and_no_faster) {
  auto const few = run_return(1, 25, 6);
  auto const many = run_return(1, 100, 6);
  // Twice as fast as the nodes: each is told the names of all scopes that it may not hold.
  EXPECT_LT(many.settled_bytes, 8 * few.settled_bytes);
}

TEST(Scene, one_stuck_peer_does_not_slow_the_others) {
  auto const free = run_stuck_peer(1, false);
  auto const stuck = run_stuck_peer(1, true);
  EXPECT_EQ(free.violation, "");
  EXPECT_EQ(stuck.violation, "");
  EXPECT_LT(stuck.settled_s, free.settled_s + 2);
}

TEST(Scene, a_write_passes_two_hubs_that_hold_an_equal_or_a_newer_value) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    EXPECT_EQ(run_relay(seed, false).violation, "") << seed;
    EXPECT_EQ(run_relay(seed, true).violation, "") << seed;
  }
}

}  // namespace
}  // namespace solidaires::sync::sim
