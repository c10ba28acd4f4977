// The course of tests/contract/nth_call.h on a disk whose n-th write, sync or rename fails.
#include "tests/unit/store/failing_disk.h"

#include "tests/unit/store/world.h"

namespace solidaires::store {
namespace {

class FailingBench {
 public:
  using Kind = FailingDisk::Kind;

  FailingBench() { reopen(); }
  sync::ReplicaStore& store() { return *store_; }
  Result<sync::Dot> write(sync::DocumentKey const& key, std::string const& type,
                          std::vector<sync::FieldEdit> const& edits, sync::Context const& seen,
                          Instant now) {
    SOL_TRY(store_->commit(
        {.now = now, .documents = {{.key = key, .type = type, .fields = edits, .seen = seen}}}));
    return sync::Dot{store_->replica(), store_->counter()};
  }
  Result<std::optional<sync::Document>> find(sync::DocumentKey const& key) {
    SOL_ASSIGN(auto stored, store_->get(key));
    if (!stored) return std::nullopt;
    return std::move(stored->document);
  }
  void reopen() {
    open();
    ASSERT_TRUE(store_);
    auto const report = store_->check().value();
    EXPECT_EQ(report.problems, std::vector<std::string>{});
  }

  // Opening is among the calls that may fail.
  void fail(std::size_t n, Kind kind) {
    store_.reset();
    disk_->fail(n, kind);
    open();
  }
  [[nodiscard]] bool opened() const { return store_ != nullptr; }
  [[nodiscard]] bool failed() const { return disk_->failed(); }
  void recover() {
    store_.reset();
    disk_->lose_power();
    reopen();
  }

 private:
  void open() {
    store_.reset();
    auto opened = Store::open(directory_.path(), {.env = env_.get(), .rng = &rng_});
    if (opened) store_ = *std::move(opened);
  }

  TemporaryDirectory directory_;
  SeededRng rng_{3};
  std::shared_ptr<FailingDisk> disk_ = std::make_shared<FailingDisk>();
  std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(disk_);
  std::unique_ptr<Store> store_;
};

TEST(FailingDisk, keeps_what_was_acknowledged_whichever_call_is_refused) {
  sync::nth_call::every_nth_call_may_fail<FailingBench>(FailingDisk::Kind::refused, 30);
}

TEST(FailingDisk, keeps_what_was_acknowledged_whichever_call_is_half_done) {
  sync::nth_call::every_nth_call_may_fail<FailingBench>(FailingDisk::Kind::half, 30);
}

}  // namespace
}  // namespace solidaires::store
