// The course of tests/contract/nth_call.h on a disk whose n-th write, sync or rename fails.
#include "tests/unit/store/failing_disk.h"

#include "tests/unit/store/contract_bench.h"

namespace solidaires::store {
namespace {

class FailingBench : public ContractBench {
 public:
  using Kind = FailingDisk::Kind;

  FailingBench() { reopen(); }
  ~FailingBench() { store_.reset(); }  // before the disk below it goes
  FailingBench(FailingBench const&) = delete;
  FailingBench& operator=(FailingBench const&) = delete;
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

  SeededRng rng_{3};
  std::shared_ptr<FailingDisk> disk_ = std::make_shared<FailingDisk>();
  std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(disk_);
};

TEST(FailingDisk, keeps_what_was_acknowledged_whichever_call_is_refused) {
  sync::nth_call::every_nth_call_may_fail<FailingBench>(FailingDisk::Kind::refused, 30);
}

TEST(FailingDisk, keeps_what_was_acknowledged_whichever_call_is_half_done) {
  sync::nth_call::every_nth_call_may_fail<FailingBench>(FailingDisk::Kind::half, 30);
}

}  // namespace
}  // namespace solidaires::store
