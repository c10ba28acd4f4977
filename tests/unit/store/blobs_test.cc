// Files by their hash: whole or not there at all, whatever the disk, the peer or a crash do.
#include "node/store/blobs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "schema/file_reference.h"
#include "sync/base/limits.h"
#include "tests/unit/store/world.h"

namespace solidaires::store {
namespace {

constexpr std::size_t kChunk = limits::kBlobChunkBytes;
constexpr Millis kDay{24LL * 60 * 60 * 1000};

std::string some_bytes(std::size_t size, std::uint64_t seed) {
  SeededRng rng(seed);
  return rng.bytes(size);
}

Bytes picture(std::string_view sha256, std::uint64_t size = 0) {
  schema::Picture value{cat("blob:", hex(sha256)), "Le marché", ""};
  value.size = size;
  value.media_type = "image/png";
  return schema::encode(value);
}

class Files : public testing::Test {
 protected:
  Files() { reopen(); }
  void reopen(std::uint64_t reserve = 0) {
    blobs_.reset();
    auto opened = Blobs::open(directory_.path() / "blobs", {reserve});
    ASSERT_TRUE(opened) << opened.error().to_string();
    blobs_ = *std::move(opened);
  }
  Blobs& blobs() { return *blobs_; }
  // As a session does: chunk after chunk from where the store is.
  Result<sync::BlobProgress> receive(std::string_view bytes, std::string_view sha256,
                                     std::size_t until, std::string_view origin = "isere") {
    sync::BlobClaim const file{Bytes(sha256), Bytes(origin)};
    auto at = blobs().progress(file, false);
    while (at && !at->whole && at->held < until) {
      auto const chunk = bytes.substr(at->held, kChunk);
      at = blobs().append(file, at->held, bytes.size(), chunk, everybody);
    }
    return at;
  }
  std::uint64_t held(std::string_view sha256, std::string_view origin = "isere") {
    return blobs().progress({Bytes(sha256), Bytes(origin)}, false).value().held;
  }
  Result<sync::BlobProgress> append(std::string_view sha256, std::uint64_t offset,
                                    std::uint64_t size, std::string_view bytes) {
    return blobs().append({Bytes(sha256), "isere"}, offset, size, bytes, everybody);
  }
  std::size_t files_on_disk() { return files_in(directory_.path()).size(); }
  static Result<bool> everybody(std::string_view) { return true; }
  static Result<bool> nobody(std::string_view) { return false; }

  TemporaryDirectory directory_;
  std::unique_ptr<Blobs> blobs_;
};

TEST_F(Files, gives_back_what_was_put_from_any_offset) {
  auto const bytes = some_bytes(2 * kChunk + 77, 1);
  auto const name = blobs().put(bytes);
  ASSERT_TRUE(name) << name.error().to_string();
  EXPECT_EQ(name->sha256, sha256(bytes));
  EXPECT_EQ(blobs().size(name->sha256), bytes.size());
  auto const part = blobs().read(name->sha256, kChunk + 5, kChunk);
  ASSERT_TRUE(part);
  EXPECT_EQ(part->size, bytes.size());
  EXPECT_EQ(part->bytes, bytes.substr(kChunk + 5, kChunk));
  EXPECT_EQ(blobs().read(name->sha256, bytes.size(), 1).value().bytes, "");
  EXPECT_TRUE(blobs().verify(name->sha256));
  EXPECT_EQ(blobs().list().value().size(), 1U);
  EXPECT_EQ(blobs().stats().bytes, bytes.size());
  ASSERT_TRUE(blobs().put(bytes));  // once more: still one file
  EXPECT_EQ(blobs().stats().files, 1U);
}

TEST_F(Files, takes_no_path_for_a_name) {
  for (std::string_view name :
       {"../../etc/passwd", "", "/", "ab", "..............................aa"}) {
    EXPECT_FALSE(blobs().size(name) && name.size() != kSha256Bytes) << name;
    EXPECT_FALSE(blobs().keep(name));
    EXPECT_FALSE(blobs().read(name, 0, 10));
    if (name.size() == kSha256Bytes) continue;  // 32 bytes are a hash, whatever they spell
    EXPECT_FALSE(append(name, 0, 3, "abc"));
  }
  ASSERT_EQ(std::string_view("..............................aa").size(), kSha256Bytes);
  ASSERT_TRUE(append("..............................aa", 0, 9, "abc"));
  for (auto const& [path, bytes] : files_in(directory_.path())) {
    EXPECT_TRUE(path.contains(cat("partial/", hex("..............................aa"), '-')))
        << path;
  }
}

TEST_F(Files, refuses_what_is_empty_or_larger_than_allowed_and_keeps_nothing_of_it) {
  EXPECT_EQ(blobs().put("").error().code(), Code::invalid);
  auto writer = blobs().add(10);
  ASSERT_TRUE(writer);
  EXPECT_TRUE(writer->append("0123456789"));
  EXPECT_EQ(writer->append("x").error().code(), Code::exhausted);
  writer = fail(Code::internal, "dropped");
  EXPECT_EQ(files_on_disk(), 0U);
}

TEST_F(Files, resumes_at_the_byte_that_it_has) {
  auto const bytes = some_bytes(3 * kChunk + 10, 2);
  auto const name = sha256(bytes);
  ASSERT_TRUE(receive(bytes, name, 2 * kChunk));
  EXPECT_EQ(blobs().size(name), std::nullopt);
  EXPECT_EQ(blobs().stats().partial, 1U);
  reopen();
  EXPECT_EQ(held(name), 2 * kChunk);
  EXPECT_EQ(append(name, kChunk, bytes.size(), "again").error().code(), Code::conflict);
  auto const end = receive(bytes, name, bytes.size());
  ASSERT_TRUE(end) << end.error().to_string();
  EXPECT_TRUE(end->whole);
  EXPECT_EQ(blobs().read(name, 3 * kChunk, kChunk).value().bytes, bytes.substr(3 * kChunk));
  EXPECT_EQ(blobs().stats().partial, 0U);
  EXPECT_EQ(files_on_disk(), 1U);
}

TEST_F(Files, drops_the_torn_end_that_a_crash_left_of_the_last_chunk) {
  auto const bytes = some_bytes(3 * kChunk, 3);
  auto const name = sha256(bytes);
  ASSERT_TRUE(receive(bytes, name, kChunk));
  auto const path = directory_.path() / "blobs" / "partial" /
                    cat(hex(name), '-', hex(sha256("isere").substr(0, 8)));
  std::ofstream(path, std::ios::app | std::ios::binary) << std::string(1000, '\0');
  reopen();
  EXPECT_EQ(held(name), kChunk);
  EXPECT_TRUE(receive(bytes, name, bytes.size()).value().whole);
}

TEST_F(Files, removes_bytes_that_are_not_what_the_hash_says) {
  auto bytes = some_bytes(2 * kChunk, 4);
  auto const name = sha256(bytes);
  bytes[kChunk / 2] = static_cast<char>(bytes[kChunk / 2] ^ 1);
  auto const end = receive(bytes, name, bytes.size());
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code(), Code::corrupt);
  EXPECT_EQ(held(name), 0U);
  EXPECT_EQ(files_on_disk(), 0U);
}

TEST_F(Files, adds_nothing_when_the_disk_is_full) {
  auto const bytes = some_bytes(kChunk + 1, 5);
  auto const name = sha256(bytes);
  ASSERT_TRUE(receive(bytes, name, kChunk));
  reopen(1ULL << 62U);  // the reserve is more than any disk
  EXPECT_EQ(blobs().put("abc").error().code(), Code::exhausted);
  EXPECT_EQ(receive(bytes, name, bytes.size()).error().code(), Code::exhausted);
  reopen();
  EXPECT_TRUE(receive(bytes, name, bytes.size()).value().whole);
}

TEST_F(Files, clears_what_a_crash_left_of_an_addition) {
  std::ofstream(directory_.path() / "blobs" / "incoming" / "7") << "half a fi";
  reopen();
  EXPECT_EQ(files_on_disk(), 0U);
}

TEST_F(Files, mends_a_damaged_file_by_its_equal) {
  auto const name = blobs().put("the whole file").value();
  std::ofstream(directory_.path() / "blobs" / hex(name.sha256.substr(0, 1)) / hex(name.sha256))
      << "the whole f1le";
  EXPECT_EQ(blobs().verify(name.sha256).error().code(), Code::corrupt);
  ASSERT_TRUE(blobs().put("the whole file"));
  EXPECT_TRUE(blobs().verify(name.sha256));
}

TEST_F(Files, collects_only_what_nobody_refers_to_or_touched) {
  auto const kept = blobs().put("referred to").value();
  auto const loose = blobs().put("loose").value();
  ASSERT_TRUE(append(sha256("never finished"), 0, 14, "never"));
  auto const refers = [&](std::string_view name) -> Result<bool> { return name == kept.sha256; };
  auto const now = SystemClock().now();
  auto const young = blobs().collect(now, kDay, refers).value();
  EXPECT_EQ(young.files, 1U);  // the part: nobody will go on with it
  EXPECT_EQ(young.young, 1U);
  auto const old = blobs().collect(now + 2 * kDay, kDay, refers).value();
  EXPECT_EQ(old.files, 1U);
  EXPECT_EQ(old.removed, std::vector{loose.sha256});
  EXPECT_TRUE(blobs().size(kept.sha256));
  EXPECT_FALSE(blobs().size(loose.sha256));
  EXPECT_EQ(blobs().stats().files, 1U);
  EXPECT_EQ(blobs().stats().partial, 0U);
  EXPECT_EQ(blobs().stats().collected, 2U);
  EXPECT_EQ(files_on_disk(), 1U);
}

TEST_F(Files, that_are_not_needed_any_more_are_not_gone_on_with) {
  auto const bytes = some_bytes(3 * kChunk, 6);
  auto const name = sha256(bytes);
  ASSERT_TRUE(receive(bytes, name, 2 * kChunk));
  sync::BlobClaim const file{name, "isere"};
  auto const last = std::string_view(bytes).substr(2 * kChunk);
  EXPECT_EQ(blobs().append(file, 2 * kChunk, bytes.size(), last, nobody).error().code(),
            Code::invalid);
  EXPECT_EQ(files_on_disk(), 0U);
  EXPECT_EQ(blobs().stats().partial, 0U);
  // Erased between the last byte and the file's becoming whole.
  ASSERT_TRUE(receive(bytes, name, 2 * kChunk));
  int asked = 0;
  auto const once = [&](std::string_view) -> Result<bool> { return ++asked == 1; };
  EXPECT_EQ(blobs().append(file, 2 * kChunk, bytes.size(), last, once).error().code(),
            Code::invalid);
  EXPECT_EQ(files_on_disk(), 0U);
}

TEST_F(Files, of_another_origin_come_again_from_their_first_byte) {
  auto const bytes = some_bytes(2 * kChunk, 7);
  auto const name = blobs().put(bytes).value().sha256;
  EXPECT_EQ(held(name, "savoie"), 0U);
  EXPECT_TRUE(blobs().progress({name, "isere"}, true).value().whole);
  ASSERT_TRUE(receive(bytes, name, kChunk, "savoie"));
  EXPECT_EQ(held(name, "isere"), 0U);
  EXPECT_EQ(held(name, "savoie"), kChunk);
  EXPECT_TRUE(receive(bytes, name, bytes.size(), "savoie").value().whole);
  EXPECT_EQ(blobs().stats().files, 1U);
  EXPECT_TRUE(blobs().verify(name));
}

TEST_F(Files, takes_no_collection_for_done_when_the_references_cannot_be_read) {
  auto const name = blobs().put("loose").value();
  auto const broken = [](std::string_view) -> Result<bool> { return fail(Code::io, "disk"); };
  EXPECT_FALSE(blobs().collect(SystemClock().now() + 2 * kDay, kDay, broken));
  EXPECT_TRUE(blobs().size(name.sha256));
}

// ---- With documents ----

class FilesOfDocuments : public StoreWorld {
 protected:
  // As after an upload for the office that `at` belongs to.
  void claim(sync::DocumentKey const& at, Bytes const& sha256) {
    ASSERT_TRUE(store().commit({.now = now_, .claims = {sync::claim_of(at, sha256)}}));
  }
};

TEST_F(FilesOfDocuments, are_read_through_a_document_that_refers_to_them_in_any_kept_version) {
  auto const name = store().files().put("the picture").value();
  auto const with = key();
  auto const without = key();
  write(with, {{"name", "Marché"}, {"picture", picture(name.sha256, name.size)}});
  write(without, {{"name", "Foire"}});
  // Named is not brought: the bytes are here, and for this document they are not.
  EXPECT_EQ(store().read_blob(with, name.sha256, 0, 9).error().code(), Code::not_found);
  EXPECT_FALSE(store().has_file(with.scope, name.sha256));
  claim(with, name.sha256);
  EXPECT_TRUE(store().has_file(with.scope, name.sha256));
  EXPECT_EQ(store().read_blob(with, name.sha256, 4, 100).value().bytes, "picture");
  EXPECT_EQ(store().read_blob(without, name.sha256, 0, 9).error().code(), Code::denied);
  EXPECT_EQ(store().read_blob(key(), name.sha256, 0, 9).error().code(), Code::denied);
  EXPECT_EQ(store().documents_with(name.sha256, 10).value(), std::vector{with});
  // Two people chose another picture at once: both are kept, and so are their files.
  auto const before = document(with).context;
  auto const other = store().files().put("another").value();
  write(with, {{"picture", picture(other.sha256)}});
  ASSERT_TRUE(store().commit(
      {.now = now_,
       .author = "bob",
       .documents = {
           {.key = with, .fields = {{"picture", picture(sha256("absent"))}}, .seen = before}}}));
  claim(with, other.sha256);
  EXPECT_TRUE(store().read_blob(with, other.sha256, 0, 9));
  EXPECT_EQ(store().read_blob(with, sha256("absent"), 0, 9).error().code(), Code::not_found);
  EXPECT_EQ(store().read_blob(with, name.sha256, 0, 9).error().code(), Code::denied);
}

TEST_F(FilesOfDocuments, stay_as_long_as_a_document_refers_to_them) {
  auto const name = store().files().put("the picture").value();
  auto const with = key();
  write(with, {{"picture", picture(name.sha256)}});
  auto const later = SystemClock().now() + 400 * kDay;
  EXPECT_EQ(store().collect_files(later, kDay).value().files, 0U);
  write(with, {{"picture", Bytes()}});
  EXPECT_EQ(store().collect_files(later, kDay).value().files, 1U);
  EXPECT_EQ(store().stats().value().files.files, 0U);
}

TEST_F(FilesOfDocuments, that_went_and_come_for_another_origin_are_not_for_the_first) {
  auto const with = key();
  auto const name = store().files().put("the picture").value();
  claim(with, name.sha256);
  ASSERT_EQ(store().collect_files(SystemClock().now() + 2 * kDay, kDay).value().files, 1U);
  ASSERT_TRUE(store().files().put("the picture"));
  EXPECT_FALSE(store().has_file(with.scope, name.sha256));
}

TEST_F(FilesOfDocuments, that_were_sent_wait_for_their_document_and_go_when_it_is_erased) {
  auto const name = store().files().put("the picture").value();
  auto const later = SystemClock().now() + 2 * kDay;
  store::LocalEdit const sent{
      .key = sent_file_key(name.sha256, "alix"), .value = "1", .expires_at = later + kDay};
  ASSERT_TRUE(store().commit({.now = now_, .local = {sent}}));
  EXPECT_EQ(store().collect_files(later, kDay).value().files, 0U);
  EXPECT_EQ(store().collect_files(later + 2 * kDay, kDay).value().files, 1U);
  ASSERT_TRUE(store().files().put("the picture"));
  auto const with = key();
  write(with, {{"picture", picture(name.sha256)}});
  ASSERT_TRUE(store().erase({with}, {{ReplicaId{7}, 1}, 5, Bytes(16, 'o')}));
  EXPECT_FALSE(*store().local(sent.key, now_));
  EXPECT_EQ(store().collect_files(later, kDay).value().files, 1U);
  EXPECT_THAT(store().check().value().problems, testing::IsEmpty());
}

TEST_F(FilesOfDocuments, are_checked_for_their_bytes_and_their_presence) {
  auto const name = store().files().put("the picture").value();
  auto const with = key();
  write(with, {{"picture", picture(name.sha256)}});
  auto const awaited = store().check().value();
  EXPECT_THAT(awaited.problems, testing::IsEmpty());
  EXPECT_EQ(awaited.files, 1U);
  EXPECT_EQ(awaited.files_awaited, 1U);  // named, and nobody of that office has brought it
  claim(with, name.sha256);
  EXPECT_EQ(store().check().value().files_awaited, 0U);
  auto const path = *store().files().path(name.sha256);
  std::ofstream(path) << "the p1cture";
  EXPECT_THAT(store().check().value().problems,
              testing::ElementsAre(testing::HasSubstr("is damaged")));
  std::filesystem::remove(path);
  EXPECT_THAT(store().check().value().problems,
              testing::ElementsAre(testing::HasSubstr("was here and is missing")));
  ASSERT_TRUE(store().files().put("the picture"));  // another copy of it mends both
}

TEST_F(FilesOfDocuments, are_found_again_by_a_store_of_an_earlier_program) {
  auto const name = store().files().put("the picture").value();
  auto const with = key();
  write(with, {{"picture", picture(name.sha256)}});
  reopen(by_name("2"));  // another version of the indexes: built anew
  EXPECT_EQ(store().documents_with(name.sha256, 10).value(), std::vector{with});
}

// What is committed while files are collected is never lost: the file is kept first, and if it is
// gone by then, whoever adds it puts it again.
TEST_F(FilesOfDocuments, survive_collections_beside_commits) {
  std::atomic<bool> done = false;
  std::thread collector([&] {
    while (!done) ASSERT_TRUE(store().collect_files(SystemClock().now(), Millis(2)));
  });
  std::vector<std::pair<sync::DocumentKey, Bytes>> written;
  for (int i = 0; i < 60; ++i) {
    auto const bytes = cat("file ", i % 20);
    auto const at = key();
    bool kept = false;
    while (!kept) {
      // A grace of two milliseconds is shorter than a commit: what nobody refers to yet may go.
      auto const name = store().files().put(bytes).value();
      write(at, {{"picture", picture(name.sha256)}});
      kept = store().files().keep(name.sha256);
      if (!kept) continue;
      claim(at, name.sha256);
      written.emplace_back(at, name.sha256);
    }
  }
  done = true;
  collector.join();
  ASSERT_TRUE(store().collect_files(SystemClock().now() + kDay, Millis(1)));
  for (auto const& [at, name] : written) EXPECT_TRUE(store().read_blob(at, name, 0, 100));
}

}  // namespace
}  // namespace solidaires::store
