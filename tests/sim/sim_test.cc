#include <gtest/gtest.h>

#include <algorithm>

#include "tests/sim/world.h"

namespace solidaires::sync::sim {
namespace {

constexpr std::uint64_t kCleanSeeds = 300;
constexpr std::uint64_t kPlantSeeds = 25;  // within so many every planted bug must show

std::string replay(Options const& options) {
  return cat("replay: sim --seed ", options.seed, " --steps ", options.steps, " --trace");
}

TEST(Simulator, finds_nothing_wrong_with_the_real_core) {
  std::size_t conflicts = 0;
  std::size_t crashes = 0;
  for (std::uint64_t seed = 1; seed <= kCleanSeeds; ++seed) {
    Options const options{.seed = seed};
    auto const outcome = run(options);
    ASSERT_EQ(outcome.violation, "") << replay(options);
    conflicts += outcome.conflicts;
    crashes += outcome.crashes;
  }
  EXPECT_GT(conflicts, kCleanSeeds) << "people must meet, or nothing is tested";
  EXPECT_GT(crashes, kCleanSeeds);
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

TEST(Simulator, a_document_lost_in_silence_comes_back_by_itself) {
  std::size_t differences = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Options const options{.seed = seed, .plant = Plant::lost_in_silence};
    auto const outcome = run(options);
    ASSERT_EQ(outcome.violation, "") << seed;
    differences += outcome.differences;
  }
  EXPECT_GT(differences, 20U) << "both ends of a link must be told";
}

class Sensitivity : public testing::TestWithParam<std::pair<Plant, std::string_view>> {};

TEST_P(Sensitivity, finds_the_planted_bug) {
  for (std::uint64_t seed = 1; seed <= kPlantSeeds; ++seed) {
    auto const outcome = run({.seed = seed, .plant = GetParam().first});
    if (outcome.violation.empty()) continue;
    RecordProperty("seeds", static_cast<int>(seed));
    return;
  }
  FAIL() << GetParam().second << " was not found within " << kPlantSeeds << " seeds";
}

INSTANTIATE_TEST_SUITE_P(Plants, Sensitivity, testing::ValuesIn(kPlants), [](auto const& tested) {
  std::string name(tested.param.second);
  std::ranges::replace(name, '-', '_');
  return name;
});

}  // namespace
}  // namespace solidaires::sync::sim
