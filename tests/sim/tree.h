// The network of one simulated world: a tree of two to seven instances on up to three levels, who
// subscribes to whom, which group has members where, and who may hold and write what. Its rules are
// written apart from sync/core's, for it judges them.
#pragma once

#include <set>
#include <vector>

#include "sync/base/rng.h"
#include "sync/core/entitlement.h"

namespace solidaires::sync::sim {

using Site = std::size_t;  // an instance, by its place in the tree; 0 is the top

class Tree {
 public:
  static Tree draw(Rng& rng);
  // A hub and `nodes` instances below it, of which nobody subscribes to anybody.
  static Tree star(std::size_t nodes);
  // Two hubs below the top, one leaf below each; the leaves subscribe to each other.
  static Tree two_hubs();

  [[nodiscard]] std::size_t size() const { return sites_.size(); }
  [[nodiscard]] NodeName const& name(Site site) const { return sites_[site].name; }
  [[nodiscard]] Site parent(Site site) const { return sites_[site].parent; }  // site > 0
  [[nodiscard]] bool is_above(Site upper, Site lower) const;                  // or the same
  [[nodiscard]] bool has_children(Site site) const;
  [[nodiscard]] std::vector<ScopeId> const& scopes() const { return scopes_; }

  [[nodiscard]] bool holds(Site site, ScopeId const& scope) const;
  [[nodiscard]] bool writes(Site site, ScopeId const& scope) const;
  // The holders between which the scope flows both ways; what is held elsewhere alone cannot come
  // back to them in version 1 (PROTOCOL.md, "Restoring a backup").
  [[nodiscard]] bool gives(Site site, ScopeId const& scope) const;

  // Begins or ends a subscription of `site` to the public scope of `other`.
  void toggle(Site site, Site other);

  // What the link between `self` and `peer` (its parent or child) allows, seen from `self`.
  // Sites from `known` on have not joined yet.
  [[nodiscard]] Entitlement entitlement(Site self, Site peer, std::size_t known) const;

 private:
  struct Instance {
    NodeName name;
    Site parent = 0;
    std::set<Site> wants;  // whose public scope it subscribes to
    bool in_group = false;
  };
  void grow(std::vector<Site> const& parents);
  void name_scopes();
  [[nodiscard]] std::vector<Site> below(Site site, std::size_t known) const;  // and itself
  [[nodiscard]] Site owner(ScopeId const& scope) const;

  std::vector<Instance> sites_;
  DocumentId group_{};  // zero: there is none
  std::vector<ScopeId> scopes_;
};

}  // namespace solidaires::sync::sim
