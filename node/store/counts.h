// How many documents of each type each scope holds, in memory: counted when the store opens, kept
// by the leader of each group of commits. Any thread reads.
#pragma once

#include <map>
#include <mutex>
#include <utility>

#include "node/store/engine.h"
#include "node/store/store.h"

namespace solidaires::store {

class Counts {
 public:
  struct Count {
    std::uint64_t all = 0;  // deleted ones too
    std::uint64_t alive = 0;
    friend bool operator==(Count const&, Count const&) = default;
  };
  // By type and scope; no entry counts nothing.
  using Table = std::map<std::pair<std::string, ScopeId>, Count>;

  static Result<Table> read(Engine const& engine, EngineSnapshot const* at);

  void reset(Table table);
  void follow(std::vector<DocumentChange> const& changes);
  [[nodiscard]] Table table() const;
  [[nodiscard]] std::uint64_t alive(std::string_view type,
                                    std::optional<ScopeId> const& scope) const;

 private:
  mutable std::mutex mutex_;
  Table table_;
};

}  // namespace solidaires::store
