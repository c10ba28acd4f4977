// An index that was kept and restored is the index.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/search/index.h"
#include "tests/unit/search/world.h"

namespace solidaires::search {
namespace {

// With rows, words and codes that are no longer used.
void fill(Index& index) {
  SeededRng rng(5);
  for (std::uint64_t i = 0; i < 400; ++i) index.put(random_entry(i, rng));
  for (std::uint64_t i = 0; i < 400; i += 7) index.remove(key_of(i));
  for (std::uint64_t i = 1; i < 400; i += 9) index.put(random_entry(i, rng));
}

std::vector<Query> questions() {
  SeededRng rng(6);
  std::vector<Query> out;
  for (int i = 0; i < 300; ++i) {
    Query query = words(rng.below(3) == 0 ? "" : word(rng.below(300)));
    if (rng.below(2) == 0) query.where.circle = Circle{{45.6, 6.2}, 20};
    if (rng.below(3) == 0) query.facets["theme"] = {"t" + std::to_string(rng.below(12))};
    if (rng.below(3) == 0) query.dates = Interval{kNow, kNow + 20 * kDay};
    query.sort = static_cast<Sort>(rng.below(6));
    query.count = {kTypeFacet, "theme", "public"};
    out.push_back(query);
  }
  return out;
}

void expect_same(Index const& one, Index const& other) {
  EXPECT_EQ(one.size(), other.size());
  for (auto const& query : questions()) {
    auto const a = one.search(query);
    auto const b = other.search(query);
    EXPECT_EQ(a.total, b.total) << query.words;
    EXPECT_EQ(numbers(a), numbers(b)) << query.words;
    for (auto const& [facet, counts] : a.counts) {
      ASSERT_EQ(counts.size(), b.counts.at(facet).size());
      for (std::size_t i = 0; i < counts.size(); ++i)
        EXPECT_EQ(counts[i].entries, b.counts.at(facet)[i].entries);
    }
  }
  for (std::uint64_t i = 0; i < 300; ++i) {
    auto const a = one.suggest(word(i).substr(0, 3), 8);
    auto const b = other.suggest(word(i).substr(0, 3), 8);
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t k = 0; k < a.size(); ++k) EXPECT_EQ(a[k].key, b[k].key);
  }
}

TEST(Snapshot, restores_the_index_and_goes_on) {
  Index index;
  fill(index);
  Index restored;
  restored.put(entry(9'000, "Was there before"));
  ASSERT_TRUE(restored.restore(index.snapshot()));
  expect_same(index, restored);
  EXPECT_EQ(restored.snapshot(), index.snapshot());

  SeededRng rng(7);
  SeededRng again(7);
  for (std::uint64_t i = 300; i < 500; ++i) {
    index.put(random_entry(i, rng));
    restored.put(random_entry(i, again));
  }
  for (std::uint64_t i = 3; i < 300; i += 5)
    EXPECT_EQ(index.remove(key_of(i)), restored.remove(key_of(i)));
  expect_same(index, restored);
}

TEST(Snapshot, of_an_empty_index_is_one_too) {
  Index restored;
  restored.put(entry(1, "Atelier"));
  ASSERT_TRUE(restored.restore(Index().snapshot()));
  EXPECT_EQ(restored.size(), 0U);
  EXPECT_EQ(restored.search(words("atelier")).total, 0U);
}

TEST(Snapshot, that_is_cut_off_leaves_an_empty_index) {
  Index index;
  fill(index);
  auto const bytes = index.snapshot();
  for (std::size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 50) {
    Index restored;
    auto const done = restored.restore(std::string_view(bytes).substr(0, size));
    ASSERT_FALSE(done) << size;
    EXPECT_EQ(done.error().code(), Code::corrupt);
    EXPECT_EQ(restored.size(), 0U);
  }
  Index restored;
  EXPECT_FALSE(restored.restore(bytes + "x"));
}

}  // namespace
}  // namespace solidaires::search
