#include "tests/contract/memory_store.h"

#include "tests/contract/nth_call.h"
#include "tests/contract/replica_store_contract.h"

namespace solidaires::sync {
namespace {

class MemoryBench {
 public:
  ReplicaStore& store() { return store_; }
  Result<Dot> write(DocumentKey const& key, std::string const& type,
                    std::vector<FieldEdit> const& edits, Context const& seen, Instant now) {
    return store_.write_local(key, type, edits, seen, now);
  }
  Result<std::optional<Document>> find(DocumentKey const& key) {
    auto const* found = store_.find(key);
    return found == nullptr ? std::nullopt : std::optional(*found);
  }
  void reopen() { store_.crash(); }

  void fail(std::size_t n, nth_call::Kind kind) {
    store_.fate = [this, n, kind](bool) {
      if (++calls_ < n) return MemoryStore::Fate::done;
      bool const half = calls_ == n && kind == nth_call::Kind::half;
      return half ? MemoryStore::Fate::unanswered : MemoryStore::Fate::refused;
    };
    failing_ = n;
  }
  [[nodiscard]] bool failed() const { return calls_ >= failing_; }
  [[nodiscard]] static bool opened() { return true; }
  void recover() {
    store_.fate = nullptr;
    store_.crash();
  }

 private:
  MemoryStore store_{ReplicaId{1}};
  std::size_t calls_ = 0;
  std::size_t failing_ = 0;
};

TEST(MemoryStore, keeps_what_it_acknowledged_whichever_call_fails) {
  nth_call::every_nth_call_may_fail<MemoryBench>(nth_call::Kind::refused, 10);
  nth_call::every_nth_call_may_fail<MemoryBench>(nth_call::Kind::half, 10);
}

TEST(MemoryStore, a_full_disk_refuses_and_keeps_what_it_had) {
  MemoryStore store(ReplicaId{1});
  SeededRng rng(1);
  DocumentKey const key{ScopeId::office(NodeName::parse("isere").value()),
                        DocumentId::make(from_unix_ms(1), rng)};
  ASSERT_TRUE(store.write_local(key, "article", {{"name", "a"}}, {}, from_unix_ms(1)));
  store.fill_disk(true);
  auto const refused = store.write_local(key, "article", {{"name", "b"}}, {}, from_unix_ms(2));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::exhausted);
  EXPECT_EQ(store.counter(), 1U);
  EXPECT_EQ(shown_value(*store.find(key), "name"), "a");
}

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, ReplicaStoreContract, MemoryBench);

}  // namespace solidaires::sync
