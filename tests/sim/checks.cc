// The properties that must hold: cursors at every step, confinement at every frame, and in the end
// convergence to exactly what the oracle computed from the writes.
#include <algorithm>
#include <utility>

#include "tests/sim/world_parts.h"

namespace solidaires::sync::sim {
namespace {

constexpr std::size_t kSnapshotsPerDocument = 12;

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

void World::check_frame(Place place, Frame const& frame, Bytes const& bytes) {
  auto const receiver = peer_at(place);
  if (bytes.find("@local@") != Bytes::npos) violate("scope: local bytes in a frame");
  for (auto const& scope : tree_.scopes()) {
    if (tree_.holds(receiver, scope)) continue;
    if (bytes.find(cat('@', scope.to_string(), '@')) != Bytes::npos) {
      violate(cat("scope: bytes of ", scope.to_string(), " in a ", frame_name(frame), " to ",
                  tree_.name(receiver).str()));
    }
  }
  if (auto const* ack = std::get_if<Ack>(&frame)) {
    auto const& store = *instances_[site_at(place)].store;
    auto const durable = store.durable_cursor(instances_[receiver].store->replica(), ack->scope);
    if (ack->cursor > durable) violate("cursor: an Ack of what is not durable");
  }
}

// Everything that stands in the sender's feed up to the receiver's durable cursor is durable there.
void World::check_cursor(Site receiver, Site sender, ScopeId const& scope) {
  auto const& ours = *instances_[receiver].store;
  auto const& theirs = *instances_[sender].store;
  auto const cursor = ours.durable_cursor(theirs.replica(), scope);
  if (cursor == Sequence{} || options_.plant == Plant::lost_in_silence) return;
  if (theirs.head(scope).value() < cursor) {
    return violate(cat("cursor: ", tree_.name(receiver).str(), " is ahead of the feed of ",
                       scope.to_string(), " at ", tree_.name(sender).str()));
  }
  auto const& documents = theirs.documents();
  for (auto at = documents.lower_bound({scope, {}});
       at != documents.end() && at->first.scope == scope; ++at) {
    if (at->second.sequence > cursor) continue;
    auto const found = ours.durable_documents().find(at->first);
    if (found == ours.durable_documents().end() ||
        !includes(found->second.document, at->second.document)) {
      return violate(cat("cursor: ", tree_.name(receiver).str(), " lacks ", scope.to_string(), ' ',
                         at->first.id.to_string(), ", which its cursor covers"));
    }
  }
}

void World::check_cursors_of(Site site) {
  for (Site child = 1; child < tree_.size(); ++child) {
    auto const parent = tree_.parent(child);
    if (child != site && parent != site) continue;
    for (auto const& scope : tree_.scopes()) {
      check_cursor(child, parent, scope);
      check_cursor(parent, child, scope);
    }
  }
}

std::map<DocumentId, Document const*> World::held(Site site, ScopeId const& scope) const {
  std::map<DocumentId, Document const*> found;
  auto const& documents = instances_[site].store->documents();
  for (auto at = documents.lower_bound({scope, {}});
       at != documents.end() && at->first.scope == scope; ++at) {
    found[at->first.id] = &at->second.document;
  }
  return found;
}

// Both ends of every link must come to know that they hold the same.
std::optional<std::string> World::unproven() {
  for (Site child = 1; child < tree_.size(); ++child) {
    auto const& link = links_[child];
    if (link.connection == 0) return cat("the link of ", tree_.name(child).str(), " is down");
    for (auto const& end : link.ends) {
      auto const view = end.session->view();
      if (view.probes.empty()) return "nothing is compared";
      for (auto const& probe : view.probes) {
        if (!probe.proven) return cat(probe.scope.to_string(), " is not proven equal");
      }
    }
  }
  return std::nullopt;
}

std::optional<std::string> World::unlike() {
  for (auto const& scope : tree_.scopes()) {
    std::map<DocumentId, Fingerprint> digest;
    bool first = true;
    for (Site site = 0; site < tree_.size(); ++site) {
      auto const here = held(site, scope);
      if (!tree_.holds(site, scope)) {
        if (!here.empty()) return cat(tree_.name(site).str(), " holds ", scope.to_string());
        continue;
      }
      if (auto wrong = oracle_.difference(scope, here)) {
        return cat("at ", tree_.name(site).str(), ": ", *wrong);
      }
      std::map<DocumentId, Fingerprint> prints;
      for (auto const& [id, document] : here) prints[id] = fingerprint(*document);
      if (!std::exchange(first, false) && prints != digest) {
        return cat("the digests of ", scope.to_string(), " differ at ", tree_.name(site).str());
      }
      digest = std::move(prints);
    }
  }
  return std::nullopt;
}

void World::keep_snapshot(Document const& document) {
  auto& kept = snapshots_[document.key];
  if (kept.size() < kSnapshotsPerDocument) {
    kept.push_back(document);
  } else {
    kept[rng_.below(kept.size())] = document;
  }
}

// States that really travelled, merged in several orders, with repeats.
void World::check_merges() {
  for (auto& [key, copies] : snapshots_) {
    std::optional<Fingerprint> first;
    for (int round = 0; round < 3; ++round) {
      auto folded = copies.front();
      for (auto const& copy : copies) folded = merge(folded, copy);
      auto const print = fingerprint(folded);
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
