// Incarnations: restores from backups of any age, copies of a living store, enrolments. A store
// that goes on under an identity that is not its own any more must be told so within one session
// (property 8), and nobody else may be.
#include <algorithm>

#include "sync/core/link_token.h"
#include "tests/sim/world_parts.h"

namespace solidaires::sync::sim {
namespace {

constexpr std::size_t kBackups = 4;
constexpr Millis kTimeToNotice{30'000};
constexpr Millis kTimeToCompare{60'000};

}  // namespace

void World::back_up(Machine machine) {
  auto& instance = instances_[machine];
  if (instance.suspect) return;
  Kept kept{instance.store->backup(), instance.store->replica(), instance.sessions,
            instance.store->files};
  // The session is not up at the parent yet, and the backup has its token already.
  if (machine != 0 && holds_pending_token(machine)) {
    ++kept.sessions[{kept.replica, instances_[parent_of(machine)].store->replica()}];
  }
  auto& backups = instance.backups;
  if (backups.size() < kBackups) {
    backups.push_back(std::move(kept));
  } else {
    backups[rng_.below(kBackups)] = std::move(kept);
  }
}

bool World::holds_pending_token(Machine child) const {
  auto const& ours = *instances_[child].store;
  auto const& theirs = *instances_[parent_of(child)].store;
  auto const shown = ours.link_token(theirs.replica());
  auto const kept = theirs.link_token(ours.replica());
  if (!shown || !kept || kept->empty()) return false;
  auto const record = decode_token_record(*kept).value();
  return record.issuer == theirs.replica() && !record.pending.empty() && record.pending == *shown;
}

// The disk is lost; what is put in its place is a backup, or nothing (`kept` null). Without `renew`
// it goes on under its old identity: only where nobody is below, and nobody writes there before it
// was told (README.md, "What is not promised").
void World::restore(Machine machine, Kept const* kept, bool renew_too) {
  auto& instance = instances_[machine];
  if (!instance.up || instance.suspect) return;
  if (!renew_too && (machine == 0 || tree_.has_children(machine))) return;
  crash(machine);
  say(cat(kept == nullptr ? "lost disk " : renew_too ? "restore " : "stale restore ", machine));
  auto const before = instance.store->replica();
  for (auto const& [key, stored] : instance.store->documents()) {
    instance.lacking[key].join(stored.document.context);
  }
  auto const disk = kept != nullptr ? kept->disk : MemoryStore(before).backup();
  instance.store->restore(disk, kept != nullptr ? kept->replica : before);
  instance.store->files = kept != nullptr ? kept->files : PlantedStore::Files{};
  instance.holds.clear();
  true_sessions_[machine] = instance.sessions;
  instance.sessions = kept != nullptr ? kept->sessions : Sessions{};
  instance.promised.clear();
  instance.suspect = instance.passive = !renew_too;
  if (renew_too) renew(machine);
  look_what_is_there();
}

// A second machine with the same store: nobody works there, but it dials. Once in a run.
void World::clone(Machine machine) {
  if (instances_.size() > tree_.size() || machine == 0 || tree_.has_children(machine)) return;
  auto& original = instances_[machine];
  if (original.suspect || original.told || !original.up) return;
  say(cat("clone ", machine));
  Instance copy;
  copy.store = std::make_unique<PlantedStore>(*original.store);
  copy.version = original.version;
  copy.sessions = original.sessions;
  copy.suspect = copy.passive = true;
  original.suspect = true;
  copied_ = machine;
  before_copy_ = connections_;
  instances_.push_back(std::move(copy));
  links_.emplace_back();
  links_.back().blocked_until = links_[machine].blocked_until;
  join_store(instances_.size() - 1);
  dial_later(instances_.size() - 1);
}

void World::switch_off_copy() {
  if (instances_.size() == tree_.size()) return;
  auto const copy = instances_.size() - 1;
  say(cat("switch off ", copy));
  crash(copy);
  instances_.pop_back();
  links_.pop_back();
  look_what_is_there();
}

// A new incarnation of the documents as they are.
void World::renew(Machine machine) {
  auto& instance = instances_[machine];
  auto const before = instance.store->replica();
  bool const reuse = options_.plant == Plant::replica_id_reused;
  auto const replica = reuse ? before : ReplicaId{rng_.next()};
  if (!reuse) instance.store->renew_incarnation(replica);
  incarnations_[replica] = site_of(machine);
  ++outcome_.renewals;
  say(cat("renew ", machine));
  instance.suspect = instance.told = false;
  instance.passive = machine >= tree_.size();
  pair_up_.reset();  // its parent, or one of the two, is another now
  // The other of the two stays suspect: it may meet what was written under the name that they
  // shared, or show a token that the copy has had replaced.
}

// The session told it so: its operators draw a new incarnation, after a while.
void World::told_to_renew(Machine machine) {
  auto& instance = instances_[machine];
  if (instance.told) return;
  say(cat("told ", machine));
  if (!instance.suspect) {
    return violate(cat("identity: ", tree_.name(site_of(machine)).str(),
                       " was taken for a restored backup or a clone"));
  }
  ++outcome_.named;
  instance.told = true;
  schedule_.in(between(100, 30'000), [this, machine] {
    if (machine >= instances_.size() || !instances_[machine].told) return;
    crash(machine);
    renew(machine);
  });
}

// The parent has taken the child for the true store of its incarnation.
void World::session_up(Machine child) {
  auto& instance = instances_[child];
  std::pair const both{instance.store->replica(), instances_[parent_of(child)].store->replica()};
  ++instance.sessions[both];
  if (!instance.suspect) return;
  bool const pair = instances_.size() > tree_.size() && site_of(child) == copied_;
  if (pair) {
    if (instances_[copied_].store->replica() != instances_.back().store->replica()) return;
    if (links_[child].connection <= before_copy_) return;  // both have what it gave
    if (pair_up_ && *pair_up_ != child) violate("identity: a store and its copy were both taken");
    pair_up_ = child;
    return;
  }
  // Restored: the sessions that its parent has had with it since the backup gave it other tokens.
  auto const& truth = true_sessions_[child];
  auto const at = truth.find(both);
  if (at != truth.end() && at->second >= instance.sessions[both]) {
    violate(cat("identity: a stale restore of ", tree_.name(child).str(), " was taken"));
  }
  Place const place{child, links_[child].connection, kParent};
  schedule_.in(kTimeToNotice, [this, place] { judge_stale(place); });
}

// The same session is up still. The parent's cursors may not be ahead of what the restored store
// has. One that nobody could know of, for nothing had gone to its parent since, goes on untold.
void World::judge_stale(Place parent_end) {
  if (find(parent_end) == nullptr) return;
  auto const child = parent_end.child;
  auto const& instance = instances_[child];
  if (!instance.suspect || instance.told) return;
  if (parent_is_ahead(child)) {
    return violate(cat("identity: a stale restore of ", tree_.name(child).str(),
                       " was not told within one session"));
  }
}

bool World::parent_is_ahead(Machine child) const {
  auto const& ours = *instances_[child].store;
  auto const& theirs = *instances_[parent_of(child)].store;
  return std::ranges::any_of(tree_.scopes(), [&](ScopeId const& scope) {
    return theirs.durable_cursor(ours.replica(), scope) > ours.head(scope).value();
  });
}

bool World::compares(Machine child) const {
  return instances_[child].version != Version::previous &&
         instances_[parent_of(child)].version != Version::previous;
}

// Whose loss a lost disk is: writes that no store has any more are forgotten. What lives on
// only where they cannot come back from (PROTOCOL.md, "Restoring a backup") are set aside.
void World::look_what_is_there() {
  std::map<DocumentKey, Context> giving;
  std::map<DocumentKey, Context> holding;
  for (Machine machine = 0; machine < instances_.size(); ++machine) {
    for (auto const& [key, stored] : instances_[machine].store->durable_documents()) {
      if (key.scope.kind() == ScopeKind::local) continue;
      holding[key].join(stored.document.context);
      if (tree_.gives(site_of(machine), key.scope)) giving[key].join(stored.document.context);
    }
  }
  for (auto& instance : instances_) {
    for (auto& [key, lacked] : instance.lacking) lacked = common(lacked, giving[key]);
    std::erase_if(instance.lacking, [&](auto const& lacked) {
      auto const* here = instance.store->find(lacked.first);
      return lacked.second == Context{} || (here != nullptr && here->context.covers(lacked.second));
    });
  }
  for (auto const& [key, context] : holding) {
    if (!giving[key].covers(context)) oracle_.set_aside(key);
  }
  // An order that lives on only below is obeyed there, also when its target comes later.
  for (Machine machine = 0; machine < instances_.size(); ++machine) {
    for (auto const& [request, hub, issued] : papers_of(machine).orders) {
      bool const comes_back = giving.contains({ScopeId::office(request.node), request.id}) ||
                              !oracle_.is_aside({ScopeId::network(hub), request.id});
      if (comes_back) continue;
      for (auto const& target : request.targets) oracle_.set_aside(target);
    }
  }
  oracle_.look_what_is_there(
      [&](DocumentKey const& key, Dot dot) { return giving[key].covers(dot); });
}

void World::receive_again(Machine machine, ScopeId const& scope) {
  auto& lacking = instances_[machine].lacking;
  auto const of_scope = [&](auto const& lacked) { return lacked.first.scope == scope; };
  if (std::ranges::none_of(lacking, of_scope)) return;
  std::erase_if(lacking, [&](auto const& lacked) {
    auto const* here = instances_[machine].store->find(lacked.first);
    return of_scope(lacked) && here != nullptr && here->context.covers(lacked.second);
  });
  if (std::ranges::none_of(lacking, of_scope)) {
    instances_[machine].lacked[scope] = schedule_.now();
  }
}

// Or did so when the comparison began that ends now.
bool World::lacks(Machine machine, ScopeId const& scope) const {
  auto const& instance = instances_[machine];
  auto const lacked = instance.lacked.find(scope);
  return shaky_.contains({site_of(machine), scope}) ||
         (lacked != instance.lacked.end() && schedule_.now() < lacked->second + kTimeToCompare) ||
         std::ranges::any_of(instance.lacking,
                             [&](auto const& entry) { return entry.first.scope == scope; });
}

}  // namespace solidaires::sync::sim
