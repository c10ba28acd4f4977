#include "tests/sim/tree.h"

#include <algorithm>

#include "sync/base/check.h"

namespace solidaires::sync::sim {

void Tree::grow(std::vector<Site> const& parents) {
  for (Site site = 0; site <= parents.size(); ++site) {
    Instance instance;
    instance.name = NodeName::parse(cat("site-", site)).value();
    if (site > 0) instance.parent = parents[site - 1];
    sites_.push_back(std::move(instance));
  }
}

void Tree::name_scopes() {
  for (auto const& site : sites_) {
    scopes_.push_back(ScopeId::office(site.name));
    scopes_.push_back(ScopeId::published(site.name));
    scopes_.push_back(ScopeId::network(site.name));
  }
  if (group_ != DocumentId{}) scopes_.push_back(ScopeId::group(group_));
}

Tree Tree::draw(Rng& rng) {
  std::vector<Site> parents;  // of each instance but the first: itself the top or a child of it
  auto const others = 1 + rng.below(6);
  for (Site site = 1; site <= others; ++site) {
    auto const chosen = rng.below(site);
    parents.push_back(chosen == 0 || parents[chosen - 1] == 0 ? chosen : parents[chosen - 1]);
  }
  Tree tree;
  tree.grow(parents);
  bool const all = rng.below(2) == 0;
  for (Site site = 0; site < tree.size(); ++site) {
    for (Site other = 0; other < tree.size(); ++other) {
      if (other != site && (all || rng.below(2) == 0)) tree.sites_[site].wants.insert(other);
    }
  }
  if (rng.below(2) == 0) {
    tree.group_ = DocumentId::make(from_unix_ms(1), rng);
    for (auto& site : tree.sites_) site.in_group = rng.below(2) == 0;
    tree.sites_[rng.below(tree.size())].in_group = true;
  }
  tree.name_scopes();
  return tree;
}

Tree Tree::star(std::size_t nodes) {
  Tree tree;
  tree.grow(std::vector<Site>(nodes, 0));
  tree.name_scopes();
  return tree;
}

Tree Tree::two_hubs() {
  Tree tree;
  tree.grow({0, 0, 1, 2});
  tree.sites_[3].wants = {4};
  tree.sites_[4].wants = {3};
  tree.name_scopes();
  return tree;
}

bool Tree::is_above(Site upper, Site lower) const {
  while (lower != upper && lower != 0) lower = parent(lower);
  return lower == upper;
}

bool Tree::has_children(Site site) const {
  return below(site, size()).size() > 1;
}

Site Tree::owner(ScopeId const& scope) const {
  for (Site site = 0; site < size(); ++site) {
    if (sites_[site].name.str() == scope.owner()) return site;
  }
  SOL_CHECK(false);
}

bool Tree::holds(Site site, ScopeId const& scope) const {
  if (gives(site, scope)) return true;
  if (scope.kind() == ScopeKind::group) return false;
  auto const of = owner(scope);
  if (scope.kind() == ScopeKind::network) return is_above(of, site);
  if (scope.kind() != ScopeKind::published) return false;
  for (Site reader = 0; reader < size(); ++reader) {
    if (is_above(site, reader) && sites_[reader].wants.contains(of)) return true;
  }
  return false;
}

bool Tree::gives(Site site, ScopeId const& scope) const {
  switch (scope.kind()) {
    case ScopeKind::office:
    case ScopeKind::published: return is_above(site, owner(scope));
    case ScopeKind::network: return site == owner(scope);
    case ScopeKind::group:
      return std::ranges::any_of(below(site, size()),
                                 [&](Site member) { return sites_[member].in_group; });
    case ScopeKind::local: return false;
  }
  return false;
}

bool Tree::writes(Site site, ScopeId const& scope) const {
  return gives(site, scope);
}

void Tree::toggle(Site site, Site other) {
  auto& wants = sites_[site].wants;
  if (wants.erase(other) == 0) wants.insert(other);
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
    if (sites_[site].in_group) rules.groups.insert(group_);
    for (auto const wanted : sites_[site].wants) {
      if (wanted < known && !is_above(lower, wanted)) rules.subscriptions.insert(name(wanted));
    }
  }
  for (Site hub = 0; hub < known; ++hub) {
    if (!peer_is_parent && is_above(hub, upper)) rules.hubs.insert(name(hub));
  }
  for (Site site = 0; site < known && !peer_is_parent; ++site) {
    auto const scope = ScopeId::published(name(site));
    if (!rules.may_send(scope)) rules.withdrawn.insert(scope);
  }
  return rules;
}

}  // namespace solidaires::sync::sim
