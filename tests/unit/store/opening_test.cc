#include "node/store/opening.h"

#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/store/world.h"

namespace solidaires::store {
namespace {

class Opening : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path path() const { return directory_.path() / "store"; }
  Result<std::unique_ptr<Store>> open(Options options = {}) {
    return Store::open(path(), std::move(options));
  }
  // The store opened, written to and closed.
  void make(int documents = 3) {
    auto const store = open().value();
    for (int i = 0; i < documents; ++i) {
      ASSERT_TRUE(store->commit({.now = kNoon,
                                 .documents = {{.key = {scope("office/isere"), id()},
                                                .type = "structure",
                                                .fields = {{"name", Bytes(1000, 'x')}}}}}));
    }
  }
  DocumentId id() { return DocumentId::make(kNoon, rng_); }
  void expect_refused(Code code, std::string_view word, Options options = {}) {
    auto const before = files_in(directory_.path());
    auto const opened = open(std::move(options));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), code) << opened.error().message();
    EXPECT_NE(opened.error().message().find(word), std::string::npos) << opened.error().message();
    EXPECT_EQ(files_in(directory_.path()), before) << "something was touched";
  }
  void write_file(std::filesystem::path const& name, std::string_view text) {
    std::filesystem::create_directories(name.parent_path());
    std::ofstream(name, std::ios::binary) << text;
  }
  // The largest file of the engine whose name ends so.
  [[nodiscard]] std::filesystem::path largest(std::string_view extension) const {
    std::filesystem::path found;
    for (auto const& entry : std::filesystem::directory_iterator(path() / "db")) {
      if (entry.path().extension() != extension) continue;
      if (found.empty() || entry.file_size() > file_size(found)) found = entry.path();
    }
    return found;
  }

  TemporaryDirectory directory_;
  SeededRng rng_{3};
};

TEST_F(Opening, a_new_store_keeps_its_identity) {
  auto store = open().value();
  auto const replica = store->replica();
  EXPECT_NE(replica, ReplicaId{});
  store.reset();
  store = open().value();
  EXPECT_EQ(store->replica(), replica);
  EXPECT_EQ(store->counter(), 0U);
}

TEST_F(Opening, two_stores_are_two_replicas) {
  auto const one = Store::open(directory_.path() / "one").value();
  auto const two = Store::open(directory_.path() / "two").value();
  EXPECT_NE(one->replica(), two->replica());
}

TEST_F(Opening, a_store_that_must_exist_is_not_made) {
  expect_refused(Code::not_found, "no store", {.create = false});
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(Opening, a_store_in_use_is_refused) {
  auto const store = open().value();
  expect_refused(Code::busy, "in use");
}

TEST_F(Opening, a_store_of_a_newer_format_is_refused) {
  make();
  write_file(path() / "FORMAT", "solidaires-store 7\n");
  expect_refused(Code::unsupported, "format 7");
}

TEST_F(Opening, a_newer_format_that_only_the_engine_knows_is_refused) {
  Options const options;
  ASSERT_TRUE(open_directory(path(), options, rng_, 9, {}));
  write_file(path() / "FORMAT", "solidaires-store 1\n");
  expect_refused(Code::unsupported, "format 9");
}

TEST_F(Opening, a_directory_that_holds_something_else_is_refused) {
  write_file(path() / "holiday.txt", "sea");
  expect_refused(Code::invalid, "other files");
}

TEST_F(Opening, a_file_in_place_of_the_directory_is_refused) {
  write_file(path(), "not a directory");
  auto const opened = open({.create = false});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Code::invalid);
  EXPECT_FALSE(open());
}

TEST_F(Opening, a_full_disk_is_refused) {
  make();
  expect_refused(Code::exhausted, "free some space", {.disk_reserve_bytes = ~0ULL});
}

TEST_F(Opening, an_unwritable_directory_is_refused) {
  make();
  auto const child = ::fork();
  if (child == 0) {
    // Root may write everywhere: the child becomes somebody else first.
    std::filesystem::permissions(path(), std::filesystem::perms(0555));
    std::filesystem::permissions(directory_.path(), std::filesystem::perms(0755));
    if (::geteuid() == 0 && (::setegid(65534) != 0 || ::seteuid(65534) != 0)) ::_exit(2);
    auto const opened = Store::open(path());
    ::_exit(!opened && opened.error().code() == Code::denied ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(Opening, a_creation_that_was_cut_short_starts_again) {
  make();
  std::filesystem::remove(path() / "db" / "CURRENT");
  write_file(path() / "FORMAT", "solidaires-store 1 creating\n");
  EXPECT_TRUE(open());
  std::filesystem::remove_all(path());
  write_file(path() / "FORMAT.new", "");
  EXPECT_TRUE(open());
}

// A byte in the middle of the log lies before commits that were acknowledged: to go on without
// them would lose them in silence.
TEST_F(Opening, a_damaged_log_is_refused) {
  make();
  auto const log = largest(".log");
  ASSERT_GT(file_size(log), 2000U);
  std::fstream file(log, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(1000);
  file.put('#');
  file.close();
  expect_refused(Code::corrupt, "damaged");
}

TEST_F(Opening, a_torn_last_record_is_what_a_crash_leaves) {
  make(3);
  auto const log = largest(".log");
  std::filesystem::resize_file(log, file_size(log) - 7);
  auto const store = open();
  ASSERT_TRUE(store) << store.error().to_string();
  EXPECT_EQ((*store)->count("structure"), 2U) << "the last commit was not acknowledged whole";
  EXPECT_TRUE((*store)->check().value().problems.empty());
}

TEST_F(Opening, a_lost_table_is_refused) {
  make();
  ASSERT_TRUE(open()) << "opening writes what the log held into a table";
  std::filesystem::remove(largest(".sst"));
  expect_refused(Code::corrupt, "damaged");
}

TEST_F(Opening, a_cut_table_is_refused) {
  make();
  ASSERT_TRUE(open());
  std::filesystem::resize_file(largest(".sst"), 100);
  expect_refused(Code::corrupt, "damaged");
}

TEST_F(Opening, a_lost_engine_is_refused_and_not_made_anew) {
  make();
  std::filesystem::remove_all(path() / "db");
  expect_refused(Code::corrupt, "damaged");
}

TEST_F(Opening, a_lost_or_foreign_pointer_to_the_engine_is_refused) {
  make();
  write_file(path() / "db" / "CURRENT", "MANIFEST-999999\n");
  expect_refused(Code::corrupt, "damaged");
  std::filesystem::remove(path() / "db" / "CURRENT");
  expect_refused(Code::corrupt, "damaged");
}

TEST_F(Opening, an_unreadable_format_is_refused) {
  make();
  for (std::string_view text : {"", "\n", "something", "solidaires-store ", "solidaires-store 1x",
                                "solidaires-store 99999999999999999999"}) {
    write_file(path() / "FORMAT", text);
    expect_refused(Code::corrupt, "FORMAT");
  }
}

// The blocks of a table are verified when they are read.
TEST_F(Opening, a_damaged_block_is_an_error_and_never_an_absence) {
  make(50);
  ASSERT_TRUE(open());
  auto const table = largest(".sst");
  std::fstream file(table, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(200);
  file << "################";
  file.close();
  auto const store = open();
  if (!store) {
    EXPECT_EQ(store.error().code(), Code::corrupt);
    return;
  }
  EXPECT_FALSE((*store)->check().value().problems.empty());
}

class Migration : public Opening {
 protected:
  Result<Opened> open_as(std::uint32_t format, std::vector<MigrationStep> const& steps = {}) {
    return open_directory(path(), options_, rng_, format, steps);
  }
  static MigrationStep renames(std::uint32_t from, Bytes const& was, Bytes const& is) {
    return {from, cat("renames ", was), [was, is](Engine& engine, EngineBatch& last) -> Result<> {
              SOL_ASSIGN(auto const value, engine.get(Family::local, was));
              if (value) last.put(Family::local, is, *value);
              last.erase(Family::local, was);
              return {};
            }};
  }
  Options options_;
};

TEST_F(Migration, every_step_from_the_first_format_is_there) {
  EXPECT_TRUE(missing_step(1, kFormat, migration_steps()));
}

TEST_F(Migration, an_older_store_goes_through_every_step) {
  {
    auto const old = open_as(0).value();
    EngineBatch batch(*old.engine);
    batch.put(Family::local, "a", "value");
    ASSERT_TRUE(old.engine->write(batch));
  }
  std::vector const steps = {renames(1, "b", "c"), renames(0, "a", "b")};
  auto const opened = open_as(2, steps);
  ASSERT_TRUE(opened) << opened.error().to_string();
  EXPECT_EQ(opened->engine->get(Family::local, "c").value(), "value");
  EXPECT_EQ(opened->engine->get(Family::meta, meta_key::kFormat).value(), number(2));
  EXPECT_EQ(opened->directory.format(), 2U);
}

TEST_F(Migration, a_missing_step_refuses_before_the_first_one_runs) {
  ASSERT_TRUE(open_as(0));
  auto const before = files_in(path());
  bool ran = false;
  MigrationStep const step{0, "runs", [&ran](Engine&, EngineBatch&) -> Result<> {
                             ran = true;
                             return {};
                           }};
  auto const opened = open_as(2, {step});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Code::unsupported);
  EXPECT_FALSE(ran);
  EXPECT_EQ(files_in(path()), before);
}

TEST_F(Migration, a_failed_step_is_run_again_the_next_time) {
  ASSERT_TRUE(open_as(0));
  int runs = 0;
  MigrationStep const step{0, "fails once", [&runs](Engine&, EngineBatch&) -> Result<> {
                             if (++runs == 1) return fail(Code::io, "the disk is away");
                             return {};
                           }};
  EXPECT_FALSE(open_as(1, {step}));
  EXPECT_TRUE(open_as(1, {step}));
  EXPECT_EQ(runs, 2);
  EXPECT_TRUE(open_as(1, {step}));
  EXPECT_EQ(runs, 2);
}

}  // namespace
}  // namespace solidaires::store
