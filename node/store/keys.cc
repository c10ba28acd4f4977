#include "node/store/keys.h"

#include <algorithm>
#include <utility>

#include "sync/wire/document_codec.h"

namespace solidaires::store {
namespace {

constexpr std::size_t kFingerprintBytes = std::tuple_size_v<sync::Fingerprint>;
constexpr std::size_t kRecordHeadBytes = sizeof(std::uint64_t) + kFingerprintBytes;
constexpr std::uint64_t kNever = 0;  // as an expiry

// A zero byte ends a scope or a type, for neither can hold one.
void append_scope(Bytes& out, ScopeId const& scope) {
  out += scope.to_string();
  out += '\0';
}

void append_document(Bytes& out, sync::DocumentKey const& key) {
  append_scope(out, key.scope);
  out += key.id.bytes();
}

// A value of an index may hold any byte: 00 becomes 00 ff, and 00 01 ends it, so that order stays.
void append_escaped(Bytes& out, std::string_view value) {
  for (char const c : value) {
    out += c;
    if (c == '\0') out += '\xff';
  }
}

struct Unescaped {
  Bytes value;
  std::string_view rest;
};

Result<Unescaped> unescape(std::string_view bytes) {
  Unescaped result;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] != '\0') {
      result.value += bytes[i];
      continue;
    }
    if (++i == bytes.size()) break;
    if (bytes[i] == '\x01') {
      result.rest = bytes.substr(i + 1);
      return result;
    }
    if (bytes[i] != '\xff') break;
    result.value += '\0';
  }
  return fail(Code::corrupt, "a value of an index has no end");
}

std::uint64_t as_u64(Instant at) {
  return static_cast<std::uint64_t>(to_unix_ms(at));
}

// 0 says never; a time before 1970 is long past, and must still sort before the others.
std::uint64_t as_expiry(Instant at) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(to_unix_ms(at), 1));
}

Result<> expect_end(ByteReader const& reader, std::string_view what) {
  if (reader.done()) return {};
  return fail(Code::corrupt, cat(what, " is too long"));
}

}  // namespace

Bytes after_prefix(std::string_view prefix) {
  Bytes result(prefix);
  while (!result.empty() && result.back() == '\xff') result.pop_back();
  if (!result.empty()) result.back() = static_cast<char>(result.back() + 1);
  return result;
}

Bytes scope_prefix(ScopeId const& scope) {
  Bytes key;
  append_scope(key, scope);
  return key;
}

Bytes document_key(sync::DocumentKey const& key) {
  Bytes result;
  append_document(result, key);
  return result;
}

Bytes feed_key(ScopeId const& scope, sync::Sequence sequence) {
  Bytes key;
  append_scope(key, scope);
  ByteWriter(key).u64(static_cast<std::uint64_t>(sequence));
  return key;
}

Bytes history_prefix(sync::DocumentKey const& key) {
  return document_key(key);
}

Bytes history_key(sync::DocumentKey const& key, sync::Sequence sequence, std::uint16_t ordinal) {
  Bytes result = history_prefix(key);
  ByteWriter(result).u64(static_cast<std::uint64_t>(sequence)).u16(ordinal);
  return result;
}

Bytes cursor_key(ReplicaId peer, ScopeId const& scope) {
  Bytes key(1, kCursorTag);
  ByteWriter(key).u64(static_cast<std::uint64_t>(peer)).raw(scope.to_string());
  return key;
}

Bytes token_key(ReplicaId peer) {
  Bytes key(1, kTokenTag);
  ByteWriter(key).u64(static_cast<std::uint64_t>(peer));
  return key;
}

Bytes head_key(ScopeId const& scope) {
  return cat(meta_key::kHead, scope.to_string());
}

Bytes type_prefix(std::string_view type) {
  Bytes key(1, kTypeTag);
  key += type;
  key += '\0';
  return key;
}

Bytes type_prefix(std::string_view type, ScopeId const& scope) {
  Bytes key = type_prefix(type);
  append_scope(key, scope);
  return key;
}

Bytes type_key(std::string_view type, sync::DocumentKey const& key) {
  Bytes result = type_prefix(type);
  append_document(result, key);
  return result;
}

Bytes index_prefix(std::string_view index) {
  Bytes key(1, kEntryTag);
  key += index;
  key += '\0';
  return key;
}

Bytes index_value_prefix(std::string_view index, std::string_view prefix) {
  Bytes key = index_prefix(index);
  append_escaped(key, prefix);
  return key;
}

Bytes index_key(IndexEntry const& entry, sync::DocumentKey const& key) {
  Bytes result = index_value_prefix(entry.index, entry.value);
  result += '\0';
  result += '\x01';
  append_document(result, key);
  return result;
}

Bytes local_key(std::string_view key) {
  Bytes result(1, kLocalTag);
  result += key;
  return result;
}

Bytes expiry_key(Instant expires_at, std::string_view key) {
  Bytes result(1, kExpiryTag);
  ByteWriter(result).u64(as_expiry(expires_at)).raw(key);
  return result;
}

Result<ScopedRest> split_scope(std::string_view key) {
  std::size_t const end = key.find('\0');
  if (end == std::string_view::npos) return fail(Code::corrupt, "a key has no scope");
  auto scope = ScopeId::parse(key.substr(0, end));
  if (!scope) return fail(Code::corrupt, "a key has a scope that is none");
  return ScopedRest{*std::move(scope), key.substr(end + 1)};
}

Result<sync::DocumentKey> parse_document_key(std::string_view key) {
  SOL_ASSIGN(auto split, split_scope(key));
  auto const id = DocumentId::from_bytes(split.rest);
  if (!id) return fail(Code::corrupt, "a key has an id that is none");
  return sync::DocumentKey{std::move(split.scope), *id};
}

Result<sync::Sequence> parse_feed_key(std::string_view key) {
  SOL_ASSIGN(auto const split, split_scope(key));
  SOL_ASSIGN(std::uint64_t const sequence, parse_number(split.rest));
  return sync::Sequence{sequence};
}

Result<> parse_history_place(std::string_view rest, HistoryEntry& entry) {
  ByteReader reader(rest);
  SOL_ASSIGN(std::uint64_t const sequence, reader.u64());
  entry.sequence = sync::Sequence{sequence};
  SOL_ASSIGN(entry.ordinal, reader.u16());
  return expect_end(reader, "a key of a history");
}

Result<sync::DocumentKey> parse_type_key(std::string_view key) {
  std::size_t const end = key.find('\0');
  if (key.empty() || key[0] != kTypeTag || end == std::string_view::npos) {
    return fail(Code::corrupt, "a key of the types has no type");
  }
  return parse_document_key(key.substr(end + 1));
}

Result<IndexHit> parse_index_key(std::string_view key) {
  std::size_t const end = key.find('\0');
  if (key.empty() || key[0] != kEntryTag || end == std::string_view::npos) {
    return fail(Code::corrupt, "a key of an index has no name");
  }
  SOL_ASSIGN(auto unescaped, unescape(key.substr(end + 1)));
  SOL_ASSIGN(auto document, parse_document_key(unescaped.rest));
  return IndexHit{std::move(unescaped.value), std::move(document)};
}

Bytes number(std::uint64_t value) {
  Bytes out;
  ByteWriter(out).u64(value);
  return out;
}

Result<std::uint64_t> parse_number(std::string_view bytes) {
  ByteReader reader(bytes);
  SOL_ASSIGN(std::uint64_t const value, reader.u64());
  SOL_TRY(expect_end(reader, "a number"));
  return value;
}

Bytes encode(FeedRecord const& record) {
  Bytes out;
  ByteWriter writer(out);
  writer.raw(record.id.bytes());
  if (record.origin) writer.u64(static_cast<std::uint64_t>(*record.origin));
  return out;
}

Result<FeedRecord> parse_feed_record(std::string_view bytes) {
  ByteReader reader(bytes);
  SOL_ASSIGN(auto const id, reader.raw(DocumentId::kSize));
  FeedRecord record;
  SOL_ASSIGN(record.id, DocumentId::from_bytes(id));
  if (reader.done()) return record;
  SOL_ASSIGN(std::uint64_t const origin, reader.u64());
  record.origin = ReplicaId{origin};
  SOL_TRY(expect_end(reader, "an entry of a feed"));
  return record;
}

Bytes encode(LocalRecord const& record) {
  Bytes out;
  ByteWriter(out).u64(record.expires_at ? as_expiry(*record.expires_at) : kNever).raw(record.value);
  return out;
}

Result<LocalRecord> parse_local_record(std::string_view bytes) {
  ByteReader reader(bytes);
  SOL_ASSIGN(std::uint64_t const expires, reader.u64());
  // Such a time is never written; taken for one before 1970, its entry among the expiries would not
  // be found.
  if (!std::in_range<std::int64_t>(expires))
    return fail(Code::corrupt, "the expiry of a local value is no time");
  LocalRecord record{std::nullopt, Bytes(reader.rest())};
  if (expires != kNever) record.expires_at = from_unix_ms(static_cast<std::int64_t>(expires));
  return record;
}

Bytes encode(BlobRecord const& record) {
  Bytes out;
  ByteWriter(out)
      .u64(record.size)
      .u64(record.held_bytes)
      .u64(as_u64(record.recorded_at))
      .sized(record.media_type);
  return out;
}

Result<BlobRecord> parse_blob_record(std::string_view bytes) {
  ByteReader reader(bytes);
  BlobRecord record;
  SOL_ASSIGN(record.size, reader.u64());
  SOL_ASSIGN(record.held_bytes, reader.u64());
  SOL_ASSIGN(std::uint64_t const recorded, reader.u64());
  record.recorded_at = from_unix_ms(static_cast<std::int64_t>(recorded));
  SOL_ASSIGN(record.media_type, reader.sized());
  SOL_TRY(expect_end(reader, "the record of a blob"));
  return record;
}

Bytes encode_record(RecordHead const& head, std::string_view document) {
  Bytes out;
  out.reserve(kRecordHeadBytes + document.size());
  ByteWriter writer(out);
  writer.u64(static_cast<std::uint64_t>(head.sequence));
  for (std::uint8_t const byte : head.fingerprint) writer.u8(byte);
  writer.raw(document);
  return out;
}

Result<RecordHead> parse_record_head(std::string_view bytes) {
  ByteReader reader(bytes);
  RecordHead head;
  SOL_ASSIGN(std::uint64_t const sequence, reader.u64());
  head.sequence = sync::Sequence{sequence};
  SOL_ASSIGN(auto const fingerprint, reader.raw(kFingerprintBytes));
  std::ranges::transform(fingerprint, head.fingerprint.begin(),
                         [](char c) { return static_cast<std::uint8_t>(c); });
  return head;
}

Result<StoredDocument> parse_record(sync::DocumentKey const& key, std::string_view bytes) {
  SOL_ASSIGN(auto const head, parse_record_head(bytes));
  auto const document = bytes.substr(kRecordHeadBytes);
  SOL_ASSIGN(auto decoded, sync::decode_document(document, key.scope));
  if (decoded.key.id != key.id) return fail(Code::corrupt, "a document lies under another's key");
  return StoredDocument{std::move(decoded), head.sequence, head.fingerprint};
}

Bytes take_encoded(Bytes record) {
  record.erase(0, kRecordHeadBytes);
  return record;
}

}  // namespace solidaires::store
