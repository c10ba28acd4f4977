// Objections: an erased record must not come back with the next file. Of what makes a record known
// again (its id in a source, identifiers, its name in its commune) only keyed hashes are kept, in
// the orders of erasure, so that every importer of the network can ask and none can read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "node/service/instance.h"
#include "sync/core/erasure.h"

namespace solidaires::service {

// "source:annuaire\n12", "identifier:siret:...", "name:74225\nepicerie ...": of one record. The
// name counts only where a commune is known.
[[nodiscard]] std::vector<std::string> identities_of(sync::Document const& document);
[[nodiscard]] std::string source_identity(std::string_view source, std::string_view id);

// The objection to a new import of these documents, under a fresh key. Empty: nothing makes them
// known again. Before they are erased.
[[nodiscard]] Result<sync::Objection> object_to(Instance const& instance,
                                                std::vector<sync::DocumentKey> const& documents);

// Every objection that this instance knows, as of when it was read. One thread.
class Objections {
 public:
  static Result<Objections> read(Instance const& instance);
  [[nodiscard]] bool forbids(std::vector<std::string> const& identities) const;
  [[nodiscard]] bool empty() const { return all_.empty(); }

 private:
  std::vector<sync::Objection> all_;
};

}  // namespace solidaires::service
