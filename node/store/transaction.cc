#include "node/store/transaction.h"

#include <algorithm>
#include <iterator>

#include "node/store/blob_references.h"

namespace solidaires::store {
namespace {

constexpr std::size_t kIndexValueBytes = 1000;

bool is_index_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

Result<Cell> cell_of(sync::DocumentKey const& key, std::optional<Bytes> const& record) {
  if (!record) return Cell{};
  SOL_ASSIGN(auto stored, parse_record(key, *record));
  return Cell{std::make_shared<sync::Document const>(std::move(stored.document)), stored.sequence,
              stored.fingerprint};
}

}  // namespace

Result<std::vector<IndexEntry>> entries_of(Indexer const& indexer, sync::Document const* document) {
  std::vector<IndexEntry> entries;
  if (document == nullptr) return entries;
  if (indexer.entries) entries = indexer.entries(*document);
  for (auto const& entry : entries) {
    if (!is_index_name(entry.index) || entry.index == kFilesIndex ||
        entry.value.size() > kIndexValueBytes) {
      return fail(Code::invalid, cat("an entry of the index \"", entry.index,
                                     "\" has no valid name, or a value of more than ",
                                     kIndexValueBytes, " bytes"));
    }
  }
  for (auto& reference : blob_references(*document)) {
    entries.push_back({std::string(kFilesIndex), std::move(reference.sha256)});
  }
  std::ranges::sort(entries);
  entries.erase(std::ranges::unique(entries).begin(), entries.end());
  return entries;
}

void Transaction::begin() {
  batch_.mark();
  counter_before_ = positions_.counter;
}

std::vector<DocumentChange> Transaction::keep() {
  batch_.keep_mark();
  documents_.keep();
  local_.keep();
  cursors_.keep();
  for (auto const& [scope, head] : std::exchange(request_heads_, {})) moved_heads_.insert(scope);
  counter_moved_ = counter_moved_ || positions_.counter != counter_before_;
  return std::exchange(changes_, {});
}

void Transaction::undo() {
  batch_.undo_to_mark();
  documents_.undo();
  local_.undo();
  cursors_.undo();
  positions_.counter = counter_before_;
  for (; !request_heads_.empty(); request_heads_.pop_back()) {
    positions_.heads[request_heads_.back().first] = request_heads_.back().second;
  }
  changes_.clear();
  digests_.clear();
}

void Transaction::finish() {
  if (counter_moved_) {
    batch_.put(Family::meta, meta_key::kCounter, number(positions_.counter));
  }
  for (auto const& scope : moved_heads_) {
    batch_.put(Family::meta, head_key(scope), number(positions_.heads[scope]));
  }
}

Result<> Transaction::prefetch(std::vector<sync::DocumentKey> const& keys) {
  std::vector<sync::DocumentKey const*> missing;
  std::vector<Bytes> raw;
  for (auto const& key : keys) {
    if (documents_.find(key) != nullptr) continue;
    if (committed_.find(key).lacking()) {
      documents_.loaded(key, Cell{});
      continue;
    }
    missing.push_back(&key);
    raw.push_back(document_key(key));
  }
  if (missing.empty()) return {};
  SOL_ASSIGN(auto const records, engine_.get_many(Family::documents, raw));
  for (std::size_t i = 0; i < missing.size(); ++i) {
    SOL_ASSIGN(auto cell, cell_of(*missing[i], records[i]));
    documents_.loaded(*missing[i], std::move(cell));
  }
  return {};
}

bool Transaction::holds(sync::DocumentKey const& key, sync::Fingerprint const& fingerprint) {
  if (auto const* cell = documents_.find(key)) {
    return cell->document && cell->fingerprint == fingerprint;
  }
  auto const known = committed_.find(key);
  if (known.lacking()) documents_.loaded(key, Cell{});  // so that nobody asks a second time
  return known.told && known.fingerprint == fingerprint;
}

Result<Cell> Transaction::document(sync::DocumentKey const& key) {
  if (auto const* known = documents_.find(key)) return *known;
  SOL_ASSIGN(auto const record, engine_.get(Family::documents, document_key(key)));
  SOL_ASSIGN(auto cell, cell_of(key, record));
  return documents_.loaded(key, std::move(cell));
}

Result<sync::Sequence> Transaction::write(Cell const& before, DocumentWrite const& write) {
  auto const& key = write.after->key;
  auto const sequence = next_sequence(key.scope);
  if (before.document) batch_.erase(Family::feeds, feed_key(key.scope, before.sequence));
  batch_.put(Family::feeds, feed_key(key.scope, sequence),
             encode(FeedRecord{key.id, write.origin}));
  batch_.put(Family::documents, document_key(key),
             encode_record({sequence, write.fingerprint}, write.encoded));
  SOL_TRY(write_indexes(before.document.get(), write.after.get()));
  if (sync::is_erased(*write.after)) {
    bool const had_content = before.document && !sync::is_erased(*before.document);
    if (had_content) SOL_TRY(erase_traces(*this, before));
  } else if (keeps_history(key.scope)) {
    for (auto const& record : tell(before.document.get(), *write.after, write.source)) {
      batch_.put(Family::history, history_key(key, sequence, record.entry.ordinal), encode(record));
    }
  }
  documents_.set(key, Cell{write.after, sequence, write.fingerprint});
  changes_.push_back({before.document, write.after, sequence});
  digests_.push_back({key, write.fingerprint, sequence});
  return sequence;
}

Result<> Transaction::remove(Cell const& cell) {
  auto const& key = cell.document->key;
  batch_.erase(Family::documents, document_key(key));
  batch_.erase(Family::feeds, feed_key(key.scope, cell.sequence));
  SOL_TRY(write_indexes(cell.document.get(), nullptr));
  documents_.set(key, Cell{});
  auto const sequence = next_sequence(key.scope);
  changes_.push_back({cell.document, nullptr, sequence});
  digests_.push_back({key, std::nullopt, sequence});
  return {};
}

Result<> Transaction::write_indexes(sync::Document const* before, sync::Document const* after) {
  auto const& key = (after != nullptr ? after : before)->key;
  SOL_ASSIGN(auto const old_entries, entries_of(indexer_, before));
  SOL_ASSIGN(auto const new_entries, entries_of(indexer_, after));
  std::vector<IndexEntry> gone;
  std::vector<IndexEntry> come;
  std::ranges::set_difference(old_entries, new_entries, std::back_inserter(gone));
  std::ranges::set_difference(new_entries, old_entries, std::back_inserter(come));
  for (auto const& entry : gone) batch_.erase(Family::indexes, index_key(entry, key));
  for (auto const& entry : come) batch_.put(Family::indexes, index_key(entry, key), {});
  if (before != nullptr && (after == nullptr || before->type != after->type)) {
    batch_.erase(Family::indexes, type_key(before->type, key));
  }
  if (after == nullptr) return {};
  bool const alive = sync::is_alive(*after);
  if (before == nullptr || before->type != after->type || sync::is_alive(*before) != alive) {
    batch_.put(Family::indexes, type_key(after->type, key), alive ? kAliveMark : kDeletedMark);
  }
  return {};
}

sync::Sequence Transaction::next_sequence(ScopeId const& scope) {
  auto& head = positions_.heads[scope];
  request_heads_.emplace_back(scope, head);
  return sync::Sequence{++head};
}

sync::Dot Transaction::next_dot() {
  return {positions_.replica, ++positions_.counter};
}

Result<std::optional<LocalRecord>> Transaction::local(Bytes const& key) {
  if (auto const* known = local_.find(key)) return *known;
  SOL_ASSIGN(auto const bytes, engine_.get(Family::local, local_key(key)));
  std::optional<LocalRecord> record;
  if (bytes) {
    SOL_ASSIGN(record, parse_local_record(*bytes));
  }
  return local_.loaded(key, std::move(record));
}

Result<> Transaction::set_local(Bytes const& key, std::optional<LocalRecord> record) {
  SOL_ASSIGN(auto const before, local(key));
  if (before && before->expires_at) {
    batch_.erase(Family::local, expiry_key(*before->expires_at, key));
  }
  if (record) {
    batch_.put(Family::local, local_key(key), encode(*record));
    if (record->expires_at) {
      batch_.put(Family::local, expiry_key(*record->expires_at, key), {});
    }
  } else {
    batch_.erase(Family::local, local_key(key));
  }
  local_.set(key, std::move(record));
  return {};
}

Result<sync::Sequence> Transaction::cursor(ReplicaId peer, ScopeId const& scope) {
  auto const key = cursor_key(peer, scope);
  if (auto const* known = cursors_.find(key)) return *known;
  SOL_ASSIGN(auto const bytes, engine_.get(Family::cursors, key));
  if (!bytes) return cursors_.loaded(key, sync::Sequence{0});
  SOL_ASSIGN(std::uint64_t const at, parse_number(*bytes));
  return cursors_.loaded(key, sync::Sequence{at});
}

void Transaction::set_cursor(ReplicaId peer, ScopeId const& scope, sync::Sequence to) {
  auto const key = cursor_key(peer, scope);
  batch_.put(Family::cursors, key, number(static_cast<std::uint64_t>(to)));
  cursors_.set(key, to);
}

void Transaction::forget_cursor(ReplicaId peer, ScopeId const& scope) {
  auto const key = cursor_key(peer, scope);
  batch_.erase(Family::cursors, key);
  cursors_.set(key, sync::Sequence{0});
}

void Transaction::correct_digest(sync::DocumentKey const& key,
                                 std::optional<sync::Fingerprint> fingerprint) {
  digests_.push_back({key, fingerprint, sync::Sequence{0}});
}

void Transaction::renew(ReplicaId replica) {
  positions_.replica = replica;
  positions_.counter = 0;
  counter_moved_ = true;
  batch_.put(Family::meta, meta_key::kReplica, number(static_cast<std::uint64_t>(replica)));
}

}  // namespace solidaires::store
