// Who acts, and for whom. Made from an account at log-in (or by the program itself for its own
// jobs); plain value, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/role.h"
#include "sync/base/ids.h"

namespace solidaires::service {

// The author that histories and conflicts keep: it must be readable where the account itself is not
// held (the node reads who at the hub decided, and for whom).
struct Author {
  std::string account;  // id of the account; empty: a program
  std::string name;     // as people read it
  NodeName node;        // where the account lives

  [[nodiscard]] std::string encode() const;  // what the store keeps
  static Author decode(std::string_view text);
};

struct Actor {
  Author author;
  schema::Role const* role = nullptr;  // of the content model, which outlives every actor; not null
  // Whose office scopes the actor works in: their own node, and at a hub with a role of network
  // reach the nodes that delegate their moderation.
  std::vector<NodeName> offices;

  [[nodiscard]] bool works_for(NodeName const& node) const;
  [[nodiscard]] bool may(schema::Permission permission) const { return role->may(permission); }
};

}  // namespace solidaires::service
