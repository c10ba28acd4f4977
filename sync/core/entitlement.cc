#include "sync/core/entitlement.h"

namespace solidaires::sync {
namespace {

// The node that a scope names; empty where it names none.
NodeName owner_of(ScopeId const& scope) {
  return NodeName::parse(scope.owner()).value_or(NodeName{});
}

}  // namespace

bool Entitlement::shared(ScopeId const& scope) const {
  switch (scope.kind()) {
    case ScopeKind::office:
    case ScopeKind::published: return subtree.contains(owner_of(scope));
    case ScopeKind::group: {
      auto const id = DocumentId::parse(scope.owner());
      return id.has_value() && groups.contains(*id);
    }
    case ScopeKind::network:
    case ScopeKind::local: return false;
  }
  return false;
}

bool Entitlement::goes_down(ScopeId const& scope) const {
  auto const owner = owner_of(scope);
  switch (scope.kind()) {
    case ScopeKind::network:
      return peer_role == PeerRole::parent ? !subtree.contains(owner) : hubs.contains(owner);
    case ScopeKind::published: return every_public || subscriptions.contains(owner);
    case ScopeKind::office:
    case ScopeKind::group:
    case ScopeKind::local: return false;
  }
  return false;
}

bool Entitlement::goes_back(ScopeId const& scope) const {
  auto const& upper = peer_role == PeerRole::parent ? peer : self;
  return gives_back && (scope == ScopeId::network(upper) || scope == ScopeId::published(upper));
}

bool Entitlement::may_send(ScopeId const& scope) const {
  return shared(scope) || (peer_role == PeerRole::child ? goes_down(scope) : goes_back(scope));
}

bool Entitlement::may_receive(ScopeId const& scope) const {
  return shared(scope) || (peer_role == PeerRole::parent ? goes_down(scope) : goes_back(scope));
}

std::vector<ScopeId> Entitlement::sendable() const {
  std::set<ScopeId> scopes;
  for (auto const& node : subtree) {
    scopes.insert(ScopeId::office(node));
    scopes.insert(ScopeId::published(node));
  }
  for (auto const& group : groups) scopes.insert(ScopeId::group(group));
  if (peer_role == PeerRole::child) {
    for (auto const& hub : hubs) scopes.insert(ScopeId::network(hub));
    for (auto const& node : subscriptions) scopes.insert(ScopeId::published(node));
  }
  if (peer_role == PeerRole::parent && gives_back) {
    scopes.insert(ScopeId::network(peer));
    scopes.insert(ScopeId::published(peer));
  }
  return {scopes.begin(), scopes.end()};
}

}  // namespace solidaires::sync
