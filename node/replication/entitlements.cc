#include "node/replication/entitlements.h"

namespace solidaires::replication {
namespace {

// Both ends read it in the hub's own record.
bool takes_back(NodeName const& hub, NodeName const& from, std::vector<NodeRecord> const& nodes) {
  return std::ranges::any_of(nodes, [&](NodeRecord const& node) {
    return node.hub && node.network == hub && node.name == hub &&
           std::ranges::find(node.taking_back, from) != node.taking_back.end();
  });
}

struct Wishes {
  bool every_public = false;
  std::set<NodeName> subscriptions;
};

// What the members of a subtree, together, want of the nodes outside it.
void add_wishes(Wishes& wishes, NodeName const& network, std::set<NodeName> const& subtree,
                std::vector<NodeRecord> const& nodes) {
  for (auto const& node : nodes) {
    if (node.network != network || node.hub || !subtree.contains(node.name)) continue;
    wishes.every_public |= node.every_public;
    wishes.subscriptions.insert(node.subscriptions.begin(), node.subscriptions.end());
  }
  for (auto const& inside : subtree) wishes.subscriptions.erase(inside);
}

}  // namespace

std::set<NodeName> subtree_of(NodeName const& network, NodeName const& top,
                              std::vector<NodeRecord> const& nodes) {
  std::set<NodeName> subtree{top};
  for (bool is_growing = true; is_growing;) {
    is_growing = false;
    for (auto const& node : nodes) {
      if (node.network != network || node.hub || !subtree.contains(node.parent)) continue;
      is_growing |= subtree.insert(node.name).second;
    }
  }
  return subtree;
}

Result<sync::Entitlement> entitlement_of_child(NodeName const& self,
                                               net::CertificateFacts const& peer,
                                               std::vector<NodeRecord> const& nodes) {
  auto const found = std::ranges::find_if(nodes, [&](NodeRecord const& node) {
    return node.network == self && node.name == peer.node && !node.hub && node.parent.empty();
  });
  if (found == nodes.end()) {
    return fail(Code::denied, "this node is not registered in the network");
  }
  if (found->state == NodeState::suspended) {
    return fail(Code::denied, "this node is suspended by the administrator of the network");
  }
  if (found->enrolled_at == Instant{} || peer.issued_at() < found->enrolled_at) {
    return fail(Code::denied,
                "this certificate was revoked, or replaced by a later enrolment: enrol "
                "again with a token of the hub");
  }
  sync::Entitlement entitlement{.self = self,
                                .peer = peer.node,
                                .peer_role = sync::PeerRole::child,
                                .subtree = subtree_of(self, peer.node, nodes),
                                .subscriptions = {},
                                .every_public = false,
                                .hubs = {self},
                                .groups = {},
                                .gives_back = takes_back(self, peer.node, nodes)};
  Wishes wishes;
  add_wishes(wishes, self, entitlement.subtree, nodes);
  for (auto const& node : nodes) {
    entitlement.hubs.insert(node.network);
    if (wishes.every_public && !entitlement.subtree.contains(node.name)) {
      wishes.subscriptions.insert(node.name);
    }
  }
  for (auto const& inside : entitlement.subtree) entitlement.hubs.erase(inside);
  entitlement.subscriptions = std::move(wishes.subscriptions);
  for (auto const& node : nodes) {
    auto const scope = ScopeId::published(node.name);
    if (!entitlement.may_send(scope)) entitlement.withdrawn.insert(scope);
  }
  return entitlement;
}

sync::Entitlement entitlement_of_parent(NodeName const& self, NodeName const& hub,
                                        std::vector<NodeRecord> const& nodes, bool every_public,
                                        std::vector<NodeName> const& subscriptions) {
  std::set<NodeName> subtree{self};
  for (auto const& node : nodes) {
    if (node.network == self) subtree.insert(node.name);
  }
  Wishes wishes{.every_public = every_public,
                .subscriptions = {subscriptions.begin(), subscriptions.end()}};
  add_wishes(wishes, self, subtree, nodes);
  return {.self = self,
          .peer = hub,
          .peer_role = sync::PeerRole::parent,
          .subtree = std::move(subtree),
          .subscriptions = std::move(wishes.subscriptions),
          .every_public = wishes.every_public,
          .hubs = {},
          .groups = {},
          .gives_back = takes_back(hub, self, nodes)};
}

}  // namespace solidaires::replication
