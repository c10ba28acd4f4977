#include "tests/contract/replica_store_contract.h"
#include "tests/unit/store/contract_bench.h"

namespace solidaires::store {

// The contract's bench over a store on disk.
class DiskBench : public ContractBench {
 public:
  DiskBench() { reopen(); }
  void reopen() {
    store_.reset();
    store_ = Store::open(directory_.path()).value();
  }
};

namespace {

class Replicas : public StoreWorld {
 protected:
  Result<> receive(ReplicaId peer, std::vector<sync::Document> documents) {
    auto const of = documents.at(0).key.scope;
    auto const at = store().cursor(peer, of).value();
    auto const next = sync::Sequence{static_cast<std::uint64_t>(at) + 1};
    return store().apply({peer, of, at, next, std::move(documents)});
  }
  static sync::Document made(sync::DocumentKey const& key, sync::Dot dot, std::string const& name) {
    sync::Document document{key, "structure", {}, {}};
    sync::write(document, {{"name", name}}, {}, dot, kNoon);
    return document;
  }
  static constexpr ReplicaId kPeer{5};
  static constexpr ReplicaId kOther{6};
};

// What a later version says beside the document is not kept for what this version cannot check.
TEST_F(Replicas, bytes_that_say_more_than_the_document_are_not_kept) {
  auto const plain = made(key(), {kPeer, 1}, "plain");
  auto const more = made(key(), {kPeer, 2}, "more");
  ASSERT_TRUE(store().apply(
      {kPeer,
       plain.key.scope,
       {},
       sync::Sequence{1},
       {plain, more},
       {sync::encode_document(plain), sync::encode_document(more) + Bytes("\x7a\x04hide", 6)}}));
  auto const entries = store().read_feed(plain.key.scope, {}, 10, 1UL << 20U, {}).value().entries;
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].encoded, sync::encode_document(plain));
  EXPECT_EQ(entries[1].encoded, sync::encode_document(more));
}

// What is known of a document without reading it follows every write of the same group.
TEST_F(Replicas, a_document_twice_in_one_batch_is_merged) {
  auto const at = key();
  auto const first = made(at, {kPeer, 1}, "first");
  auto second = first;
  sync::write(second, {{"city", "Annecy"}}, second.context, {kPeer, 2}, kNoon);
  ASSERT_TRUE(receive(kPeer, {first, second, first}));
  EXPECT_EQ(document(at), second);
}

// Every value stays, and yet who follows this feed must be told what we have seen.
TEST_F(Replicas, a_change_of_the_context_alone_is_passed_on) {
  auto const at = key();
  auto const ours = *write(at, {{"tags/a", "1"}}, "").document;
  auto theirs = ours;
  sync::write(theirs, {{"tags/b", "1"}}, theirs.context, {kPeer, 1}, kNoon);
  sync::write(theirs, {{"tags/b", std::nullopt}}, theirs.context, {kPeer, 2}, kNoon);
  ASSERT_EQ(theirs.fields, ours.fields);
  auto const before = store().head(at.scope).value();
  ASSERT_TRUE(receive(kPeer, {theirs}));
  EXPECT_GT(store().head(at.scope).value(), before);
  EXPECT_EQ(document(at), theirs);
}

TEST_F(Replicas, an_older_copy_changes_nothing) {
  auto const at = key();
  auto const old = *write(at, {{"name", "a"}}).document;
  write(at, {{"name", "b"}});
  auto const before = store().head(at.scope).value();
  ASSERT_TRUE(receive(kPeer, {old}));
  EXPECT_EQ(store().head(at.scope).value(), before);
  EXPECT_EQ(shown(at, "name"), "b");
}

TEST_F(Replicas, what_was_received_is_indexed_counted_and_told) {
  std::vector<CommitNotice> notices;
  auto const subscription =
      store().subscribe([&](CommitNotice const& notice) { notices.push_back(notice); });
  auto const at = key("public/ain");
  ASSERT_TRUE(receive(kPeer, {made(at, {kPeer, 1}, "from afar")}));
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_TRUE(notices[0].remote);
  EXPECT_EQ(notices[0].changes[0].key(), at);
  EXPECT_EQ(store().count("structure", at.scope), 1U);
  EXPECT_EQ(store().view().scan(IndexScan{.index = "name"}).value().hits.at(0).key, at);
  ASSERT_TRUE(receive(kOther, {document(at)}));
  EXPECT_EQ(notices.size(), 1U);
}

TEST_F(Replicas, local_documents_come_from_no_peer) {
  auto const refused = receive(kPeer, {made(key("local"), {kPeer, 1}, "secret")});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::denied);
}

TEST_F(Replicas, a_new_incarnation_counts_from_zero_and_takes_its_own_old_writes_back) {
  auto const at = key();
  write(at, {{"name", "a"}});
  write(at, {{"name", "b"}});
  auto const old = store().replica();
  auto theirs = document(at);
  theirs.context.add({old, 40});
  ASSERT_TRUE(receive(kPeer, {made(key(), {kPeer, 1}, "received")}));
  EXPECT_EQ(receive(kPeer, {theirs}).error().code(), Code::corrupt) << "a restored store";
  auto const fresh = store().renew_incarnation().value();
  EXPECT_NE(fresh, old);
  EXPECT_EQ(store().replica(), fresh);
  EXPECT_EQ(store().counter(), 0U);
  EXPECT_EQ(store().cursor(kPeer, at.scope).value(), sync::Sequence{}) << "all of it comes anew";
  reopen();
  EXPECT_EQ(store().cursor(kPeer, at.scope).value(), sync::Sequence{});
  EXPECT_EQ(store().replica(), fresh);
  EXPECT_TRUE(receive(kPeer, {theirs}));
  write(at, {{"name", "c"}});
  EXPECT_EQ(document(at).fields.at("name").front().dot, (sync::Dot{fresh, 1}));
}

TEST_F(Replicas, a_dropped_scope_leaves_nothing_behind_and_can_come_again) {
  std::vector<DocumentEdit> edits;
  for (int i = 0; i < 1200; ++i) edits.push_back(edit(key("office/ain"), {{"name", cat(i)}}));
  edits.push_back(edit(key("office/ain-sud"), {{"name", "next door"}}));
  ASSERT_TRUE(commit(edits));
  ASSERT_TRUE(receive(kPeer, {made(key("office/ain"), {kPeer, 1}, "received")}));
  auto const version = store().version();
  EXPECT_EQ(store().drop_scope(scope("office/ain")).value(), 1201U);
  EXPECT_EQ(store().count("structure"), 1U);
  EXPECT_GT(store().version(), version);
  EXPECT_EQ(store().cursor(kPeer, scope("office/ain")).value(), sync::Sequence{});
  EXPECT_TRUE(store().view().history(edits[0].key, 10).value().empty());
  EXPECT_TRUE(store().read_feed(scope("office/ain"), {}, 10, 1000, {}).value().entries.empty());
  EXPECT_EQ(store().drop_scope(scope("office/ain")).value(), 0U);
  EXPECT_EQ(store().view().scan(IndexScan{.index = "name"}).value().hits.size(), 1U);
  write(edits[0].key, {{"name", "again"}});
  EXPECT_EQ(shown(edits[0].key, "name"), "again");
}

}  // namespace
}  // namespace solidaires::store

namespace solidaires::sync {
INSTANTIATE_TYPED_TEST_SUITE_P(Disk, ReplicaStoreContract, store::DiskBench);
}  // namespace solidaires::sync
