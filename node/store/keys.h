// Keys and small values as they lie on disk: FORMAT.md in code. Stored on disk: never change a
// layout without a new format version and a migration step. Pure functions, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "node/store/commit.h"
#include "node/store/store.h"
#include "sync/base/bytes.h"

namespace solidaires::store {

inline constexpr std::uint32_t kFormat = 1;  // of the layout on disk

namespace meta_key {
inline constexpr std::string_view kFormat = "format";
inline constexpr std::string_view kReplica = "replica";
inline constexpr std::string_view kCounter = "counter";
inline constexpr std::string_view kIndexer = "indexer";
inline constexpr std::string_view kScrubbed = "scrubbed";
inline constexpr std::string_view kHead = "head/";  // then the scope
}  // namespace meta_key

// The first key after every key that begins with `prefix`; empty if there is none.
[[nodiscard]] Bytes after_prefix(std::string_view prefix);

[[nodiscard]] Bytes scope_prefix(ScopeId const& scope);  // of documents, feeds and history
[[nodiscard]] Bytes document_key(sync::DocumentKey const& key);
[[nodiscard]] Bytes feed_key(ScopeId const& scope, sync::Sequence sequence);
[[nodiscard]] Bytes history_prefix(sync::DocumentKey const& key);
[[nodiscard]] Bytes history_key(sync::DocumentKey const& key, sync::Sequence sequence,
                                std::uint16_t ordinal);
[[nodiscard]] Bytes cursor_key(ReplicaId peer, ScopeId const& scope);
[[nodiscard]] Bytes token_key(ReplicaId peer);
inline constexpr char kCursorTag = '\x01';
inline constexpr char kTokenTag = '\x02';
[[nodiscard]] Bytes head_key(ScopeId const& scope);

[[nodiscard]] Bytes type_prefix(std::string_view type);
[[nodiscard]] Bytes type_prefix(std::string_view type, ScopeId const& scope);
[[nodiscard]] Bytes type_key(std::string_view type, sync::DocumentKey const& key);
inline constexpr char kTypeTag = '\x01';
inline constexpr std::string_view kAliveMark = "\x01";  // value of a type's key
inline constexpr std::string_view kDeletedMark{"\0", 1};
inline constexpr char kEntryTag = '\x02';
[[nodiscard]] Bytes index_prefix(std::string_view index);
// The start of every entry whose value begins with `prefix`; it sorts as values do.
[[nodiscard]] Bytes index_value_prefix(std::string_view index, std::string_view prefix);
[[nodiscard]] Bytes index_key(IndexEntry const& entry, sync::DocumentKey const& key);

[[nodiscard]] Bytes local_key(std::string_view key);
[[nodiscard]] Bytes expiry_key(Instant expires_at, std::string_view key);
inline constexpr char kLocalTag = '\x01';
inline constexpr char kExpiryTag = '\x02';

// What a key says. Every failure is Code::corrupt.
struct ScopedRest {
  ScopeId scope;
  std::string_view rest;  // of the key given
};
[[nodiscard]] Result<ScopedRest> split_scope(std::string_view key);
[[nodiscard]] Result<sync::DocumentKey> parse_document_key(std::string_view key);
[[nodiscard]] Result<sync::Sequence> parse_feed_key(std::string_view key);
// The end of a history's key, after history_prefix.
[[nodiscard]] Result<> parse_history_place(std::string_view rest, HistoryEntry& entry);
[[nodiscard]] Result<sync::DocumentKey> parse_type_key(std::string_view key);
[[nodiscard]] Result<IndexHit> parse_index_key(std::string_view key);

// One number, 8 bytes.
[[nodiscard]] Bytes number(std::uint64_t value);
[[nodiscard]] Result<std::uint64_t> parse_number(std::string_view bytes);

struct FeedRecord {
  DocumentId id;
  std::optional<ReplicaId> origin;
};
[[nodiscard]] Bytes encode(FeedRecord const& record);
[[nodiscard]] Result<FeedRecord> parse_feed_record(std::string_view bytes);

struct LocalRecord {
  std::optional<Instant> expires_at;
  Bytes value;
  [[nodiscard]] bool expired(Instant now) const { return expires_at && *expires_at <= now; }
};
[[nodiscard]] Bytes encode(LocalRecord const& record);
[[nodiscard]] Result<LocalRecord> parse_local_record(std::string_view bytes);

[[nodiscard]] Bytes encode(BlobRecord const& record);
[[nodiscard]] Result<BlobRecord> parse_blob_record(std::string_view bytes);

// A document's record: its sequence, its fingerprint, then its wire form.
struct RecordHead {
  sync::Sequence sequence{};
  sync::Fingerprint fingerprint{};
};
[[nodiscard]] Bytes encode_record(RecordHead const& head, std::string_view document);
[[nodiscard]] Result<RecordHead> parse_record_head(std::string_view bytes);
[[nodiscard]] Result<StoredDocument> parse_record(sync::DocumentKey const& key,
                                                  std::string_view bytes);
// The wire form alone; empty if the record is too short to have one.
[[nodiscard]] Bytes take_encoded(Bytes record);

}  // namespace solidaires::store
