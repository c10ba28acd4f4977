// Planted bugs: each is a mistake that published systems have made. The simulator must find every
// one of them, or it proves nothing.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string_view>

#include "sync/base/rng.h"
#include "tests/contract/memory_store.h"

namespace solidaires::sync::sim {

enum class Plant : std::uint8_t {
  none,
  cursor_on_receipt,     // the cursor is durable before the documents are
  ack_before_sync,       // a batch is acknowledged while the disk still has it in memory
  merge_drops,           // of concurrent versions only the shown one is kept
  equal_values_dropped,  // a write of the value that is there already is taken for no change
  echo_by_id,            // a received change is never sent back, even when it was merged with ours
  gap_applied,           // a batch that skips is logged and applied
  failure_counted_done,  // a document that could not be applied moves the cursor all the same
  scope_leak,            // the entitlement of a node names its sibling
  tombstone_expired,     // a deletion is forgotten after a while
  replica_id_reused,     // a restored backup writes on under its old identity
  // No bug but damage: when all is healed, a document is gone from one replica, and nobody is told.
  // It must come back by itself.
  lost_in_silence,
};

inline constexpr std::array kPlants{
    std::pair{Plant::cursor_on_receipt, std::string_view("cursor-on-receipt")},
    std::pair{Plant::ack_before_sync, std::string_view("ack-before-sync")},
    std::pair{Plant::merge_drops, std::string_view("merge-drops")},
    std::pair{Plant::equal_values_dropped, std::string_view("equal-values-dropped")},
    std::pair{Plant::echo_by_id, std::string_view("echo-by-id")},
    std::pair{Plant::gap_applied, std::string_view("gap-applied")},
    std::pair{Plant::failure_counted_done, std::string_view("failure-counted-done")},
    std::pair{Plant::scope_leak, std::string_view("scope-leak")},
    std::pair{Plant::tombstone_expired, std::string_view("tombstone-expired")},
    std::pair{Plant::replica_id_reused, std::string_view("replica-id-reused")},
};
[[nodiscard]] std::optional<Plant> plant_named(std::string_view name);

class PlantedStore final : public MemoryStore {
 public:
  PlantedStore(ReplicaId replica, Plant plant, Rng& rng)
      : MemoryStore(replica), plant_(plant), rng_(&rng) {}

  Result<> apply(RemoteBatch const& batch) override;
  // Pages are cut short now and then, as large documents would.
  [[nodiscard]] Result<FeedPage> read_feed(ScopeId const& scope, Sequence after,
                                           std::size_t documents_max,
                                           std::size_t bytes_max) const override;
  void expire_a_tombstone();

 private:
  [[nodiscard]] Absorbed absorb_one(Document const* ours, Document theirs,
                                    ReplicaId peer) const override;

  Plant plant_;
  Rng* rng_;
};

}  // namespace solidaires::sync::sim
