// Roles and what they may do, as data. Part of the immutable content model.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "schema/vocabulary.h"

namespace solidaires::schema {

// The same numbers as in proto/schema.proto.
enum class Permission : std::uint8_t {
  create = 1,
  edit_own,
  edit_any,
  submit,
  publish,
  send_back,
  withdraw,
  withdraw_own,
  see_queue,
  see_office_fields,
  see_history,
  settle_conflict,
  import,
  manage_users,
  see_network,
  manage_network,
  configure,
  remove,
  publish_own,
  vote
};
enum class Reach : std::uint8_t { own = 1, node, network };

struct Role {
  std::string key;
  Words label, description;
  Reach reach = Reach::own;
  unsigned rank = 0;  // a role is given only by accounts of a higher rank
  std::set<Permission> permissions;
  bool needs_second_factor = false;  // logs in with a one-time code too
  [[nodiscard]] bool may(Permission permission) const { return permissions.contains(permission); }
};

}  // namespace solidaires::schema
