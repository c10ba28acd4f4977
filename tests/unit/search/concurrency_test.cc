// Readers beside a writer: nobody sees half an entry, nobody waits for ever.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "node/search/index.h"
#include "tests/unit/search/world.h"

namespace solidaires::search {
namespace {

// Every version of an entry says its number everywhere.
Entry version(std::uint64_t number, std::uint64_t version) {
  auto const mark = word(1000 + version % 7);
  auto out = entry(number, "commun " + mark, mark);
  out.facets["mark"] = {mark};
  return out;
}

void check(Index const& index, std::uint64_t round) {
  auto query = words(word(1000 + round % 7));
  query.facets["mark"] = {query.words};
  query.count = {"mark"};
  query.limit = 1000;
  auto const by_both = index.search(query);
  if (!by_both.corrections.empty() || by_both.total == 0) return;
  EXPECT_EQ(by_both.hits.size(), by_both.total);
  for (auto const& count : by_both.counts.at("mark")) {
    EXPECT_EQ(count.code, query.words);  // words and facet of one version only
  }
  for (auto const& suggestion : index.suggest("commun", 20)) {
    EXPECT_TRUE(suggestion.title.starts_with("commun "));
  }
}

TEST(Concurrency, lets_readers_read_while_a_writer_writes) {
  Index index;
  std::atomic<bool> done = false;
  std::atomic<std::uint64_t> searches = 0;
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 3; ++reader) {
    readers.emplace_back([&] {
      for (std::uint64_t round = 0; !done || round < 10; ++round) {
        check(index, round);
        ++searches;
      }
    });
  }
  SeededRng rng(21);
  // The writer gets its turn although readers never pause.
  for (std::uint64_t round = 0; round < 60; ++round) {
    std::vector<Entry> batch;
    for (int i = 0; i < 40; ++i) batch.push_back(version(rng.below(200), round));
    index.put(batch);
    index.remove(key_of(rng.below(200)));
  }
  done = true;
  for (auto& reader : readers) reader.join();
  EXPECT_GE(searches, 30U);
  EXPECT_LE(index.size(), 200U);
}

TEST(Concurrency, takes_several_writers_in_turn) {
  Index index;
  std::vector<std::thread> writers;
  for (std::uint64_t writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&index, writer] {
      for (std::uint64_t i = 0; i < 100; ++i) index.put(version(writer * 1000 + i, i));
    });
  }
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(index.size(), 400U);
  EXPECT_EQ(index.search(words("commun")).total, 400U);
}

}  // namespace
}  // namespace solidaires::search
