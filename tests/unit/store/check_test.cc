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

TEST_F(Check, finds_a_document_that_is_not_valid_although_it_can_be_read) {
  expect("existence", [&](EngineBatch& batch) {
    sync::Document other{at_, "structure", {}, {}};
    sync::write(other, {{"_existence", "maybe"}}, {}, {ReplicaId{1}, 1}, kNoon);
    batch.put(
        Family::documents, document_key(at_),
        encode_record({sync::Sequence{1}, sync::fingerprint(other)}, sync::encode_document(other)));
  });
}

TEST_F(Check, finds_something_left_of_what_was_erased) {
  expect("something is left", [&](EngineBatch& batch) {
    sync::Document other{at_, "structure", {}, {}};
    sync::write(other, {{"_existence", "alive"}, {"name", "a"}}, {}, {ReplicaId{1}, 1}, kNoon);
    auto const left = other.fields.at("name");
    other = sync::erased(other, {{ReplicaId{1}, 2}, to_unix_ms(kNoon), Bytes(16, 'o')});
    other.fields["name"] = left;
    batch.put(
        Family::documents, document_key(at_),
        encode_record({sync::Sequence{1}, sync::fingerprint(other)}, sync::encode_document(other)));
  });
}

TEST_F(Check, finds_a_place_in_the_feed_that_names_another_document_or_nothing) {
  expect("its place in the feed", [&](EngineBatch& batch) {
    batch.put(Family::feeds, feed_key(at_.scope, sync::Sequence{1}),
              encode(FeedRecord{nowhere_.id, {}}));
  });
  expect("feeds:", [&](EngineBatch& batch) {
    batch.put(Family::feeds, feed_key(at_.scope, sync::Sequence{1}), "short");
  });
}

TEST_F(Check, finds_a_history_above_the_head_and_one_that_cannot_be_read) {
  expect("a history above the head", [&](EngineBatch& batch) {
    batch.put(Family::history, history_key(at_, sync::Sequence{99}, 0), encode(HistoryRecord{}));
  });
  expect("history:", [&](EngineBatch& batch) {
    batch.put(Family::history, history_key(at_, sync::Sequence{1}, 0), "\x01");
  });
}

TEST_F(Check, finds_keys_and_values_that_mean_nothing_in_every_family) {
  using Places = std::vector<std::tuple<Family, Bytes, std::string_view>>;
  Places const places = {{Family::indexes, "\x02zz", "indexes:"},

                         {Family::cursors, "\x07who", "an unknown key"},
                         {Family::cursors, "\x01short", "cursors:"},
                         {Family::cursors, cursor_key(ReplicaId{5}, at_.scope), "cursors:"},
                         {Family::blobs, Bytes(32, 'h'), "record:"},
                         {Family::local, "\x09what", "local:"},
                         {Family::local, local_key("whose"), "local:"},
                         {Family::documents, "nowhere", "documents:"}};
  for (auto const& [family, key, word] : places) {
    auto const& place = key;
    auto const in = family;
    auto const found =
        problems([&](EngineBatch& batch) { batch.put(in, place, Bytes("\x01", 1)); });
    EXPECT_NE(found.find(word), std::string::npos) << hex(place) << " found: " << found;
    problems([&](EngineBatch& batch) { batch.erase(in, place); });
  }
}

TEST_F(Check, has_nothing_to_do_where_a_broken_key_of_the_types_refuses_the_store) {
  {
    auto const opened =
        open_directory(directory_.path(), {.indexer = by_name()}, rng_, kFormat, {}).value();
    EngineBatch batch(*opened.engine);
    batch.put(Family::indexes, "\x01structure", {});
    ASSERT_TRUE(opened.engine->write(batch));
  }
  EXPECT_EQ(Store::open(directory_.path(), {.indexer = by_name()}).error().code(), Code::corrupt);
}

TEST_F(Check, finds_what_is_ordered_to_be_erased_and_a_copy_without_a_hold) {
  Bytes mark;
  ByteWriter(mark).u64(1).u64(2).u64(3).raw(Bytes(16, 'o'));
  expect("ordered to be erased, and it is here", [&](EngineBatch& batch) {
    batch.put(Family::local, cat(kMarkTag, document_key(at_)), mark);
  });
  expect("a copy that no hold keeps", [&](EngineBatch& batch) {
    batch.put(Family::local, cat(kHeldCopyTag, document_key(at_)), "copy");
  });
}

TEST_F(Check, finds_a_file_that_is_not_what_its_name_says) {
  std::filesystem::path where;
  {
    auto const store = open();
    auto const name = store->files().put("a picture").value();
    where = store->files().path(name.sha256).value();
    auto const report = store->check().value();
    EXPECT_EQ(report.files, 1U);
    EXPECT_EQ(report.problems, std::vector<std::string>{});
  }
  std::ofstream(where) << "a Picture";
  expect("is damaged", [](EngineBatch&) {});
}

TEST_F(Check, reads_all_that_a_store_may_lawfully_hold) {
  auto const store = open();
  ASSERT_TRUE(store->hold(at_, {kNoon, "a court asked"}));
  ASSERT_TRUE(store->erase({at_, nowhere_}, {{ReplicaId{9}, 1}, 5, Bytes(16, 'o')}));
  ASSERT_TRUE(store->keep_link_token(ReplicaId{5}, "token"));
  EXPECT_EQ(store->check().value().problems, std::vector<std::string>{});
}

}  // namespace
}  // namespace solidaires::store
