// Who may hold what, seen from one end of one link: pure data, made from the node registry and the
// peer's certificate, never from what the peer says of itself. Both ends of a link judge with the
// same rules; what the sender should not send, the receiver still refuses.
#pragma once

#include <set>
#include <vector>

#include "sync/base/ids.h"

namespace solidaires::sync {

enum class PeerRole : std::uint8_t {
  parent,  // we dialled it: it is the hub above us
  child,   // it dialled us: it is a node (or a hub) below us
};

// The rules, for the lower end L of the link with its subtree, and the upper end U:
//   up and down: office/<n> and public/<n> for every n of L's subtree; group/<g> for the groups
//                shared
//   down only:   network/<h> of U and of the hubs above U; public/<n> that L subscribes to
//   back up:     network/<U> and public/<U>, while U asks L for what it has lost itself
//   never:       local
struct Entitlement {
  NodeName self{};  // this instance
  NodeName peer{};  // the other end, as its certificate names it
  PeerRole peer_role = PeerRole::parent;
  // The lower end and everything below it: the peer's for a child, our own for a parent.
  std::set<NodeName> subtree{};
  // Nodes outside the subtree whose public/ scope the lower end takes. With `every_public` the
  // lower end takes whatever public/ scope the upper end offers; the upper end still lists every
  // node it knows here, for it can only offer what it can name.
  std::set<NodeName> subscriptions{};
  bool every_public = false;
  // Upper end only: itself and the hubs above it. The lower end takes the network/ scopes of
  // whatever hubs its parent names, except those of its own subtree.
  std::set<NodeName> hubs{};
  std::set<DocumentId> groups{};
  // The upper end was restored from a backup, and takes its own network/ and public/ scope back
  // from this lower end, by the will of its administrator.
  bool gives_back = false;
  // Upper end only: what the lower end may have held and may not hold (any more). It is told so in
  // every session, for a restored backup may have brought it back.
  std::set<ScopeId> withdrawn{};

  [[nodiscard]] bool may_send(ScopeId const& scope) const;
  [[nodiscard]] bool may_receive(ScopeId const& scope) const;
  // Every scope this end can name and may send, sorted: what it offers.
  [[nodiscard]] std::vector<ScopeId> sendable() const;

  friend bool operator==(Entitlement const&, Entitlement const&) = default;

 private:
  [[nodiscard]] bool shared(ScopeId const& scope) const;
  [[nodiscard]] bool goes_down(ScopeId const& scope) const;
  [[nodiscard]] bool goes_back(ScopeId const& scope) const;
};

}  // namespace solidaires::sync
