#include "node/store/view.h"

#include <algorithm>

#include "node/store/engine.h"
#include "node/store/history.h"
#include "node/store/keys.h"

namespace solidaires::store {
namespace {

constexpr std::size_t kScanLimit = 10'000;
constexpr std::size_t kFeedChunk = 64;

Result<> check_limit(std::size_t limit) {
  if (limit >= 1 && limit <= kScanLimit) return {};
  return fail(Code::invalid, cat("a scan takes a limit of 1 to ", kScanLimit));
}

// A position is the last key of the page before, so it lies within the bounds of the scan.
Result<> check_position(std::string_view position, std::string_view from, std::string_view until) {
  if (position.empty()) return {};
  if (position >= from && (until.empty() || position < until)) return {};
  return fail(Code::invalid, "the position belongs to another scan");
}

void seek_after(EngineCursor& cursor, std::string_view position) {
  if (position.empty()) {
    cursor.seek_first();
    return;
  }
  cursor.seek(position);
  if (cursor.valid() && cursor.key() == position) cursor.next();
}

}  // namespace

View::View(Engine const& engine) : engine_(&engine), snapshot_(engine.snapshot()) {}
View::~View() = default;
View::View(View&&) noexcept = default;

Result<std::optional<StoredDocument>> View::get(sync::DocumentKey const& key) const {
  SOL_ASSIGN(auto const record,
             engine_->get(Family::documents, document_key(key), snapshot_.get()));
  if (!record) return std::nullopt;
  return parse_record(key, *record);
}

Result<std::vector<std::optional<StoredDocument>>> View::get_many(
    std::vector<sync::DocumentKey> const& keys) const {
  std::vector<Bytes> raw;
  raw.reserve(keys.size());
  std::ranges::transform(keys, std::back_inserter(raw), document_key);
  SOL_ASSIGN(auto const records, engine_->get_many(Family::documents, raw, snapshot_.get()));
  std::vector<std::optional<StoredDocument>> result(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!records[i]) continue;
    SOL_ASSIGN(result[i], parse_record(keys[i], *records[i]));
  }
  return result;
}

Result<> View::each_document(ScopeId const& scope, DocumentId const& from,
                             std::function<bool(StoredDocument const&)> const& visit) const {
  auto cursor = engine_->walk(Family::documents, document_key({scope, from}),
                              after_prefix(scope_prefix(scope)), snapshot_.get());
  for (cursor.seek_first(); cursor.valid(); cursor.next()) {
    SOL_ASSIGN(auto const key, parse_document_key(cursor.key()));
    SOL_ASSIGN(auto const stored, parse_record(key, cursor.value()));
    if (!visit(stored)) break;
  }
  return cursor.status();
}

Result<> View::each_fingerprint(
    ScopeId const& scope, DocumentId const& from,
    std::function<bool(DocumentId const&, sync::Fingerprint const&)> const& visit) const {
  auto cursor = engine_->walk(Family::documents, document_key({scope, from}),
                              after_prefix(scope_prefix(scope)), snapshot_.get());
  for (cursor.seek_first(); cursor.valid(); cursor.next()) {
    SOL_ASSIGN(auto const key, parse_document_key(cursor.key()));
    SOL_ASSIGN(auto const head, parse_record_head(cursor.value()));
    if (!visit(key.id, head.fingerprint)) break;
  }
  return cursor.status();
}

Result<KeyPage> View::scan(TypeScan const& scan) const {
  SOL_TRY(check_limit(scan.limit));
  auto const from = scan.scope ? type_prefix(scan.type, *scan.scope) : type_prefix(scan.type);
  auto const until = after_prefix(from);
  SOL_TRY(check_position(scan.position, from, until));
  auto cursor = engine_->walk(Family::indexes, from, until, snapshot_.get());
  KeyPage page;
  for (seek_after(cursor, scan.position); cursor.valid(); cursor.next()) {
    if (!scan.with_deleted && cursor.value() == kDeletedMark) continue;
    if (page.keys.size() == scan.limit) {
      page.next = type_key(scan.type, page.keys.back());
      return page;
    }
    SOL_ASSIGN(auto key, parse_type_key(cursor.key()));
    page.keys.push_back(std::move(key));
  }
  SOL_TRY(cursor.status());
  return page;
}

Result<IndexPage> View::scan(IndexScan const& scan) const {
  SOL_TRY(check_limit(scan.limit));
  auto const whole = index_value_prefix(scan.index, scan.prefix);
  auto const from = std::max(whole, index_value_prefix(scan.index, scan.from));
  auto until = after_prefix(whole);
  if (!scan.until.empty()) until = std::min(until, index_value_prefix(scan.index, scan.until));
  IndexPage page;
  if (from >= until) return page;
  SOL_TRY(check_position(scan.position, from, until));
  auto cursor = engine_->walk(Family::indexes, from, until, snapshot_.get());
  if (!scan.descending) {
    seek_after(cursor, scan.position);
  } else if (scan.position.empty()) {
    cursor.seek_last();
  } else {
    cursor.seek_before(scan.position);
  }
  for (; cursor.valid(); scan.descending ? cursor.previous() : cursor.next()) {
    if (page.hits.size() == scan.limit) {
      page.next = index_key({scan.index, page.hits.back().value}, page.hits.back().key);
      return page;
    }
    SOL_ASSIGN(auto hit, parse_index_key(cursor.key()));
    page.hits.push_back(std::move(hit));
  }
  SOL_TRY(cursor.status());
  return page;
}

Result<std::vector<HistoryEntry>> View::history(sync::DocumentKey const& key, std::size_t limit,
                                                std::optional<sync::Sequence> before) const {
  SOL_TRY(check_limit(limit));
  SOL_ASSIGN(auto const now, get(key));
  HistoryReader reader(now ? &now->document : nullptr);
  auto const prefix = history_prefix(key);
  auto cursor = engine_->walk(Family::history, prefix, after_prefix(prefix), snapshot_.get());
  std::vector<HistoryEntry> entries;
  for (cursor.seek_last(); cursor.valid(); cursor.previous()) {
    SOL_ASSIGN(auto record, parse_history(cursor.value()));
    SOL_TRY(parse_history_place(cursor.key().substr(prefix.size()), record.entry));
    auto entry = reader.complete(std::move(record));
    if (before && entry.sequence >= *before) continue;
    // The writes of one merge are never parted: their common sequence is where a reader goes on.
    if (entries.size() >= limit && entries.back().sequence != entry.sequence) break;
    entries.push_back(std::move(entry));
  }
  SOL_TRY(cursor.status());
  return entries;
}

Result<std::vector<ScopeId>> View::scopes() const {
  auto cursor =
      engine_->walk(Family::meta, meta_key::kHead, after_prefix(meta_key::kHead), snapshot_.get());
  std::vector<ScopeId> scopes;
  for (cursor.seek_first(); cursor.valid(); cursor.next()) {
    SOL_ASSIGN(auto scope, ScopeId::parse(cursor.key().substr(meta_key::kHead.size())));
    scopes.push_back(std::move(scope));
  }
  SOL_TRY(cursor.status());
  return scopes;
}

Result<sync::Sequence> View::head(ScopeId const& scope) const {
  SOL_ASSIGN(auto const bytes, engine_->get(Family::meta, head_key(scope), snapshot_.get()));
  if (!bytes) return sync::Sequence{0};
  SOL_ASSIGN(std::uint64_t const head, parse_number(*bytes));
  return sync::Sequence{head};
}

namespace {

struct Place {
  sync::Sequence sequence{};
  FeedRecord record;
};

Result<std::vector<Place>> next_places(EngineCursor& cursor, std::size_t most) {
  std::vector<Place> places;
  for (; cursor.valid() && places.size() < most; cursor.next()) {
    SOL_ASSIGN(auto const sequence, parse_feed_key(cursor.key()));
    SOL_ASSIGN(auto record, parse_feed_record(cursor.value()));
    places.push_back({sequence, std::move(record)});
  }
  SOL_TRY(cursor.status());
  return places;
}

}  // namespace

Result<sync::FeedPage> View::read_feed(ScopeId const& scope, sync::Sequence after,
                                       std::size_t documents_max, std::size_t bytes_max,
                                       ReplicaId reader) const {
  sync::FeedPage page;
  SOL_ASSIGN(page.head, head(scope));
  if (after >= page.head) return page;
  auto const first = sync::Sequence{static_cast<std::uint64_t>(after) + 1};
  auto cursor = engine_->walk(Family::feeds, feed_key(scope, first),
                              after_prefix(scope_prefix(scope)), snapshot_.get());
  cursor.seek_first();
  std::size_t bytes = 0;
  documents_max = std::max<std::size_t>(documents_max, 1);
  while (cursor.valid() && page.entries.size() < documents_max) {
    std::size_t const most = std::min(kFeedChunk, documents_max - page.entries.size());
    SOL_ASSIGN(auto const places, next_places(cursor, most));
    std::vector<Bytes> keys;
    for (auto const& place : places) {
      if (place.record.origin != reader) keys.push_back(document_key({scope, place.record.id}));
    }
    SOL_ASSIGN(auto records, engine_->get_many(Family::documents, keys, snapshot_.get()));
    auto next = records.begin();
    for (auto const& place : places) {
      sync::FeedEntry entry{
          place.sequence, {{scope, place.record.id}, {}, {}, {}}, {}, place.record.origin};
      if (place.record.origin != reader) {
        auto record = *std::move(next++);
        if (!record) return fail(Code::corrupt, "a feed names a document that is not here");
        bytes += record->size();
        if (bytes > bytes_max && !page.entries.empty()) return page;
        entry.encoded = take_encoded(*std::move(record));
        if (entry.encoded.empty()) {
          return fail(Code::corrupt, "a record of a document is cut short");
        }
      }
      page.entries.push_back(std::move(entry));
    }
  }
  SOL_TRY(cursor.status());
  return page;
}

Result<sync::Sequence> View::cursor(ReplicaId peer, ScopeId const& scope) const {
  SOL_ASSIGN(auto const bytes,
             engine_->get(Family::cursors, cursor_key(peer, scope), snapshot_.get()));
  if (!bytes) return sync::Sequence{0};
  SOL_ASSIGN(std::uint64_t const at, parse_number(*bytes));
  return sync::Sequence{at};
}

Result<std::optional<Bytes>> View::local(std::string_view key, Instant now) const {
  SOL_ASSIGN(auto const bytes, engine_->get(Family::local, local_key(key), snapshot_.get()));
  if (!bytes) return std::nullopt;
  SOL_ASSIGN(auto record, parse_local_record(*bytes));
  if (record.expired(now)) return std::nullopt;
  return std::move(record.value);
}

Result<std::vector<LocalItem>> View::local_scan(std::string_view prefix, Instant now,
                                                std::size_t limit, std::string_view after) const {
  SOL_TRY(check_limit(limit));
  auto const from = local_key(prefix);
  auto cursor = engine_->walk(Family::local, from, after_prefix(from), snapshot_.get());
  std::vector<LocalItem> items;
  for (seek_after(cursor, after.empty() ? Bytes() : local_key(after)); cursor.valid();
       cursor.next()) {
    if (items.size() == limit) break;
    SOL_ASSIGN(auto record, parse_local_record(cursor.value()));
    if (record.expired(now)) continue;
    items.push_back({Bytes(cursor.key().substr(1)), std::move(record.value), record.expires_at});
  }
  SOL_TRY(cursor.status());
  return items;
}

Result<std::optional<BlobRecord>> View::blob(std::string_view sha256) const {
  SOL_ASSIGN(auto const bytes, engine_->get(Family::blobs, sha256, snapshot_.get()));
  if (!bytes) return std::nullopt;
  return parse_blob_record(*bytes);
}

Result<std::vector<ErasedHere>> View::erased() const {
  return read_erased(*engine_, snapshot_.get());
}

Result<bool> View::is_scope_due(ScopeId const& scope) const {
  return read_scope_due(*engine_, snapshot_.get(), scope);
}

Result<std::vector<HeldDocument>> View::held() const {
  return read_held(*engine_, snapshot_.get());
}

Result<bool> View::is_marked(sync::DocumentKey const& key) const {
  SOL_ASSIGN(auto const mark,
             engine_->get(Family::local, cat(kMarkTag, document_key(key)), snapshot_.get()));
  return mark.has_value();
}

Result<std::optional<sync::Document>> View::held_copy(sync::DocumentKey const& key) const {
  return read_held_copy(*engine_, snapshot_.get(), key);
}

}  // namespace solidaires::store
