// Kills a process that commits, or fills its disk, at any moment, and looks at what it left. The
// process is this test program again, with the one test that writes.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "tests/unit/store/world.h"

namespace solidaires::store {
namespace {

constexpr int kAcknowledgements = 9;  // the writer's descriptor for what is durable
constexpr char const* kDirectory = "SOLIDAIRES_TEST_STORE";

struct Acknowledged {
  std::array<char, DocumentId::kSize> id{};
  std::uint32_t number = 0;  // of the commit of this document
};

class Crash : public testing::Test {
 protected:
  // Starts the test named `writer` of this class in a process of its own.
  void start(std::string const& writer) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], kAcknowledgements);
    ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    auto filter = cat("--gtest_filter=Crash.DISABLED_", writer);
    std::string name = "store_test";
    std::string disabled = "--gtest_also_run_disabled_tests";
    std::array<char*, 4> arguments = {name.data(), filter.data(), disabled.data(), nullptr};
    ::setenv(kDirectory, directory_.path().c_str(), 1);
    ASSERT_EQ(
        ::posix_spawn(&child_, "/proc/self/exe", &actions, nullptr, arguments.data(), environ), 0);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    pipe_ = ends[0];
  }
  // Takes at most `most` acknowledgements; false at their end.
  bool take(std::size_t most) {
    for (Acknowledged one; most > 0; --most) {
      if (::read(pipe_, &one, sizeof(one)) != sizeof(one)) return false;
      auto const id = DocumentId::from_bytes({one.id.data(), one.id.size()}).value();
      durable_[id] = std::max(durable_[id], one.number);
    }
    return true;
  }
  int finish() {
    while (take(1)) {
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child_, &status, 0), child_);
    ::close(pipe_);
    return status;
  }
  // Everything that was acknowledged is there, and every invariant holds.
  void expect_all() {
    auto const store = Store::open(directory_.path(), {.indexer = by_name()});
    ASSERT_TRUE(store) << store.error().to_string();
    auto const report = (*store)->check().value();
    EXPECT_EQ(report.problems, std::vector<std::string>{});
    for (auto const& [id, number] : durable_) {
      auto const found = (*store)->get({scope("office/isere"), id}).value();
      ASSERT_TRUE(found) << "an acknowledged commit is gone";
      auto const name = Bytes(*sync::shown_value(found->document, "name"));
      EXPECT_GE(std::stoul(name.substr(1)), number);
      auto const copy = (*store)->get({scope("public/isere"), id}).value();
      ASSERT_TRUE(copy) << "half of a commit is gone";
      EXPECT_EQ(sync::shown_value(copy->document, "name"), name) << "half of a commit is there";
    }
  }

  TemporaryDirectory directory_;
  ::pid_t child_ = 0;
  int pipe_ = -1;
  std::map<DocumentId, std::uint32_t> durable_;
};

// One commit of a working copy and its published copy; true and acknowledged if it is durable.
bool commit_pair(Store& store, DocumentId const& id, std::uint32_t number) {
  std::vector<DocumentEdit> documents;
  for (char const* of : {"office/isere", "public/isere"}) {
    documents.push_back({.key = {scope(of), id},
                         .type = "structure",
                         .fields = {{"name", cat('n', number)}, {"text", Bytes(3000, 'x')}}});
  }
  if (!store.commit({.now = kNoon, .author = "ann", .documents = documents})) return false;
  Acknowledged one;
  std::ranges::copy(id.bytes(), one.id.begin());
  one.number = number;
  return ::write(kAcknowledgements, &one, sizeof(one)) == sizeof(one);
}

// Runs until it is killed. Small buffers, so that tables are written and merged meanwhile.
TEST_F(Crash, DISABLED_writer_without_end) {
  auto const store =
      Store::open(std::getenv(kDirectory), {.indexer = by_name(), .write_buffer_bytes = 1UL << 20U})
          .value();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&store] {
      SystemRng rng;
      std::vector<DocumentId> mine;
      for (std::uint32_t number = 1;; ++number) {
        if (mine.size() < 20) mine.push_back(DocumentId::make(kNoon, rng));
        if (!commit_pair(*store, mine[rng.below(mine.size())], number)) ::_exit(1);
      }
    });
  }
}

// A disk that says no to the log: here, because a file may not grow any further.
TEST_F(Crash, DISABLED_writer_whose_disk_fails) {
  ::signal(SIGXFSZ, SIG_IGN);
  auto const store = Store::open(std::getenv(kDirectory), {.indexer = by_name()}).value();
  SystemRng rng;
  ASSERT_TRUE(commit_pair(*store, DocumentId::make(kNoon, rng), 1));
  ::rlimit const small{.rlim_cur = 200'000, .rlim_max = RLIM_INFINITY};
  ::setrlimit(RLIMIT_FSIZE, &small);
  bool refused = false;
  for (std::uint32_t number = 2; number < 200 && !refused; ++number) {
    refused = !commit_pair(*store, DocumentId::make(kNoon, rng), number);
  }
  EXPECT_TRUE(refused);
  ::rlimit const large{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  ::setrlimit(RLIMIT_FSIZE, &large);
  auto const later = store->commit({.now = kNoon, .local = {{.key = "a", .value = "b"}}});
  ASSERT_FALSE(later) << "who knows what the log holds";
  EXPECT_EQ(later.error().code(), Code::io);
  EXPECT_NE(later.error().message().find("restart"), std::string::npos);
  EXPECT_EQ(store->view().scopes().value().size(), 2U) << "it can be read all the while";
}

constexpr int kNoSmallDisk = 77;

// A disk of 16 MB in a name space of its own; ends the process if that is not allowed.
void mount_small_disk(std::filesystem::path const& at) {
  std::filesystem::create_directories(at);
  bool const mounted = ::unshare(CLONE_NEWNS) == 0 &&
                       ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                       ::mount("none", at.c_str(), "tmpfs", 0, "size=16m") == 0;
  if (!mounted) ::_exit(kNoSmallDisk);
}

Result<> commit_bytes(Store& store) {
  SystemRng rng;
  sync::DocumentKey const key{scope("office/isere"), DocumentId::make(kNoon, rng)};
  std::vector<sync::FieldEdit> const fields = {{"text", rng.bytes(6000)}};
  SOL_TRY(store.commit(
      {.now = kNoon, .documents = {{.key = key, .type = "structure", .fields = fields}}}));
  return {};
}

// With a reserve, and without: then the disk itself says no, in the middle of a write.
void fill_the_disk(std::filesystem::path const& disk, std::uint64_t reserve_bytes) {
  Options const options{.indexer = by_name(), .disk_reserve_bytes = reserve_bytes};
  auto store = Store::open(disk / "store", options).value();
  std::ofstream(disk / "ballast") << std::string(12'000'000, 'x');
  std::uint64_t written = 0;
  auto last = commit_bytes(*store);
  for (; last && written < 1000; last = commit_bytes(*store)) ++written;
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().code(), Code::exhausted) << last.error().to_string();
  EXPECT_EQ(commit_bytes(*store).error().code(), Code::exhausted) << "still full";
  EXPECT_EQ(store->count("structure"), written);
  EXPECT_TRUE(store->check().value().problems.empty()) << "it can be read all the while";
  std::filesystem::remove(disk / "ballast");
  if (reserve_bytes > 0 && commit_bytes(*store)) ++written;
  store.reset();
  store = Store::open(disk / "store", options).value();
  EXPECT_TRUE(commit_bytes(*store));
  EXPECT_EQ(store->count("structure"), written + 1);
  EXPECT_EQ(store->check().value().problems, std::vector<std::string>{});
}

TEST_F(Crash, DISABLED_writer_that_fills_the_disk) {
  auto const disk = std::filesystem::path(std::getenv(kDirectory)) / "disk";
  mount_small_disk(disk);
  fill_the_disk(disk, 500'000);
}

TEST_F(Crash, DISABLED_writer_that_overfills_the_disk) {
  auto const disk = std::filesystem::path(std::getenv(kDirectory)) / "disk";
  mount_small_disk(disk);
  fill_the_disk(disk, 0);
}

TEST_F(Crash, kill_9_at_any_moment_loses_nothing_that_was_acknowledged) {
  SeededRng rng(42);
  for (int round = 0; round < 5; ++round) {
    start("writer_without_end");
    ASSERT_TRUE(take(1 + rng.below(400)));
    ::kill(child_, SIGKILL);
    EXPECT_TRUE(WIFSIGNALED(finish()));
    expect_all();
  }
  EXPECT_GT(durable_.size(), 20U);
}

TEST_F(Crash, kill_9_while_the_store_is_made_leaves_one_that_opens) {
  for (int round = 0; round < 5; ++round) {
    for (auto const* part : {"db", "blobs", "FORMAT"})
      std::filesystem::remove_all(directory_.path() / part);
    start("writer_without_end");
    while (!std::filesystem::exists(directory_.path() / "FORMAT")) std::this_thread::yield();
    ::kill(child_, SIGKILL);
    finish();
    expect_all();
    durable_.clear();
  }
}

TEST_F(Crash, a_failed_disk_loses_nothing_that_was_acknowledged) {
  start("writer_whose_disk_fails");
  EXPECT_EQ(finish(), 0) << "see the test of that name";
  EXPECT_GT(durable_.size(), 5U);
  expect_all();
}

TEST_F(Crash, a_full_disk_refuses_and_loses_nothing_that_was_acknowledged) {
  for (char const* writer : {"writer_that_fills_the_disk", "writer_that_overfills_the_disk"}) {
    start(writer);
    int const status = finish();
    if (WIFEXITED(status) && WEXITSTATUS(status) == kNoSmallDisk) {
      GTEST_SKIP() << "this process may not mount a small disk";
    }
    EXPECT_EQ(status, 0) << "see the test of that name: " << writer;
  }
}

}  // namespace
}  // namespace solidaires::store
