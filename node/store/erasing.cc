#include "node/store/erasing.h"

#include "node/store/blob_claims.h"
#include "node/store/blob_references.h"
#include "node/store/transaction.h"
#include "sync/core/erasure.h"
#include "sync/wire/document_codec.h"

namespace solidaires::store {
namespace {

constexpr std::uint8_t kPurged = 1;  // in a record of kErasedTag
constexpr std::size_t kFewRanges = 16;

Bytes tagged(char tag, sync::DocumentKey const& key) {
  return cat(tag, document_key(key));
}

Result<sync::DocumentKey> untagged(std::string_view key) {
  return parse_document_key(key.substr(1));
}

Bytes encode_mark(sync::FieldVersion const& mark) {
  Bytes out;
  ByteWriter(out)
      .u64(static_cast<std::uint64_t>(mark.dot.replica))
      .u64(mark.dot.counter)
      .u64(static_cast<std::uint64_t>(mark.stamp_ms))
      .raw(mark.value);
  return out;
}

Result<sync::FieldVersion> parse_mark(std::string_view bytes) {
  ByteReader reader(bytes);
  sync::FieldVersion mark;
  SOL_ASSIGN(std::uint64_t const replica, reader.u64());
  mark.dot.replica = ReplicaId{replica};
  SOL_ASSIGN(mark.dot.counter, reader.u64());
  SOL_ASSIGN(std::uint64_t const stamp, reader.u64());
  mark.stamp_ms = static_cast<std::int64_t>(stamp);
  SOL_ASSIGN(mark.value, reader.raw(DocumentId::kSize));
  if (!reader.done()) return fail(Code::corrupt, "the mark of an erasure is too long");
  return mark;
}

Bytes encode_erased(ErasedHere const& erased) {
  Bytes out;
  ByteWriter(out).u8(erased.purged ? kPurged : 0).u64(erased.versions).u64(erased.history_entries);
  return out;
}

// Without its key.
Result<ErasedHere> parse_erased(std::string_view bytes) {
  ByteReader reader(bytes);
  ErasedHere erased;
  SOL_ASSIGN(std::uint8_t const flags, reader.u8());
  erased.purged = (flags & kPurged) != 0;
  SOL_ASSIGN(erased.versions, reader.u64());
  SOL_ASSIGN(erased.history_entries, reader.u64());
  if (!reader.done()) return fail(Code::corrupt, "the record of an erasure is too long");
  return erased;
}

Bytes encode_hold(Hold const& hold) {
  Bytes out;
  ByteWriter(out).u64(static_cast<std::uint64_t>(to_unix_ms(hold.since))).sized(hold.reason);
  return out;
}

Result<Hold> parse_hold(std::string_view bytes) {
  ByteReader reader(bytes);
  Hold hold;
  SOL_ASSIGN(std::uint64_t const since, reader.u64());
  hold.since = from_unix_ms(static_cast<std::int64_t>(since));
  SOL_ASSIGN(hold.reason, reader.sized());
  if (!reader.done()) return fail(Code::corrupt, "the record of a hold is too long");
  return hold;
}

Result<> walk_tag(Engine const& engine, char tag, EngineSnapshot const* at,
                  std::function<Result<>(std::string_view, std::string_view)> const& visit) {
  Bytes const from(1, tag);
  auto cursor = engine.walk(Family::local, from, after_prefix(from), at);
  for (cursor.seek_first(); cursor.valid(); cursor.next()) {
    SOL_TRY(visit(cursor.key(), cursor.value()));
  }
  return cursor.status();
}

std::uint64_t count_versions(sync::Document const& document) {
  std::uint64_t count = 0;
  for (auto const& [key, versions] : document.fields) count += versions.size();
  return count;
}

void put_due(Transaction& transaction, Bytes const& place, ErasedHere const& erased) {
  transaction.batch().put(Family::local, place, encode_erased(erased));
  transaction.erasures().due_since.insert(place);
}

// What was removed of one document is counted until a receipt tells it, over several removals.
Result<> add_due(Transaction& transaction, sync::DocumentKey const& key, std::uint64_t versions,
                 std::uint64_t entries) {
  auto const place = tagged(kErasedTag, key);
  SOL_ASSIGN(auto const known, transaction.engine().get(Family::local, place));
  ErasedHere erased;
  if (known) {
    SOL_ASSIGN(erased, parse_erased(*known));
  }
  erased.purged = false;
  erased.versions += versions;
  erased.history_entries += entries;
  put_due(transaction, place, erased);
  return {};
}

}  // namespace

Result<Erasures> Erasures::read(Engine const& engine) {
  Erasures found;
  SOL_TRY(walk_tag(engine, kMarkTag, nullptr, [&](auto key, auto value) -> Result<> {
    SOL_ASSIGN(auto document, untagged(key));
    SOL_ASSIGN(auto mark, parse_mark(value));
    found.marks.emplace(std::move(document), std::move(mark));
    return {};
  }));
  SOL_TRY(walk_tag(engine, kHoldTag, nullptr, [&](auto key, auto value) -> Result<> {
    SOL_ASSIGN(auto document, untagged(key));
    SOL_ASSIGN(auto hold, parse_hold(value));
    found.holds.emplace(std::move(document), std::move(hold));
    return {};
  }));
  return found;
}

Result<> erase_traces(Transaction& transaction, Cell const& before) {
  auto const& key = before.document->key;
  auto const held = transaction.erasures().holds.contains(key);
  auto const prefix = history_prefix(key);
  auto const copy = tagged(kHeldCopyTag, key);
  std::uint64_t entries = 0;
  auto cursor = transaction.engine().walk(Family::history, prefix, after_prefix(prefix));
  for (cursor.seek_first(); cursor.valid(); cursor.next(), ++entries) {
    if (!held) continue;
    transaction.batch().put(Family::local, cat(copy, cursor.key().substr(prefix.size())),
                            cursor.value());
  }
  SOL_TRY(cursor.status());
  if (held) {
    transaction.batch().put(Family::local, copy, sync::encode_document(*before.document));
  }
  transaction.batch().erase_range(Family::history, prefix, after_prefix(prefix));
  for (auto const& file : blob_references(*before.document)) {
    SOL_TRY(forget_sent(transaction, file.sha256));
  }
  return add_due(transaction, key, count_versions(*before.document), entries);
}

Result<> write_erasure(Transaction& transaction, std::vector<sync::DocumentKey> const& keys,
                       sync::FieldVersion const& mark) {
  auto const& positions = transaction.positions();
  if (mark.dot.replica == positions.replica && mark.dot.counter > positions.counter) {
    return fail(Code::corrupt,
                "an order stands on a write of this replica that is not here: this store was "
                "restored or copied, and must draw a new incarnation");
  }
  for (auto const& key : keys) {
    SOL_ASSIGN(Cell const cell, transaction.document(key));
    if (cell.document && sync::is_paper_of_erasure(cell.document->type)) continue;
    auto const [known, added] = transaction.erasures().marks.try_emplace(key, mark);
    if (added) transaction.batch().put(Family::local, tagged(kMarkTag, key), encode_mark(mark));
    if (!cell.document) continue;
    auto after = std::make_shared<sync::Document const>(sync::erased(*cell.document, mark));
    if (*after == *cell.document) continue;
    auto const encoded = sync::encode_document(*after);
    SOL_TRY(transaction.write(cell, {after, sync::fingerprint(*after), encoded, std::nullopt, {}}));
  }
  return {};
}

Result<> write_hold(Transaction& transaction, sync::DocumentKey const& key, Hold const& hold) {
  SOL_ASSIGN(Cell const cell, transaction.document(key));
  if (!cell.document || sync::is_erased(*cell.document)) {
    return fail(Code::not_found, "there is no such document here, or it was erased already");
  }
  transaction.batch().put(Family::local, tagged(kHoldTag, key), encode_hold(hold));
  transaction.erasures().holds.insert_or_assign(key, hold);
  return {};
}

Result<> release_hold(Transaction& transaction, sync::DocumentKey const& key) {
  auto const place = tagged(kHoldTag, key);
  SOL_ASSIGN(auto const known, transaction.engine().get(Family::local, place));
  if (!known) return fail(Code::not_found, "there is no hold on this document");
  transaction.batch().erase(Family::local, place);
  transaction.erasures().holds.erase(key);
  auto const copy = tagged(kHeldCopyTag, key);
  std::uint64_t kept = 0;
  auto cursor = transaction.engine().walk(Family::local, copy, after_prefix(copy));
  for (cursor.seek_first(); cursor.valid(); cursor.next(), ++kept) {
  }
  SOL_TRY(cursor.status());
  if (kept == 0) return {};
  transaction.batch().erase_range(Family::local, copy, after_prefix(copy));
  return add_due(transaction, key, 0, 0);
}

Result<> write_told(Transaction& transaction, std::vector<sync::DocumentKey> const& keys) {
  for (auto const& key : keys) {
    auto const place = tagged(kErasedTag, key);
    if (transaction.erasures().due_since.contains(place)) continue;
    SOL_ASSIGN(auto const record, transaction.engine().get(Family::local, place));
    if (!record) continue;
    SOL_ASSIGN(auto const erased, parse_erased(*record));
    if (erased.purged) transaction.batch().erase(Family::local, place);
  }
  return {};
}

void write_scope_due(Transaction& transaction, ScopeId const& scope) {
  put_due(transaction, cat(kErasedTag, scope_prefix(scope)), ErasedHere{});
}

Result<PurgeDue> read_purge_due(Transaction& transaction) {
  PurgeDue due;
  transaction.erasures().due_since.clear();
  SOL_TRY(
      walk_tag(transaction.engine(), kErasedTag, nullptr, [&](auto key, auto value) -> Result<> {
        SOL_ASSIGN(auto const erased, parse_erased(value));
        if (erased.purged) return {};
        due.keys.emplace_back(key);
        due.prefixes.emplace_back(key.substr(1));
        return {};
      }));
  return due;
}

Result<> purge(Engine& engine, PurgeDue const& due) {
  std::vector<EngineRange> ranges;
  // Keys of an index hold values; which ones is not known any more: the family is small.
  ranges.push_back({Family::indexes, {}, {}});
  auto const add = [&](std::string_view first, std::string_view last) {
    ranges.push_back({Family::documents, Bytes(first), after_prefix(last)});
    ranges.push_back({Family::history, Bytes(first), after_prefix(last)});
    ranges.push_back({Family::feeds, Bytes(first), after_prefix(last)});
    ranges.push_back(
        {Family::local, cat(kHeldCopyTag, first), after_prefix(cat(kHeldCopyTag, last))});
  };
  // They are sorted. Of many, what lies between is rewritten once rather than each file many times.
  if (due.prefixes.size() > kFewRanges) {
    add(due.prefixes.front(), due.prefixes.back());
  } else {
    for (auto const& prefix : due.prefixes) add(prefix, prefix);
  }
  return engine.scrub(ranges);
}

Result<> write_purged(Transaction& transaction, PurgeDue const& due) {
  for (auto const& key : due.keys) {
    if (transaction.erasures().due_since.contains(key)) continue;
    SOL_ASSIGN(auto const record, transaction.engine().get(Family::local, key));
    if (!record) continue;
    SOL_ASSIGN(auto erased, parse_erased(*record));
    // A whole scope has nothing to tell but that it was purged.
    if (key.back() == '\0' && !untagged(key)) {
      transaction.batch().erase(Family::local, key);
      continue;
    }
    erased.purged = true;
    transaction.batch().put(Family::local, key, encode_erased(erased));
  }
  return {};
}

Result<bool> read_scope_due(Engine const& engine, EngineSnapshot const* at, ScopeId const& scope) {
  SOL_ASSIGN(auto const record,
             engine.get(Family::local, cat(kErasedTag, scope_prefix(scope)), at));
  return record.has_value();
}

Result<std::vector<ErasedHere>> read_erased(Engine const& engine, EngineSnapshot const* at) {
  std::vector<ErasedHere> found;
  SOL_TRY(walk_tag(engine, kErasedTag, at, [&](auto key, auto value) -> Result<> {
    auto const document = untagged(key);
    if (!document) return {};  // a whole scope
    SOL_ASSIGN(auto erased, parse_erased(value));
    erased.key = *document;
    found.push_back(std::move(erased));
    return {};
  }));
  return found;
}

Result<std::vector<HeldDocument>> read_held(Engine const& engine, EngineSnapshot const* at) {
  std::vector<HeldDocument> found;
  SOL_TRY(walk_tag(engine, kHoldTag, at, [&](auto key, auto value) -> Result<> {
    SOL_ASSIGN(auto document, untagged(key));
    SOL_ASSIGN(auto hold, parse_hold(value));
    SOL_ASSIGN(auto const copy, engine.get(Family::local, tagged(kHeldCopyTag, document), at));
    found.push_back({std::move(document), std::move(hold), copy.has_value()});
    return {};
  }));
  return found;
}

Result<std::optional<sync::Document>> read_held_copy(Engine const& engine, EngineSnapshot const* at,
                                                     sync::DocumentKey const& key) {
  SOL_ASSIGN(auto const bytes, engine.get(Family::local, tagged(kHeldCopyTag, key), at));
  if (!bytes) return std::nullopt;
  return sync::decode_document(*bytes, key.scope);
}

Result<> check_erasing_record(std::string_view key, std::string_view value) {
  switch (key.front()) {
    case kMarkTag: {
      SOL_TRY(untagged(key));
      SOL_TRY(parse_mark(value));
      return {};
    }
    case kErasedTag: {
      SOL_TRY(split_scope(key.substr(1)));
      SOL_TRY(parse_erased(value));
      return {};
    }
    case kHoldTag: {
      SOL_TRY(untagged(key));
      SOL_TRY(parse_hold(value));
      return {};
    }
    case kHeldCopyTag: {
      SOL_TRY(split_scope(key.substr(1)));
      return {};
    }
    default: return fail(Code::corrupt, "a local value of an unknown kind");
  }
}

}  // namespace solidaires::store
