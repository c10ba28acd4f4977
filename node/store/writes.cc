#include "node/store/writes.h"

#include <algorithm>
#include <set>

#include "sync/base/hash.h"
#include "sync/core/absorb.h"
#include "sync/wire/document_codec.h"

namespace solidaires::store {
namespace {

// A document as people that read logs can find it.
std::string name_of(sync::DocumentKey const& key) {
  return cat("the document ", key.id.to_string(), " in ", key.scope.to_string());
}

Result<> check_presence(Transaction& transaction, DocumentEdit const& edit, Cell const& cell) {
  bool const here = cell.document != nullptr;
  if (edit.presence == Presence::must_be_new && here) {
    return fail(Code::conflict, cat(name_of(edit.key), " exists already"));
  }
  bool const erased = here && sync::is_erased(*cell.document);
  if (erased || transaction.erasures().marks.contains(edit.key)) {
    return fail(Code::not_found, cat(name_of(edit.key), " was erased by order, and stays so"));
  }
  bool const gone = !here || !sync::is_alive(*cell.document);
  if ((edit.presence == Presence::must_exist && gone) || (!here && edit.type.empty())) {
    return fail(Code::not_found, cat(name_of(edit.key), " does not exist"));
  }
  if (here && !edit.type.empty() && edit.type != cell.document->type) {
    return fail(Code::invalid,
                cat(name_of(edit.key), " is of type ", cell.document->type, ", not ", edit.type));
  }
  bool const as_seen =
      (here ? cell.document->context : sync::Context{}) == edit.seen.value_or(sync::Context{});
  if (edit.must_be_as_seen && !as_seen) {
    return fail(Code::conflict, cat(name_of(edit.key), " has changed meanwhile"));
  }
  for (auto const& field : edit.fields) {
    if (field.field.starts_with(kAuthorPrefix) || field.field == sync::kErased) {
      return fail(Code::invalid, cat("the field ", field.field, " is written by the store alone"));
    }
  }
  return {};
}

// True if the author saw the field as it is, alone, and leaves it so.
bool is_idle(sync::FieldEdit const& edit, sync::Document const& document,
             sync::Context const& seen) {
  auto const found = document.fields.find(edit.field);
  if (found == document.fields.end()) return !edit.value;
  auto const& versions = found->second;
  return edit.value && versions.size() == 1 && versions[0].value == *edit.value &&
         seen.covers(versions[0].dot);
}

// The edits that change something; of several for one field, the last.
std::vector<sync::FieldEdit> effective_edits(std::vector<sync::FieldEdit> const& edits,
                                             sync::Document const& document,
                                             sync::Context const& seen) {
  std::vector<sync::FieldEdit> result;
  std::set<std::string_view> met;
  for (auto edit = edits.rbegin(); edit != edits.rend(); ++edit) {
    if (met.insert(edit->field).second && !is_idle(*edit, document, seen)) result.push_back(*edit);
  }
  std::ranges::reverse(result);
  return result;
}

// An edit says again that the document lives, so that a deletion which its author had not seen
// becomes a conflict that people are shown. Who edits what was deleted before his eyes does not
// bring it back.
bool renews_existence(std::vector<sync::FieldEdit> const& edits, sync::Document const& document,
                      sync::Context const& seen) {
  for (auto const& edit : edits) {
    if (edit.field == sync::kExistence) return false;
  }
  auto const existence = document.fields.find(sync::kExistence);
  if (existence == document.fields.end()) return true;
  return std::ranges::none_of(existence->second, [&seen](sync::FieldVersion const& version) {
    return version.value == sync::kDeleted && seen.covers(version.dot);
  });
}

void add_engine_edits(std::vector<sync::FieldEdit>& edits, sync::Document const& document,
                      sync::Context const& seen, sync::Dot dot, std::string const& author) {
  if (renews_existence(edits, document, seen)) {
    edits.push_back({std::string(sync::kExistence), Bytes(sync::kAlive)});
  }
  if (!keeps_history(document.key.scope)) return;
  for (auto& field : idle_author_fields(document, edits, seen)) {
    edits.push_back({std::move(field), std::nullopt});
  }
  if (!author.empty()) edits.push_back({author_field(dot), author});
}

Result<CommittedDocument> write_document(Transaction& transaction, DocumentEdit const& edit,
                                         Commit const& request) {
  SOL_ASSIGN(Cell const cell, transaction.document(edit.key));
  SOL_TRY(check_presence(transaction, edit, cell));
  auto document = cell.document ? *cell.document : sync::Document{edit.key, edit.type, {}, {}};
  auto const seen = edit.seen.value_or(document.context);
  auto edits = effective_edits(edit.fields, document, seen);
  if (edits.empty() && cell.document) {
    return CommittedDocument{cell.document, cell.sequence, false};
  }
  auto const dot = transaction.next_dot();
  add_engine_edits(edits, document, seen, dot, request.author);
  sync::write(document, edits, seen, dot, request.now);
  if (auto const valid = sync::validate(document); !valid) {
    return std::unexpected(Error(valid.error()).in(name_of(edit.key)));
  }
  auto const after = std::make_shared<sync::Document const>(std::move(document));
  auto const encoded = sync::encode_document(*after);
  SOL_ASSIGN(auto const sequence, transaction.write(cell, {after,
                                                           sync::fingerprint(*after),
                                                           encoded,
                                                           std::nullopt,
                                                           {.remote = false,
                                                            .recorded_at = request.now,
                                                            .dot = dot,
                                                            .author = request.author,
                                                            .reason = request.reason}}));
  return CommittedDocument{after, sequence, true};
}

Result<> write_local(Transaction& transaction, LocalEdit const& edit, Instant now) {
  SOL_ASSIGN(auto const before, transaction.local(edit.key));
  bool const here = before && !before->expired(now);
  using Expect = LocalEdit::Expect;
  bool const as_expected =
      edit.expect == Expect::anything || (edit.expect == Expect::absent && !here) ||
      (edit.expect == Expect::value && here && before->value == edit.expected_value);
  if (!as_expected) return fail(Code::conflict, "a local value has changed meanwhile");
  if (!edit.value) return transaction.set_local(edit.key, std::nullopt);
  return transaction.set_local(edit.key, LocalRecord{edit.expires_at, *edit.value});
}

Result<> write_blob(Transaction& transaction, BlobEdit const& edit) {
  if (edit.sha256.size() != kSha256Bytes) return fail(Code::invalid, "a blob's name is a SHA-256");
  if (edit.record) {
    transaction.batch().put(Family::blobs, edit.sha256, encode(*edit.record));
  } else {
    transaction.batch().erase(Family::blobs, edit.sha256);
  }
  return {};
}

Result<> check_batch(Transaction& transaction, sync::RemoteBatch const& batch) {
  SOL_ASSIGN(auto const at, transaction.cursor(batch.peer, batch.scope));
  if (at != batch.previous) {
    return fail(Code::conflict, cat("the batch of ", batch.scope.to_string(), " follows ",
                                    static_cast<std::uint64_t>(batch.previous),
                                    ", the cursor is at ", static_cast<std::uint64_t>(at)));
  }
  if (batch.last < batch.previous) return fail(Code::invalid, "the batch goes backwards");
  return {};
}

// Only this replica gives its dots out. One that it never gave means that it was restored from a
// backup, or copied, and would now give the same dot to another write.
Result<> check_identity(Positions const& positions, sync::Document const& document) {
  auto const& counters = document.context.counters();
  auto const own = counters.find(positions.replica);
  if (own == counters.end() || own->second <= positions.counter) return {};
  return fail(Code::corrupt, cat(name_of(document.key),
                                 " holds writes of this replica that are not here: this "
                                 "store was restored or copied, and must draw a new incarnation"));
}

// A document that was ordered to be erased before it came is met by the stub that it would be.
sync::Absorbed absorb_marked(Erasures const& erasures, sync::Document const* ours,
                             sync::Document theirs, ReplicaId peer) {
  auto const mark = ours != nullptr ? erasures.marks.end() : erasures.marks.find(theirs.key);
  if (mark == erasures.marks.end()) return sync::absorb(ours, std::move(theirs), peer);
  auto const stub = sync::erased({theirs.key, theirs.type, {}, {}}, mark->second);
  auto absorbed = sync::absorb(&stub, std::move(theirs), peer);
  absorbed.changed = true;  // it is new here
  return absorbed;
}

Result<> write_received(Transaction& transaction, PreparedDocument& theirs, ReplicaId peer,
                        Instant now) {
  SOL_ASSIGN(Cell const cell, transaction.document(theirs.document.key));
  auto absorbed =
      absorb_marked(transaction.erasures(), cell.document.get(), std::move(theirs.document), peer);
  // Nothing new: what peers downstream may lack stands in the feed already. A context that grew
  // is a change, even when every value stays.
  if (!absorbed.changed) return {};
  auto const after = std::make_shared<sync::Document const>(std::move(absorbed.document));
  if (auto const held = sync::validate_merged(*after); !held) {
    return std::unexpected(Error(held.error()).in(cat("merging ", name_of(after->key))));
  }
  bool const as_sent = absorbed.origin.has_value();
  auto const encoded = as_sent ? Bytes() : sync::encode_document(*after);
  SOL_TRY(transaction.write(cell, {after,
                                   as_sent ? theirs.fingerprint : sync::fingerprint(*after),
                                   as_sent ? theirs.encoded : encoded,
                                   absorbed.origin,
                                   {.remote = true, .recorded_at = now}}));
  return {};
}

}  // namespace

Result<std::vector<CommittedDocument>> write_commit(Transaction& transaction,
                                                    Commit const& request) {
  if (request.documents.size() > 1) {
    std::vector<sync::DocumentKey> keys;
    for (auto const& edit : request.documents) keys.push_back(edit.key);
    SOL_TRY(transaction.prefetch(keys));
  }
  std::vector<CommittedDocument> committed;
  committed.reserve(request.documents.size());
  for (auto const& edit : request.documents) {
    SOL_ASSIGN(auto written, write_document(transaction, edit, request));
    committed.push_back(std::move(written));
  }
  for (auto const& edit : request.local) SOL_TRY(write_local(transaction, edit, request.now));
  for (auto const& file : request.claims) write_claim(transaction, file);
  for (auto const& edit : request.blobs) SOL_TRY(write_blob(transaction, edit));
  SOL_TRY(write_told(transaction, request.erasures_told));
  return committed;
}

Result<std::vector<PreparedDocument>> prepare(sync::RemoteBatch& batch) {
  if (batch.scope.kind() == ScopeKind::local) {
    return fail(Code::denied, "local documents come from no peer");
  }
  bool const have_bytes = batch.encoded.size() == batch.documents.size();
  std::vector<PreparedDocument> prepared;
  prepared.reserve(batch.documents.size());
  for (std::size_t i = 0; i < batch.documents.size(); ++i) {
    auto& document = batch.documents[i];
    if (document.key.scope != batch.scope) {
      return fail(Code::invalid,
                  cat(name_of(document.key), " came in a batch of ", batch.scope.to_string()));
    }
    // What came is kept as it came, if it holds nothing but the document.
    bool const as_came = have_bytes && batch.encoded[i].size() == sync::encoded_size(document);
    auto encoded = as_came ? std::move(batch.encoded[i]) : sync::encode_document(document);
    auto const print = sync::fingerprint(document);
    prepared.push_back({std::move(document), print, std::move(encoded)});
  }
  return prepared;
}

Result<> write_remote(Transaction& transaction, sync::RemoteBatch const& batch,
                      std::vector<PreparedDocument>& prepared, Instant now) {
  SOL_TRY(check_batch(transaction, batch));
  std::vector<sync::DocumentKey> keys;
  keys.reserve(prepared.size());
  for (auto const& theirs : prepared) {
    SOL_TRY(check_identity(transaction.positions(), theirs.document));
    if (!transaction.holds(theirs.document.key, theirs.fingerprint)) {
      keys.push_back(theirs.document.key);
    }
  }
  SOL_TRY(transaction.prefetch(keys));
  for (auto& theirs : prepared) {
    if (transaction.holds(theirs.document.key, theirs.fingerprint)) continue;
    SOL_TRY(write_received(transaction, theirs, batch.peer, now));
  }
  transaction.set_cursor(batch.peer, batch.scope, batch.last);
  return {};
}

Result<std::size_t> remove_documents(Transaction& transaction, ScopeId const& scope,
                                     std::size_t most) {
  auto const prefix = scope_prefix(scope);
  auto cursor = transaction.engine().walk(Family::documents, prefix, after_prefix(prefix));
  std::vector<sync::DocumentKey> keys;
  for (cursor.seek_first(); cursor.valid() && keys.size() < most; cursor.next()) {
    SOL_ASSIGN(auto key, parse_document_key(cursor.key()));
    keys.push_back(std::move(key));
  }
  SOL_TRY(cursor.status());
  std::size_t removed = 0;
  for (auto const& key : keys) {
    SOL_ASSIGN(Cell const cell, transaction.document(key));
    ++removed;
    if (cell.document) SOL_TRY(transaction.remove(cell));
  }
  // One range for all of them: they follow each other, and each range slows the reads around it.
  if (!keys.empty()) {
    transaction.batch().erase_range(Family::history, history_prefix(keys.front()),
                                    after_prefix(history_prefix(keys.back())));
  }
  return removed;
}

Result<std::size_t> remove_expired(Transaction& transaction, Instant now, std::size_t most) {
  auto cursor = transaction.engine().walk(Family::local, Bytes(1, kExpiryTag),
                                          expiry_key(now + Millis(1), {}));
  std::vector<Bytes> keys;
  for (cursor.seek_first(); cursor.valid() && keys.size() < most; cursor.next()) {
    constexpr std::size_t kBeforeKey = 1 + sizeof(std::uint64_t);
    if (cursor.key().size() < kBeforeKey) return fail(Code::corrupt, "an expiry has no time");
    keys.emplace_back(cursor.key().substr(kBeforeKey));
  }
  SOL_TRY(cursor.status());
  std::size_t removed = 0;
  for (auto const& key : keys) {
    SOL_ASSIGN(auto const record, transaction.local(key));
    ++removed;
    // A request of the same group may have prolonged it.
    if (record && record->expired(now)) SOL_TRY(transaction.set_local(key, std::nullopt));
  }
  return removed;
}

Result<> forget_cursors(Transaction& transaction, std::optional<ScopeId> const& scope) {
  Bytes const from(1, kCursorTag);
  auto cursor = transaction.engine().walk(Family::cursors, from, after_prefix(from));
  for (cursor.seek_first(); cursor.valid(); cursor.next()) {
    ByteReader reader(cursor.key().substr(1));
    SOL_ASSIGN(std::uint64_t const peer, reader.u64());
    SOL_ASSIGN(auto const of, ScopeId::parse(cursor.key().substr(1 + sizeof(std::uint64_t))));
    if (!scope || of == *scope) transaction.forget_cursor(ReplicaId{peer}, of);
  }
  return cursor.status();
}

}  // namespace solidaires::store
