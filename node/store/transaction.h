// A group of requests on its way to one synced batch: what they read through, what they write. A
// later request of the group sees what an earlier one wrote; one that fails is undone alone. Used
// by one thread at a time, the leader of the commit queue.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "node/store/digests.h"
#include "node/store/engine.h"
#include "node/store/erasing.h"
#include "node/store/history.h"
#include "node/store/keys.h"
#include "node/store/store.h"

namespace solidaires::store {

// What was given out last. Kept in memory between groups, committed with each; never given out
// twice, even when a disk failed in between.
struct Positions {
  ReplicaId replica{};
  std::uint64_t counter = 0;
  std::map<ScopeId, std::uint64_t> heads;
};

// A document as the group sees it; `document` null: there is none.
struct Cell {
  DocumentPtr document;
  sync::Sequence sequence{};
  sync::Fingerprint fingerprint{};
};

// Values read or written by the group, with the way back to where the current request began.
template <class Key, class Value, class Hash = std::hash<Key>>
class Overlay {
 public:
  [[nodiscard]] Value const* find(Key const& key) const {
    auto const found = values_.find(key);
    return found == values_.end() ? nullptr : &found->second;
  }
  Value const& loaded(Key const& key, Value value) {
    return values_.insert_or_assign(key, std::move(value)).first->second;
  }
  void set(Key const& key, Value value) {
    auto const [at, added] = values_.try_emplace(key);
    undo_.emplace_back(key, added ? std::nullopt : std::optional(std::move(at->second)));
    at->second = std::move(value);
  }
  void keep() { undo_.clear(); }
  void undo() {
    for (; !undo_.empty(); undo_.pop_back()) {
      auto& [key, value] = undo_.back();
      if (value) {
        values_.insert_or_assign(key, std::move(*value));
      } else {
        values_.erase(key);
      }
    }
  }

 private:
  std::unordered_map<Key, Value, Hash> values_;
  std::vector<std::pair<Key, std::optional<Value>>> undo_;
};

// A working copy and its published copy may share an id: two in one bucket, then.
struct HashKey {
  std::size_t operator()(sync::DocumentKey const& key) const noexcept {
    return std::hash<DocumentId>{}(key.id);
  }
};

struct DocumentWrite {
  DocumentPtr after;
  sync::Fingerprint fingerprint{};
  std::string_view encoded;
  std::optional<ReplicaId> origin;
  HistorySource source;
};

class Transaction {
 public:
  Transaction(Engine const& engine, Digests const& digests, Indexer const& indexer,
              Positions& positions, Erasures& erasures)
      : engine_(engine),
        committed_(digests),
        indexer_(indexer),
        positions_(positions),
        erasures_(erasures),
        batch_(engine) {}

  // Around each request; exactly one of keep() and undo() ends it. keep() yields its changes.
  void begin();
  std::vector<DocumentChange> keep();
  // Of the request that was kept last.
  std::vector<DigestChange> take_digests() { return std::exchange(digests_, {}); }
  void undo();
  // After the last request: adds the counter and the heads that moved.
  void finish();

  // Reads what the overlay lacks in one go; what the digests say is not here is not looked for.
  Result<> prefetch(std::vector<sync::DocumentKey> const& keys);
  // The document is here in this very state, as far as that is known without reading it.
  [[nodiscard]] bool holds(sync::DocumentKey const& key, sync::Fingerprint const& fingerprint);
  [[nodiscard]] Result<Cell> document(sync::DocumentKey const& key);
  // The document, its feed entry, its indexes and its history; the new place in the feed.
  Result<sync::Sequence> write(Cell const& before, DocumentWrite const& write);
  // The document, its feed entry and its indexes, from this store only; its history is left.
  Result<> remove(Cell const& cell);
  // A place in the feed of `scope` that no other change has or had.
  sync::Sequence next_sequence(ScopeId const& scope);
  sync::Dot next_dot();

  [[nodiscard]] Result<std::optional<LocalRecord>> local(Bytes const& key);
  Result<> set_local(Bytes const& key, std::optional<LocalRecord> record);
  [[nodiscard]] Result<sync::Sequence> cursor(ReplicaId peer, ScopeId const& scope);
  void set_cursor(ReplicaId peer, ScopeId const& scope, sync::Sequence to);
  void forget_cursor(ReplicaId peer, ScopeId const& scope);

  // What memory holds of a document's state was wrong: this is it. No change: nobody is told.
  void correct_digest(sync::DocumentKey const& key, std::optional<sync::Fingerprint> fingerprint);

  // Another replica id, which has written nothing yet.
  void renew(ReplicaId replica);

  [[nodiscard]] Engine const& engine() const { return engine_; }
  [[nodiscard]] EngineBatch& batch() { return batch_; }
  [[nodiscard]] Positions& positions() { return positions_; }
  // What a request adds and then fails may stay: it is added again.
  [[nodiscard]] Erasures& erasures() { return erasures_; }

 private:
  Result<> write_indexes(sync::Document const* before, sync::Document const* after);

  Engine const& engine_;
  Digests const& committed_;  // before this group
  Indexer const& indexer_;
  Positions& positions_;
  Erasures& erasures_;
  EngineBatch batch_;
  Overlay<sync::DocumentKey, Cell, HashKey> documents_;
  Overlay<Bytes, std::optional<LocalRecord>> local_;
  Overlay<Bytes, sync::Sequence> cursors_;
  std::vector<std::pair<ScopeId, std::uint64_t>> request_heads_;  // as they were before each step
  std::set<ScopeId> moved_heads_;
  std::uint64_t counter_before_ = 0;
  bool counter_moved_ = false;
  std::vector<DocumentChange> changes_;
  std::vector<DigestChange> digests_;  // one for each change, and corrections
};

// The entries of a document, sorted and distinct; Code::invalid if the indexer broke its contract.
[[nodiscard]] Result<std::vector<IndexEntry>> entries_of(Indexer const& indexer,
                                                         sync::Document const* document);

}  // namespace solidaires::store
