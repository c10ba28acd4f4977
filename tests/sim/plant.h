// Planted bugs: each is a mistake that published systems have made. The simulator must find every
// one of them within its budget of seeds, or it proves nothing.
//
// To plant one of your own: a name in Plant and a line in kPlants; then its mistake in one of
//   PlantedStore (plant.cc)    what a store does with a batch, a document, a write, a position
//   World::tamper_sent, World::tamper_received (transport.cc)   what is said and understood
//   World::connect (links.cc), World::renew (misfortune.cc)     rights, identity
// and run `tests/sim/run --plant NAME --seeds 200`.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "sync/base/rng.h"
#include "sync/core/blob_store.h"
#include "tests/contract/memory_store.h"

namespace solidaires::sync::sim {

enum class Plant : std::uint8_t {
  none,
  cursor_on_receipt,        // the cursor is durable before the documents are
  ack_before_sync,          // a batch is acknowledged while the disk still has it in memory
  torn_batch,               // a crash leaves some documents of a batch, and the cursor
  gap_applied,              // a batch that skips is logged and applied
  failure_counted_done,     // a document that could not be applied moves the cursor all the same
  cursor_survives_renewal,  // a position is kept for the node, not for its incarnation
  sent_taken_for_done,      // what was sent counts as received: nothing bounds what is under way
  merge_drops,              // of concurrent versions only the shown one is kept
  equal_values_dropped,     // a write of the value that is there already is taken for no change
  context_not_joined,       // after a merge only the writes that still show are remembered
  stamp_decides,            // the copy with the later clock wins
  echo_by_id,               // a received change is never sent back, even when merged with ours
  origin_kept,              // an edit of a received document is not sent to where it came from
  tombstone_expired,        // a deletion is forgotten after a while
  values_reserialised,      // the previous version stores a value as it understands it
  scope_leak,               // the entitlement of a node names its sibling
  filter_without_scope,     // a feed by another filter: documents of a sibling among a node's own
  file_by_hash,             // whoever knows the hash of a file gets it
  withdrawal_ignored,       // what may no longer be held stays
  collected_by_what_shows,  // a file goes though what is not shown refers to it
  objection_of_others_ignored,  // who imports asks only what was asked to be erased here
  erased_refilled,              // an older copy brings an erased document back
  replica_id_reused,            // a restored backup writes on under its old identity
  counter_not_durable,          // a crash takes the counter back: its dots are given again
  token_confirmed_early,        // the parent voids the old token before the child has kept the new
  token_not_checked,            // a restored or copied store is taken for the true one
};

struct PlantInfo {
  Plant plant;
  std::string_view name;
  std::uint64_t seeds;  // it must be found within so many, from seed 1 on
};
inline constexpr std::array kPlants{
    PlantInfo{Plant::cursor_on_receipt, "cursor-on-receipt", 20},
    PlantInfo{Plant::ack_before_sync, "ack-before-sync", 20},
    PlantInfo{Plant::torn_batch, "torn-batch", 50},
    PlantInfo{Plant::gap_applied, "gap-applied", 50},
    PlantInfo{Plant::failure_counted_done, "failure-counted-done", 20},
    PlantInfo{Plant::cursor_survives_renewal, "cursor-survives-renewal", 50},
    PlantInfo{Plant::sent_taken_for_done, "sent-taken-for-done", 50},
    PlantInfo{Plant::merge_drops, "merge-drops", 20},
    PlantInfo{Plant::equal_values_dropped, "equal-values-dropped", 20},
    PlantInfo{Plant::context_not_joined, "context-not-joined", 20},
    PlantInfo{Plant::stamp_decides, "stamp-decides", 20},
    PlantInfo{Plant::echo_by_id, "echo-by-id", 20},
    PlantInfo{Plant::origin_kept, "origin-kept", 20},
    PlantInfo{Plant::tombstone_expired, "tombstone-expired", 50},
    PlantInfo{Plant::values_reserialised, "values-reserialised", 20},
    PlantInfo{Plant::scope_leak, "scope-leak", 20},
    PlantInfo{Plant::filter_without_scope, "filter-without-scope", 20},
    PlantInfo{Plant::file_by_hash, "file-by-hash", 50},
    PlantInfo{Plant::withdrawal_ignored, "withdrawal-ignored", 50},
    PlantInfo{Plant::collected_by_what_shows, "collected-by-what-shows", 100},
    PlantInfo{Plant::objection_of_others_ignored, "objection-of-others-ignored", 100},
    PlantInfo{Plant::erased_refilled, "erased-refilled", 50},
    PlantInfo{Plant::replica_id_reused, "replica-id-reused", 50},
    PlantInfo{Plant::counter_not_durable, "counter-not-durable", 50},
    PlantInfo{Plant::token_confirmed_early, "token-confirmed-early", 100},
    PlantInfo{Plant::token_not_checked, "token-not-checked", 100},
};
[[nodiscard]] PlantInfo const* plant_named(std::string_view name);  // null: there is none

// The store of one simulated instance: sync/core's rules over a disk in memory, or a planted bug.
class PlantedStore final : public MemoryStore, public BlobStore {
 public:
  PlantedStore(ReplicaId replica, Plant plant, Rng& rng)
      : MemoryStore(replica), plant_(plant), rng_(&rng) {}

  Result<> apply(RemoteBatch batch) override;
  // Pages are cut short now and then, as large documents would.
  [[nodiscard]] Result<FeedPage> read_feed(ScopeId const& scope, Sequence after,
                                           std::size_t documents_max, std::size_t bytes_max,
                                           ReplicaId reader) const override;
  [[nodiscard]] Result<Sequence> cursor(ReplicaId peer, ScopeId const& scope) const override;
  Result<Dot> write_local(DocumentKey const& key, std::string const& type,
                          std::vector<FieldEdit> const& edits, Context const& seen,
                          Instant now) override;
  Result<std::uint64_t> drop_scope(ScopeId const& scope) override;
  void expire_a_tombstone();

  // ---- Files: a value that ends with file_reference(hash) refers to one ----

  struct File {
    std::uint64_t size = 0;
    Bytes part{};                          // what has come of it
    std::shared_ptr<Bytes const> whole{};  // verified
  };
  using Files = std::map<BlobClaim, File>;  // on the disk at once
  [[nodiscard]] BlobStore* blobs() override { return keeps_files ? this : nullptr; }
  [[nodiscard]] Result<BlobPart> read_blob(DocumentKey const& document, Bytes const& sha256,
                                           std::uint64_t offset,
                                           std::size_t bytes_max) const override;
  [[nodiscard]] Result<BlobProgress> blob_progress(BlobClaim const& claim) override;
  Result<BlobProgress> append_blob(BlobClaim const& claim, std::uint64_t offset, std::uint64_t size,
                                   std::string_view bytes) override;
  [[nodiscard]] bool has_file(BlobClaim const& claim) const {
    auto const found = files.find(claim);
    return found != files.end() && found->second.whole != nullptr;
  }
  // Removes the files that no document here refers to.
  void collect_files();
  Files files{};
  bool keeps_files = true;

  bool old_schema = false;  // this instance runs the previous version
  // Every incarnation that the node of this replica has had: only a planted bug asks.
  std::function<std::vector<ReplicaId>(ReplicaId)> incarnations{};

 private:
  [[nodiscard]] Absorbed absorb_one(Document const* ours, Document theirs,
                                    ReplicaId peer) const override;

  Plant plant_;
  Rng* rng_;
};

[[nodiscard]] Bytes file_reference(Bytes const& sha256);
// The hashes of the files that a document refers to, in any version of any field.
[[nodiscard]] std::vector<Bytes> files_in(Document const& document);
[[nodiscard]] bool refers_to(Document const& document, Bytes const& sha256);

// What the content model of the previous version knows of a value: the rest is another's.
[[nodiscard]] std::string_view known_to_previous_version(std::string_view value);

}  // namespace solidaires::sync::sim
