// From the registry of nodes to what one link may carry. Pure functions; this is where "who may
// hold what" is decided, for both ends of a link.
#pragma once

#include "node/replication/registry.h"
#include "sync/core/entitlement.h"
#include "sync/net/authority.h"

namespace solidaires::replication {

// What the hub `self` allows a verified node below. Code::denied, in words for that node: it is not
// registered, it is suspended, or its certificate was replaced by a later enrolment.
[[nodiscard]] Result<sync::Entitlement> entitlement_of_child(NodeName const& self,
                                                             net::CertificateFacts const& peer,
                                                             std::vector<NodeRecord> const& nodes);

// What `self` takes from the hub above it.
[[nodiscard]] sync::Entitlement entitlement_of_parent(NodeName const& self, NodeName const& hub,
                                                      std::vector<NodeRecord> const& nodes,
                                                      bool every_public,
                                                      std::vector<NodeName> const& subscriptions);

}  // namespace solidaires::replication
