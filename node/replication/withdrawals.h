// What nodes below have confirmed to have removed, kept as local values "withdrawn/<node>/<scope>",
// so that an administrator sees what is still open, restarts included. The removal itself is told
// anew in every session (sync/PROTOCOL.md, "Withdrawal"). Any thread; only what writes blocks.
#pragma once

#include <mutex>
#include <set>
#include <utility>

#include "node/replication/registry.h"

namespace solidaires::replication {

class WithdrawalRecords {
 public:
  // `store` outlives it; `self` is the hub.
  WithdrawalRecords(store::Store& store, NodeName self) : store_(store), self_(std::move(self)) {}

  Result<> load(Instant now);
  Result<> keep(NodeName const& peer, std::vector<ScopeId> const& scopes, Instant now);
  // Forgets the word of nodes that may hold a scope again.
  Result<> forget_regained(std::vector<NodeRecord> const& nodes, Instant now);
  // The public scopes that `node`, of this hub's network, may not hold and has not confirmed to
  // have removed, sorted.
  [[nodiscard]] std::vector<ScopeId> open(NodeRecord const& node,
                                          std::vector<NodeRecord> const& nodes) const;

 private:
  [[nodiscard]] bool is_below(NodeRecord const& node) const {
    return node.network == self_ && !node.hub && node.parent.empty();
  }
  [[nodiscard]] bool is_confirmed(NodeName const& node, ScopeId const& scope) const;

  store::Store& store_;
  NodeName const self_;
  mutable std::mutex mutex_;
  std::set<Bytes> confirmed_;  // keys of the local values
};

}  // namespace solidaires::replication
