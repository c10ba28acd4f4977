#include "tests/unit/store/world.h"

namespace solidaires::store {
namespace {

using Commits = StoreWorld;

TEST_F(Commits, a_new_document_is_alive_and_comes_back_after_a_restart) {
  auto const at = key();
  auto const committed = write(at, {{"name", "Grenier solidaire"}});
  EXPECT_TRUE(committed.changed);
  EXPECT_EQ(committed.sequence, sync::Sequence{1});
  reopen();
  EXPECT_EQ(document(at), *committed.document);
  EXPECT_EQ(document(at).type, "structure");
  EXPECT_EQ(shown(at, "name"), "Grenier solidaire");
  EXPECT_TRUE(sync::is_alive(document(at)));
  EXPECT_EQ(store().get(at).value()->fingerprint, sync::fingerprint(document(at)));
}

TEST_F(Commits, saying_what_is_there_already_changes_nothing) {
  auto const at = key();
  auto const first = write(at, {{"name", "a"}, {"place", "b"}});
  auto const again = write(at, {{"place", "b"}, {"name", "a"}, {"absent", std::nullopt}});
  EXPECT_FALSE(again.changed);
  EXPECT_EQ(*again.document, *first.document);
  EXPECT_EQ(store().head(at.scope).value(), first.sequence);
  EXPECT_EQ(store().counter(), 1U);
}

TEST_F(Commits, of_several_edits_of_one_field_the_last_counts) {
  auto const at = key();
  write(at, {{"name", "a"}});
  write(at, {{"name", "b"}, {"name", "a"}});
  EXPECT_EQ(shown(at, "name"), "a");
  write(at, {{"name", "a"}, {"name", "c"}});
  EXPECT_EQ(shown(at, "name"), "c");
}

TEST_F(Commits, several_documents_are_written_together_or_not_at_all) {
  auto const working = key();
  sync::DocumentKey const published{scope("public/isere"), working.id};
  ASSERT_TRUE(commit({edit(working, {{"name", "a"}}), edit(published, {{"name", "a"}})}));
  EXPECT_EQ(shown(published, "name"), "a");
  auto guarded = edit(published, {{"name", "b"}});
  guarded.presence = Presence::must_be_new;
  auto const before = store().counter();
  auto const refused = commit({edit(working, {{"name", "b"}}), guarded});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::conflict);
  EXPECT_EQ(shown(working, "name"), "a");
  EXPECT_EQ(store().counter(), before);
  EXPECT_EQ(store().head(working.scope).value(), sync::Sequence{1});
}

TEST_F(Commits, refuse_what_is_not_as_the_caller_requires) {
  auto const at = key();
  auto const code = [&](DocumentEdit const& wanted) {
    auto const result = commit({wanted});
    return result ? std::optional<Code>() : result.error().code();
  };
  EXPECT_EQ(code({.key = at, .fields = {{"name", "a"}}}), Code::not_found) << "no type to create";
  EXPECT_EQ(code({.key = at, .type = "structure", .presence = Presence::must_exist}),
            Code::not_found);
  auto const seen = write(at, {{"name", "a"}}).document->context;
  EXPECT_EQ(code({.key = at, .presence = Presence::must_be_new}), Code::conflict);
  EXPECT_EQ(code({.key = at, .type = "event"}), Code::invalid);
  EXPECT_EQ(code({.key = at, .fields = {{"_by/x", "mallory"}}}), Code::invalid);
  EXPECT_EQ(code({.key = at, .fields = {{"name", Bytes(1U << 20U, 'x')}}}), Code::invalid);
  EXPECT_EQ(code({.key = at, .fields = {{"", "x"}}}), Code::invalid);
  EXPECT_EQ(code({.key = at, .seen = seen, .must_be_as_seen = true}), std::nullopt);
  write(at, {{"name", "b"}});
  EXPECT_EQ(code({.key = at, .seen = seen, .must_be_as_seen = true}), Code::conflict);
  write(at, {{Bytes(sync::kExistence), Bytes(sync::kDeleted)}});
  EXPECT_EQ(code({.key = at, .presence = Presence::must_exist}), Code::not_found);
}

TEST_F(Commits, an_edit_that_had_not_seen_another_makes_a_conflict_with_both_authors) {
  auto const at = key();
  auto const seen = write(at, {{"name", "a"}}).document->context;
  auto stale = edit(at, {{"name", "from bob"}});
  stale.seen = seen;
  write(at, {{"name", "from ann"}}, "ann");
  ASSERT_TRUE(commit({stale}, "bob"));
  auto const now = document(at);
  ASSERT_EQ(sync::conflicts(now), std::vector<std::string>{"name"});
  for (auto const& version : now.fields.at("name")) {
    auto const author = author_of(now, version.dot);
    ASSERT_TRUE(author);
    EXPECT_EQ(version.value, cat("from ", *author));
  }
  write(at, {{"name", "settled"}}, "carl");
  EXPECT_TRUE(sync::conflicts(document(at)).empty());
}

TEST_F(Commits, authors_that_no_field_needs_are_not_kept) {
  auto const at = key();
  for (int i = 0; i < 20; ++i) write(at, {{"name", cat("name ", i)}}, cat("author ", i));
  auto const now = document(at);
  auto const authors = std::ranges::count_if(
      now.fields, [](auto const& field) { return field.first.starts_with(kAuthorPrefix); });
  EXPECT_EQ(authors, 1);
  EXPECT_EQ(author_of(now, now.fields.at("name").front().dot), "author 19");
}

TEST_F(Commits, published_copies_say_nothing_of_their_authors) {
  auto const at = key("public/isere");
  write(at, {{"name", "a"}}, "ann");
  for (auto const& [field, versions] : document(at).fields) {
    EXPECT_FALSE(field.starts_with(kAuthorPrefix));
  }
  EXPECT_TRUE(store().view().history(at, 10).value().empty());
}

TEST_F(Commits, a_deletion_that_an_edit_had_not_seen_is_a_conflict_that_people_see) {
  auto const at = key();
  auto const seen = write(at, {{"name", "a"}}).document->context;
  write(at, {{Bytes(sync::kExistence), Bytes(sync::kDeleted)}});
  EXPECT_FALSE(sync::is_alive(document(at)));
  auto late = edit(at, {{"name", "b"}});
  late.seen = seen;
  ASSERT_TRUE(commit({late}));
  auto const names = sync::conflicts(document(at));
  EXPECT_EQ(names, std::vector<std::string>{std::string(sync::kExistence)});
}

TEST_F(Commits, editing_what_was_deleted_before_ones_eyes_does_not_bring_it_back) {
  auto const at = key();
  write(at, {{"name", "a"}});
  write(at, {{Bytes(sync::kExistence), Bytes(sync::kDeleted)}});
  write(at, {{"name", "b"}});
  EXPECT_FALSE(sync::is_alive(document(at)));
  EXPECT_EQ(store().count("structure"), 0U);
  write(at, {{Bytes(sync::kExistence), Bytes(sync::kAlive)}});
  EXPECT_TRUE(sync::is_alive(document(at)));
  EXPECT_EQ(store().count("structure"), 1U);
}

TEST_F(Commits, local_values_are_put_compared_and_removed) {
  using Expect = LocalEdit::Expect;
  auto const put = [&](LocalEdit local) {
    return store().commit({.now = kNoon, .local = {std::move(local)}});
  };
  ASSERT_TRUE(put({.key = "a", .value = "1", .expect = Expect::absent}));
  EXPECT_EQ(put({.key = "a", .value = "2", .expect = Expect::absent}).error().code(),
            Code::conflict);
  EXPECT_EQ(put({.key = "a", .value = "2", .expect = Expect::value, .expected_value = "9"})
                .error()
                .code(),
            Code::conflict);
  ASSERT_TRUE(put({.key = "a", .value = "2", .expect = Expect::value, .expected_value = "1"}));
  EXPECT_EQ(store().local("a", kNoon).value(), "2");
  ASSERT_TRUE(put({.key = "a", .value = std::nullopt}));
  EXPECT_EQ(store().local("a", kNoon).value(), std::nullopt);
  ASSERT_TRUE(put({.key = "", .value = ""}));
  EXPECT_EQ(store().local("", kNoon).value(), "");
}

TEST_F(Commits, local_values_expire_and_are_purged) {
  std::vector<LocalEdit> sessions;
  for (int i = 0; i < 2500; ++i) {
    sessions.push_back({.key = cat("session/", i), .value = "x", .expires_at = kNoon + Millis(i)});
  }
  sessions.push_back({.key = "kept", .value = "y"});
  ASSERT_TRUE(store().commit({.now = kNoon, .local = sessions}));
  EXPECT_EQ(store().local("session/10", kNoon + Millis(9)).value(), "x");
  EXPECT_EQ(store().local("session/10", kNoon + Millis(10)).value(), std::nullopt);
  auto const again =
      LocalEdit{.key = "session/5", .value = "z", .expires_at = kNoon + Millis(9999)};
  ASSERT_TRUE(store().commit({.now = kNoon, .local = {again}}));
  EXPECT_EQ(store().purge_expired(kNoon + Millis(2099)).value(), 2099U);
  EXPECT_EQ(store().purge_expired(kNoon + Millis(2099)).value(), 0U);
  EXPECT_EQ(store().local("session/5", kNoon + Millis(3000)).value(), "z");
  EXPECT_EQ(store().local("kept", kNoon + Millis(1'000'000)).value(), "y");
  EXPECT_EQ(store().view().local_scan("session/", kNoon, 1000).value().size(), 401U);
}

TEST_F(Commits, an_expired_value_is_absent_to_who_expects_none) {
  auto const put = [&](Instant now) {
    return store().commit({.now = now,
                           .local = {{.key = "lock",
                                      .value = "x",
                                      .expires_at = now + Millis(10),
                                      .expect = LocalEdit::Expect::absent}}});
  };
  ASSERT_TRUE(put(kNoon));
  EXPECT_FALSE(put(kNoon + Millis(9)));
  EXPECT_TRUE(put(kNoon + Millis(10)));
}

TEST_F(Commits, local_values_are_scanned_by_prefix_page_by_page) {
  std::vector<LocalEdit> edits;
  for (char const* name : {"a", "b/", "b/1", "b/2", "b/3", "c"}) {
    edits.push_back({.key = name, .value = name});
  }
  ASSERT_TRUE(store().commit({.now = kNoon, .local = edits}));
  auto const view = store().view();
  auto const first = view.local_scan("b/", kNoon, 2).value();
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[1].key, "b/1");
  auto const rest = view.local_scan("b/", kNoon, 2, first[1].key).value();
  ASSERT_EQ(rest.size(), 2U);
  EXPECT_EQ(rest[1].key, "b/3");
  EXPECT_EQ(view.local_scan("", kNoon, 100).value().size(), 6U);
}

TEST_F(Commits, records_of_blobs_are_kept_with_the_commit) {
  Bytes const name(32, '\x07');
  BlobRecord const record{
      .size = 9, .held_bytes = 4, .media_type = "image/png", .recorded_at = kNoon};
  ASSERT_TRUE(store().commit({.now = kNoon, .blobs = {{name, record}}}));
  reopen();
  EXPECT_EQ(store().view().blob(name).value(), record);
  EXPECT_FALSE(store().commit({.now = kNoon, .blobs = {{"short", record}}}));
  ASSERT_TRUE(store().commit({.now = kNoon, .blobs = {{name, std::nullopt}}}));
  EXPECT_EQ(store().view().blob(name).value(), std::nullopt);
}

TEST_F(Commits, an_empty_commit_is_well) {
  EXPECT_TRUE(store().commit({.now = kNoon}).value().empty());
  EXPECT_EQ(store().stats().value().syncs, 0U);
}

TEST_F(Commits, an_indexer_that_throws_or_errs_refuses_the_commit_alone) {
  auto const at = key();
  reopen({"2", [](sync::Document const& document) -> std::vector<IndexEntry> {
            auto const name = sync::shown_value(document, "name").value_or("");
            if (name == "throw") throw std::runtime_error("cannot index");
            return {{name == "err" ? "Bad name" : "name", Bytes(name)}};
          }});
  EXPECT_EQ(commit({edit(at, {{"name", "throw"}})}).error().code(), Code::internal);
  EXPECT_EQ(commit({edit(at, {{"name", "err"}})}).error().code(), Code::invalid);
  EXPECT_EQ(store().get(at).value(), std::nullopt);
  EXPECT_TRUE(commit({edit(at, {{"name", "well"}})}));
}

}  // namespace
}  // namespace solidaires::store
