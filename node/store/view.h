// Reads of a store, all at one moment: what is committed later is not seen. Cheap to take; let it
// go soon, for it keeps superseded bytes from being reclaimed. One thread at a time per View; many
// Views at once. A View must not outlive its Store.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/store/commit.h"
#include "node/store/erasing.h"

namespace solidaires::store {

struct StoredDocument {
  sync::Document document;
  sync::Sequence sequence{};  // its place in the feed of its scope
  sync::Fingerprint fingerprint{};
};

struct KeyPage {
  std::vector<sync::DocumentKey> keys;
  Bytes next;  // give it as `position` to read on; empty: that was all
};

// Documents of one type, by scope, then by id (that is, by time of creation).
struct TypeScan {
  std::string type{};
  std::optional<ScopeId> scope{};  // nullopt: every scope
  bool with_deleted = false;
  Bytes position{};
  std::size_t limit = 100;
};

// Entries of an index of the Indexer, by value as bytes, then scope, then id.
struct IndexScan {
  std::string index{};
  Bytes prefix{};  // of the value
  Bytes from{};    // value >= from
  Bytes until{};   // value < until; empty: no bound
  bool descending = false;
  Bytes position{};
  std::size_t limit = 100;
};

struct IndexHit {
  Bytes value;
  sync::DocumentKey key;
};

struct IndexPage {
  std::vector<IndexHit> hits;
  Bytes next;
};

struct LocalItem {
  Bytes key;
  Bytes value;
  std::optional<Instant> expires_at;
};

// One write as the history of a document tells it.
struct FieldChange {
  std::string field;
  std::optional<Bytes> before;  // shown before; nullopt: none
  std::optional<Bytes> after;   // as written; nullopt: cleared or removed
  bool conflict = false;        // other versions of the field stood beside it
};

struct HistoryEntry {
  sync::Sequence sequence{};  // of the feed of the scope
  std::uint16_t ordinal = 0;  // several writes may arrive in one merge
  sync::Dot dot;              // whose replica tells the node; {0, 0}: unknown
  std::string author;         // empty: unknown
  Instant written_at{};       // by the author's clock
  Instant recorded_at{};      // committed here, by this clock
  bool remote = false;
  std::string reason;  // of a local commit
  std::vector<FieldChange> changes;
};

class Engine;
class EngineSnapshot;

class View {
 public:
  explicit View(Engine const& engine);  // Store::view() makes one
  ~View();
  View(View&&) noexcept;
  View& operator=(View&&) = delete;

  // A deleted document is found: ask sync::is_alive.
  [[nodiscard]] Result<std::optional<StoredDocument>> get(sync::DocumentKey const& key) const;
  // In the order of `keys`; nullopt where there is none.
  [[nodiscard]] Result<std::vector<std::optional<StoredDocument>>> get_many(
      std::vector<sync::DocumentKey> const& keys) const;
  // Every document of a scope in order of id, from `from` on; stops when `visit` returns false.
  Result<> each_document(ScopeId const& scope, DocumentId const& from,
                         std::function<bool(StoredDocument const&)> const& visit) const;
  Result<> each_fingerprint(
      ScopeId const& scope, DocumentId const& from,
      std::function<bool(DocumentId const&, sync::Fingerprint const&)> const& visit) const;

  // limit 1 to 10,000. A position of another scan is Code::invalid.
  [[nodiscard]] Result<KeyPage> scan(TypeScan const& scan) const;
  [[nodiscard]] Result<IndexPage> scan(IndexScan const& scan) const;
  // Newest first; give the last entry's sequence as `before` to read on.
  [[nodiscard]] Result<std::vector<HistoryEntry>> history(
      sync::DocumentKey const& key, std::size_t limit,
      std::optional<sync::Sequence> before = std::nullopt) const;

  [[nodiscard]] Result<std::vector<ScopeId>> scopes() const;  // that ever held a document
  [[nodiscard]] Result<sync::Sequence> head(ScopeId const& scope) const;
  [[nodiscard]] Result<sync::FeedPage> read_feed(ScopeId const& scope, sync::Sequence after,
                                                 std::size_t documents_max, std::size_t bytes_max,
                                                 ReplicaId reader) const;
  [[nodiscard]] Result<sync::Sequence> cursor(ReplicaId peer, ScopeId const& scope) const;

  // `now` decides what has expired.
  [[nodiscard]] Result<std::optional<Bytes>> local(std::string_view key, Instant now) const;
  // Keys that begin with `prefix`, in order, at most `limit`, after the key `after` if not empty.
  [[nodiscard]] Result<std::vector<LocalItem>> local_scan(std::string_view prefix, Instant now,
                                                          std::size_t limit,
                                                          std::string_view after = {}) const;
  [[nodiscard]] Result<std::optional<BlobRecord>> blob(std::string_view sha256) const;

  // Documents whose content was removed here, which no receipt has told yet.
  [[nodiscard]] Result<std::vector<ErasedHere>> erased() const;
  // The scope was dropped here, and bytes of it may be in the files still.
  [[nodiscard]] Result<bool> is_scope_due(ScopeId const& scope) const;
  [[nodiscard]] Result<std::vector<HeldDocument>> held() const;
  // Store::erase named it, whether it was here or not.
  [[nodiscard]] Result<bool> is_marked(sync::DocumentKey const& key) const;
  // As it was when it was erased in spite of a hold; nullopt: no copy is kept.
  [[nodiscard]] Result<std::optional<sync::Document>> held_copy(sync::DocumentKey const& key) const;

 private:
  Engine const* engine_;
  std::unique_ptr<EngineSnapshot> snapshot_;
};

}  // namespace solidaires::store
