#include "node/store/history.h"

#include "tests/unit/store/world.h"

namespace solidaires::store {
namespace {

class Histories : public StoreWorld {
 protected:
  std::vector<HistoryEntry> history(sync::DocumentKey const& key) {
    return store().view().history(key, 100).value();
  }
  // A peer's copy of a document, with its authors as its own store would write them.
  static void edit_there(sync::Document& copy, std::string const& field, std::string const& value,
                         sync::Dot dot, std::string const& author, Instant now) {
    sync::write(copy, {{field, value}, {author_field(dot), author}}, copy.context, dot, now);
  }
  void receive(sync::Document const& copy) {
    auto const at = store().cursor(kPeer, copy.key.scope).value();
    auto const next = sync::Sequence{static_cast<std::uint64_t>(at) + 1};
    ASSERT_TRUE(store().apply({kPeer, copy.key.scope, at, next, {copy}}));
  }
  static constexpr ReplicaId kPeer{77};
};

FieldChange change(std::string field, std::optional<Bytes> before, std::optional<Bytes> after,
                   bool conflict = false) {
  return {std::move(field), std::move(before), std::move(after), conflict};
}

void expect_changes(HistoryEntry const& entry, std::vector<FieldChange> const& expected) {
  ASSERT_EQ(entry.changes.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(entry.changes[i].field, expected[i].field);
    EXPECT_EQ(entry.changes[i].before, expected[i].before) << expected[i].field;
    EXPECT_EQ(entry.changes[i].after, expected[i].after) << expected[i].field;
    EXPECT_EQ(entry.changes[i].conflict, expected[i].conflict) << expected[i].field;
  }
}

TEST_F(Histories, tell_who_changed_what_and_when_newest_first) {
  auto const at = key();
  write(at, {{"name", "a"}, {"place", "Vif"}}, "ann");
  write(at, {{"name", "b"}}, "bob");
  write(at, {{"place", std::nullopt}, {"name", ""}}, "carl");
  auto const entries = history(at);
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].author, "carl");
  expect_changes(entries[0],
                 {change("name", "b", std::nullopt), change("place", "Vif", std::nullopt)});
  EXPECT_EQ(entries[1].author, "bob");
  expect_changes(entries[1], {change("name", "a", "b")});
  EXPECT_EQ(entries[1].written_at, kNoon + Millis(2000));
  EXPECT_EQ(entries[1].recorded_at, kNoon + Millis(2000));
  EXPECT_EQ(entries[1].reason, "test");
  EXPECT_FALSE(entries[1].remote);
  EXPECT_EQ(entries[1].dot.replica, store().replica());
  expect_changes(entries[2],
                 {change("_existence", std::nullopt, "alive"), change("name", std::nullopt, "a"),
                  change("place", std::nullopt, "Vif")});
}

TEST_F(Histories, a_removal_alone_has_its_author) {
  auto const at = key();
  write(at, {{"tags/a", "1"}, {"tags/b", "1"}}, "ann");
  write(at, {{"tags/a", std::nullopt}}, "bob");
  auto const entries = history(at);
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].author, "bob");
  expect_changes(entries[0], {change("tags/a", "1", std::nullopt)});
}

TEST_F(Histories, a_received_copy_tells_each_of_its_writes_with_its_author) {
  auto const at = key();
  sync::Document copy{at, "structure", {}, {}};
  edit_there(copy, "name", "a", {kPeer, 1}, "ann", kNoon);
  edit_there(copy, "place", "Vif", {kPeer, 2}, "bob", kNoon + Millis(5));
  receive(copy);
  auto const entries = history(at);
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].author, "bob");
  EXPECT_EQ(entries[0].dot, (sync::Dot{kPeer, 2}));
  EXPECT_EQ(entries[0].written_at, kNoon + Millis(5));
  EXPECT_TRUE(entries[0].remote);
  expect_changes(entries[0], {change("place", std::nullopt, "Vif")});
  EXPECT_EQ(entries[1].author, "ann");
  EXPECT_EQ(entries[1].sequence, entries[0].sequence);
}

TEST_F(Histories, a_conflict_shows_what_each_side_wrote) {
  auto const at = key();
  write(at, {{"name", "a"}}, "ann");
  auto copy = document(at);
  edit_there(copy, "name", "theirs", {kPeer, 1}, "bob", kNoon);
  write(at, {{"name", "ours"}}, "carl");
  receive(copy);
  ASSERT_EQ(sync::conflicts(document(at)), std::vector<std::string>{"name"});
  write(at, {{"name", "settled"}}, "dora");
  auto const entries = history(at);
  ASSERT_EQ(entries.size(), 4U);
  expect_changes(entries[0], {change("name", "ours", "settled")});
  EXPECT_EQ(entries[1].author, "bob");
  expect_changes(entries[1], {change("name", "ours", "theirs", true)});
  expect_changes(entries[2], {change("name", "a", "ours")});
}

TEST_F(Histories, a_settlement_that_keeps_the_shown_value_is_told_all_the_same) {
  auto const at = key();
  auto const seen = write(at, {{"name", "a"}}).document->context;
  write(at, {{"name", "b"}}, "bob");
  auto stale = edit(at, {{"name", "c"}});
  stale.seen = seen;
  ASSERT_TRUE(commit({stale}, "carl"));
  write(at, {{"name", "c"}}, "dora");
  auto const entries = history(at);
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries[0].author, "dora");
  expect_changes(entries[0], {change("name", "c", "c")});
}

TEST_F(Histories, a_received_removal_is_told_with_the_one_who_removed) {
  auto const at = key();
  write(at, {{"name", "a"}, {"tags/x", "1"}}, "ann");
  auto copy = document(at);
  sync::Dot const dot{kPeer, 1};
  sync::write(copy, {{"tags/x", std::nullopt}, {author_field(dot), "bob"}}, copy.context, dot,
              kNoon + Millis(99'000));
  receive(copy);
  auto const entries = history(at);
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].author, "bob");
  expect_changes(entries[0], {change("tags/x", "1", std::nullopt)});
}

TEST_F(Histories, are_read_in_pages_that_join_without_a_seam) {
  auto const at = key();
  for (int i = 0; i < 30; ++i) write(at, {{i % 2 == 0 ? "name" : "place", cat(i)}});
  auto const all = history(at);
  ASSERT_EQ(all.size(), 30U);
  std::vector<HistoryEntry> paged;
  std::optional<sync::Sequence> before;
  while (true) {
    auto const page = store().view().history(at, 7, before).value();
    if (page.empty()) break;
    paged.insert(paged.end(), page.begin(), page.end());
    before = page.back().sequence;
  }
  ASSERT_EQ(paged.size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) expect_changes(paged[i], all[i].changes);
  EXPECT_TRUE(store().view().history(key(), 10).value().empty());
}

// Walking back through the entries must give every state that ever was.
TEST_F(Histories, lead_back_through_every_state_of_a_document_at_random) {
  auto const at = key();
  std::vector<std::map<std::string, std::string>> states;
  for (int i = 0; i < 80; ++i) {
    std::vector<sync::FieldEdit> edits;
    for (char const* field : {"a", "b", "c"}) {
      auto const chance = rng_.below(4);
      if (chance == 0) edits.push_back({field, cat(i, field)});
      if (chance == 1) edits.push_back({field, std::nullopt});
    }
    if (!write(at, edits).changed) continue;
    std::map<std::string, std::string> state;
    for (char const* field : {"a", "b", "c"}) {
      if (auto const value = shown(at, field)) state[field] = *value;
    }
    states.push_back(state);
  }
  auto const entries = history(at);
  ASSERT_EQ(entries.size(), states.size());
  auto state = states.back();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ(state, states[states.size() - 1 - i]);
    for (auto const& each : entries[i].changes) {
      if (each.field == sync::kExistence) continue;
      EXPECT_EQ(each.after,
                state.contains(each.field) ? std::optional(state[each.field]) : std::nullopt);
      if (each.before) {
        state[each.field] = *each.before;
      } else {
        state.erase(each.field);
      }
    }
  }
  EXPECT_TRUE(state.empty());
}

}  // namespace
}  // namespace solidaires::store
