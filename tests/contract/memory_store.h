// A ReplicaStore in memory over a disk that can be crashed: for the simulator and the contract
// tests. Every commit is whole and synced before it returns, unless a test asks for a worse disk.
// One thread.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>

#include "sync/core/absorb.h"
#include "sync/core/ports.h"

namespace solidaires::sync {

class MemoryStore : public ReplicaStore {
 public:
  explicit MemoryStore(ReplicaId replica);
  MemoryStore(MemoryStore const& other);
  MemoryStore& operator=(MemoryStore const& other);
  ~MemoryStore() override;

  [[nodiscard]] ReplicaId replica() const override;
  [[nodiscard]] std::uint64_t counter() const override;
  [[nodiscard]] Result<Sequence> cursor(ReplicaId peer, ScopeId const& scope) const override;
  [[nodiscard]] Result<FeedPage> read_feed(ScopeId const& scope, Sequence after,
                                           std::size_t documents_max, std::size_t bytes_max,
                                           ReplicaId reader) const override;
  [[nodiscard]] Result<Sequence> head(ScopeId const& scope) const override;
  [[nodiscard]] Result<Sequence> look(
      ScopeId const& scope, std::function<void(DigestTree const&)> const& visit) const override;
  [[nodiscard]] Result<std::vector<Document>> documents(ScopeId const& scope,
                                                        std::vector<DocumentId> const& ids,
                                                        std::size_t bytes_max) const override;
  Result<> apply(RemoteBatch batch) override;
  Result<std::uint64_t> drop_scope(ScopeId const& scope) override;
  [[nodiscard]] Result<Bytes> link_token(ReplicaId peer) const override;
  Result<> keep_link_token(ReplicaId peer, Bytes const& token) override;

  // A person's change, with the next counter; durable when it returns. Gives the dot.
  virtual Result<Dot> write_local(DocumentKey const& key, std::string const& type,
                                  std::vector<FieldEdit> const& edits, Context const& seen,
                                  Instant now);
  [[nodiscard]] Document const* find(DocumentKey const& key) const;
  // Makes stubs of what is here of `keys`, and of what comes later; durable when it returns. Gives
  // how many versions of fields went. Code::corrupt as in apply().
  Result<std::size_t> erase(std::vector<DocumentKey> const& keys, FieldVersion const& mark);
  [[nodiscard]] bool is_marked(DocumentKey const& key) const;  // erased, or to be when it comes

  struct Stored {
    Document document;
    Sequence sequence{};
    std::optional<ReplicaId> origin;
  };
  using Documents = std::map<DocumentKey, Stored>;
  [[nodiscard]] Documents const& documents() const;
  [[nodiscard]] Documents const& durable_documents() const;
  [[nodiscard]] Sequence durable_cursor(ReplicaId peer, ScopeId const& scope) const;

  // ---- The disk ----

  struct Image;
  using Backup = std::shared_ptr<Image const>;
  [[nodiscard]] Backup backup() const;  // of what is durable
  // The disk as it was then. Under a new replica id it counts from zero; under the old one the
  // store is a stale restore, which a test may want.
  void restore(Backup const& backup, ReplicaId incarnation);
  void crash();               // what is not synced is gone; a broken disk works again
  void sync();                // everything committed so far becomes durable
  void fill_disk(bool full);  // every commit fails with Code::exhausted
  // Damage that nobody is told of: a document as if it had never been, or in another state, with no
  // word in the feed. Only a planted fault does this.
  void forget(DocumentKey const& key);
  void corrupt(DocumentKey const& key, Document state);
  [[nodiscard]] bool disk_works() const { return !full_ && !broken_; }
  // Another replica id for the same documents, counted from zero, all to be received anew: after a
  // copy or an enrolment.
  void renew_incarnation(ReplicaId incarnation);

  // What becomes of a call that reaches the disk; asked before each of them, if set.
  enum class Fate : std::uint8_t {
    done,
    refused,     // Code::io, and nothing of it has happened
    unanswered,  // Code::io, though all of it is durable: who asked cannot know
  };
  std::function<Fate(bool write)> fate;
  // Called after every commit, for each scope whose head moved.
  std::function<void(ScopeId const&, Sequence)> on_commit;

 protected:
  struct Commit {
    std::vector<Stored> documents;  // sequences are given when it is committed
    std::optional<std::pair<std::pair<ReplicaId, ScopeId>, Sequence>> cursor;
    std::optional<std::pair<ReplicaId, Bytes>> token;
    std::map<DocumentKey, FieldVersion> marks;  // of documents that were ordered to be erased
    std::uint64_t counter = 0;
  };
  // Visible at once; durable too, unless `synced` is false: then at the next sync(). After a
  // failure of the disk every commit fails with Code::io until the store is opened again.
  Result<> commit(Commit commit, bool synced = true);
  [[nodiscard]] Result<Commit> merged(RemoteBatch const& batch) const;
  // The rule for a received document: sync/core's, unless a test plants another.
  [[nodiscard]] virtual Absorbed absorb_one(Document const* ours, Document theirs,
                                            ReplicaId peer) const;

 private:
  [[nodiscard]] Result<> readable() const;  // Code::io if this read is to fail

  std::unique_ptr<Image> live_;
  std::unique_ptr<Image> durable_;
  std::vector<Commit> unsynced_;
  bool full_ = false;
  bool broken_ = false;
};

}  // namespace solidaires::sync
