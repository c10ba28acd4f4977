// What goes wrong at some moment: crashes, cuts, dead connections, disks, clocks. What goes wrong
// with some probability at every call or frame stands in stores.cc and transport.cc.
#include "tests/sim/world_parts.h"

namespace solidaires::sync::sim {
namespace {

constexpr std::array kMoments{
    Fault::crash,       Fault::disk_full,    Fault::cut,          Fault::all_away,
    Fault::hole,        Fault::one_way_hole, Fault::stuck_reader, Fault::clock_jump,
    Fault::clock_years, Fault::restore,      Fault::lost_disk,    Fault::stale_restore,
    Fault::clone,       Fault::re_enrolment, Fault::late_join,    Fault::rights,
};
constexpr std::uint64_t kDayMs = 86'400'000;

}  // namespace

void World::misfortune() {
  std::uint64_t sum = 0;
  for (auto const fault : kMoments) sum += weather_.rate(fault);
  auto chosen = rng_.below(std::max<std::uint64_t>(sum, 12));  // few faults: fewer of them
  auto const machine = some_site();
  Machine const child = joined_ > 1 ? 1 + rng_.below(joined_ - 1) : 0;
  if (options_.plant == Plant::tombstone_expired) instances_[machine].store->expire_a_tombstone();
  if (roll(20)) back_up(machine);
  if (roll(25)) collect_files(machine);
  for (auto const fault : kMoments) {
    if (chosen < weather_.rate(fault)) return strike(fault, machine, child);
    chosen -= weather_.rate(fault);
  }
}

void World::strike(Fault fault, Machine machine, Machine child) {
  auto& instance = instances_[machine];
  auto const& backups = instance.backups;
  auto const* kept = backups.empty() ? nullptr : &backups[rng_.below(backups.size())];
  switch (fault) {
    case Fault::crash: return crash(machine);
    case Fault::disk_full: return fill_disk(machine);
    case Fault::cut: {
      auto const how = rng_.below(10);
      return cut(child, how < 7   ? between(500, 20'000)
                        : how < 9 ? between(60'000, 7'200'000)
                                  : Millis(kDayMs));
    }
    case Fault::all_away: return all_away();
    case Fault::hole: return open_hole(child, true);
    case Fault::one_way_hole: return open_hole(child, false);
    case Fault::stuck_reader:
      links_[child].ends.at(rng_.below(2)).stuck_until = schedule_.now() + between(5'000, 120'000);
      return;
    case Fault::clock_jump: instance.skew = between(0, 2 * kDayMs) - Millis(kDayMs); return;
    case Fault::clock_years:
      instance.skew = roll(50) ? Millis(kDayMs * 365 * 7'000) : -Millis(kDayMs * 365 * 53);
      return;
    case Fault::restore:
      if (kept != nullptr) restore(machine, kept, true);
      return;
    case Fault::stale_restore:
      if (kept != nullptr) restore(machine, kept, false);
      return;
    case Fault::lost_disk: return restore(machine, nullptr, true);
    case Fault::clone: return clone(machine);
    case Fault::rights: return change_rights();
    case Fault::re_enrolment: crash(machine); return renew(machine);
    case Fault::late_join:
      if (!late_) join();
      return;
    default: return;
  }
}

void World::crash(Machine machine) {
  auto& instance = instances_[machine];
  if (!instance.up) return;
  say(cat("crash ", machine));
  ++outcome_.crashes;
  instance.up = false;
  instance.store->crash();
  for (auto const child : links_of(machine)) hang_up(child);
  check_cursors_of(machine);
  check_promises(machine);
  schedule_.in(between(100, 20'000), [this, machine] { restart(machine); });
}

void World::restart(Machine machine) {
  if (machine >= instances_.size() || instances_[machine].up) return;
  say(cat("restart ", machine));
  instances_[machine].up = true;
  obey_later(machine);
  for (auto const child : links_of(machine)) dial_later(child);
}

void World::fill_disk(Machine machine) {
  instances_[machine].store->fill_disk(true);
  schedule_.in(between(100, 30'000), [this, machine] {
    if (machine < instances_.size()) instances_[machine].store->fill_disk(false);
  });
}

void World::cut(Machine child, Millis duration) {
  if (child == 0) return;
  say(cat("cut ", child));
  auto& until = links_[child].blocked_until;
  until = std::max(until, schedule_.now() + duration);
  hang_up(child);
}

// A connection that died without either end being told; when the hole closes, they are.
void World::open_hole(Machine child, bool both_ways) {
  auto& link = links_[child];
  if (link.connection == 0) return;
  say(cat("hole ", child));
  link.ends.at(rng_.below(2)).hole = true;
  if (both_ways) link.ends[kChild].hole = link.ends[kParent].hole = true;
  schedule_.in(between(1'000, 120'000), [this, place = Place{child, link.connection, kChild}] {
    if (find(place) != nullptr) hang_up(place.child);
  });
}

// Everybody goes on alone: some steps more, then time passes, a year at most, without any.
void World::all_away() {
  if (leap_after_ > 0) return;
  leap_after_ = 1 + rng_.below(12);
  leap_ = between(kDayMs, kDayMs * 365);
  auto const until = schedule_.now() + leap_ + Millis{60'000};
  say("all away");
  for (auto& link : links_) link.blocked_until = until;
  for (auto const child : children()) hang_up(child);
}

void World::join() {
  if (joined_ == tree_.size()) return;
  say(cat("join ", joined_));
  ++joined_;
  update_entitlements();
  dial_later(joined_ - 1);
}

// A document of a leaf is gone from its disk, or is as it was earlier. The sums in memory fit, as
// after an opening; the instance is started anew.
void World::damage() {
  for (auto const child : children()) {
    if (!compares(child) || tree_.has_children(child)) continue;
    auto& store = *instances_[child].store;
    for (auto const& [key, stored] : store.documents()) {
      if (key.scope.kind() == ScopeKind::local || oracle_.is_aside(key)) continue;
      if (!tree_.holds(site_of(child), key.scope)) continue;
      // Its author writes it again at once, before anything is compared (README.md, "What is not
      // promised").
      if (stored.document.type == kEraseReceiptType) continue;
      say(cat("damage ", key.scope.to_string(), ' ', key.id.to_string()));
      damaged_ = true;
      auto const& copies = snapshots_[key];
      auto const older = std::ranges::find_if(copies, [&](Document const& copy) {
        return copy != stored.document && merge(copy, stored.document) == stored.document;
      });
      if (older != copies.end() && roll(50)) {
        store.corrupt(DocumentKey(key), Document(*older));
      } else {
        store.forget(DocumentKey(key));
      }
      hang_up(child);
      return;
    }
  }
}

}  // namespace solidaires::sync::sim
