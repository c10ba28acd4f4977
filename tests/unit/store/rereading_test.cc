// The slow reading of everything: what memory has wrong is mended, what the disk has wrong is said.
#include "node/store/rereading.h"

#include "node/store/opening.h"
#include "node/store/rereading_steps.h"
#include "sync/wire/document_codec.h"
#include "tests/unit/store/world.h"

namespace solidaires::store {
namespace {

class RereadingTest : public StoreWorld {
 protected:
  Rereading read_all() {
    Rereading at;
    while (store().reread(at).value()) {
    }
    return at;
  }
  sync::RangeDigest digest(std::string_view of = "office/isere") {
    sync::RangeDigest digest;
    EXPECT_TRUE(store().look(scope(of), [&](sync::DigestTree const& t) { digest = t.digest(); }));
    return digest;
  }
  // An engine of its own on the directory, with what memory would hold.
  struct Behind {
    Opened opened;
    Digests digests;
    Erasures erasures;
    Indexer indexer = by_name();
  };
  std::unique_ptr<Behind> behind() {
    store_.reset();
    auto made = std::unique_ptr<Behind>(new Behind{
        open_directory(directory_.path(), {.indexer = by_name()}, rng_, kFormat, {}).value(),
        {},
        {},
        by_name()});
    made->digests.reset(Digests::read(*made->opened.engine, nullptr));
    return made;
  }
  static Rereading read_all(Behind& behind) {
    Rereading at;
    do {
      auto const suspects = reread_step(*behind.opened.engine, behind.digests, at).value();
      for (auto const& key : suspects) {
        Transaction transaction(*behind.opened.engine, behind.digests, behind.indexer,
                                behind.opened.positions, behind.erasures);
        transaction.begin();
        EXPECT_TRUE(mend(transaction, behind.digests, key, at));
        EXPECT_TRUE(transaction.keep().empty()) << "nobody is told of a change";
        behind.digests.follow(transaction.take_digests());
        EXPECT_TRUE(behind.opened.engine->write(transaction.batch()));
      }
    } while (at.part != Rereading::Part::done);
    return at;
  }
};

TEST_F(RereadingTest, of_a_sound_store_reads_everything_and_finds_nothing) {
  for (int i = 0; i < 700; ++i) write(key(), {{"name", std::to_string(i)}});
  write(key("public/isere"), {{"name", "public"}});
  write(key("local"), {{"name", "local"}});
  reopen();
  auto const before = digest();
  auto const at = read_all();
  EXPECT_EQ(at.documents, 702U);
  EXPECT_GT(at.tables, 0U);
  EXPECT_EQ(at.problems, std::vector<std::string>{});
  EXPECT_EQ(at.mended, 0U);
  EXPECT_EQ(digest(), before);
}

TEST_F(RereadingTest, goes_on_while_people_write) {
  for (int i = 0; i < 300; ++i) write(key(), {{"name", std::to_string(i)}});
  auto const edited = key();
  Rereading at;
  for (int i = 0; store().reread(at).value(); ++i) {
    write(edited, {{"name", std::to_string(i)}});
    write(key(), {{"name", "new"}});
  }
  EXPECT_EQ(at.problems, std::vector<std::string>{});
  EXPECT_GE(at.documents, 300U);
}

TEST_F(RereadingTest, mends_a_fingerprint_that_is_not_that_of_its_document) {
  auto const at = key();
  write(at, {{"name", "a"}});
  auto const right = digest();
  {
    auto const under = behind();
    auto const raw = under->opened.engine->get(Family::documents, document_key(at)).value();
    auto const stored = parse_record(at, *raw).value();
    EngineBatch batch(*under->opened.engine);
    batch.put(Family::documents, document_key(at),
              encode_record({stored.sequence, {7}}, sync::encode_document(stored.document)));
    ASSERT_TRUE(under->opened.engine->write(batch));
  }
  reopen();
  EXPECT_NE(digest(), right);
  auto const found = read_all();
  ASSERT_EQ(found.problems.size(), 1U);
  EXPECT_NE(found.problems[0].find(at.id.to_string()), std::string::npos);
  EXPECT_EQ(found.mended, 1U);
  EXPECT_EQ(digest(), right);
  EXPECT_EQ(read_all().problems, std::vector<std::string>{});
}

TEST_F(RereadingTest, mends_what_memory_holds_otherwise_than_the_disk) {
  auto const changed = key();
  auto const lost = key();
  for (auto const& at : {changed, lost}) write(at, {{"name", "a"}});
  write(key("public/isere"), {{"name", "sound"}});
  auto const under = behind();
  auto const right = under->digests.contents();
  under->digests.follow(std::vector<DigestChange>{
      {changed, sync::Fingerprint{9}, sync::Sequence{0}},
      {{changed.scope, DocumentId::make(kNoon, rng_)}, sync::Fingerprint{1}, sync::Sequence{0}}});
  EXPECT_NE(under->digests.contents(), right);
  auto const found = read_all(*under);
  EXPECT_EQ(found.problems.size(), 2U);
  EXPECT_EQ(found.mended, 2U);
  EXPECT_EQ(under->digests.contents(), right);
}

TEST_F(RereadingTest, of_a_document_that_the_disk_has_lost_makes_the_digests_say_so) {
  auto const lost = key();
  std::vector<sync::DocumentKey> others;
  for (int i = 0; i < 5000; ++i) others.push_back(key());
  for (std::size_t i = 0; i < others.size(); i += 500) {
    std::vector<DocumentEdit> edits;
    for (auto k = i; k < i + 500; ++k) edits.push_back(edit(others[k], {{"name", "x"}}));
    ASSERT_TRUE(commit(edits));
  }
  auto const without = digest();
  write(lost, {{"name", "a"}});
  auto const under = behind();
  EngineBatch batch(*under->opened.engine);
  batch.erase(Family::documents, document_key(lost));
  ASSERT_TRUE(under->opened.engine->write(batch));
  auto const found = read_all(*under);
  ASSERT_EQ(found.problems.size(), 1U);
  EXPECT_NE(found.problems[0].find(lost.id.to_string()), std::string::npos);
  auto const after = under->digests.contents();
  EXPECT_EQ(after.at(lost.scope), std::pair(without.count, without.digest));
}

TEST_F(RereadingTest, says_which_file_has_rotted_and_compares_nothing_any_more) {
  for (int i = 0; i < 300; ++i) write(key(), {{"name", rng_.bytes(200)}});
  reopen();  // into tables
  std::filesystem::path largest;
  for (auto const& entry : std::filesystem::recursive_directory_iterator(directory_.path())) {
    if (entry.path().extension() != ".sst") continue;
    if (largest.empty() || entry.file_size() > std::filesystem::file_size(largest)) {
      largest = entry.path();
    }
  }
  ASSERT_FALSE(largest.empty());
  {
    std::fstream file(largest, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(5000);
    char const byte = static_cast<char>(file.get() ^ 0x20);
    file.seekp(5000);
    file.put(byte);
  }
  auto const found = read_all();
  ASSERT_FALSE(found.problems.empty());
  EXPECT_NE(found.problems[0].find(largest.filename().string()), std::string::npos);
  EXPECT_EQ(store().look(scope("office/isere"), [](auto const&) {}).error().code(), Code::corrupt);
  store_.reset();  // what is damaged passes no check
}

}  // namespace
}  // namespace solidaires::store
