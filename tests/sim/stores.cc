// Calls of the stores: one after another for each session, each taking its time, with crashes just
// before and just after, and disks that fail.
#include "sync/core/link_token.h"
#include "tests/sim/world_parts.h"

namespace solidaires::sync::sim {

void World::work_later(Place place) {
  auto* end = find(place);
  if (end == nullptr || end->working || end->tasks.empty()) return;
  end->working = true;
  schedule_.in(between(0, roll(5) ? 2'000 : 20), [this, place] { work(place); });
}

void World::work(Place place) {
  auto* end = find(place);
  if (end == nullptr) return;
  end->working = false;
  if (end->tasks.empty()) return;
  auto const machine = machine_at(place);
  bool const crash_before = strikes(Fault::crash_at_store, 2);
  bool const crash_after = strikes(Fault::crash_at_store, 2);
  if (crash_before) return crash(machine);
  auto task = std::move(end->tasks.front());
  end->tasks.pop_front();
  std::optional<ScopeId> scope;
  std::vector<DocumentKey> stubs;
  if (auto const* apply = std::get_if<ApplyBatch>(&task)) {
    scope = apply->batch.scope;
    for (auto const& document : apply->batch.documents) {
      keep_snapshot(document);
      auto const* here = instances_[machine].store->find(document.key);
      if (here != nullptr && is_erased(*here)) stubs.push_back(document.key);
    }
  }
  auto const* keep = std::get_if<KeepToken>(&task);
  bool const confirms = keep != nullptr && place.side == kParent &&
                        decode_token_record(keep->token).value().pending.empty();
  at_work_ = true;
  auto event = carry_out(std::move(task), *instances_[machine].store);
  at_work_ = false;
  if (scope) check_after_apply(place, *scope, stubs);
  if (auto const* part = std::get_if<BlobKept>(&event)) file_kept(machine, *part);
  auto const* kept = std::get_if<TokenKept>(&event);
  if (confirms && kept != nullptr && kept->outcome && !links_[place.child].up) {
    links_[place.child].up = true;
    session_up(place.child);
  }
  if (crash_after) return crash(machine);
  answer_later(place, std::move(event));
}

// The answer takes its time too: commits may come in between.
void World::answer_later(Place place, Event event) {
  if (auto* end = find(place)) end->working = true;
  schedule_.in(between(0, 10), [this, place, event = std::move(event)] {
    auto* waiting = find(place);
    if (waiting == nullptr) return;
    waiting->working = false;
    feed(place, event);
    work_later(place);
  });
}

// `stubs`: what was erased here, and came again.
void World::check_after_apply(Place place, ScopeId const& scope,
                              std::vector<DocumentKey> const& stubs) {
  auto const machine = machine_at(place);
  for (auto const& key : stubs) {
    auto const* here = instances_[machine].store->find(key);
    if (here != nullptr && is_erased(*here)) continue;
    violate(cat("erasure: ", key.id.to_string(), " was erased at ",
                tree_.name(site_of(machine)).str(), ", and a copy refills it"));
  }
  if (!may_hold(site_of(machine), scope)) {
    violate(cat("confinement: a store took ", scope.to_string()));
  }
  check_cursor(machine, peer_at(place), scope);
  // Only a planted bug leaves anything for this.
  schedule_.in(between(0, 3'000), [this, machine] {
    if (machine < instances_.size()) instances_[machine].store->sync();
  });
}

// After a failure nobody knows what is in the log: it takes a restart to write again.
MemoryStore::Fate World::draw_fate(Machine machine) {
  last_fate_ = MemoryStore::Fate::done;
  if (!strikes(Fault::disk_error, 1)) return last_fate_;
  last_fate_ = roll(50) ? MemoryStore::Fate::refused : MemoryStore::Fate::unanswered;
  say(cat("disk error ", machine, last_fate_ == MemoryStore::Fate::refused ? "" : ", done"));
  schedule_.in(between(0, 30'000), [this, machine] {
    if (machine < instances_.size() && !healed_) crash(machine);
  });
  return last_fate_;
}

}  // namespace solidaires::sync::sim
