// Backups of real stores, and what is made of them again.
#include "node/backup/backup.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <sstream>
#include <thread>

namespace solidaires::backup {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPassphrase = "correct horse battery staple";

NodeName isere() {
  return NodeName::parse("isere").value();
}

void put(fs::path const& file, std::string_view text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

std::string get(fs::path const& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return std::move(text).str();
}

// An instance's data directory with a store that is open, and a place for backups beside it.
class Backup : public testing::Test {
 protected:
  void SetUp() override {
    static std::atomic<int> count = 0;
    root_ =
        fs::path(testing::TempDir()) / cat("backup-", static_cast<int>(::getpid()), '-', count++);
    fs::create_directories(root_ / "data");
    store_ = open(root_ / "data/store");
    put(root_ / "data/keys/credentials.pem", "the key of the link");
    put(root_ / "data/blobs/ab/cdef", "a picture");
    put(root_ / "data/blobs/partial/0123", "half a pict");
    put(root_ / "isere.toml", "[instance]\n");
  }
  void TearDown() override {
    store_.reset();
    fs::remove_all(root_);
  }

  static std::unique_ptr<store::Store> open(fs::path const& directory) {
    auto opened = store::Store::open(directory, small());
    EXPECT_TRUE(opened) << opened.error().to_string();
    return opened ? *std::move(opened) : nullptr;
  }
  static store::Options small() {
    return {.block_cache_bytes = 2UL << 20, .write_buffer_bytes = 2UL << 20};
  }

  sync::DocumentKey write(std::string const& title) {
    sync::DocumentKey const key{ScopeId::office(isere()), DocumentId::make(clock_.now(), rng_)};
    EXPECT_TRUE(store_->commit(
        {.now = clock_.now(),
         .author = "test",
         .documents = {{.key = key,
                        .type = "note",
                        .fields = {{std::string(sync::kExistence), Bytes(sync::kAlive)},
                                   {"title", title}}}}}));
    return key;
  }

  Result<Manifest> back_up(std::string_view to, std::optional<fs::path> const& since = {}) {
    auto const checkpoint = root_ / "data/checkpoint";
    fs::remove_all(checkpoint);
    SOL_TRY(store_->checkpoint(checkpoint));
    Sources const sources{.instance = isere(),
                          .program = "test",
                          .checkpoint = checkpoint,
                          .directories = {{root_ / "data/blobs", "blobs", {"partial"}},
                                          {root_ / "data/absent", "geography", {}}},
                          .files = {{root_ / "isere.toml", "configuration/isere.toml"}},
                          .keys = root_ / "data/keys"};
    return write_backup(sources, root_ / to, since, kPassphrase, clock_.now(), {});
  }
  Result<Restored> bring_back(std::string_view from, std::string_view to,
                              std::string_view passphrase = kPassphrase) {
    RestoreOptions options{.instance = isere(),
                           .passphrase = std::string(passphrase),
                           .store = small(),
                           .forget = {"session/", "enrolment/"}};
    return restore(root_ / from, root_ / to, options, clock_.now(), {});
  }

  fs::path root_;
  SystemClock clock_;
  SystemRng rng_;
  std::unique_ptr<store::Store> store_;
};

TEST_F(Backup, brings_everything_back_as_another_incarnation) {
  std::vector<sync::DocumentKey> keys;
  for (int i = 0; i < 50; ++i) keys.push_back(write(cat("note ", i)));
  ASSERT_TRUE(store_->commit({.now = clock_.now(),
                              .local = {{.key = "session/one", .value = "logged in"},
                                        {.key = "settings", .value = "kept"}}}));
  auto const manifest = back_up("backup");
  ASSERT_TRUE(manifest) << manifest.error().to_string();
  EXPECT_TRUE(verify_backup(root_ / "backup", *manifest, {}));
  auto const late = write("written after the backup");

  auto const restored = bring_back("backup", "again");
  ASSERT_TRUE(restored) << restored.error().to_string();
  EXPECT_NE(restored->replica, store_->replica());
  EXPECT_EQ(get(root_ / "again/keys/credentials.pem"), "the key of the link");
  EXPECT_EQ(get(root_ / "again/blobs/ab/cdef"), "a picture");
  EXPECT_FALSE(fs::exists(root_ / "again/blobs/partial"));  // it comes again by itself
  EXPECT_FALSE(fs::exists(root_ / "again/restoring"));
  auto const store = open(root_ / "again/store");
  EXPECT_EQ(store->replica(), restored->replica);
  EXPECT_EQ(store->counter(), 0U);
  for (auto const& key : keys) {
    EXPECT_EQ(store->get(key).value()->fingerprint, store_->get(key).value()->fingerprint);
  }
  EXPECT_FALSE(store->get(late).value());
  EXPECT_EQ(store->local("settings", clock_.now()).value(), "kept");
  EXPECT_FALSE(store->local("session/one", clock_.now()).value());
  EXPECT_TRUE(store->local(kRestoredKey, clock_.now()).value());
  auto const checked = store->check();
  ASSERT_TRUE(checked);
  EXPECT_TRUE(checked->problems.empty()) << checked->problems.front();
}

TEST_F(Backup, holds_every_write_that_was_acknowledged_before_while_others_go_on) {
  std::vector<sync::DocumentKey> before;
  std::atomic<bool> stop = false;
  for (int i = 0; i < 20; ++i) before.push_back(write("before"));
  std::jthread writer([&] {
    while (!stop) std::ignore = write(std::string(5'000, 'x'));
  });
  for (int round = 0; round < 4; ++round) {
    before.push_back(write("before"));
    auto const name = cat("backup", round);
    auto const manifest = back_up(name);
    ASSERT_TRUE(manifest) << manifest.error().to_string();
    auto const restored = bring_back(name, cat("again", round));
    ASSERT_TRUE(restored) << restored.error().to_string();
    auto const store = open(root_ / cat("again", round) / "store");
    for (auto const& key : before) EXPECT_TRUE(store->get(key).value());
    EXPECT_TRUE(store->check().value().problems.empty());
  }
  stop = true;
}

TEST_F(Backup, that_was_cut_off_is_refused_and_named_so) {
  write("a note");
  ASSERT_TRUE(back_up("backup"));
  auto const whole = get(root_ / "backup/MANIFEST");
  fs::rename(root_ / "backup/MANIFEST", root_ / "MANIFEST");
  auto const refused = bring_back("backup", "again");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("cut off"), std::string::npos);
  EXPECT_NE(back_up("backup").error().message().find("cut off"), std::string::npos);
  // However much of the manifest was written.
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    fs::remove(root_ / "backup/MANIFEST");
    put(root_ / "backup/MANIFEST", whole.substr(0, size));
    EXPECT_EQ(read_manifest(root_ / "backup").error().code(), Code::corrupt) << size;
  }
  EXPECT_FALSE(fs::exists(root_ / "again"));
}

TEST_F(Backup, names_each_damaged_file_and_restores_nothing) {
  write("a note");
  auto const manifest = back_up("backup").value();
  for (auto const& [path, facts] : manifest.files) {
    auto const file = root_ / "backup" / path;
    auto const whole = get(file);
    if (whole.empty()) continue;
    auto damaged = whole;
    damaged[whole.size() / 2] = static_cast<char>(damaged[whole.size() / 2] ^ 0x20);
    fs::remove(file);
    put(file, damaged);
    auto const found = verify_backup(root_ / "backup", manifest, {});
    ASSERT_FALSE(found) << path;
    EXPECT_NE(found.error().message().find(path), std::string::npos) << found.error().message();
    if (!path.starts_with("configuration/")) {
      auto const refused = bring_back("backup", "again");
      ASSERT_FALSE(refused) << path;
      EXPECT_EQ(refused.error().code(), Code::corrupt);
      EXPECT_NE(refused.error().message().find(path), std::string::npos);
      EXPECT_TRUE(!fs::exists(root_ / "again") || fs::is_empty(root_ / "again"));
    }
    fs::remove(file);
    put(file, whole);
  }
  auto text = get(root_ / "backup/MANIFEST");
  for (std::size_t at = 0; at < text.size(); at += 11) {
    auto altered = text;
    altered[at] = static_cast<char>(altered[at] ^ 1);
    EXPECT_FALSE(Manifest::parse(altered)) << at;
  }
}

TEST_F(Backup, tells_a_wrong_passphrase_before_it_touches_anything) {
  write("a note");
  ASSERT_TRUE(back_up("backup"));
  auto const refused = bring_back("backup", "again", "correct horse battery stable");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::denied);
  EXPECT_FALSE(fs::exists(root_ / "again"));
  EXPECT_EQ(get(root_ / "backup/secrets.sealed").find("the key"), std::string::npos);
  EXPECT_EQ(seal({}, "too short").error().code(), Code::invalid);
}

TEST_F(Backup, refuses_a_data_directory_that_holds_something) {
  write("a note");
  ASSERT_TRUE(back_up("backup"));
  put(root_ / "again/store/FORMAT", "somebody's data");
  auto const refused = bring_back("backup", "again");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::conflict);
  EXPECT_EQ(get(root_ / "again/store/FORMAT"), "somebody's data");
  EXPECT_FALSE(fs::exists(root_ / "again/restoring"));
}

TEST_F(Backup, of_a_restore_that_was_cut_off_can_be_restored_again) {
  auto const key = write("a note");
  ASSERT_TRUE(back_up("backup"));
  put(root_ / "again/restoring/store/db/000001.sst", "half");
  put(root_ / "again/keys/credentials.pem", "moved already");
  auto const restored = bring_back("backup", "again");
  ASSERT_TRUE(restored) << restored.error().to_string();
  EXPECT_TRUE(open(root_ / "again/store")->get(key).value());
}

TEST_F(Backup, links_what_an_earlier_one_holds_and_never_trusts_its_bytes) {
  write("a note");
  auto const first = back_up("first").value();
  auto const blob = root_ / "first/blobs/ab/cdef";
  auto const second = back_up("second", root_ / "first");
  ASSERT_TRUE(second) << second.error().to_string();
  EXPECT_EQ(fs::hard_link_count(blob), 2U);
  EXPECT_EQ(second->files.at("blobs/ab/cdef"), first.files.at("blobs/ab/cdef"));
  EXPECT_TRUE(verify_backup(root_ / "second", *second, {}));
  put(blob, "a puncture");  // as long, and other
  auto const third = back_up("third", root_ / "first");
  ASSERT_TRUE(third) << third.error().to_string();
  EXPECT_EQ(get(root_ / "third/blobs/ab/cdef"), "a picture");
}

TEST_F(Backup, of_another_instance_is_refused) {
  write("a note");
  ASSERT_TRUE(back_up("backup"));
  RestoreOptions const options{.instance = NodeName::parse("drome").value(),
                               .passphrase = std::string(kPassphrase),
                               .store = small()};
  auto const refused = restore(root_ / "backup", root_ / "again", options, clock_.now(), {});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("isere"), std::string::npos);
}

TEST(Manifest, keeps_paths_inside_the_backup) {
  for (auto const* path : {"../etc/passwd", "/etc/passwd", "a//b", "a/./b", "a/..", "a/", ".."}) {
    Manifest manifest{.instance = isere()};
    manifest.files[path] = {.size = 1, .sha256 = Bytes(32, 'x')};
    EXPECT_FALSE(Manifest::parse(manifest.to_text())) << path;
  }
  Manifest fine{.instance = isere(), .program = "0.1.0"};
  fine.files["store/db/a name with spaces"] = {.size = 7, .sha256 = Bytes(32, 'x')};
  EXPECT_EQ(Manifest::parse(fine.to_text()).value(), fine);
}

}  // namespace
}  // namespace solidaires::backup
