#include "tests/sim/plant.h"

#include <algorithm>
#include <set>
#include <utility>

#include "sync/base/hash.h"

namespace solidaires::sync::sim {
namespace {

bool same_values(Document const& a, Document const& b) {
  return std::ranges::equal(a.fields, b.fields, [](auto const& x, auto const& y) {
    return x.first == y.first && shown(x.second).value == shown(y.second).value;
  });
}

Context of_what_shows(Document const& document) {
  Context context;
  for (auto const& [key, versions] : document.fields) {
    for (auto const& version : versions) context.add(version.dot);
  }
  return context;
}

}  // namespace

PlantInfo const* plant_named(std::string_view name) {
  auto const* const found = std::ranges::find(kPlants, name, &PlantInfo::name);
  return found == kPlants.end() ? nullptr : found;
}

std::string_view known_to_previous_version(std::string_view value) {
  return value.substr(0, value.find(';'));
}

Result<> PlantedStore::apply(RemoteBatch batch) {
  switch (plant_) {
    case Plant::cursor_on_receipt: {
      SOL_ASSIGN(auto changes, merged(batch));
      Commit cursor_alone;
      cursor_alone.cursor = std::exchange(changes.cursor, std::nullopt);
      SOL_TRY(commit(std::move(cursor_alone)));
      return commit(std::move(changes), false);
    }
    case Plant::ack_before_sync: {
      SOL_ASSIGN(auto changes, merged(batch));
      return commit(std::move(changes), false);
    }
    case Plant::torn_batch: {
      SOL_ASSIGN(auto changes, merged(batch));
      if (changes.documents.size() < 2) return commit(std::move(changes));
      Commit rest;
      rest.documents.push_back(std::move(changes.documents.back()));
      changes.documents.pop_back();
      SOL_TRY(commit(std::move(changes)));
      return commit(std::move(rest), false);
    }
    case Plant::gap_applied: {
      SOL_ASSIGN(auto changes, merged(batch));
      return commit(std::move(changes));
    }
    case Plant::failure_counted_done: {
      if (!batch.documents.empty() && rng_->below(8) == 0) batch.documents.pop_back();
      return MemoryStore::apply(std::move(batch));
    }
    case Plant::cursor_survives_renewal: {
      SOL_ASSIGN(auto const stored, cursor(batch.peer, batch.scope));
      if (stored != batch.previous) return fail(Code::conflict, "the cursor is elsewhere");
      SOL_ASSIGN(auto changes, merged(batch));
      return commit(std::move(changes));
    }
    default: return MemoryStore::apply(std::move(batch));
  }
}

Result<FeedPage> PlantedStore::read_feed(ScopeId const& scope, Sequence after,
                                         std::size_t documents_max, std::size_t bytes_max,
                                         ReplicaId reader) const {
  auto const cut = rng_->below(3) == 0 ? 1 + rng_->below(4) : documents_max;
  auto page = MemoryStore::read_feed(scope, after, std::min(documents_max, cut), bytes_max, reader);
  if (plant_ != Plant::filter_without_scope || !page || page->entries.empty()) return page;
  for (auto const& [key, stored] : documents()) {
    if (key.scope == scope || key.scope.kind() != scope.kind()) continue;
    page->entries.push_back({page->entries.back().sequence, stored.document, {}, std::nullopt});
    page->entries.back().document.key.scope = scope;
    break;
  }
  return page;
}

Result<Sequence> PlantedStore::cursor(ReplicaId peer, ScopeId const& scope) const {
  SOL_ASSIGN(auto found, MemoryStore::cursor(peer, scope));
  if (plant_ != Plant::cursor_survives_renewal || !incarnations) return found;
  for (auto const earlier : incarnations(peer)) {
    found = std::max(found, MemoryStore::durable_cursor(earlier, scope));
  }
  return found;
}

Result<Dot> PlantedStore::write_local(DocumentKey const& key, std::string const& type,
                                      std::vector<FieldEdit> const& edits, Context const& seen,
                                      Instant now) {
  if (plant_ != Plant::counter_not_durable && plant_ != Plant::origin_kept) {
    return MemoryStore::write_local(key, type, edits, seen, now);
  }
  auto const* stored = find(key);
  Document document = stored != nullptr ? *stored : Document{key, type, {}, {}};
  Dot const dot{replica(), counter() + 1};
  write(document, edits, seen, dot, now);
  auto origin =
      plant_ == Plant::origin_kept && stored != nullptr ? documents().at(key).origin : std::nullopt;
  Commit change;
  change.documents.push_back({std::move(document), {}, origin});
  if (plant_ == Plant::origin_kept) change.counter = dot.counter;
  SOL_TRY(commit(std::move(change)));
  if (plant_ == Plant::counter_not_durable) {
    Commit counter_alone;
    counter_alone.counter = dot.counter;
    SOL_TRY(commit(std::move(counter_alone), false));
  }
  return dot;
}

Absorbed PlantedStore::absorb_one(Document const* ours, Document theirs, ReplicaId peer) const {
  if (plant_ == Plant::equal_values_dropped && ours != nullptr && same_values(*ours, theirs)) {
    return {*ours, false, std::nullopt};
  }
  if (plant_ == Plant::stamp_decides && ours != nullptr &&
      highest_stamp_ms(theirs) < highest_stamp_ms(*ours)) {
    return {*ours, false, std::nullopt};
  }
  if (plant_ == Plant::erased_refilled && ours != nullptr && is_erased(*ours) &&
      !is_erased(theirs)) {
    theirs.context.join(ours->context);
    return {std::move(theirs), true, std::nullopt};
  }
  auto const before = ours != nullptr ? ours->context : Context{};
  auto result = MemoryStore::absorb_one(ours, std::move(theirs), peer);
  if (plant_ == Plant::echo_by_id) result.origin = peer;
  if (plant_ == Plant::context_not_joined) {
    result.document.context = before;
    result.document.context.join(of_what_shows(result.document));
  }
  for (auto& [key, versions] : result.document.fields) {
    if (plant_ == Plant::merge_drops) versions = {shown(versions)};
    if (plant_ != Plant::values_reserialised || !old_schema) continue;
    for (auto& version : versions) version.value = known_to_previous_version(version.value);
  }
  return result;
}

Result<std::uint64_t> PlantedStore::drop_scope(ScopeId const& scope) {
  if (plant_ == Plant::withdrawal_ignored) return 0;
  return MemoryStore::drop_scope(scope);
}

// ---- Files ----

Bytes file_reference(Bytes const& sha256) {
  return cat(";file=", hex(sha256));
}

std::vector<Bytes> files_in(Document const& document) {
  constexpr std::string_view kMark = ";file=";
  std::vector<Bytes> found;
  for (auto const& [key, versions] : document.fields) {
    for (auto const& version : versions) {
      auto const at = version.value.find(kMark);
      if (at == Bytes::npos) continue;
      auto hash = from_hex(std::string_view(version.value).substr(at + kMark.size()));
      if (hash) found.push_back(*std::move(hash));
    }
  }
  return found;
}

bool refers_to(Document const& document, Bytes const& sha256) {
  auto const all = files_in(document);
  return std::ranges::find(all, sha256) != all.end();
}

void PlantedStore::collect_files() {
  std::set<BlobClaim> named;
  for (auto const& [key, stored] : documents()) {
    auto document = stored.document;
    if (plant_ == Plant::collected_by_what_shows) {
      if (!is_alive(document)) continue;
      for (auto& [field, versions] : document.fields) versions = {shown(versions)};
    }
    for (auto const& hash : files_in(document)) named.insert(claim_of(key, hash));
  }
  std::erase_if(files, [&](auto const& entry) { return !named.contains(entry.first); });
}

Result<BlobPart> PlantedStore::read_blob(DocumentKey const& document, Bytes const& sha256,
                                         std::uint64_t offset, std::size_t bytes_max) const {
  auto const* stored = find(document);
  bool const refers = stored != nullptr && refers_to(*stored, sha256);
  if (!refers && plant_ != Plant::file_by_hash) return fail(Code::denied, "no such reference");
  auto claim = claim_of(document, sha256);
  if (plant_ == Plant::file_by_hash && !has_file(claim)) {
    auto const any = std::ranges::find_if(
        files, [&](auto const& entry) { return entry.first.sha256 == sha256; });
    if (any != files.end()) claim = any->first;
  }
  if (!has_file(claim)) return fail(Code::not_found, "the file is not here");
  auto const& whole = *files.at(claim).whole;
  return BlobPart{offset < whole.size() ? whole.substr(offset, bytes_max) : Bytes{}, whole.size()};
}

Result<BlobProgress> PlantedStore::blob_progress(BlobClaim const& claim) {
  auto const found = files.find(claim);
  if (found == files.end()) return BlobProgress{};
  auto const& file = found->second;
  return file.whole ? BlobProgress{file.whole->size(), true}
                    : BlobProgress{file.part.size(), false};
}

Result<BlobProgress> PlantedStore::append_blob(BlobClaim const& claim, std::uint64_t offset,
                                               std::uint64_t size, std::string_view bytes) {
  if (!disk_works()) return fail(Code::exhausted, "the disk is full");
  auto& file = files[claim];
  if (file.whole) return BlobProgress{file.whole->size(), true};
  if (offset != file.part.size() || (file.size != 0 && file.size != size)) {
    return fail(Code::conflict, "another number of bytes is held");
  }
  file.size = size;
  file.part += bytes;
  if (file.part.size() < size) return BlobProgress{file.part.size(), false};
  if (sha256(file.part) != claim.sha256) {
    files.erase(claim);
    return fail(Code::corrupt, "the file is not what its name says");
  }
  file.whole = std::make_shared<Bytes const>(std::exchange(file.part, {}));
  return BlobProgress{size, true};
}

void PlantedStore::expire_a_tombstone() {
  for (auto const& [key, stored] : documents()) {
    if (is_alive(stored.document)) continue;
    forget(DocumentKey(key));
    return;
  }
}

}  // namespace solidaires::sync::sim
