#include "sync/core/absorb.h"

#include <utility>

namespace solidaires::sync {

Absorbed absorb(Document const* ours, Document theirs, ReplicaId peer) {
  if (ours == nullptr) return {std::move(theirs), true, peer};
  auto merged = merge(*ours, theirs);
  bool const changed = merged != *ours;
  bool const as_sent = merged == theirs;
  return {std::move(merged), changed, as_sent ? std::optional(peer) : std::nullopt};
}

}  // namespace solidaires::sync
