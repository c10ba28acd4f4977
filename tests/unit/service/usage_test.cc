#include "node/service/usage.h"

#include <gmock/gmock.h>

#include <thread>

#include "tests/unit/service/world.h"

namespace solidaires::service {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

class UsageTest : public testing::Test, protected World {
 protected:
  void count(std::vector<std::string> const& names, bool by_robot = false) {
    usage.add(names, by_robot, clock.now());
  }
  // Of the last ten days.
  std::vector<UsageDay> seen(Usage const& from) const {
    auto const today = model::to_civil(clock.now()).date;
    return from.days(model::CivilDate::from_days(today.days() - 9), today).value();
  }
  Usage usage{instance};
};

TEST_F(UsageTest, counts_by_day_and_writes_only_when_told_to) {
  auto const before = store->stats().value().commits;
  for (int n = 0; n < 1'000; ++n) count({"page/home"});
  count({"page/search", "search/all", "empty/all", "empty_place/38185"});
  EXPECT_EQ(store->stats().value().commits, before) << "a page view costs no write";
  clock.pass(Millis{24 * 3'600'000});
  count({"page/home"});
  auto const check = [](std::vector<UsageDay> const& days) {
    ASSERT_THAT(days, SizeIs(2));
    EXPECT_EQ(days[0].date.iso(), "2026-03-10");
    EXPECT_THAT(days[0].counts, ElementsAre(Pair("empty/all", 1), Pair("empty_place/38185", 1),
                                            Pair("page/home", 1'000), Pair("page/search", 1),
                                            Pair("search/all", 1)));
    EXPECT_EQ(days[0].of(usage::kPage), 1'001U);
    EXPECT_THAT(days[1].counts, ElementsAre(Pair("page/home", 1)));
  };
  check(seen(usage));
  ASSERT_OK(usage.save());
  EXPECT_EQ(store->stats().value().commits, before + 1);
  ASSERT_OK(usage.save());
  EXPECT_EQ(store->stats().value().commits, before + 1) << "nothing new";
  check(seen(usage));
  check(seen(Usage(instance)));  // after a restart
}

TEST_F(UsageTest, adds_to_what_was_written_of_the_day) {
  count({"report"});
  ASSERT_OK(usage.save());
  count({"report"});
  count({"feed/atom"});
  ASSERT_OK(usage.save());
  EXPECT_THAT(seen(Usage(instance))[0].counts,
              ElementsAre(Pair("feed/atom", 1), Pair("report", 2)));
  EXPECT_THAT(usage.since_start(), ElementsAre(Pair("feed/atom", 1), Pair("report", 2)));
}

TEST_F(UsageTest, days_end_at_midnight_where_the_portal_is) {
  clock.pass(Millis{13 * 3'600'000 + 3'599'000});  // 22:59:59 UTC, one second before midnight
  count({"report"});
  clock.pass(Millis{1'000});
  count({"report"});
  auto const days = seen(usage);
  ASSERT_THAT(days, SizeIs(2));
  EXPECT_EQ(days[1].date.iso(), "2026-03-11");
}

TEST_F(UsageTest, a_robot_counts_once_and_as_one_but_its_feeds_are_feeds) {
  count({"page/search", "search/all", "empty/all", "empty_place/38185"}, true);
  count({"feed/ics"}, true);
  EXPECT_THAT(seen(usage)[0].counts, ElementsAre(Pair("feed/ics", 1), Pair("robot", 1)));
}

TEST_F(UsageTest, are_forgotten_in_time) {
  count({"report"});
  ASSERT_OK(usage.save());
  auto const day = model::to_civil(clock.now()).date;
  EXPECT_THAT(usage.days(day, day).value(), SizeIs(1));
  clock.pass(Millis{(kUsageDaysKept + 1) * 24 * 3'600'000});
  EXPECT_THAT(usage.days(day, day).value(), IsEmpty());
  EXPECT_EQ(store->purge_expired(clock.now()).value(), 1U);
}

TEST_F(UsageTest, nobody_fills_the_memory_by_asking) {
  for (std::size_t n = 0; n < kUsageCountersMax + 50; ++n) count({cat("empty_place/", n)});
  auto const counts = seen(usage)[0].counts;
  EXPECT_LE(counts.size(), kUsageCountersMax + 1);
  EXPECT_EQ(counts.at("empty_place/other"), 50U);
  count({"report"});
  EXPECT_EQ(seen(usage)[0].counts.at("report"), 1U);
}

TEST_F(UsageTest, loses_nothing_while_threads_count_and_one_writes) {
  constexpr int kEach = 2'000;
  std::vector<std::jthread> visitors;
  for (int n = 0; n < 4; ++n) {
    visitors.emplace_back([this] {
      for (int i = 0; i < kEach; ++i) count({"page/home"});
    });
  }
  for (int n = 0; n < 20; ++n) ASSERT_OK(usage.save());
  visitors.clear();
  ASSERT_OK(usage.save());
  EXPECT_EQ(seen(Usage(instance))[0].of(usage::kPage), 4U * kEach);
}

}  // namespace
}  // namespace solidaires::service
