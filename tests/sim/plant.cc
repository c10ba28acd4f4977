#include "tests/sim/plant.h"

#include <algorithm>
#include <utility>

namespace solidaires::sync::sim {
namespace {

bool same_values(Document const& a, Document const& b) {
  return std::ranges::equal(a.fields, b.fields, [](auto const& x, auto const& y) {
    return x.first == y.first && shown(x.second).value == shown(y.second).value;
  });
}

}  // namespace

std::optional<Plant> plant_named(std::string_view name) {
  auto const* const found =
      std::ranges::find(kPlants, name, &decltype(kPlants)::value_type::second);
  return found == kPlants.end() ? std::nullopt : std::optional(found->first);
}

Result<> PlantedStore::apply(RemoteBatch const& batch) {
  switch (plant_) {
    case Plant::cursor_on_receipt: {
      SOL_ASSIGN(auto changes, merged(batch));
      Commit cursor_alone;
      cursor_alone.cursor = std::exchange(changes.cursor, std::nullopt);
      SOL_TRY(commit(std::move(cursor_alone)));
      return commit(std::move(changes), false);
    }
    case Plant::ack_before_sync: {
      SOL_ASSIGN(auto changes, merged(batch));
      return commit(std::move(changes), false);
    }
    case Plant::gap_applied: {
      SOL_ASSIGN(auto changes, merged(batch));
      return commit(std::move(changes));
    }
    case Plant::failure_counted_done: {
      auto rest = batch;
      if (!rest.documents.empty() && rng_->below(8) == 0) rest.documents.pop_back();
      return MemoryStore::apply(rest);
    }
    default: return MemoryStore::apply(batch);
  }
}

Result<FeedPage> PlantedStore::read_feed(ScopeId const& scope, Sequence after,
                                         std::size_t documents_max, std::size_t bytes_max) const {
  auto const cut = rng_->below(3) == 0 ? 1 + rng_->below(4) : documents_max;
  return MemoryStore::read_feed(scope, after, std::min(documents_max, cut), bytes_max);
}

Absorbed PlantedStore::absorb_one(Document const* ours, Document theirs, ReplicaId peer) const {
  if (plant_ == Plant::equal_values_dropped && ours != nullptr && same_values(*ours, theirs)) {
    return {*ours, false, std::nullopt};
  }
  auto result = MemoryStore::absorb_one(ours, std::move(theirs), peer);
  if (plant_ == Plant::echo_by_id) result.origin = peer;
  if (plant_ == Plant::merge_drops) {
    for (auto& [key, versions] : result.document.fields) versions = {shown(versions)};
  }
  return result;
}

void PlantedStore::expire_a_tombstone() {
  for (auto const& [key, stored] : documents()) {
    if (is_alive(stored.document)) continue;
    forget(DocumentKey(key));
    return;
  }
}

}  // namespace solidaires::sync::sim
