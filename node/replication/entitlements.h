// From the registry of nodes to what one link may carry. Pure functions; this is where "who may
// hold what" is decided, for both ends of a link.
#pragma once

#include "node/replication/registry.h"
#include "sync/core/entitlement.h"
#include "sync/net/authority.h"

namespace solidaires::replication {

// `top` and whatever hangs below it in the registry of `network`.
[[nodiscard]] std::set<NodeName> subtree_of(NodeName const& network, NodeName const& top,
                                            std::vector<NodeRecord> const& nodes);

// What the hub `self` allows a verified node (or hub) below. Code::denied, in words for that node:
// it is not registered, it is suspended, or its certificate was replaced by a later enrolment.
// A hub below takes what it subscribes to, and what the nodes of its subtree subscribe to.
[[nodiscard]] Result<sync::Entitlement> entitlement_of_child(NodeName const& self,
                                                             net::CertificateFacts const& peer,
                                                             std::vector<NodeRecord> const& nodes);

// What `self` takes from the hub above it; a hub takes it for its subtree as well.
[[nodiscard]] sync::Entitlement entitlement_of_parent(NodeName const& self, NodeName const& hub,
                                                      std::vector<NodeRecord> const& nodes,
                                                      bool every_public,
                                                      std::vector<NodeName> const& subscriptions);

}  // namespace solidaires::replication
