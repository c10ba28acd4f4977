// What replication needs of a store. node/replication joins these to RocksDB; the simulator and the
// contract tests join them to a store in memory. Synchronous, may block on the disk: the drivers
// call them off the IO thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "sync/base/ids.h"
#include "sync/base/result.h"
#include "sync/core/digest_tree.h"
#include "sync/core/document.h"

namespace solidaires::sync {

// The place of a change in one scope's feed on one replica. 0: before every change. Meaningful only
// together with the replica id that gave it.
enum class Sequence : std::uint64_t {};

struct FeedEntry {
  Sequence sequence{};
  Document document;  // as it is now; a document stands in the feed once, at its latest change
  // The same as bytes (sync/wire), if the store has them at hand: then `document` is a mere key.
  Bytes encoded;
  std::optional<ReplicaId>
      origin;  // the peer whose copy equals this state: it need not be sent back to it
};

struct FeedPage {
  std::vector<FeedEntry> entries;  // ascending sequence
  Sequence head{};  // the last committed sequence of the scope when the page was read
};

// Documents received from a peer, and the cursor that they move. All of it is durable in one write,
// or none.
struct RemoteBatch {
  ReplicaId peer{};
  ScopeId scope;
  Sequence previous{};  // must equal the stored cursor for (peer, scope), else Code::conflict
  Sequence last{};      // the same as `previous`: the documents repair a difference
  std::vector<Document> documents;  // all of `scope`, validated
  // Of each document, in their order, the bytes that it came as; or none at all. A store that keeps
  // documents in their wire form need not encode them again.
  std::vector<Bytes> encoded{};
};

class BlobStore;

class ReplicaStore {
 public:
  virtual ~ReplicaStore() = default;

  // The files that documents refer to (blob_store.h); null: this store keeps none, and its links do
  // not offer to carry them.
  [[nodiscard]] virtual BlobStore* blobs() { return nullptr; }

  [[nodiscard]] virtual ReplicaId replica() const = 0;
  // The highest counter this replica has committed: every dot of its own is at or below it.
  [[nodiscard]] virtual std::uint64_t counter() const = 0;
  // How far the feed of `peer` for `scope` is durable here; Sequence{0} if nothing is.
  [[nodiscard]] virtual Result<Sequence> cursor(ReplicaId peer, ScopeId const& scope) const = 0;
  // At most `documents_max` entries after `after`, of at most about `bytes_max` bytes together, but
  // at least one if there is any. Entries become visible in order: none is ever committed below a
  // sequence that was already readable. Of an entry whose origin is `reader` (ReplicaId{}: nobody)
  // the key is enough: it is not sent back there, and need not be read.
  [[nodiscard]] virtual Result<FeedPage> read_feed(ScopeId const& scope, Sequence after,
                                                   std::size_t documents_max, std::size_t bytes_max,
                                                   ReplicaId reader) const = 0;
  [[nodiscard]] virtual Result<Sequence> head(ScopeId const& scope) const = 0;
  // Shows `visit` the digests of a scope, and gives the head of its feed at that very moment. From
  // memory: no document is read. `visit` runs under a lock: it must be short and ask nothing of the
  // store.
  [[nodiscard]] virtual Result<Sequence> look(
      ScopeId const& scope, std::function<void(DigestTree const&)> const& visit) const = 0;
  // As they are now, in the order of `ids`, without those that are not here; of at most about
  // `bytes_max` bytes together, but at least one if there is any.
  [[nodiscard]] virtual Result<std::vector<Document>> documents(ScopeId const& scope,
                                                                std::vector<DocumentId> const& ids,
                                                                std::size_t bytes_max) const = 0;
  // Merges, appends to the feed what changed (absorb.h), moves the cursor; returns when it is
  // durable. Refused whole: Code::conflict (the cursor is elsewhere), Code::invalid (a document of
  // another scope or type), Code::corrupt (it claims writes that this replica never made: this
  // store was restored or copied). tests/contract holds every store to it.
  virtual Result<> apply(RemoteBatch batch) = 0;
  // Several, in order, as if one after another: a store that can makes them durable in one write.
  virtual std::vector<Result<>> apply_all(std::vector<RemoteBatch> batches) {
    std::vector<Result<>> outcomes;
    for (auto& batch : batches) outcomes.push_back(apply(std::move(batch)));
    return outcomes;
  }
  // Removes what is held of a scope, and the cursors into it; durable when it returns how many
  // documents that were. Interrupted, it is to be called again.
  virtual Result<std::uint64_t> drop_scope(ScopeId const& scope) = 0;
  // What the link keeps about `peer`: a token, or the record of those given (PROTOCOL.md,
  // "Identity"). Opaque here; empty if none. After a write that failed without anybody knowing what
  // the disk kept, this fails until writing works again: a token that is shown though a newer one
  // may lie on the disk makes a healthy store look like a restored one.
  [[nodiscard]] virtual Result<Bytes> link_token(ReplicaId peer) const = 0;
  virtual Result<> keep_link_token(ReplicaId peer, Bytes const& token) = 0;
};

}  // namespace solidaires::sync
