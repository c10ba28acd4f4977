// What the benches of the contracts in tests/contract share when the store lies on disk: they
// differ in the disk, and in how the store is opened.
#pragma once

#include <memory>

#include "tests/unit/store/world.h"

namespace solidaires::store {

class ContractBench {
 public:
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

 protected:
  TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
};

}  // namespace solidaires::store
