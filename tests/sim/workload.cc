// People who write, and what goes wrong around them.
#include <algorithm>

#include "tests/sim/world_parts.h"

namespace solidaires::sync::sim {

namespace {

// What an author had seen that the store still knows: after a lost disk a form may know more.
Context common(Context const& a, Context const& b) {
  Context both;
  for (auto const& [replica, counter] : a.counters()) {
    auto const found = b.counters().find(replica);
    if (found != b.counters().end()) both.add({replica, std::min(counter, found->second)});
  }
  return both;
}

}  // namespace

void World::plan_step(std::size_t left) {
  auto const pause = roll(5) ? between(5'000, 90'000) : between(1, 400);
  schedule_.in(pause, [this, left] {
    if (left == 0) return heal();
    one_step();
    plan_step(left - 1);
  });
}

void World::one_step() {
  auto const what = rng_.below(100);
  if (what < 65) {
    write_something();
  } else if (what < 78) {
    open_a_form();
  } else if (what < 80) {
    write_local_secret(some_site());
  } else {
    misfortune();
  }
}

void World::write_something() {
  auto const site = some_site();
  auto& instance = instances_[site];
  if (!instance.up) return;
  std::vector<ScopeId> scopes;
  for (Site owner = 0; owner < joined_; ++owner) {
    auto const& name = tree_.name(owner);
    for (auto const& scope :
         {ScopeId::office(name), ScopeId::published(name), ScopeId::network(name)}) {
      if (tree_.writes(site, scope)) scopes.push_back(scope);
    }
  }
  auto const& scope = scopes[rng_.below(scopes.size())];
  auto const here = held(site, scope);
  DocumentKey key{scope, {}};
  if (here.empty() || roll(25)) {
    key.id = DocumentId::make(clock(site), rng_);
  } else {
    key.id = std::next(here.begin(), static_cast<std::ptrdiff_t>(rng_.below(here.size())))->first;
  }
  auto const* document = instance.store->find(key);
  auto const known = document != nullptr ? document->context : Context{};
  auto seen = known;
  auto const form = instance.forms.find(key);
  if (form != instance.forms.end() && roll(60)) seen = form->second;
  auto const edits = some_edits(scope, document);
  auto const dot = instance.store->write_local(key, "article", edits, seen, clock(site));
  if (!dot) return;  // the disk is full: its author is told
  say(cat("write ", site, ' ', key.scope.to_string(), ' ', key.id.short_id(), ' ', dot->counter));
  if (auto wrong = oracle_.record(key, *dot, edits, common(seen, known))) violate(*wrong);
}

// Few fields and few values, so that people meet; each value carries the name of its scope.
std::vector<FieldEdit> World::some_edits(ScopeId const& scope, Document const* document) {
  auto const value = [&] { return cat('@', scope.to_string(), '@', rng_.below(4)); };
  if (document == nullptr) {
    return {{std::string(kExistence), Bytes(kAlive)}, {"name", value()}};
  }
  switch (rng_.below(12)) {
    case 0: return {{std::string(kExistence), Bytes(kDeleted)}};
    case 1: return {{std::string(kExistence), Bytes(kAlive)}, {"name", value()}};
    case 2: return {{"tags/food", std::nullopt}};
    case 3: return {{"tags/food", "1"}};
    case 4: return {{"text", ""}};
    case 5: return {{"text", value()}, {"place", value()}};
    default: return {{roll(70) ? "name" : "place", value()}};
  }
}

void World::write_local_secret(Site site) {
  auto& instance = instances_[site];
  if (!instance.up) return;
  DocumentKey const key{ScopeId::local(), DocumentId::make(clock(site), rng_)};
  std::ignore = instance.store->write_local(key, "session", {{"name", "@local@"}}, {}, clock(site));
}

void World::open_a_form() {
  auto& instance = instances_[some_site()];
  auto const& documents = instance.store->documents();
  if (!instance.up || documents.empty()) return;
  auto const at =
      std::next(documents.begin(), static_cast<std::ptrdiff_t>(rng_.below(documents.size())));
  instance.forms[at->first] = at->second.document.context;
}

void World::misfortune() {
  auto const site = some_site();
  Site const child = joined_ > 1 ? 1 + rng_.below(joined_ - 1) : 0;
  auto& store = *instances_[site].store;
  switch (rng_.below(10)) {
    case 0:
    case 1:
      if (instances_[site].up) crash(site);
      break;
    case 2:
    case 3: cut(child, roll(20) ? between(60'000, 7'200'000) : between(500, 20'000)); break;
    case 4: open_hole(child, between(1'000, 120'000)); break;
    case 5:
      store.fill_disk(true);
      schedule_.in(between(100, 30'000), [&store] { store.fill_disk(false); });
      break;
    case 6: instances_[site].backup = store.backup(); break;
    case 7: restore(site); break;
    case 8:
      if (!late_) join();
      break;
    default: instances_[site].skew = between(0, 172'800'000) - Millis(86'400'000); break;
  }
  if (options_.plant == Plant::tombstone_expired) store.expire_a_tombstone();
}

void World::crash(Site site) {
  say(cat("crash ", site));
  ++outcome_.crashes;
  auto& instance = instances_[site];
  instance.up = false;
  instance.store->crash();
  for (Site child = 1; child < tree_.size(); ++child) {
    if (child == site || tree_.parent(child) == site) hang_up(child);
  }
  check_cursors_of(site);
  schedule_.in(between(100, 20'000), [this, site] { restart(site); });
}

void World::restart(Site site) {
  auto& instance = instances_[site];
  if (instance.up) return;
  say(cat("restart ", site));
  instance.up = true;
  for (Site child = 1; child < joined_; ++child) {
    if (child == site || tree_.parent(child) == site) dial_later(child);
  }
}

void World::cut(Site child, Millis duration) {
  if (child == 0) return;
  say(cat("cut ", child));
  links_[child].blocked_until = schedule_.now() + duration;
  hang_up(child);
}

// A connection that died without either end being told; when the hole closes, they are.
void World::open_hole(Site child, Millis duration) {
  auto& link = links_[child];
  if (link.connection == 0) return;
  say(cat("hole ", child));
  link.hole = true;
  schedule_.in(duration, [this, place = Place{child, link.connection, kChild}] {
    if (find(place) != nullptr) hang_up(place.child);
  });
}

// The disk is lost, and the last backup is put in its place. Leaves only: what a hub had sent down,
// its subscribers hold but may not send up again (PROTOCOL.md, "Restoring a backup").
void World::restore(Site site) {
  auto& instance = instances_[site];
  if (!instance.up || !instance.backup || tree_.has_children(site)) return;
  crash(site);
  say(cat("restore ", site));
  auto const before = instance.store->replica();
  bool const reuse = options_.plant == Plant::replica_id_reused;
  instance.store->restore(instance.backup, reuse ? before : ReplicaId{rng_.next()});
  oracle_.forget_lost([this](DocumentKey const& key, Dot dot) {
    for (auto const& other : instances_) {
      auto const& documents = other.store->durable_documents();
      auto const found = documents.find(key);
      if (found != documents.end() && found->second.document.context.covers(dot)) return true;
    }
    return false;
  });
}

void World::join() {
  if (joined_ == tree_.size()) return;
  say(cat("join ", joined_));
  ++joined_;
  update_entitlements();
  dial_later(joined_ - 1);
}

void World::heal() {
  say("heal");
  healed_ = true;
  join();
  for (Site site = 0; site < tree_.size(); ++site) {
    instances_[site].store->fill_disk(false);
    links_[site].blocked_until = {};
    if (links_[site].hole) hang_up(site);
    restart(site);
    if (site > 0) dial_later(site);
  }
  // A last few words over links that stay up: what is new must flow without any reconnection.
  for (int i = 0; i < 20; ++i) {
    schedule_.in(between(20'000, 100'000), [this] { write_something(); });
  }
  quiet_from_ = schedule_.now() + Millis{100'000};
  if (options_.plant == Plant::lost_in_silence) {
    schedule_.in(Millis{105'000}, [this] { lose_something(); });
    quiet_from_ += Millis{20'000};
  }
}

// A document that the child got from its parent, or sent to it, is gone from the child's disk. As
// after any damage, the instance is started anew.
void World::lose_something() {
  Site const child = tree_.size() - 1;
  auto& store = *instances_[child].store;
  for (auto const& [key, stored] : store.documents()) {
    if (key.scope.kind() == ScopeKind::local) continue;
    say(cat("lose ", key.scope.to_string(), ' ', key.id.to_string()));
    store.forget(DocumentKey(key));
    hang_up(child);
    return;
  }
}

}  // namespace solidaires::sync::sim
