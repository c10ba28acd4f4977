// Every invariant that check() claims to verify, broken behind the store's back.
#include "node/store/opening.h"
#include "sync/wire/document_codec.h"
#include "tests/unit/store/world.h"

namespace solidaires::store {
namespace {

class Check : public testing::Test {
 protected:
  Check() {
    auto const store = open();
    EXPECT_TRUE(store->commit(
        {.now = kNoon,
         .author = "ann",
         .documents = {{.key = at_, .type = "structure", .fields = {{"name", "a"}}}},
         .local = {{.key = "session", .value = "x", .expires_at = kNoon + Millis(5)}}}));
    EXPECT_EQ(store->check().value().problems, std::vector<std::string>{});
  }
  std::unique_ptr<Store> open() {
    return Store::open(directory_.path(), {.indexer = by_name()}).value();
  }
  // What check() says after `tamper` wrote to the families.
  std::string problems(std::function<void(EngineBatch&)> const& tamper) {
    {
      auto const opened =
          open_directory(directory_.path(), {.indexer = by_name()}, rng_, kFormat, {}).value();
      EngineBatch batch(*opened.engine);
      tamper(batch);
      EXPECT_TRUE(opened.engine->write(batch));
    }
    auto const report = open()->check().value();
    std::string all;
    for (auto const& problem : report.problems) all += problem + "\n";
    return all;
  }
  void expect(std::string_view word, std::function<void(EngineBatch&)> const& tamper) {
    auto const found = problems(tamper);
    EXPECT_NE(found.find(word), std::string::npos) << "found: " << found;
  }

  TemporaryDirectory directory_;
  SeededRng rng_{17};
  sync::DocumentKey at_{scope("office/isere"), DocumentId::make(kNoon, rng_)};
  sync::DocumentKey nowhere_{scope("office/isere"), DocumentId::make(kNoon, rng_)};
};

TEST_F(Check, finds_a_document_that_left_its_feed) {
  expect("its place in the feed", [&](EngineBatch& batch) {
    batch.erase(Family::feeds, feed_key(at_.scope, sync::Sequence{1}));
  });
}

TEST_F(Check, finds_an_entry_of_a_feed_without_a_document) {
  expect("entries of no document", [&](EngineBatch& batch) {
    batch.put(Family::feeds, feed_key(at_.scope, sync::Sequence{9}),
              encode(FeedRecord{at_.id, {}}));
  });
}

TEST_F(Check, finds_an_entry_above_the_head) {
  expect("above the head",
         [&](EngineBatch& batch) { batch.put(Family::meta, head_key(at_.scope), number(0)); });
}

TEST_F(Check, finds_a_stale_fingerprint_and_a_broken_document) {
  expect("stale fingerprint", [&](EngineBatch& batch) {
    sync::Document other{at_, "structure", {}, {}};
    sync::write(other, {{"name", "a"}}, {}, {ReplicaId{1}, 1}, kNoon);
    batch.put(Family::documents, document_key(at_),
              encode_record({sync::Sequence{1}, {}}, sync::encode_document(other)));
  });
  expect("document", [&](EngineBatch& batch) {
    batch.put(Family::documents, document_key(at_), encode_record({}, "\xff\xff\xff"));
  });
}

TEST_F(Check, finds_a_missing_and_a_surplus_entry_of_an_index) {
  expect("missing in the index name",
         [&](EngineBatch& batch) { batch.erase(Family::indexes, index_key({"name", "a"}, at_)); });
  expect("an index has entries of no document", [&](EngineBatch& batch) {
    batch.put(Family::indexes, index_key({"name", "a"}, at_), {});
    batch.put(Family::indexes, index_key({"name", "b"}, at_), {});
  });
}

TEST_F(Check, finds_a_wrong_state_among_those_of_its_type) {
  expect("missing among those of its type", [&](EngineBatch& batch) {
    batch.put(Family::indexes, type_key("structure", at_), kDeletedMark);
  });
}

TEST_F(Check, finds_a_counter_below_the_writes_of_this_replica) {
  expect("above its counter",
         [&](EngineBatch& batch) { batch.put(Family::meta, meta_key::kCounter, number(0)); });
}

TEST_F(Check, finds_a_history_of_nothing) {
  expect("a history of no document", [&](EngineBatch& batch) {
    batch.put(Family::history, history_key(nowhere_, sync::Sequence{1}, 0),
              encode(HistoryRecord{}));
  });
}

TEST_F(Check, finds_an_expiry_that_is_lost_or_belongs_to_nothing) {
  expect("not listed", [&](EngineBatch& batch) {
    batch.erase(Family::local, expiry_key(kNoon + Millis(5), "session"));
  });
  expect("an expiry belongs to no value", [&](EngineBatch& batch) {
    batch.put(Family::local, expiry_key(kNoon + Millis(5), "session"), {});
    batch.put(Family::local, expiry_key(kNoon + Millis(6), "other"), {});
  });
}

}  // namespace
}  // namespace solidaires::store
