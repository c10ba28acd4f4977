#include "sync/core/absorb.h"

#include <utility>

namespace solidaires::sync {

Absorbed absorb(Document const* ours, Document theirs, ReplicaId peer) {
  if (ours == nullptr) {
    if (!is_erased(theirs)) return {std::move(theirs), true, peer};
    auto held = theirs;
    drop_if_erased(held);
    bool const as_sent = held == theirs;
    return {std::move(held), true, as_sent ? std::optional(peer) : std::nullopt};
  }
  auto merged = merge(*ours, theirs);
  bool const changed = merged != *ours;
  bool const as_sent = merged == theirs;
  return {std::move(merged), changed, as_sent ? std::optional(peer) : std::nullopt};
}

bool claims_unmade_writes(Document const& document, ReplicaStore const& store) {
  auto const& counters = document.context.counters();
  auto const found = counters.find(store.replica());
  return found != counters.end() && found->second > store.counter();
}

}  // namespace solidaires::sync
