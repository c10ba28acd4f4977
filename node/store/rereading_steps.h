// The steps of a Rereading: inside this room only, by store.cc.
#pragma once

#include "node/store/digests.h"
#include "node/store/rereading.h"
#include "node/store/transaction.h"

namespace solidaires::store {

// What may be wrong, as far as one can see beside the commits.
using Suspects = std::vector<sync::DocumentKey>;

// Reads on. An error: what lies there cannot be read.
Result<Suspects> reread_step(Engine const& engine, Digests const& digests, Rereading& at);
// By the leader: looks at one suspect again, where nothing can change, and mends what is wrong.
Result<> mend(Transaction& transaction, Digests const& digests, sync::DocumentKey const& key,
              Rereading& at);

}  // namespace solidaires::store
