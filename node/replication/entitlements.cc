#include "node/replication/entitlements.h"

namespace solidaires::replication {

Result<sync::Entitlement> entitlement_of_child(NodeName const& self,
                                               net::CertificateFacts const& peer,
                                               std::vector<NodeRecord> const& nodes) {
  auto const found = std::ranges::find_if(nodes, [&](NodeRecord const& node) {
    return node.network == self && node.name == peer.node && !node.hub;
  });
  if (found == nodes.end()) {
    return fail(Code::denied, "this node is not registered in the network");
  }
  if (found->state == NodeState::suspended) {
    return fail(Code::denied, "this node is suspended by the administrator of the network");
  }
  if (found->enrolled_at == Instant{} || peer.issued_at() < found->enrolled_at) {
    return fail(Code::denied, "this certificate was replaced by a later enrolment");
  }
  sync::Entitlement entitlement{.self = self,
                                .peer = peer.node,
                                .peer_role = sync::PeerRole::child,
                                .subtree = {peer.node},
                                .subscriptions = {},
                                .every_public = false,
                                .hubs = {self},
                                .groups = {}};
  for (auto const& node : nodes) {
    entitlement.hubs.insert(node.network);
    if (node.name != peer.node && found->every_public) entitlement.subscriptions.insert(node.name);
  }
  entitlement.hubs.erase(peer.node);
  for (auto const& wanted : found->subscriptions) {
    if (wanted != peer.node) entitlement.subscriptions.insert(wanted);
  }
  return entitlement;
}

sync::Entitlement entitlement_of_parent(NodeName const& self, NodeName const& hub,
                                        std::vector<NodeRecord> const& nodes, bool every_public,
                                        std::vector<NodeName> const& subscriptions) {
  sync::Entitlement entitlement{.self = self,
                                .peer = hub,
                                .peer_role = sync::PeerRole::parent,
                                .subtree = {self},
                                .subscriptions = {subscriptions.begin(), subscriptions.end()},
                                .every_public = every_public,
                                .hubs = {},
                                .groups = {}};
  for (auto const& node : nodes) {
    if (node.network == self) entitlement.subtree.insert(node.name);
  }
  return entitlement;
}

}  // namespace solidaires::replication
