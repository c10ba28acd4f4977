// Hubs below hubs: how the registry of one becomes known to the hub above it. Each hub announces
// what hangs below it in its own office scope, which travels upward; the hub above enters what it
// accepts into its own registry, which travels down to everybody. Both may be done again at any
// time and write only what differs. They block on the disk: a worker thread. No state of their own.
#pragma once

#include "node/replication/registry.h"
#include "sync/base/clock.h"
#include "sync/base/rng.h"

namespace solidaires::replication {

// The type of an announcement: a record of a node in office/<hub>.
inline constexpr std::string_view kNodeBelowType = "node_below";

// What is announced below one hub, at most: the rest is not entered.
inline constexpr std::size_t kNodesBelowMax = 2'000;

// True if the commit may be a reason to call the functions below, for the hub `self`.
[[nodiscard]] bool concerns_tree(store::CommitNotice const& notice, NodeName const& self);

// Makes the announcements in office/<self> say what the registry network/<self> says.
Result<> announce_below(store::Store& store, NodeName const& self, Clock const& clock, Rng& rng);

// An announced node that is not entered into the registry.
struct Declined {
  NodeName node{};
  NodeName by{};         // the hub below that announced it
  std::string reason{};  // in words, for the operators of both
  friend auto operator<=>(Declined const&, Declined const&) = default;
};

// Makes network/<self> list what the hubs below announce: those among the direct nodes that were
// admitted with has_nodes. A name belongs to whom it was entered for first, until that hub no
// longer announces it: nobody below can take over the node of another.
Result<std::vector<Declined>> enter_announced(store::Store& store, NodeName const& self,
                                              Clock const& clock, Rng& rng);

}  // namespace solidaires::replication
