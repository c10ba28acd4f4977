// The properties that must hold, each under its name: cursors at every step, confinement and the
// window at every frame, and in the end convergence to exactly what the oracle computed.
#include <algorithm>
#include <utility>

#include "sync/base/limits.h"
#include "tests/sim/world_parts.h"

namespace solidaires::sync::sim {
namespace {

constexpr std::size_t kSnapshotsPerDocument = 12;
// Beyond the window: batches on the wire that a rewind has made void, not yet read by the peer.
constexpr std::size_t kOnTheWireMax = 2 * limits::kBatchesInFlight;
constexpr std::size_t kTasksMax = 4 * limits::kBatchesInFlight;

// Does `copy` hold everything that `other` holds?
bool includes(Document const& copy, Document const& other) {
  return merge(copy, other) == copy;
}

}  // namespace

void World::violate(std::string what) {
  if (!outcome_.violation.empty()) return;
  say(cat("VIOLATION ", what));
  outcome_.violation = std::move(what);
}

// ---- 7 Scope confinement; 3 no Ack ahead of the disk; 12 rest ----

void World::check_frame(Place place, Frame const& frame, Bytes const& bytes) {
  auto const receiver = peer_at(place);
  // Files bear the name of their scope all over.
  auto const seen = std::string_view(bytes).substr(0, is_blob(frame) ? 1'024 : Bytes::npos);
  if (seen.find("@local@") != Bytes::npos) violate("confinement: local bytes in a frame");
  for (auto const& scope : tree_.scopes()) {
    if (seen.find('@') == Bytes::npos) break;
    if (may_hold(site_of(receiver), scope)) continue;
    if (seen.find(cat('@', scope.to_string(), '@')) != Bytes::npos) {
      violate(cat("confinement: bytes of ", scope.to_string(), " in a ", frame_name(frame), " to ",
                  tree_.name(site_of(receiver)).str()));
    }
  }
  if (auto const* ack = std::get_if<Ack>(&frame)) {
    auto const& store = *instances_[machine_at(place)].store;
    auto const durable = store.durable_cursor(instances_[receiver].store->replica(), ack->scope);
    if (ack->cursor > durable) violate("cursor: an Ack of what is not durable");
  }
  if (auto const* batch = std::get_if<Batch>(&frame)) {
    if (resting_ && !batch->documents.empty()) {
      violate("progress: documents travel though all replicas are equal");
    }
    if (auto* end = find(place); end != nullptr && !batch->repair) {
      end->unanswered.push_back({batch->scope, batch->generation, batch->last});
    }
  }
}

// ---- 11 Bounded resources: what one peer can make an instance hold ----

void World::check_window(Place place) {
  auto const* end = find(place);
  if (end == nullptr) return;
  if (end->unanswered.size() > limits::kBatchesInFlight) {
    violate(cat("resources: ", end->unanswered.size(), " batches wait for their Ack"));
  }
  if (end->batches_on_the_wire > kOnTheWireMax) {
    violate(cat("resources: ", end->batches_on_the_wire, " batches are queued for one peer"));
  }
  auto const files = std::ranges::count_if(end->tasks, [](StoreTask const& task) {
    return std::holds_alternative<KeepBlob>(task) || std::holds_alternative<ReadBlob>(task);
  });
  if (static_cast<std::size_t>(files) > 4 * limits::kBlobWantsInFlight) {
    violate(cat("resources: ", files, " parts of files wait for one peer"));
  }
  auto const heavy = std::ranges::count_if(end->tasks, [](StoreTask const& task) {
    return std::holds_alternative<ApplyBatch>(task) || std::holds_alternative<ReadFeed>(task);
  });
  if (static_cast<std::size_t>(heavy) > kTasksMax) {
    violate(cat("resources: ", heavy, " calls of the store wait for one peer"));
  }
}

// ---- 3 Cursor soundness ----

// Everything that stands in the sender's feed up to the receiver's durable cursor is durable there.
void World::check_cursor(Machine receiver, Machine sender, ScopeId const& scope) {
  auto const& ours = *instances_[receiver].store;
  auto const& theirs = *instances_[sender].store;
  // A restored store that still bears its old name has another feed than the cursor speaks of.
  if (instances_[sender].suspect || instances_[receiver].suspect) return;
  auto const cursor = ours.durable_cursor(theirs.replica(), scope);
  if (cursor == Sequence{} || damaged_) return;
  auto const& name = tree_.name(site_of(receiver)).str();
  if (theirs.head(scope).value() < cursor) {
    return violate(cat("cursor: ", name, " is ahead of the feed of ", scope.to_string(), " at ",
                       tree_.name(site_of(sender)).str()));
  }
  auto const& documents = theirs.documents();
  for (auto at = documents.lower_bound({scope, {}});
       at != documents.end() && at->first.scope == scope; ++at) {
    if (at->second.sequence > cursor) continue;
    auto const found = ours.durable_documents().find(at->first);
    if (found == ours.durable_documents().end() ||
        !includes(found->second.document, at->second.document)) {
      return violate(cat("cursor: ", name, " lacks ", scope.to_string(), ' ',
                         at->first.id.to_string(), ", which its cursor covers"));
    }
  }
}

void World::check_cursors_of(Machine machine) {
  for (auto const child : links_of(machine)) {
    for (auto const& scope : tree_.scopes()) {
      check_cursor(child, parent_of(child), scope);
      check_cursor(parent_of(child), child, scope);
    }
  }
}

// ---- 1 Convergence, 2 nothing lost, 6 no resurrection, 9 unknown fields ----

std::map<DocumentId, Document const*> World::held(Machine machine, ScopeId const& scope) const {
  std::map<DocumentId, Document const*> found;
  auto const& documents = instances_[machine].store->documents();
  for (auto at = documents.lower_bound({scope, {}});
       at != documents.end() && at->first.scope == scope; ++at) {
    if (!oracle_.is_aside(at->first)) found[at->first.id] = &at->second.document;
  }
  return found;
}

std::optional<std::string> World::unlike() {
  for (auto const& scope : tree_.scopes()) {
    std::map<DocumentId, Fingerprint> digest;
    bool first = true;
    for (Site site = 0; site < tree_.size(); ++site) {
      auto const here = held(site, scope);
      auto const& name = tree_.name(site).str();
      if (!tree_.holds(site, scope)) {
        // An end of the previous version is not told, or tells nobody, to remove it.
        bool const told = site > 0 && compares(site);
        if (!here.empty() && told) {
          return cat("confinement: ", name, " holds ", scope.to_string());
        }
        continue;
      }
      if (auto wrong = oracle_.difference(scope, here)) return cat(*wrong, ", at ", name);
      std::map<DocumentId, Fingerprint> prints;
      for (auto const& [id, document] : here) prints[id] = fingerprint(*document);
      if (!std::exchange(first, false) && prints != digest) {
        return cat("convergence: the digests of ", scope.to_string(), " differ at ", name);
      }
      digest = std::move(prints);
    }
  }
  return std::nullopt;
}

bool World::is_erasing(Machine machine) const {
  auto const& instance = instances_[machine];
  constexpr Millis kMoment{10'000};
  return instance.obeys || (instance.obeyed_at && schedule_.now() - *instance.obeyed_at < kMoment);
}

// ---- 1 Convergence, proved: comparisons find damage, and nothing else ----

// Else documents on their way, or a bug of the streams, would be taken for a difference and mended
// in secret. What a restored or copied store has lost may be found, and an erasure that one end has
// carried out before the other.
void World::check_found(Difference const& difference, Place place) {
  ++outcome_.differences;
  say(cat("difference ", difference.scope.to_string()));
  bool excused = damaged_ || oracle_.has_aside(difference.scope);
  for (auto const machine : {machine_at(place), peer_at(place)}) {
    excused = excused || instances_[machine].suspect || lacks(machine, difference.scope) ||
              is_erasing(machine);
  }
  if (!excused) {
    violate(cat("equality: a comparison found a difference in ", difference.scope.to_string()));
  }
}

// Both ends of every link come to know that they hold the same, if both know how to compare.
std::optional<std::string> World::unproven() {
  for (auto const child : children()) {
    auto const& link = links_[child];
    if (link.connection == 0) return cat("progress: the link of site ", child, " is down");
    for (auto const& end : link.ends) {
      auto const view = end.session->view();
      if (view.compares != compares(child)) return "equality: nothing is compared";
      for (auto const& probe : view.probes) {
        if (probe.proven || oracle_.has_aside(probe.scope)) continue;
        return cat("equality: ", probe.scope.to_string(),
                   " is not proven equal to the parent of site ", child,
                   "; comparisons: ", probe.comparisons,
                   ", how it ended: ", static_cast<int>(probe.agreement));
      }
    }
  }
  return std::nullopt;
}

// ---- 12 Progress without help, within bounds ----

std::size_t World::bytes_held() const {
  std::size_t bytes = 0;
  for (auto const& instance : instances_) {
    for (auto const& [key, stored] : instance.store->documents()) {
      for (auto const& [field, versions] : stored.document.fields) {
        for (auto const& version : versions) bytes += 60 + field.size() + version.value.size();
      }
      bytes += 120 + 30 * stored.document.context.counters().size();
    }
  }
  return bytes;
}

// Each document may travel each link a few times, and each link may say a few words.
void World::check_settling() {
  auto const words = 20'000 * links_.size() + 400 * links_.size() * tree_.scopes().size();
  auto const allowed = words + 4 * bytes_held() + 4 * file_bytes_ * links_.size();
  if (outcome_.settled_bytes > allowed) {
    violate(
        cat("progress: ", outcome_.settled_bytes, " bytes to become equal, more than ", allowed));
  }
}

// ---- 4 Merge algebra ----

void World::keep_snapshot(Document const& document) {
  auto& kept = snapshots_[document.key];
  if (kept.size() < kSnapshotsPerDocument) {
    kept.push_back(document);
  } else {
    kept[rng_.below(kept.size())] = document;
  }
}

// States that really travelled, merged in several orders and groups, with repeats.
void World::check_merges() {
  for (auto& [key, copies] : snapshots_) {
    std::optional<Fingerprint> first;
    for (int round = 0; round < 3; ++round) {
      auto folded = copies.front();
      auto const half = copies.size() / 2;
      auto rest = copies[half];
      for (std::size_t i = 0; i < copies.size(); ++i) {
        auto& into = i < half ? folded : rest;
        into = merge(into, copies[i]);
      }
      auto const print = fingerprint(merge(rest, folded));
      if (first && *first != print) violate("merge: the order of copies changes the result");
      first = print;
      copies.push_back(copies[rng_.below(copies.size())]);
      for (std::size_t i = copies.size() - 1; i > 0; --i) {
        std::swap(copies[i], copies[rng_.below(i + 1)]);
      }
    }
  }
}

}  // namespace solidaires::sync::sim
