// Erasure down to the files: marks are planted wherever the bytes of a document may lie, found by
// reading the files raw, and found no more.
#include <atomic>
#include <thread>

#include "node/store/opening.h"
#include "node/store/transaction.h"
#include "tests/unit/store/world.h"

namespace solidaires::store {
namespace {

// Not compressible, so that a table keeps it in one piece where it stands first in a block.
std::string a_canary(Rng& rng) {
  Bytes bytes;
  ByteWriter(bytes).u64(rng.next()).u64(rng.next()).u64(rng.next());
  return base64url(bytes);
}

class Erasing : public StoreWorld {
 protected:
  std::string plant() { return planted_.emplace_back(a_canary(rng_)); }
  // Whole or in pieces: compression may have cut it in two.
  [[nodiscard]] std::vector<std::string> found_in_files(std::string const& canary) const {
    constexpr std::size_t kPiece = 8;
    std::vector<std::string> found;
    for (auto const& [path, bytes] : files_in(directory_.path())) {
      for (std::size_t at = 0; at + kPiece <= canary.size(); at += kPiece) {
        if (bytes.find(canary.substr(at, kPiece)) == std::string::npos) continue;
        found.push_back(path);
        break;
      }
    }
    return found;
  }
  void expect_all_found() const {
    for (auto const& canary : planted_) {
      EXPECT_NE(found_in_files(canary), std::vector<std::string>{}) << canary;
    }
  }
  void expect_none_found() const {
    for (auto const& canary : planted_) {
      EXPECT_EQ(found_in_files(canary), std::vector<std::string>{}) << canary;
    }
  }

  sync::FieldVersion mark() {
    return {{store().replica(), store().counter()}, to_unix_ms(now_), Bytes(16, 'o')};
  }
  Result<> receive(sync::Document document) {
    auto const scope = document.key.scope;
    auto const at = store().cursor(kPeer, scope).value();
    return store().apply({kPeer,
                          scope,
                          at,
                          sync::Sequence{static_cast<std::uint64_t>(at) + 1},
                          {std::move(document)}});
  }
  // Marks in the shown value, in an earlier one, in a version beside it, in an author, in an index.
  sync::DocumentKey plant_document(std::string_view of = "office/isere") {
    auto const key = this->key(of);
    write(key, {{"name", plant()}, {"text", plant()}}, plant());
    auto const seen = document(key);
    auto elsewhere = seen;
    write(key, {{"name", plant()}}, plant());
    sync::write(elsewhere, {{"text", plant()}}, seen.context, {kPeer, ++peer_counter_}, kNoon);
    write(key, {{"text", plant()}}, plant());
    EXPECT_TRUE(receive(elsewhere));
    EXPECT_EQ(sync::conflicts(document(key)), std::vector<std::string>{"text"});
    return key;
  }
  void fill(int documents) {
    for (int i = 0; i < documents; ++i) write(key(), {{"name", a_canary(rng_)}});
  }

  static constexpr ReplicaId kPeer{77};
  std::uint64_t peer_counter_ = 0;
  std::vector<std::string> planted_;
};

TEST_F(Erasing, after_the_purge_no_file_holds_a_local_value_that_was_removed_or_replaced) {
  auto const set = [this](std::string_view local_key, std::optional<Bytes> value) {
    ASSERT_TRUE(store().commit(
        {.now = now_, .local = {{.key = Bytes(local_key), .value = std::move(value)}}}));
  };
  auto const kept = a_canary(rng_);
  set("mail/sent", plant());
  set("alert/ended", plant());
  set("alert/running", plant());
  fill(10);
  reopen();  // from the log to tables
  set("mail/new", plant());
  expect_all_found();
  set("mail/sent", std::nullopt);
  set("alert/ended", std::nullopt);
  set("mail/new", std::nullopt);
  set("alert/running", kept);
  ASSERT_TRUE(store().purge_local());
  expect_none_found();
  EXPECT_NE(found_in_files(kept), std::vector<std::string>{});
  EXPECT_EQ(store().local("alert/running", now_).value(), kept);
}

TEST_F(Erasing, after_the_purge_no_file_holds_a_byte_of_the_document) {
  fill(30);
  auto const office = plant_document();
  auto const published = key("public/isere");
  write(published, {{"name", plant()}});
  fill(30);
  expect_all_found();
  reopen();  // from the log to tables
  expect_all_found();
  ASSERT_TRUE(store().erase({office, published}, mark()));
  auto const erased = store().view().erased().value();
  ASSERT_EQ(erased.size(), 2U);
  EXPECT_FALSE(erased.front().purged);
  EXPECT_GT(erased.front().history_entries, 3U);
  ASSERT_TRUE(store().purge_erased());
  expect_none_found();
  EXPECT_TRUE(store().view().erased().value().front().purged);
  EXPECT_TRUE(sync::is_erased(document(office)));
  EXPECT_TRUE(store().view().history(office, 10).value().empty());
  EXPECT_EQ(store().count("structure"), 60U);
  reopen();
  expect_none_found();
  EXPECT_TRUE(sync::is_erased(document(published)));
}

// A log that nothing was written to stays behind; it must not be waited for.
TEST_F(Erasing, a_store_that_was_opened_several_times_without_a_write_is_purged_as_well) {
  auto const gone = plant_document();
  ASSERT_TRUE(store().renew_incarnation());
  for (int i = 0; i < 3; ++i) reopen();
  // This incarnation has written nothing that an order could be made of.
  ASSERT_TRUE(store().erase({gone}, {{kPeer, 1}, to_unix_ms(now_), Bytes(16, 'o')}));
  auto const purged = store().purge_erased();
  ASSERT_TRUE(purged) << purged.error().to_string();
  expect_none_found();
}

TEST_F(Erasing, what_was_deleted_or_overwritten_long_before_goes_too) {
  auto const gone = plant_document();
  write(gone, {{std::string(sync::kExistence), Bytes(sync::kDeleted)}});
  for (int i = 0; i < 4; ++i) {
    fill(5);
    reopen();  // several tables at several levels
    write(gone, {{"text", plant()}});
  }
  ASSERT_TRUE(store().erase({gone}, mark()));
  ASSERT_TRUE(store().purge_erased());
  expect_none_found();
}

TEST_F(Erasing, a_stub_that_a_peer_sends_erases_and_is_purged_as_well) {
  auto const key = plant_document();
  auto const stub = sync::erased(document(key), {{kPeer, ++peer_counter_}, 1, Bytes(16, 'p')});
  ASSERT_TRUE(receive(stub));
  EXPECT_EQ(document(key), stub);
  ASSERT_EQ(store().view().erased().value().size(), 1U);
  ASSERT_TRUE(store().purge_erased());
  expect_none_found();
}

TEST_F(Erasing, nothing_brings_it_back_not_even_before_it_came) {
  auto const key = this->key("public/isere");
  ASSERT_TRUE(store().erase({key}, {{kPeer, 9}, 1, Bytes(16, 'o')}));
  EXPECT_FALSE(store().get(key).value()) << "there is nothing to make a stub of";
  reopen();
  sync::Document live{key, "structure", {}, {}};
  sync::write(live, {{"name", plant()}}, {}, {kPeer, 3}, kNoon);
  ASSERT_TRUE(receive(live));
  EXPECT_TRUE(sync::is_erased(document(key)));
  auto const entry = store().read_feed(key.scope, sync::Sequence{0}, 10, 1000, {}).value().entries;
  ASSERT_EQ(entry.size(), 1U);
  EXPECT_FALSE(entry[0].origin) << "the peer must be sent the stub";
  EXPECT_EQ(commit({edit(key, {{"name", "again"}})}).error().code(), Code::not_found);
  sync::write(live, {{"name", plant()}}, live.context, {kPeer, 20}, kNoon);
  ASSERT_TRUE(receive(live));
  EXPECT_EQ(document(key).fields.size(), 2U);
  fill(1);
  expect_none_found();
}

TEST_F(Erasing, a_copy_under_a_legal_hold_is_kept_apart_until_the_hold_ends) {
  auto const key = plant_document();
  auto const before = document(key);
  ASSERT_TRUE(store().hold(key, {kNoon, "a court asked"}));
  ASSERT_TRUE(store().erase({key}, mark()));
  ASSERT_TRUE(store().purge_erased());
  EXPECT_TRUE(sync::is_erased(document(key)));
  reopen();
  auto const held = store().view().held().value();
  ASSERT_EQ(held.size(), 1U);
  EXPECT_TRUE(held[0].copy_kept);
  EXPECT_EQ(held[0].hold, (Hold{kNoon, "a court asked"}));
  EXPECT_EQ(store().view().held_copy(key).value(), before);
  ASSERT_TRUE(store().release_hold(key));
  ASSERT_TRUE(store().purge_erased());
  EXPECT_FALSE(store().view().held_copy(key).value());
  expect_none_found();
  EXPECT_EQ(store().release_hold(key).error().code(), Code::not_found);
}

TEST_F(Erasing, a_reader_of_older_states_delays_the_purge_and_nothing_else) {
  auto const key = plant_document();
  {
    auto const view = store().view();
    ASSERT_TRUE(store().erase({key}, mark()));
    auto const refused = store().purge_erased();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Code::busy);
    EXPECT_FALSE(store().view().erased().value().front().purged);
  }
  ASSERT_TRUE(store().purge_erased());
  expect_none_found();
}

TEST_F(Erasing, a_dropped_scope_leaves_no_byte_either) {
  for (int i = 0; i < 3; ++i)
    write(key("group/018bcfe5-6800-7000-8000-000000000001"), {{"name", plant()}});
  fill(5);
  expect_all_found();
  ASSERT_EQ(store().drop_scope(scope("group/018bcfe5-6800-7000-8000-000000000001")).value(), 3U);
  ASSERT_TRUE(store().purge_erased());
  expect_none_found();
}

TEST_F(Erasing, writing_goes_on_while_the_files_are_rewritten) {
  auto const key = plant_document();
  std::atomic<bool> stop = false;
  std::atomic<int> written = 0;
  std::thread writer([&] {
    SeededRng rng(5);
    while (!stop) {
      sync::DocumentKey const fresh{scope("office/isere"), DocumentId::make(kNoon, rng)};
      if (store().commit({.now = kNoon, .documents = {edit(fresh, {{"name", "x"}})}})) ++written;
    }
  });
  EXPECT_TRUE(store().erase({key}, mark()));
  auto const purged = store().purge_erased();
  stop = true;
  writer.join();
  EXPECT_TRUE(purged) << purged.error().to_string();
  EXPECT_GT(written, 0);
  expect_none_found();
}

TEST_F(Erasing, what_a_receipt_told_is_not_listed_again) {
  auto const key = plant_document();
  ASSERT_TRUE(store().erase({key}, mark()));
  ASSERT_TRUE(store().purge_erased());
  auto const other = this->key();
  ASSERT_TRUE(store().commit(
      {.now = kNoon, .documents = {edit(other, {{"name", "receipt"}})}, .erasures_told = {key}}));
  EXPECT_TRUE(store().view().erased().value().empty());
}

TEST_F(Erasing, what_is_not_purged_is_not_told) {
  auto const key = plant_document();
  ASSERT_TRUE(store().erase({key}, mark()));
  ASSERT_TRUE(store().commit({.now = kNoon,
                              .documents = {edit(this->key(), {{"name", "receipt"}})},
                              .erasures_told = {key}}));
  EXPECT_EQ(store().view().erased().value().size(), 1U);
  ASSERT_TRUE(store().purge_erased());
  expect_none_found();
}

TEST_F(Erasing, a_dropped_scope_is_due_until_its_files_are_purged) {
  auto const group = scope("group/018bcfe5-6800-7000-8000-000000000001");
  write(key(group.to_string()), {{"name", plant()}});
  EXPECT_FALSE(store().view().is_scope_due(group).value());
  ASSERT_EQ(store().drop_scope(group).value(), 1U);
  EXPECT_TRUE(store().view().is_scope_due(group).value());
  ASSERT_TRUE(store().purge_erased());
  EXPECT_FALSE(store().view().is_scope_due(group).value());
}

TEST_F(Erasing, what_becomes_due_while_the_files_are_rewritten_stays_due) {
  auto const old = scope("group/018bcfe5-6800-7000-8000-000000000001");
  auto const again = scope("group/018bcfe5-6800-7000-8000-000000000002");
  for (auto const& one : {old, again}) {
    write(key(one.to_string()), {{"name", plant()}});
    ASSERT_TRUE(store().drop_scope(one));
  }
  store_.reset();
  {
    auto opened =
        open_directory(directory_.path(), {.indexer = by_name()}, rng_, kFormat, {}).value();
    auto erasures = Erasures::read(*opened.engine).value();
    auto const indexer = by_name();
    Digests const digests;
    Transaction transaction(*opened.engine, digests, indexer, opened.positions, erasures);
    PurgeDue due;
    std::vector<std::function<Result<>()>> const steps = {
        [&]() -> Result<> {
          SOL_ASSIGN(due, read_purge_due(transaction));
          return {};
        },
        [&]() -> Result<> {
          write_scope_due(transaction, again);
          return {};
        },
        [&] { return write_purged(transaction, due); }};
    for (auto const& step : steps) {
      transaction.begin();
      ASSERT_TRUE(step());
      transaction.keep();
    }
    ASSERT_EQ(due.keys.size(), 2U);
    ASSERT_TRUE(opened.engine->write(transaction.batch()));
    EXPECT_FALSE(read_scope_due(*opened.engine, nullptr, old).value());
    EXPECT_TRUE(read_scope_due(*opened.engine, nullptr, again).value());
  }
  reopen();
  ASSERT_TRUE(store().purge_erased());
  expect_none_found();
}

}  // namespace
}  // namespace solidaires::store
