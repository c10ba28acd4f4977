#include "tests/sim/tree.h"

#include <algorithm>

#include "sync/base/check.h"

namespace solidaires::sync::sim {

Tree Tree::draw(Rng& rng) {
  // The parent of each instance but the first: a hub and its nodes, or a hub of hubs.
  static std::vector<std::vector<Site>> const kShapes{{0},          {0, 0}, {0, 0, 0},
                                                      {0, 0, 1, 2}, {0, 1}, {0, 0, 1, 1}};
  auto const& shape = kShapes[rng.below(kShapes.size())];
  Tree tree;
  for (Site site = 0; site <= shape.size(); ++site) {
    Instance instance;
    instance.name = NodeName::parse(cat("site-", static_cast<char>('a' + site))).value();
    if (site > 0) instance.parent = shape[site - 1];
    tree.sites_.push_back(std::move(instance));
  }
  bool const all = rng.below(2) == 0;
  for (Site site = 0; site < tree.size(); ++site) {
    for (Site other = 0; other < tree.size(); ++other) {
      if (other != site && (all || rng.below(2) == 0)) tree.sites_[site].wants.insert(other);
    }
  }
  return tree;
}

bool Tree::is_above(Site upper, Site lower) const {
  while (lower != upper && lower != 0) lower = parent(lower);
  return lower == upper;
}

bool Tree::has_children(Site site) const {
  return below(site, size()).size() > 1;
}

std::vector<ScopeId> Tree::scopes() const {
  std::vector<ScopeId> scopes;
  for (auto const& site : sites_) {
    scopes.push_back(ScopeId::office(site.name));
    scopes.push_back(ScopeId::published(site.name));
    scopes.push_back(ScopeId::network(site.name));
  }
  return scopes;
}

Site Tree::owner(ScopeId const& scope) const {
  for (Site site = 0; site < size(); ++site) {
    if (sites_[site].name.str() == scope.owner()) return site;
  }
  SOL_CHECK(false);
}

bool Tree::holds(Site site, ScopeId const& scope) const {
  auto const of = owner(scope);
  switch (scope.kind()) {
    case ScopeKind::office: return is_above(site, of);
    case ScopeKind::network: return is_above(of, site);
    case ScopeKind::published: break;
    case ScopeKind::group:
    case ScopeKind::local: return false;
  }
  if (is_above(site, of)) return true;
  for (Site reader = 0; reader < size(); ++reader) {
    if (is_above(site, reader) && sites_[reader].wants.contains(of)) return true;
  }
  return false;
}

bool Tree::writes(Site site, ScopeId const& scope) const {
  auto const of = owner(scope);
  return scope.kind() == ScopeKind::network ? site == of : is_above(site, of);
}

std::vector<Site> Tree::below(Site site, std::size_t known) const {
  std::vector<Site> found;
  for (Site other = 0; other < std::min(known, size()); ++other) {
    if (is_above(site, other)) found.push_back(other);
  }
  return found;
}

Entitlement Tree::entitlement(Site self, Site peer, std::size_t known) const {
  bool const peer_is_parent = self > 0 && parent(self) == peer;
  Site const lower = peer_is_parent ? self : peer;
  Site const upper = peer_is_parent ? peer : self;
  Entitlement rules;
  rules.self = name(self);
  rules.peer = name(peer);
  rules.peer_role = peer_is_parent ? PeerRole::parent : PeerRole::child;
  for (auto const site : below(lower, known)) {
    rules.subtree.insert(name(site));
    for (auto const wanted : sites_[site].wants) {
      if (wanted < known && !is_above(lower, wanted)) rules.subscriptions.insert(name(wanted));
    }
  }
  for (Site hub = 0; hub < known; ++hub) {
    if (!peer_is_parent && is_above(hub, upper)) rules.hubs.insert(name(hub));
  }
  return rules;
}

}  // namespace solidaires::sync::sim
