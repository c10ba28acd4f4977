// People: they write, read, and submit forms that were rendered long ago. None of it ever waits for
// the network (property 13): it is a plain call of the local store.
#include <algorithm>

#include "tests/sim/world_parts.h"

namespace solidaires::sync::sim {
namespace {

template <class Map, class Random>
auto any_of(Map const& map, Random& rng) {
  return std::next(map.begin(), static_cast<std::ptrdiff_t>(rng.below(map.size())));
}

}  // namespace

void World::one_step() {
  auto const what = rng_.below(100);
  if (what < 2) {
    request_erasure(some_site());
  } else if (what < 4) {
    attach_a_file(some_site());
  } else if (what < 55) {
    write_something();
  } else if (what < 68) {
    read_something();
  } else if (what < 78) {
    open_a_form();
  } else if (what < 79) {
    write_local_secret(some_site());
  } else if (what < 80) {
    import_a_file(some_site());
  } else {
    misfortune();
  }
}

void World::write_something() {
  auto const machine = some_site();
  auto& instance = instances_[machine];
  if (!instance.up || instance.passive) return;
  std::vector<ScopeId> scopes;
  for (auto const& scope : tree_.scopes()) {
    if (tree_.writes(machine, scope)) scopes.push_back(scope);
  }
  auto const& scope = scopes[rng_.below(scopes.size())];
  auto const here = held(machine, scope);
  DocumentKey key{scope, {}};
  if (here.empty() || roll(25)) {
    key.id = DocumentId::make(clock(machine), rng_);
  } else {
    key.id = any_of(here, rng_)->first;
  }
  auto const* document = instance.store->find(key);
  if (document != nullptr && (document->type != kArticle || is_erased(*document))) return;
  auto seen = document != nullptr ? document->context : Context{};
  auto const form = instance.forms.find(key);
  if (form != instance.forms.end() && roll(60)) seen = form->second;
  std::ignore = write_here(machine, key, some_edits(machine, scope, document), seen);
}

bool World::write_here(Machine machine, DocumentKey const& key, std::vector<FieldEdit> const& edits,
                       Context const& seen, std::string_view type) {
  auto& store = *instances_[machine].store;
  auto const* before = store.find(key);
  auto const known = before != nullptr ? before->context : Context{};
  Dot const next{store.replica(), store.counter() + 1};
  if (known.covers(next)) {
    violate(cat("identity: the dot ", next.counter, " is to be given a second time"));
    return false;
  }
  bool const worked = store.disk_works();
  last_fate_ = MemoryStore::Fate::done;
  at_work_ = true;
  auto const dot = store.write_local(key, std::string(type), edits, seen, clock(machine));
  at_work_ = false;
  bool const there = dot || last_fate_ == MemoryStore::Fate::unanswered;
  if (!dot && worked && last_fate_ == MemoryStore::Fate::done) {
    violate(cat("availability: a write was refused: ", dot.error().to_string()));
  }
  if (!there) return false;  // its author is told
  say(cat("write ", machine, ' ', key.scope.to_string(), ' ', key.id.short_id(), ' ',
          dot.value_or(next).counter));
  // After a lost disk a form may know more than the store still does.
  if (auto wrong = oracle_.record(key, dot.value_or(next), edits, common(seen, known))) {
    violate(*wrong);
  }
  if (dot) instances_[machine].promised[key].add(*dot);
  return true;
}

// Few fields and few values, so that people meet. The previous version knows fewer fields.
std::vector<FieldEdit> World::some_edits(Machine machine, ScopeId const& scope,
                                         Document const* document) {
  auto const value = [&] { return some_value(machine, scope); };
  if (document == nullptr) {
    return {{std::string(kExistence), Bytes(kAlive)}, {"name", value()}};
  }
  bool const knows_all = instances_[machine].version != Version::previous;
  switch (rng_.below(12)) {
    case 0: return {{std::string(kExistence), Bytes(kDeleted)}};
    case 1: return {{std::string(kExistence), Bytes(kAlive)}, {"name", value()}};
    case 2: return {{"tags/food", std::nullopt}};
    case 3: return {{"tags/food", "1"}};
    case 4: return {{"place", ""}};
    case 5: return {{knows_all ? "text" : "name", value()}, {"place", value()}};
    default: return {{roll(70) ? "name" : "place", value()}};
  }
}

// Each value carries the name of its scope (property 7), and what only some versions understand.
Bytes World::some_value(Machine machine, ScopeId const& scope) {
  auto value = cat('@', scope.to_string(), '@', rng_.below(4));
  if (instances_[machine].version != Version::previous) value += cat(";since=", rng_.below(2));
  return value;
}

// What was said to be saved, and what was shown once, is shown by the same instance from then on.
void World::check_promises(Machine machine) {
  auto const& instance = instances_[machine];
  for (auto const& [key, promised] : instance.promised) {
    if (shaky_.contains({site_of(machine), key.scope})) continue;  // its right came or went
    auto const* document = instance.store->find(key);
    if (document == nullptr || !document->context.covers(promised)) {
      return violate(cat("availability: ", tree_.name(site_of(machine)).str(), " no longer shows ",
                         key.scope.to_string(), ' ', key.id.to_string(), " as it was shown"));
    }
  }
}

void World::read_something() {
  auto const machine = some_site();
  auto& instance = instances_[machine];
  if (!instance.up) return;
  ++outcome_.reads;
  check_promises(machine);
  auto const& documents = instance.store->documents();
  if (documents.empty()) return;
  auto const at = any_of(documents, rng_);
  instance.promised[at->first].join(at->second.document.context);
}

void World::write_local_secret(Machine machine) {
  auto& instance = instances_[machine];
  if (!instance.up || instance.passive) return;
  DocumentKey const key{ScopeId::local(), DocumentId::make(clock(machine), rng_)};
  std::ignore =
      instance.store->write_local(key, "session", {{"name", "@local@"}}, {}, clock(machine));
}

void World::open_a_form() {
  auto& instance = instances_[some_site()];
  auto const& documents = instance.store->documents();
  if (!instance.up || documents.empty()) return;
  auto const at = any_of(documents, rng_);
  instance.forms[at->first] = at->second.document.context;
}

}  // namespace solidaires::sync::sim
