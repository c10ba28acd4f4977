// What every ReplicaStore must do (sync/core/ports.h), as one typed suite: the store in memory and
// the store on disk run the same tests. To instantiate it, write a bench and one line:
//
//   class MyBench {  // default-constructed for each test: an empty store
//    public:
//     ReplicaStore& store();  // valid until reopen()
//     // A person's change, durable when it returns; `now` stamps it.
//     Result<Dot> write(DocumentKey const&, std::string const& type,
//                       std::vector<FieldEdit> const&, Context const& seen, Instant now);
//     Result<std::optional<Document>> find(DocumentKey const&);
//     void reopen();  // as after kill -9: only what is durable is there
//   };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Memory, ReplicaStoreContract, MyBench);
#pragma once

#include <gtest/gtest.h>

#include "sync/base/rng.h"
#include "sync/core/ports.h"
#include "tests/contract/feed_entry.h"

namespace solidaires::sync {

template <class Bench>
class ReplicaStoreContract : public testing::Test {
 protected:
  static constexpr ReplicaId kPeer{0xbeef};
  static constexpr ReplicaId kOtherPeer{0xcafe};

  ReplicaStore& store() { return bench_.store(); }
  [[nodiscard]] static ScopeId scope(std::string const& text = "office/isere") {
    return ScopeId::parse(text).value();
  }
  DocumentKey key(ScopeId const& of = scope()) {
    return {of, DocumentId::make(from_unix_ms(1'000'000), rng_)};
  }
  // A document as a peer would send it: one write of `replica`.
  static Document made(DocumentKey const& key, ReplicaId replica, std::uint64_t counter,
                       std::string const& name, Document base = {}) {
    base.key = key;
    base.type = "article";
    sync::write(base, {{"name", name}, {std::string(kExistence), Bytes(kAlive)}}, base.context,
                {replica, counter}, from_unix_ms(2'000'000));
    return base;
  }
  Dot write(DocumentKey const& key, std::string const& name) {
    auto const found = bench_.find(key).value();
    auto const seen = found ? found->context : Context{};
    return bench_
        .write(key, "article", {{"name", name}, {std::string(kExistence), Bytes(kAlive)}}, seen,
               from_unix_ms(3'000'000))
        .value();
  }
  Result<> apply(std::uint64_t previous, std::uint64_t last, std::vector<Document> documents,
                 ReplicaId peer = kPeer, ScopeId const& of = scope()) {
    return store().apply({peer, of, Sequence{previous}, Sequence{last}, std::move(documents)});
  }
  FeedPage feed(Sequence after = {}, std::size_t documents_max = 100, ScopeId const& of = scope(),
                std::size_t bytes_max = 1UL << 20U) {
    return store().read_feed(of, after, documents_max, bytes_max, {}).value();
  }
  std::uint64_t cursor(ReplicaId peer = kPeer, ScopeId const& of = scope()) {
    return static_cast<std::uint64_t>(store().cursor(peer, of).value());
  }

  Bench bench_;
  SeededRng rng_{7};
};

TYPED_TEST_SUITE_P(ReplicaStoreContract);

TYPED_TEST_P(ReplicaStoreContract, starts_with_nothing) {
  EXPECT_NE(this->store().replica(), ReplicaId{});
  EXPECT_EQ(this->store().counter(), 0U);
  EXPECT_EQ(this->cursor(), 0U);
  EXPECT_EQ(this->store().head(this->scope()).value(), Sequence{});
  EXPECT_TRUE(this->feed().entries.empty());
  EXPECT_EQ(this->feed().head, Sequence{});
  EXPECT_EQ(this->store().link_token(this->kPeer).value(), "");
}

TYPED_TEST_P(ReplicaStoreContract, a_document_stands_in_the_feed_once_at_its_latest_change) {
  auto const first = this->key();
  auto const second = this->key();
  this->write(first, "a");
  this->write(second, "b");
  auto const before = this->feed();
  this->write(first, "c");
  auto const page = this->feed();
  ASSERT_EQ(page.entries.size(), 2U);
  EXPECT_EQ(page.entries[0].document.key, second);
  EXPECT_EQ(page.entries[1].document.key, first);
  EXPECT_EQ(shown_value(document_of(page.entries[1]), "name"), "c");
  EXPECT_GT(page.entries[1].sequence, before.head);
  EXPECT_EQ(page.head, page.entries[1].sequence);
  EXPECT_EQ(this->store().head(this->scope()).value(), page.head);
  EXPECT_FALSE(page.entries[1].origin.has_value());
}

TYPED_TEST_P(ReplicaStoreContract, a_page_keeps_to_its_limits_but_gives_at_least_one) {
  for (int i = 0; i < 5; ++i) this->write(this->key(), std::string(1000, 'x'));
  auto const two = this->feed({}, 2);
  ASSERT_EQ(two.entries.size(), 2U);
  EXPECT_GT(two.head, two.entries[1].sequence) << "the head is the feed's, not the page's";
  EXPECT_EQ(this->feed(two.entries[1].sequence).entries.size(), 3U);
  EXPECT_EQ(this->feed({}, 100, this->scope(), 10).entries.size(), 1U);
  auto const some = this->feed({}, 100, this->scope(), 3500).entries.size();
  EXPECT_GE(some, 1U);
  EXPECT_LT(some, 5U);
  EXPECT_TRUE(this->feed(two.head).entries.empty());
}

TYPED_TEST_P(ReplicaStoreContract, feeds_of_scopes_know_nothing_of_each_other) {
  auto const other = this->scope("public/isere");
  this->write(this->key(), "a");
  this->write(this->key(other), "b");
  EXPECT_EQ(this->feed().entries.size(), 1U);
  ASSERT_EQ(this->feed({}, 100, other).entries.size(), 1U);
  EXPECT_EQ(this->feed({}, 100, other).entries[0].document.key.scope, other);
  EXPECT_TRUE(this->feed({}, 100, this->scope("public/isere-sud")).entries.empty());
}

TYPED_TEST_P(ReplicaStoreContract, an_applied_batch_is_durable_with_its_cursor_and_origin) {
  auto const document = this->made(this->key(), this->kPeer, 4, "from afar");
  ASSERT_TRUE(this->apply(0, 9, {document}));
  this->bench_.reopen();
  EXPECT_EQ(this->cursor(), 9U);
  EXPECT_EQ(this->bench_.find(document.key).value().value(), document);
  ASSERT_EQ(this->feed().entries.size(), 1U);
  EXPECT_EQ(this->feed().entries[0].origin, this->kPeer);
}

TYPED_TEST_P(ReplicaStoreContract, of_what_a_reader_sent_itself_the_key_is_read_at_most) {
  auto const theirs = this->made(this->key(), this->kPeer, 4, "from afar");
  ASSERT_TRUE(this->apply(0, 9, {theirs}));
  auto const ours = this->key();
  this->write(ours, "ours");
  auto const page = this->store().read_feed(this->scope(), {}, 100, 1UL << 20U, this->kPeer);
  ASSERT_TRUE(page);
  ASSERT_EQ(page->entries.size(), 2U);
  EXPECT_EQ(page->entries[0].origin, this->kPeer);
  EXPECT_EQ(page->entries[0].document.key, theirs.key);
  EXPECT_TRUE(page->entries[0].document.fields.empty() && page->entries[0].encoded.empty());
  EXPECT_EQ(page->entries[1].document.key, ours);
  EXPECT_FALSE(page->entries[1].document.fields.empty() && page->entries[1].encoded.empty());
}

TYPED_TEST_P(ReplicaStoreContract, a_batch_that_skips_or_repeats_is_refused_whole) {
  auto const document = this->made(this->key(), this->kPeer, 1, "a");
  ASSERT_TRUE(this->apply(0, 5, {}));
  for (auto const previous : {0U, 4U, 6U}) {
    auto const refused = this->apply(previous, 10, {document});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Code::conflict);
  }
  EXPECT_EQ(this->cursor(), 5U);
  EXPECT_EQ(this->bench_.find(document.key).value(), std::nullopt);
  EXPECT_TRUE(this->feed().entries.empty());
}

TYPED_TEST_P(ReplicaStoreContract, an_empty_batch_moves_the_cursor_alone) {
  ASSERT_TRUE(this->apply(0, 5, {}));
  EXPECT_EQ(this->cursor(), 5U);
  EXPECT_TRUE(this->feed().entries.empty());
}

TYPED_TEST_P(ReplicaStoreContract, cursors_and_tokens_are_each_peers_own) {
  auto const other = this->scope("public/isere");
  ASSERT_TRUE(this->apply(0, 5, {}));
  ASSERT_TRUE(this->apply(0, 7, {}, this->kOtherPeer));
  ASSERT_TRUE(this->apply(0, 8, {}, this->kPeer, other));
  ASSERT_TRUE(this->store().keep_link_token(this->kPeer, "one"));
  ASSERT_TRUE(this->store().keep_link_token(this->kOtherPeer, Bytes("\0two", 4)));
  ASSERT_TRUE(this->store().keep_link_token(this->kPeer, "three"));
  this->bench_.reopen();
  EXPECT_EQ(this->cursor(), 5U);
  EXPECT_EQ(this->cursor(this->kOtherPeer), 7U);
  EXPECT_EQ(this->cursor(this->kPeer, other), 8U);
  EXPECT_EQ(this->store().link_token(this->kPeer).value(), "three");
  EXPECT_EQ(this->store().link_token(this->kOtherPeer).value(), Bytes("\0two", 4));
}

TYPED_TEST_P(ReplicaStoreContract, what_changes_nothing_leaves_the_feed_as_it_was) {
  auto const document = this->made(this->key(), this->kPeer, 1, "a");
  ASSERT_TRUE(this->apply(0, 5, {document}));
  auto const before = this->feed();
  ASSERT_TRUE(this->apply(0, 6, {document}, this->kOtherPeer));
  EXPECT_EQ(this->feed().head, before.head);
  EXPECT_EQ(this->feed().entries[0].origin, this->kPeer);
  EXPECT_EQ(this->cursor(this->kOtherPeer), 6U);
}

TYPED_TEST_P(ReplicaStoreContract, edits_that_met_here_are_all_kept_and_sent_back) {
  auto const key = this->key();
  auto const theirs = this->made(key, this->kPeer, 1, "theirs");
  this->write(key, "ours");
  ASSERT_TRUE(this->apply(0, 5, {theirs}));
  auto const merged = this->bench_.find(key).value().value();
  EXPECT_EQ(merged.fields.at("name").size(), 2U);
  ASSERT_EQ(this->feed().entries.size(), 1U);
  EXPECT_FALSE(this->feed().entries[0].origin.has_value()) << "the peer lacks our edit";
  EXPECT_EQ(document_of(this->feed().entries[0]), merged);
}

TYPED_TEST_P(ReplicaStoreContract, a_local_edit_takes_the_origin_away) {
  auto const document = this->made(this->key(), this->kPeer, 1, "a");
  ASSERT_TRUE(this->apply(0, 5, {document}));
  this->write(document.key, "b");
  ASSERT_EQ(this->feed().entries.size(), 1U);
  EXPECT_FALSE(this->feed().entries[0].origin.has_value());
}

TYPED_TEST_P(ReplicaStoreContract, a_document_twice_in_a_batch_is_merged_with_itself) {
  auto const key = this->key();
  auto const first = this->made(key, this->kPeer, 1, "a");
  auto const second = this->made(key, this->kPeer, 2, "b", first);
  ASSERT_TRUE(this->apply(0, 5, {second, first}));
  EXPECT_EQ(this->bench_.find(key).value(), second);
  EXPECT_EQ(this->feed().entries.size(), 1U);
}

TYPED_TEST_P(ReplicaStoreContract, a_batch_with_one_wrong_document_is_refused_whole) {
  auto const good = this->made(this->key(), this->kPeer, 1, "a");
  auto const stray = this->made(this->key(this->scope("public/isere")), this->kPeer, 2, "b");
  EXPECT_FALSE(this->apply(0, 5, {good, stray}));
  auto const own = this->store().replica();
  auto const unmade = this->made(this->key(), own, this->store().counter() + 1, "never written");
  auto const disowned = this->apply(0, 5, {good, unmade});
  ASSERT_FALSE(disowned);
  EXPECT_EQ(disowned.error().code(), Code::corrupt);
  EXPECT_EQ(this->cursor(), 0U);
  EXPECT_EQ(this->bench_.find(good.key).value(), std::nullopt);
}

TYPED_TEST_P(ReplicaStoreContract, the_counter_never_gives_a_dot_twice) {
  auto const key = this->key();
  auto const first = this->write(key, "a");
  EXPECT_EQ(first.replica, this->store().replica());
  EXPECT_EQ(first.counter, this->store().counter());
  this->bench_.reopen();
  auto const second = this->write(key, "b");
  EXPECT_EQ(second.replica, first.replica);
  EXPECT_GT(second.counter, first.counter);
  EXPECT_EQ(this->bench_.find(key).value().value().fields.at("name").size(), 1U);
}

TYPED_TEST_P(ReplicaStoreContract, values_of_any_bytes_come_back_as_they_were) {
  Bytes every;
  for (int byte = 0; byte < 256; ++byte) every += static_cast<char>(byte);
  auto const document = this->made(this->key(), this->kPeer, 1, every);
  ASSERT_TRUE(this->apply(0, 1, {document}));
  this->bench_.reopen();
  ASSERT_EQ(this->feed().entries.size(), 1U);
  EXPECT_EQ(document_of(this->feed().entries[0]), document);
}

TYPED_TEST_P(ReplicaStoreContract, digests_are_those_of_the_documents_whatever_led_there) {
  SeededRng rng(31);
  std::vector<DocumentKey> keys;
  std::uint64_t cursor = 0;
  std::uint64_t theirs = 0;
  for (int round = 0; round < 60; ++round) {
    auto const mine = rng.below(3) != 0;
    if (keys.empty() || rng.below(2) == 0) keys.push_back(this->key());
    auto const& at = keys[rng.below(keys.size())];
    if (mine) {
      this->write(at, cat(rng.below(5)));
    } else {
      auto document = this->made(at, this->kPeer, ++theirs, cat(rng.below(5)));
      ASSERT_TRUE(this->apply(cursor, cursor + 1, {document}));
      ++cursor;
    }
    if (rng.below(10) == 0) this->bench_.reopen();
    DigestTree expected;
    for (auto const& key : keys) {
      if (auto const found = this->bench_.find(key).value()) {
        expected.set(key.id, fingerprint(*found));
      }
    }
    RangeDigest digest;
    auto const head =
        this->store().look(this->scope(), [&](DigestTree const& tree) { digest = tree.digest(); });
    EXPECT_EQ(digest, expected.digest());
    EXPECT_EQ(head.value(), this->store().head(this->scope()).value());
  }
  bool empty = false;
  EXPECT_TRUE(this->store().look(this->scope("public/isere"),
                                 [&](DigestTree const& tree) { empty = tree.count() == 0; }));
  EXPECT_TRUE(empty);
}

TYPED_TEST_P(ReplicaStoreContract, documents_are_given_by_id_within_a_limit) {
  auto const a = this->key();
  auto const b = this->key();
  this->write(a, std::string(2'000, 'a'));
  this->write(b, std::string(2'000, 'b'));
  auto const nowhere = this->key();
  auto const all = this->store().documents(this->scope(), {b.id, nowhere.id, a.id}, 1U << 20U);
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ((*all)[0].key, b);
  EXPECT_EQ((*all)[1].key, a);
  EXPECT_EQ(this->store().documents(this->scope(), {a.id, b.id}, 100)->size(), 1U);
  EXPECT_TRUE(this->store().documents(this->scope("public/isere"), {a.id}, 100)->empty());
}

TYPED_TEST_P(ReplicaStoreContract, a_repair_is_merged_and_moves_no_cursor) {
  auto const document = this->made(this->key(), this->kPeer, 1, "mended");
  ASSERT_TRUE(this->apply(0, 7, {}));
  ASSERT_TRUE(this->apply(7, 7, {document}));
  EXPECT_EQ(this->store().cursor(this->kPeer, this->scope()).value(), Sequence{7});
  EXPECT_EQ(this->bench_.find(document.key).value(), document);
  EXPECT_EQ(this->feed().entries.at(0).origin, this->kPeer);
  EXPECT_EQ(this->apply(8, 8, {document}).error().code(), Code::conflict);
}

TYPED_TEST_P(ReplicaStoreContract, nothing_remains_of_a_dropped_scope_also_in_its_digests) {
  auto const scope = this->scope("public/isere");
  auto const others = this->key();
  this->write(others, "stays");
  std::vector<Document> documents;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    documents.push_back(this->made(this->key(scope), this->kPeer, i, "goes"));
  }
  ASSERT_TRUE(this->apply(0, 3, documents, this->kPeer, scope));
  ASSERT_TRUE(this->apply(0, 1, {}, this->kOtherPeer));
  EXPECT_EQ(this->store().drop_scope(scope).value(), 3U);
  for (bool const opened_again : {false, true}) {
    if (opened_again) this->bench_.reopen();
    std::size_t counted = 1;
    RangeDigest digest;
    ASSERT_TRUE(this->store().look(scope, [&](DigestTree const& tree) {
      counted = tree.count();
      digest = tree.digest();
    }));
    EXPECT_EQ(counted, 0U);
    EXPECT_EQ(digest, DigestTree().digest());
    EXPECT_TRUE(this->feed({}, 100, scope).entries.empty());
    EXPECT_EQ(this->cursor(this->kPeer, scope), 0U);
    EXPECT_FALSE(this->bench_.find(documents[0].key).value());
  }
  EXPECT_TRUE(this->bench_.find(others).value());
  EXPECT_EQ(this->cursor(this->kOtherPeer), 1U);
  // Allowed again, of three documents one comes: the two that did not are in no sum.
  ASSERT_TRUE(this->apply(0, 1, {documents[1]}, this->kPeer, scope));
  DigestTree expected;
  expected.set(documents[1].key.id, fingerprint(documents[1]));
  RangeDigest digest;
  ASSERT_TRUE(this->store().look(scope, [&](DigestTree const& tree) { digest = tree.digest(); }));
  EXPECT_EQ(digest, expected.digest());
}

REGISTER_TYPED_TEST_SUITE_P(
    ReplicaStoreContract, starts_with_nothing,
    a_document_stands_in_the_feed_once_at_its_latest_change,
    a_page_keeps_to_its_limits_but_gives_at_least_one, feeds_of_scopes_know_nothing_of_each_other,
    an_applied_batch_is_durable_with_its_cursor_and_origin,
    of_what_a_reader_sent_itself_the_key_is_read_at_most,
    a_batch_that_skips_or_repeats_is_refused_whole, an_empty_batch_moves_the_cursor_alone,
    cursors_and_tokens_are_each_peers_own, what_changes_nothing_leaves_the_feed_as_it_was,
    edits_that_met_here_are_all_kept_and_sent_back, a_local_edit_takes_the_origin_away,
    a_document_twice_in_a_batch_is_merged_with_itself,
    a_batch_with_one_wrong_document_is_refused_whole, the_counter_never_gives_a_dot_twice,
    values_of_any_bytes_come_back_as_they_were,
    digests_are_those_of_the_documents_whatever_led_there, documents_are_given_by_id_within_a_limit,
    a_repair_is_merged_and_moves_no_cursor, nothing_remains_of_a_dropped_scope_also_in_its_digests);

}  // namespace solidaires::sync
