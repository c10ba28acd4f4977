// The node's store on disk: documents, feeds, cursors, indexes, histories, local values (the bytes:
// FORMAT.md). One per process, owned by the program's wiring. Every method from any thread; it may
// block on the disk, so never call it on an IO thread. It decides nothing about content.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "node/store/blob_claims.h"
#include "node/store/blobs.h"
#include "node/store/commit.h"
#include "node/store/rereading.h"
#include "node/store/view.h"
#include "sync/base/clock.h"
#include "sync/base/rng.h"
#include "sync/core/ports.h"

namespace rocksdb {
class Env;
}

namespace solidaires::store {

struct IndexEntry {
  std::string index;  // [a-z0-9_], not empty
  Bytes value;        // any bytes, at most 1000
  friend auto operator<=>(IndexEntry const&, IndexEntry const&) = default;
};

// A pure function from a document to its entries in indexes, for local and received documents. A
// `version` other than the one that built the indexes rebuilds them all when the store opens.
struct Indexer {
  std::string version;
  std::function<std::vector<IndexEntry>(sync::Document const&)> entries;
};

struct Options {
  bool create = true;  // a directory that is missing or empty becomes a new store
  Indexer indexer{};
  std::size_t block_cache_bytes = 64UL << 20;
  std::size_t write_buffer_bytes = 48UL << 20;    // of all families together, in memory
  std::uint64_t disk_reserve_bytes = 64UL << 20;  // below this much free space, writes are refused
  rocksdb::Env* env = nullptr;                    // another file system below the engine: for tests
  Rng* rng = nullptr;                             // draws replica ids; null: the system's
  Clock const* clock = nullptr;  // when received changes were recorded; null: the system's
};

struct Stats {
  struct Scope {
    ScopeId scope;
    std::uint64_t documents = 0;  // deleted ones too: their tombstones are kept
    std::uint64_t alive = 0;
    sync::Sequence head{};
  };
  std::vector<std::pair<std::string, std::uint64_t>> family_bytes;  // on disk and in memory
  std::vector<Scope> scopes;
  std::uint64_t disk_free_bytes = 0;
  std::uint64_t commits = 0;  // acknowledged since the store was opened
  std::uint64_t syncs = 0;    // of the log, for them: fewer, when several commit at once
  BlobStats files;
};

struct CheckReport {
  std::uint64_t documents = 0;
  std::uint64_t files = 0;          // that were read whole
  std::uint64_t files_awaited = 0;  // that documents name and that are not here: they may be coming
  std::vector<std::string> problems;  // at most 100; empty: every invariant holds
};

using Observer = std::function<void(CommitNotice const&)>;

// While it lives, its observer is told. After its destructor returned, it is not being told any
// more. Must not be destroyed by its own observer, nor after the Store.
class Subscription {
 public:
  Subscription() = default;
  explicit Subscription(std::function<void()> end) : end_(std::move(end)) {}
  ~Subscription() { reset(); }
  Subscription(Subscription&& other) noexcept : end_(std::exchange(other.end_, nullptr)) {}
  Subscription& operator=(Subscription&& other) noexcept {
    if (this != &other) {
      reset();
      end_ = std::exchange(other.end_, nullptr);
    }
    return *this;
  }
  void reset() {
    if (auto end = std::exchange(end_, nullptr)) end();
  }

 private:
  std::function<void()> end_;
};

class Store final : public sync::ReplicaStore, public sync::BlobStore {
 public:
  // Refused, with nothing touched: busy (another process has it), unsupported (written by a newer
  // program), corrupt (damaged), invalid (a directory that holds something else), denied or io (the
  // system said no), exhausted (the disk is full), not_found (!create). The message says what to
  // do.
  static Result<std::unique_ptr<Store>> open(std::filesystem::path const& directory,
                                             Options options = {});
  ~Store() override;

  // Durable when it returns; the documents of the commit, in its order. Commits of several threads
  // share one sync of the disk. A refused commit leaves no trace, and does not disturb the others.
  // A failed disk is Code::io or Code::exhausted: then it is not known whether the commit will be
  // there after a restart. After Code::exhausted, writing goes on by itself when there is room
  // again; after Code::io, when the program is restarted. Reading goes on always.
  Result<std::vector<CommittedDocument>> commit(Commit const& request);

  [[nodiscard]] View view() const;
  // Shorthands for one read at the latest state.
  [[nodiscard]] Result<std::optional<StoredDocument>> get(sync::DocumentKey const& key) const;
  [[nodiscard]] Result<std::optional<Bytes>> local(std::string_view key, Instant now) const;

  // Living documents, from memory. nullopt: in every scope.
  [[nodiscard]] std::uint64_t count(std::string_view type,
                                    std::optional<ScopeId> const& scope = std::nullopt) const;
  // Grows with every change of a document, restarts included. Ask before you take the View that a
  // page is made from: the page is fresh as long as this stays.
  [[nodiscard]] std::uint64_t version() const;

  // Observers are called in the order of the commits, when these are durable and readable, before
  // commit() or apply() returns, on the thread that made the group of commits durable. They may
  // read; a write from an observer is refused (Code::internal). Keep them short: commits wait.
  [[nodiscard]] Subscription subscribe(Observer observer);

  // sync::ReplicaStore. apply() refuses a document that claims writes of this replica which it
  // never made (Code::corrupt: this store was restored or copied).
  [[nodiscard]] ReplicaId replica() const override;
  [[nodiscard]] std::uint64_t counter() const override;
  [[nodiscard]] Result<sync::Sequence> cursor(ReplicaId peer, ScopeId const& scope) const override;
  [[nodiscard]] Result<sync::FeedPage> read_feed(ScopeId const& scope, sync::Sequence after,
                                                 std::size_t documents_max, std::size_t bytes_max,
                                                 ReplicaId reader) const override;
  [[nodiscard]] Result<sync::Sequence> head(ScopeId const& scope) const override;
  [[nodiscard]] Result<sync::Sequence> look(
      ScopeId const& scope,
      std::function<void(sync::DigestTree const&)> const& visit) const override;
  [[nodiscard]] Result<std::vector<sync::Document>> documents(ScopeId const& scope,
                                                              std::vector<DocumentId> const& ids,
                                                              std::size_t bytes_max) const override;
  Result<> apply(sync::RemoteBatch batch) override;
  std::vector<Result<>> apply_all(std::vector<sync::RemoteBatch> batches) override;
  [[nodiscard]] Result<Bytes> link_token(ReplicaId peer) const override;
  Result<> keep_link_token(ReplicaId peer, Bytes const& token) override;

  // The files that documents refer to. A commit keeps those that its documents name.
  [[nodiscard]] Blobs& files() const noexcept;
  // The file is here, whole, under the right of the scope's origin: only then may it be shown or
  // given to those who may read a document of that scope that names it.
  [[nodiscard]] bool has_file(ScopeId const& scope, std::string_view sha256) const;
  // Called after a file has come over a link, on the thread that brought it; short. One at a time:
  // null takes it away, and when that returns it is not being called any more.
  void on_file(std::function<void(sync::BlobClaim const& file)> callback);
  // Documents that refer to a file in any version that is kept, at most `limit`.
  [[nodiscard]] Result<std::vector<sync::DocumentKey>> documents_with(std::string_view sha256,
                                                                      std::size_t limit) const;
  // Removes files that no document refers to and nobody touched for `grace`, but for those that
  // were sent and may be named yet (sent_file_key).
  Result<BlobCollection> collect_files(Instant now, Millis grace);
  // sync::BlobStore, for the links.
  [[nodiscard]] sync::BlobStore* blobs() override { return this; }
  [[nodiscard]] Result<sync::BlobPart> read_blob(sync::DocumentKey const& document,
                                                 Bytes const& sha256, std::uint64_t offset,
                                                 std::size_t bytes_max) const override;
  [[nodiscard]] Result<sync::BlobProgress> blob_progress(sync::BlobClaim const& file) override;
  Result<sync::BlobProgress> append_blob(sync::BlobClaim const& file, std::uint64_t offset,
                                         std::uint64_t size, std::string_view bytes) override;

  // Draws another replica id, counts from zero and forgets every cursor: after a restore, a copy or
  // a re-enrolment. Whoever went on under a name that another bore too was not sent what that one
  // had written, and its cursors passed over it.
  Result<ReplicaId> renew_incarnation();
  // Removes the documents of a scope with all that belongs to them, and the cursors into it: when
  // this node lost its right to hold it. Returns how many. Interrupted, it is to be called again.
  Result<std::uint64_t> drop_scope(ScopeId const& scope) override;
  // Makes stubs of the documents, for good: a copy that arrives later becomes one too, and none
  // takes writes. Values, conflicts, histories and index entries go; a copy stays of what is held.
  // What is a paper of erasure itself, or not here, is left. `mark.value`: the id of the order.
  Result<> erase(std::vector<sync::DocumentKey> const& keys, sync::FieldVersion const& mark);
  // Rewrites the files until no byte of what was erased, or dropped, is left in them: seconds for a
  // large store, while reading and writing go on. Nothing to do: returns at once. Code::busy: older
  // states are still being read; to be called again. What becomes due meanwhile stays due.
  Result<> purge_erased();
  // A legal hold; placed again, it takes the new reason and date. Code::not_found: nothing to hold.
  // Released, the copy that was kept goes, and purge_erased() is due.
  Result<> hold(sync::DocumentKey const& key, Hold const& hold);
  Result<> release_hold(sync::DocumentKey const& key);
  // Rewrites the files until no local value that was removed or replaced is left in them; seconds,
  // while reading and writing go on. Code::busy: an older state is still being read; to be called
  // again. Without this they go when the engine happens to rewrite the file, which may be never.
  Result<> purge_local();
  // Removes local values that expired before `now`; returns how many.
  Result<std::uint64_t> purge_expired(Instant now);

  [[nodiscard]] Result<Stats> stats() const;
  // Reads everything and verifies every invariant of FORMAT.md, files too; commits go on meanwhile.
  // `told`: how many of how many "documents", then "files", were read, now and then.
  using OnChecked =
      std::function<void(std::string_view what, std::uint64_t done, std::uint64_t of)>;
  [[nodiscard]] Result<CheckReport> check(OnChecked const& told = {});
  // One step of a slow reading of everything that lies on disk (rereading.h): a table, or some
  // hundred records. Where memory is wrong it is mended, and said in `at`; a comparison with a peer
  // then finds what the disk lacks. What cannot be read at all stops every comparison, as it does
  // at opening. False: the end was reached. Milliseconds, but for a table; not on an IO thread.
  Result<bool> reread(Rereading& at);
  // Makes a store of what is committed now, in a directory that does not exist, on the same disk:
  // hard links to what never changes, so that it costs little room and time; commits go on
  // meanwhile. What was acknowledged before the call is in it. It has this store's replica id: a
  // copy of it must draw another before it writes (renew_incarnation).
  Result<> checkpoint(std::filesystem::path const& directory);

 private:
  struct Parts;
  explicit Store(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace solidaires::store
