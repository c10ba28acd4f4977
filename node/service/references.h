// What documents say of each other: a working copy and its public copy, and the records that fields
// name. For `solidaires check`. Reads a whole view, changes nothing; a thread that may block.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "node/store/store.h"
#include "sync/base/ids.h"

namespace solidaires::service {

struct ReferenceReport {
  std::uint64_t records = 0;     // public copies that are alive, of every node
  std::uint64_t references = 0;  // fields and elements that name a record
  // What does not lead anywhere, at most 100, and how many in all. None of it is damage: a copy may
  // be on its way, a record may have been withdrawn by its own node, two sides may have decided
  // otherwise at once. In an instance at rest it is worth a look.
  std::vector<std::string> remarks;
  std::uint64_t remarks_in_all = 0;
};

// `told`: how many records were read, now and then.
[[nodiscard]] Result<ReferenceReport> check_references(
    store::View const& view, NodeName const& self, std::function<void(std::uint64_t)> const& told);

}  // namespace solidaires::service
