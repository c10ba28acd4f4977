// What a store does with one document that a peer sent, decided in one place for every store. Pure
// functions, any thread.
#pragma once

#include <optional>

#include "sync/core/document.h"
#include "sync/core/ports.h"

namespace solidaires::sync {

struct Absorbed {
  Document document;  // the state to hold
  // False: the stored state stands as it is, and so do its place in the feed and its origin.
  bool changed = false;
  // For the feed entry of a change: the peer, if the result equals what it sent; else nobody, for
  // then the peer lacks something and must be sent the result too.
  std::optional<ReplicaId> origin;
};

// `ours`: the stored copy, or null. `theirs`: validated, of the same key.
[[nodiscard]] Absorbed absorb(Document const* ours, Document theirs, ReplicaId peer);

// The document has seen writes of the store's own replica that this store never made: it was
// restored from a backup or copied, and must draw a new replica id.
[[nodiscard]] bool claims_unmade_writes(Document const& document, ReplicaStore const& store);

}  // namespace solidaires::sync
