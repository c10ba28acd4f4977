// What each kind of request does in a transaction: a local commit, a batch from a peer. They decide
// nothing about disks, groups or threads.
#pragma once

#include <vector>

#include "node/store/transaction.h"

namespace solidaires::store {

Result<std::vector<CommittedDocument>> write_commit(Transaction& transaction,
                                                    Commit const& request);

// What can be computed before the request waits for its turn, on the caller's own thread. Takes the
// documents out of the batch; write_remote takes them on.
struct PreparedDocument {
  sync::Document document;
  sync::Fingerprint fingerprint{};
  Bytes encoded;
};
Result<std::vector<PreparedDocument>> prepare(sync::RemoteBatch& batch);
Result<> write_remote(Transaction& transaction, sync::RemoteBatch const& batch,
                      std::vector<PreparedDocument>& prepared, Instant now);

// Each removes at most `most`, and returns how many.
Result<std::size_t> remove_documents(Transaction& transaction, ScopeId const& scope,
                                     std::size_t most);
Result<std::size_t> remove_expired(Transaction& transaction, Instant now, std::size_t most);
Result<> forget_cursors(Transaction& transaction, std::optional<ScopeId> const& scope);

}  // namespace solidaires::store
