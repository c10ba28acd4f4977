#include "node/store/rereading.h"

#include <algorithm>

#include "node/store/rereading_steps.h"
#include "sync/base/log.h"
#include "sync/wire/document_codec.h"

namespace solidaires::store {
namespace {

constexpr std::size_t kProblems = 100;
constexpr std::size_t kRecordsAtOnce = 256;
constexpr std::uint64_t kEntriesAtOnce = 256;  // of a digest, about
constexpr unsigned kRangeDepthMax = 5;

std::string name_of(sync::DocumentKey const& key) {
  return cat(key.scope.to_string(), ' ', key.id.to_string());
}

std::optional<sync::Fingerprint> remembered(Digests const& digests, sync::DocumentKey const& key) {
  std::optional<sync::Fingerprint> found;
  // While nothing is compared there is nothing to mend: what cannot be read says so itself.
  auto const looked =
      digests.look(key.scope, [&](sync::DigestTree const& tree) { found = tree.find(key.id); });
  return looked ? found : std::nullopt;
}

// A reading that is over, or cannot go on in this part.
void next_part(Rereading& at, Rereading::Part part) {
  at.part = part;
  at.after.clear();
  at.range = 0;
}

Result<Suspects> read_table(Engine const& engine, Rereading& at) {
  if (at.tables_left.empty()) {
    next_part(at, Rereading::Part::records);
    return Suspects{};
  }
  auto const name = std::move(at.tables_left.back());
  at.tables_left.pop_back();
  auto const sound = engine.verify_table(name);
  if (sound) {
    ++at.tables;
  } else if (sound.error().code() != Code::not_found) {  // else: compacted away meanwhile
    return fail(sound.error().code(), cat("the file ", name, ": ", sound.error().message()));
  }
  return Suspects{};
}

Result<Suspects> read_records(Engine const& engine, Digests const& digests, Rereading& at) {
  Suspects suspects;
  auto const snapshot = engine.snapshot();
  auto cursor = engine.walk(Family::documents, at.after, {}, snapshot.get());
  cursor.seek_first();
  if (cursor.valid() && cursor.key() == at.after) cursor.next();
  std::size_t read = 0;
  for (; cursor.valid() && read < kRecordsAtOnce; cursor.next(), ++read) {
    SOL_ASSIGN(auto const key, parse_document_key(cursor.key()));
    SOL_ASSIGN(auto const stored, parse_record(key, cursor.value()));
    auto const computed = sync::fingerprint(stored.document);
    bool const is_kept =
        key.scope.kind() == ScopeKind::local || remembered(digests, key) == computed;
    if (computed != stored.fingerprint || !is_kept) suspects.push_back(key);
    at.after = cursor.key();
    ++at.documents;
  }
  SOL_TRY(cursor.status());
  if (!cursor.valid()) next_part(at, Rereading::Part::digests);
  return suspects;
}

// The scope after `at.after`, by its spelling, or that scope again while ranges of it are left.
std::optional<ScopeId> scope_to_read(Digests const& digests, Rereading const& at) {
  std::optional<ScopeId> next;
  for (auto const& [scope, content] : digests.contents()) {
    auto const name = scope.to_string();
    bool const is_left = name > at.after || (name == at.after && at.range > 0);
    if (is_left && (!next || name < next->to_string())) next = scope;
  }
  return next;
}

Result<Suspects> read_digest(Engine const& engine, Digests const& digests, Rereading& at) {
  auto const scope = scope_to_read(digests, at);
  if (!scope) {
    next_part(at, Rereading::Part::done);
    return Suspects{};
  }
  std::vector<sync::KeyedFingerprint> entries;
  unsigned depth = 0;
  SOL_TRY(digests.look(*scope, [&](sync::DigestTree const& tree) {
    while (depth < kRangeDepthMax && tree.count() >> (4 * depth) > kEntriesAtOnce) ++depth;
    // The scope may have grown since the last range of it: then some are read twice.
    at.range = std::min(at.range, (std::uint64_t{1} << (4 * depth)) - 1);
    sync::KeyRange const range{depth == 0 ? 0 : at.range << (64 - 4 * depth),
                               static_cast<std::uint8_t>(depth)};
    entries = tree.items(range, tree.count());
  }));
  at.after = scope->to_string();
  ++at.range;
  if (at.range == std::uint64_t{1} << (4 * depth)) at.range = 0;
  Suspects suspects;
  for (auto const& entry : entries) {
    sync::DocumentKey const key{*scope, entry.id};
    SOL_ASSIGN(auto const record, engine.get(Family::documents, document_key(key)));
    if (!record) suspects.push_back(key);
  }
  return suspects;
}

}  // namespace

void Rereading::problem(std::string what) {
  log_error("store.damaged", {{"what", what}});
  if (problems.size() < kProblems) problems.push_back(std::move(what));
}

Result<Suspects> reread_step(Engine const& engine, Digests const& digests, Rereading& at) {
  switch (at.part) {
    case Rereading::Part::beginning:
      at = Rereading{.part = Rereading::Part::tables, .tables_left = engine.tables()};
      return Suspects{};
    case Rereading::Part::tables: return read_table(engine, at);
    case Rereading::Part::records: return read_records(engine, digests, at);
    case Rereading::Part::digests: return read_digest(engine, digests, at);
    case Rereading::Part::done: break;
  }
  return Suspects{};
}

Result<> mend(Transaction& transaction, Digests const& digests, sync::DocumentKey const& key,
              Rereading& at) {
  SOL_ASSIGN(Cell const cell, transaction.document(key));
  SOL_ASSIGN(auto const raw, transaction.engine().get(Family::documents, document_key(key)));
  std::optional<sync::Fingerprint> written;
  if (raw) {
    SOL_ASSIGN(auto const head, parse_record_head(*raw));
    written = head.fingerprint;
  }
  auto const known = cell.document ? std::optional(cell.fingerprint) : std::nullopt;
  if (known != written) return {};  // a request of the same group has just changed it
  auto const computed =
      cell.document ? std::optional(sync::fingerprint(*cell.document)) : std::nullopt;
  bool const is_remembered =
      key.scope.kind() == ScopeKind::local || remembered(digests, key) == computed;
  if (is_remembered && known == computed) return {};
  if (known != computed) {
    transaction.batch().put(
        Family::documents, document_key(key),
        encode_record({cell.sequence, *computed}, sync::encode_document(*cell.document)));
  }
  transaction.correct_digest(key, computed);
  ++at.mended;
  at.problem(cat(name_of(key), !cell.document ? ": it is not on the disk any more"
                               : known != computed
                                   ? ": it is not what its fingerprint says"
                                   : ": what memory held of it was not what the disk holds"));
  return {};
}

}  // namespace solidaires::store
