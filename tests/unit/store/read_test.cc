#include <thread>

#include "tests/unit/store/world.h"

namespace solidaires::store {
namespace {

class Reads : public StoreWorld {
 protected:
  std::vector<std::string> names(IndexScan scan) {
    scan.index = "name";
    std::vector<std::string> result;
    auto const view = store().view();
    do {
      auto page = view.scan(scan).value();
      for (auto& hit : page.hits) result.push_back(std::move(hit.value));
      scan.position = page.next;
    } while (!scan.position.empty());
    return result;
  }
};

TEST_F(Reads, a_view_does_not_see_what_comes_later) {
  auto const at = key();
  write(at, {{"name", "a"}});
  auto const view = store().view();
  auto const other = key();
  write(at, {{"name", "b"}});
  write(other, {{"name", "c"}});
  EXPECT_EQ(sync::shown_value(view.get(at).value()->document, "name"), "a");
  EXPECT_EQ(view.get(other).value(), std::nullopt);
  EXPECT_EQ(view.head(at.scope).value(), sync::Sequence{1});
  EXPECT_EQ(view.read_feed(at.scope, {}, 10, 1000, {}).value().entries.size(), 1U);
  EXPECT_EQ(view.scan(IndexScan{.index = "name"}).value().hits.size(), 1U);
  EXPECT_EQ(view.history(at, 10).value().size(), 1U);
}

TEST_F(Reads, many_documents_come_in_the_order_of_their_keys) {
  auto const a = key();
  auto const b = key("public/isere");
  auto const nowhere = key();
  write(a, {{"name", "a"}});
  write(b, {{"name", "b"}});
  auto const found = store().view().get_many({b, nowhere, a, b}).value();
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0]->document, document(b));
  EXPECT_FALSE(found[1]);
  EXPECT_EQ(found[2]->document, document(a));
  EXPECT_EQ(found[3]->document, document(b));
  EXPECT_TRUE(store().view().get_many({}).value().empty());
}

TEST_F(Reads, documents_of_a_type_are_paged_through_and_counted) {
  std::vector<DocumentEdit> edits;
  for (int i = 0; i < 25; ++i) edits.push_back(edit(key(), {{"name", cat(i)}}));
  for (int i = 0; i < 5; ++i) edits.push_back(edit(key("office/ain"), {{"name", cat(i)}}));
  edits.push_back({.key = key(), .type = "structures", .fields = {{"name", "another type"}}});
  ASSERT_TRUE(commit(edits));
  ASSERT_TRUE(commit({edit(edits[3].key, {{Bytes(sync::kExistence), Bytes(sync::kDeleted)}})}));
  EXPECT_EQ(store().count("structure"), 29U);
  EXPECT_EQ(store().count("structure", scope("office/isere")), 24U);
  EXPECT_EQ(store().count("structure", scope("office/ain")), 5U);
  EXPECT_EQ(store().count("struct"), 0U);
  reopen();
  EXPECT_EQ(store().count("structure", scope("office/isere")), 24U);
  TypeScan scan{.type = "structure", .scope = scope("office/isere"), .limit = 8};
  std::vector<sync::DocumentKey> keys;
  do {
    auto page = store().view().scan(scan).value();
    EXPECT_LE(page.keys.size(), 8U);
    keys.insert(keys.end(), page.keys.begin(), page.keys.end());
    scan.position = page.next;
  } while (!scan.position.empty());
  EXPECT_EQ(keys.size(), 24U);
  EXPECT_TRUE(std::ranges::is_sorted(keys));
  EXPECT_EQ(std::ranges::find(keys, edits[3].key), keys.end());
  auto const all = store().view().scan(TypeScan{.type = "structure", .with_deleted = true}).value();
  EXPECT_EQ(all.keys.size(), 30U);
  EXPECT_TRUE(all.next.empty());
}

TEST_F(Reads, an_index_is_read_by_prefix_and_by_range_both_ways) {
  std::vector<std::string> const values = {"",
                                           std::string("\0", 1),
                                           std::string("\0\xff", 2),
                                           "a",
                                           std::string("a\0", 2),
                                           std::string("a\0b", 3),
                                           std::string("a\x01", 2),
                                           "ab",
                                           "abc",
                                           "b",
                                           "\xff",
                                           "\xff\xff"};
  std::vector<DocumentEdit> edits;
  for (auto const& value : values) edits.push_back(edit(key(), {{"name", value}}));
  ASSERT_TRUE(commit(edits));
  auto expected = values;
  expected.erase(expected.begin());  // an empty name is none
  for (std::size_t const limit : {1U, 3U, 100U}) {
    EXPECT_EQ(names({.limit = limit}), expected);
    auto reversed = expected;
    std::ranges::reverse(reversed);
    EXPECT_EQ(names({.descending = true, .limit = limit}), reversed);
  }
  for (auto const& bound : values) {
    std::vector<std::string> from;
    std::vector<std::string> until;
    std::vector<std::string> prefixed;
    for (auto const& value : expected) {
      if (value >= bound) from.push_back(value);
      if (bound.empty() || value < bound) until.push_back(value);
      if (value.starts_with(bound)) prefixed.push_back(value);
    }
    EXPECT_EQ(names({.from = bound, .limit = 2}), from);
    EXPECT_EQ(names({.until = bound, .limit = 2}), until);
    EXPECT_EQ(names({.prefix = bound, .limit = 2}), prefixed);
  }
  EXPECT_TRUE(names({.from = "b", .until = "a"}).empty());
}

TEST_F(Reads, an_index_follows_changes_and_deletions) {
  auto const at = key();
  write(at, {{"name", "a"}});
  write(at, {{"name", "b"}});
  EXPECT_EQ(names({}), std::vector<std::string>{"b"});
  write(at, {{Bytes(sync::kExistence), Bytes(sync::kDeleted)}});
  EXPECT_TRUE(names({}).empty());
}

TEST_F(Reads, another_version_of_the_indexer_rebuilds_the_indexes) {
  std::vector<DocumentEdit> edits;
  for (int i = 0; i < 300; ++i) {
    edits.push_back(edit(key(), {{"name", cat("n", i)}, {"text", std::string(20'000, 'x')}}));
  }
  ASSERT_TRUE(commit(edits));
  auto const kinds = Indexer{"2", [](sync::Document const& document) {
                               return std::vector<IndexEntry>{{"kind", document.type}};
                             }};
  reopen(kinds);
  EXPECT_EQ(store().view().scan(IndexScan{.index = "kind", .limit = 1000}).value().hits.size(),
            300U);
  EXPECT_TRUE(names({}).empty());
  EXPECT_EQ(store().count("structure"), 300U);
}

TEST_F(Reads, a_position_or_a_limit_that_is_none_is_refused) {
  write(key(), {{"name", "a"}});
  auto const view = store().view();
  auto const code = [](auto const& result) { return result.error().code(); };
  EXPECT_EQ(code(view.scan(IndexScan{.index = "name", .position = "nowhere"})), Code::invalid);
  EXPECT_EQ(code(view.scan(TypeScan{.type = "structure", .position = "x"})), Code::invalid);
  EXPECT_EQ(code(view.scan(IndexScan{.index = "name", .limit = 0})), Code::invalid);
  EXPECT_EQ(code(view.local_scan("", kNoon, 100'000)), Code::invalid);
}

TEST_F(Reads, every_document_of_a_scope_is_visited_in_order) {
  std::vector<DocumentEdit> edits;
  for (int i = 0; i < 40; ++i) edits.push_back(edit(key("public/isere"), {{"name", cat(i)}}));
  edits.push_back(edit(key("public/isere-sud"), {{"name", "next door"}}));
  ASSERT_TRUE(commit(edits));
  auto const view = store().view();
  std::vector<DocumentId> ids;
  ASSERT_TRUE(view.each_document(scope("public/isere"), {}, [&](StoredDocument const& stored) {
    ids.push_back(stored.document.key.id);
    return true;
  }));
  EXPECT_EQ(ids.size(), 40U);
  EXPECT_TRUE(std::ranges::is_sorted(ids));
  std::size_t rest = 0;
  ASSERT_TRUE(view.each_fingerprint(
      scope("public/isere"), ids[30], [&](DocumentId const& id, sync::Fingerprint const& print) {
        EXPECT_EQ(id, ids[30 + rest]);
        EXPECT_EQ(print, sync::fingerprint(document({scope("public/isere"), id})));
        return ++rest < 5;
      }));
  EXPECT_EQ(rest, 5U);
  EXPECT_EQ(view.scopes().value(), (std::vector{scope("public/isere"), scope("public/isere-sud")}));
}

TEST_F(Reads, observers_are_told_before_the_commit_returns) {
  std::vector<CommitNotice> notices;
  auto const at = key();
  auto subscription = store().subscribe([&](CommitNotice const& notice) {
    EXPECT_EQ(store().version(), notice.version);
    EXPECT_EQ(document(at), *notice.changes.at(0).after) << "what is told is readable";
    notices.push_back(notice);
    EXPECT_EQ(commit({edit(key(), {})}).error().code(), Code::internal) << "no write from here";
  });
  write(at, {{"name", "a"}});
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_EQ(notices[0].changes[0].key(), at);
  EXPECT_EQ(notices[0].changes[0].type(), "structure");
  EXPECT_FALSE(notices[0].changes[0].before);
  EXPECT_FALSE(notices[0].remote);
  write(at, {{"name", "a"}});
  EXPECT_EQ(notices.size(), 1U) << "nothing changed";
  write(at, {{Bytes(sync::kExistence), Bytes(sync::kDeleted)}});
  ASSERT_EQ(notices.size(), 2U);
  EXPECT_TRUE(notices[1].changes[0].was_alive());
  EXPECT_FALSE(notices[1].changes[0].alive());
  EXPECT_GT(notices[1].version, notices[0].version);
  subscription.reset();
  write(at, {{"name", "b"}});
  EXPECT_EQ(notices.size(), 2U);
}

TEST_F(Reads, an_observer_that_throws_harms_nobody) {
  auto const subscription =
      store().subscribe([](CommitNotice const&) { throw std::runtime_error("no"); });
  write(key(), {{"name", "a"}});
  EXPECT_EQ(store().count("structure"), 1U);
}

TEST_F(Reads, the_version_grows_over_restarts) {
  write(key(), {{"name", "a"}});
  write(key("public/isere"), {{"name", "a"}});
  auto const version = store().version();
  reopen();
  EXPECT_EQ(store().version(), version);
  write(key(), {{"name", "a"}});
  EXPECT_GT(store().version(), version);
}

TEST_F(Reads, figures_tell_the_size_of_every_family_and_scope) {
  write(key(), {{"name", "a"}});
  auto const stats = store().stats().value();
  EXPECT_EQ(stats.family_bytes.size(), 8U);
  ASSERT_EQ(stats.scopes.size(), 1U);
  EXPECT_EQ(stats.scopes[0].documents, 1U);
  EXPECT_EQ(stats.scopes[0].alive, 1U);
  EXPECT_EQ(stats.scopes[0].head, sync::Sequence{1});
  EXPECT_EQ(stats.commits, 1U);
  EXPECT_EQ(stats.syncs, 1U);
  EXPECT_GT(stats.disk_free_bytes, 0U);
}

}  // namespace
}  // namespace solidaires::store
