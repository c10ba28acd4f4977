// The files that documents refer to: everybody fetches everything that it may hold, in parts, over
// links that break. What a file holds bears the name of its scope, as values do.
#include <algorithm>

#include "sync/base/hash.h"
#include "sync/base/limits.h"
#include "tests/sim/world_parts.h"

namespace solidaires::sync::sim {

void World::attach_a_file(Machine machine) {
  auto& instance = instances_[machine];
  if (!instance.up || instance.passive || !instance.store->keeps_files) return;
  std::vector<ScopeId> scopes;
  for (auto const& scope : tree_.scopes()) {
    if (tree_.writes(machine, scope)) scopes.push_back(scope);
  }
  auto const& scope = scopes[rng_.below(scopes.size())];
  auto const mark = cat('@', scope.to_string(), '@');
  auto bytes = cat(mark, rng_.next());
  // Most are small; some take up to three parts.
  auto const size = rng_.below(3 * limits::kBlobChunkBytes);
  if (files_.size() < 2 && roll(25)) {
    while (bytes.size() < size) bytes += mark;
  }
  auto const hash = sha256(bytes);
  DocumentKey key{scope, DocumentId::make(clock(machine), rng_)};
  Context seen;
  // In place of another, which goes then unless somebody else has replaced it meanwhile.
  for (auto const& [id, document] : held(machine, scope)) {
    if (files_in(*document).empty() || is_erased(*document) || roll(50)) continue;
    key.id = id;
    auto const form = instance.forms.find(key);
    seen = form != instance.forms.end() && roll(60) ? form->second : document->context;
    break;
  }
  std::vector<FieldEdit> const edits{
      {std::string(kExistence), Bytes(kAlive)},
      {"picture", cat('@', scope.to_string(), '@', file_reference(hash))}};
  instance.store->files[claim_of(key, hash)] = {
      bytes.size(), {}, std::make_shared<Bytes const>(bytes)};
  if (!write_here(machine, key, edits, seen)) return;
  files_.push_back(hash);
  file_bytes_ += bytes.size();
}

// Of what documents here refer to, in whatever version, nothing may go.
void World::collect_files(Machine machine) {
  auto& instance = instances_[machine];
  if (!instance.up || !instance.store->keeps_files) return;
  auto const before = instance.store->files;
  instance.store->collect_files();
  say(cat("collect ", machine, ' ', before.size() - instance.store->files.size()));
  for (auto const& [key, stored] : instance.store->documents()) {
    for (auto const& hash : files_in(stored.document)) {
      auto const claim = claim_of(key, hash);
      if (!before.contains(claim) || instance.store->files.contains(claim)) continue;
      violate(cat("files: ", tree_.name(site_of(machine)).str(), " collects a file of ",
                  key.scope.to_string(), ' ', key.id.to_string()));
    }
  }
}

// As long as the connection lasts: now and then.
void World::ask_again_later(Place place) {
  schedule_.in(between(500, 15'000), [this, place] {
    if (find(place) == nullptr) return;
    ask_for_files(place);
    if (!healed_ && !files_.empty() && roll(10)) ask_what_is_not_ours(place);
    ask_again_later(place);
  });
}

void World::ask_for_files(Place place) {
  auto* end = find(place);
  if (end == nullptr || files_.empty() || !end->session->speaks(feature::kBlobs)) return;
  auto const& store = *instances_[machine_at(place)].store;
  auto const rules =
      tree_.entitlement(site_of(machine_at(place)), site_of(peer_at(place)), joined_);
  std::vector<WantBlob> wants;
  for (auto const& [key, stored] : store.documents()) {
    if (!rules.may_receive(key.scope)) continue;
    for (auto const& hash : files_in(stored.document)) {
      if (!store.has_file(claim_of(key, hash))) wants.push_back({key, hash, 0});
    }
  }
  for (auto const& want : wants) feed(place, want);
}

// A peer that lies: it names a document that it may hold, and a file of another.
void World::ask_what_is_not_ours(Place place) {
  auto const* end = find(place);
  auto const* other = find(opposite(place));
  if (end == nullptr || other == nullptr) return;
  for (auto const* one : {end, other}) {
    if (!one->session->speaks(feature::kBlobs)) return;
  }
  auto const& hash = files_[rng_.below(files_.size())];
  for (auto const& [key, stored] : instances_[machine_at(place)].store->documents()) {
    if (key.scope.kind() == ScopeKind::local || roll(50)) continue;
    if (refers_to(stored.document, hash)) continue;
    feed(opposite(place), FrameReceived{BlobWant{kForgedRequest, key.scope, key.id, hash, 0}});
    return;
  }
}

void World::file_kept(Machine machine, BlobKept const& kept) {
  if (!kept.progress || !kept.progress->whole) return;
  say(cat("file ", machine));
  for (auto const child : links_of(machine)) {
    auto const connection = links_[child].connection;
    if (connection == 0) continue;
    Place const place{child, connection, child == machine ? kChild : kParent};
    schedule_.in(Millis{1},
                 [this, place, hash = kept.file.sha256] { feed(place, BlobCame{hash}); });
  }
}

// What one end of a link has and may give, the other has too.
std::optional<std::string> World::lacks_files() {
  for (auto const child : children()) {
    if (!compares(child)) continue;
    for (auto const from : {child, parent_of(child)}) {
      auto const to = from == child ? parent_of(child) : child;
      auto const rules = tree_.entitlement(site_of(from), site_of(to), joined_);
      auto const& theirs = *instances_[from].store;
      for (auto const& [key, stored] : instances_[to].store->documents()) {
        auto const* document = theirs.find(key);
        if (document == nullptr || !rules.may_send(key.scope)) continue;
        for (auto const& hash : files_in(stored.document)) {
          auto const claim = claim_of(key, hash);
          if (!theirs.has_file(claim) || instances_[to].store->has_file(claim)) continue;
          if (!refers_to(*document, hash)) continue;
          return cat("files: ", tree_.name(site_of(to)).str(), " lacks a file of ",
                     key.scope.to_string(), ' ', key.id.to_string());
        }
      }
    }
  }
  return std::nullopt;
}

}  // namespace solidaires::sync::sim
