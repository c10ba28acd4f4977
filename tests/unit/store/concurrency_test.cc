#include <set>
#include <thread>

#include "tests/contract/feed_entry.h"
#include "tests/unit/store/world.h"

namespace solidaires::store {
namespace {

using Concurrency = StoreWorld;

constexpr int kThreads = 8;

// Runs `work(thread)` on eight threads and waits for them.
template <class Work>
void on_threads(Work const& work) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back([&work, i] { work(i); });
}

TEST_F(Concurrency, commits_share_the_syncs_of_the_disk) {
  std::atomic<int> failures = 0;
  on_threads([&](int thread) {
    SeededRng rng(static_cast<std::uint64_t>(thread) + 100);
    for (int i = 0; i < 100; ++i) {
      sync::DocumentKey const at{scope("office/isere"), DocumentId::make(kNoon, rng)};
      if (!store().commit({.now = kNoon, .documents = {edit(at, {{"name", "x"}})}})) ++failures;
    }
  });
  EXPECT_EQ(failures, 0);
  auto const stats = store().stats().value();
  EXPECT_EQ(stats.commits, 800U);
  EXPECT_LT(stats.syncs, stats.commits);
  EXPECT_EQ(store().counter(), 800U);
  EXPECT_EQ(store().count("structure"), 800U);
}

TEST_F(Concurrency, who_follows_the_feed_misses_nothing) {
  std::atomic<int> writers = kThreads;
  std::map<DocumentId, std::string> followed;
  std::jthread follower([&] {
    sync::Sequence at{};
    for (bool last = false; !last;) {
      last = writers == 0;
      while (true) {
        auto const page = store().read_feed(scope("office/isere"), at, 7, 1UL << 20U, {}).value();
        if (page.entries.empty()) break;
        for (auto const& entry : page.entries) {
          EXPECT_GT(entry.sequence, at);
          at = entry.sequence;
          followed[entry.document.key.id] = *sync::shown_value(sync::document_of(entry), "name");
        }
      }
    }
  });
  on_threads([&](int thread) {
    SeededRng rng(static_cast<std::uint64_t>(thread) + 100);
    std::vector<sync::DocumentKey> mine;
    for (int i = 0; i < 120; ++i) {
      if (mine.size() < 10) mine.push_back({scope("office/isere"), DocumentId::make(kNoon, rng)});
      auto const& at = mine[rng.below(mine.size())];
      auto const name = cat(thread, '-', i);
      EXPECT_TRUE(store().commit({.now = kNoon, .documents = {edit(at, {{"name", name}})}}));
    }
    --writers;
  });
  follower.join();
  auto const view = store().view();
  std::size_t documents = 0;
  ASSERT_TRUE(view.each_document(scope("office/isere"), {}, [&](StoredDocument const& stored) {
    ++documents;
    EXPECT_EQ(followed[stored.document.key.id], sync::shown_value(stored.document, "name"));
    return true;
  }));
  EXPECT_EQ(followed.size(), documents);
}

TEST_F(Concurrency, edits_of_one_document_by_everybody_are_all_kept) {
  auto const at = key();
  write(at, {{"name", "a"}});
  on_threads([&](int thread) {
    for (int i = 0; i < 50; ++i) {
      EXPECT_TRUE(store().commit(
          {.now = kNoon, .documents = {edit(at, {{cat("field-", thread, '-', i), "x"}})}}));
    }
  });
  auto const now = document(at);
  EXPECT_EQ(std::ranges::count_if(
                now.fields, [](auto const& field) { return field.first.starts_with("field-"); }),
            kThreads * 50);
  EXPECT_TRUE(sync::conflicts(now).empty()) << "each saw the ones before";
}

TEST_F(Concurrency, of_rivals_for_one_local_key_one_wins) {
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> winners = 0;
    on_threads([&](int) {
      auto const won = store().commit({.now = kNoon,
                                       .local = {{.key = cat("login/", round),
                                                  .value = "mine",
                                                  .expect = LocalEdit::Expect::absent}}});
      if (won) ++winners;
      if (!won) EXPECT_EQ(won.error().code(), Code::conflict);
    });
    EXPECT_EQ(winners, 1);
  }
}

TEST_F(Concurrency, a_refused_commit_harms_none_of_its_group) {
  auto const taken = key();
  write(taken, {{"name", "taken"}});
  std::atomic<int> written = 0;
  on_threads([&](int thread) {
    SeededRng rng(static_cast<std::uint64_t>(thread) + 500);
    for (int i = 0; i < 40; ++i) {
      sync::DocumentKey const at{scope("office/isere"), DocumentId::make(kNoon, rng)};
      auto refused = edit(taken, {{"name", "stolen"}});
      refused.presence = Presence::must_be_new;
      std::vector<DocumentEdit> documents = {edit(at, {{"name", "x"}})};
      if (thread % 2 == 0) documents.push_back(refused);
      if (store().commit({.now = kNoon, .documents = documents})) ++written;
    }
  });
  EXPECT_EQ(written, kThreads / 2 * 40);
  EXPECT_EQ(store().count("structure"), static_cast<std::uint64_t>(written) + 1);
  EXPECT_EQ(shown(taken, "name"), "taken");
  EXPECT_EQ(store().counter(), static_cast<std::uint64_t>(written) + 1) << "no dot was wasted";
}

TEST_F(Concurrency, notices_come_one_by_one_in_the_order_of_the_feed) {
  std::uint64_t version = 0;
  sync::Sequence sequence{};
  std::atomic<bool> telling = false;
  auto const subscription = store().subscribe([&](CommitNotice const& notice) {
    EXPECT_FALSE(telling.exchange(true));
    EXPECT_GT(notice.version, version);
    version = notice.version;
    for (auto const& change : notice.changes) {
      EXPECT_GT(change.sequence, sequence);
      sequence = change.sequence;
    }
    telling = false;
  });
  on_threads([&](int thread) {
    SeededRng rng(static_cast<std::uint64_t>(thread) + 900);
    for (int i = 0; i < 50; ++i) {
      sync::DocumentKey const at{scope("office/isere"), DocumentId::make(kNoon, rng)};
      EXPECT_TRUE(store().commit({.now = kNoon, .documents = {edit(at, {{"name", "x"}})}}));
    }
  });
  EXPECT_EQ(sequence, sync::Sequence{kThreads * 50});
}

TEST_F(Concurrency, batches_of_peers_and_commits_of_people_go_together) {
  on_threads([&](int thread) {
    ReplicaId const peer{static_cast<std::uint64_t>(thread) + 1};
    SeededRng rng(static_cast<std::uint64_t>(thread) + 300);
    for (std::uint64_t i = 0; i < 10; ++i) {
      std::vector<sync::Document> documents;
      for (std::uint64_t j = 0; j < 20; ++j) {
        sync::Document document{
            {scope("office/ain"), DocumentId::make(kNoon, rng)}, "event", {}, {}};
        sync::write(document, {{"name", "x"}}, {}, {peer, i * 20 + j + 1}, kNoon);
        documents.push_back(document);
      }
      EXPECT_TRUE(store().apply(
          {peer, scope("office/ain"), sync::Sequence{i}, sync::Sequence{i + 1}, documents}));
      EXPECT_TRUE(
          store()
              .commit({.now = kNoon,
                       .documents = {edit(documents[0].key, {}), edit(documents[1].key, {})}})
              .has_value() == false)
          << "another type";
    }
  });
  EXPECT_EQ(store().count("event"), 1600U);
  EXPECT_EQ(store().head(scope("office/ain")).value(), sync::Sequence{1600});
}

}  // namespace
}  // namespace solidaires::store
