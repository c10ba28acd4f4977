#include "tests/sim/world.h"

#include <cstdio>

#include "tests/sim/world_parts.h"

namespace solidaires::sync::sim {
namespace {

constexpr int kSettleSecondsMax = 300;
constexpr int kLastWordsSeconds = 20;
constexpr int kRestSeconds = 40;

}  // namespace

World::World(Options const& options, Tree tree, Weather weather)
    : options_(options),
      rng_(options.seed * 1'000'003 + 7),
      tree_(std::move(tree)),
      weather_(weather),
      joined_(tree_.size()) {
  outcome_.trace_hash = 0xcbf29ce484222325ULL;
  links_.resize(tree_.size());
  for (Site site = 0; site < tree_.size(); ++site) add_instance(ReplicaId{rng_.next()});
}

World World::drawn(Options const& options) {
  SeededRng rng(options.seed * 1'000'003);
  auto tree = Tree::draw(rng);
  return {options, std::move(tree), Weather::draw(rng, options.without)};
}

void World::add_instance(ReplicaId replica) {
  Machine const machine = instances_.size();
  Instance instance;
  instance.store = std::make_unique<PlantedStore>(replica, options_.plant, rng_);
  incarnations_[replica] = machine;
  if (weather_.has(Fault::mixed_versions)) instance.version = static_cast<Version>(rng_.below(3));
  instance.store->old_schema = instance.version == Version::previous;
  instance.store->keeps_files = instance.version != Version::previous;
  instances_.push_back(std::move(instance));
  join_store(machine);
}

// What a store tells the world, and what the world does to it.
void World::join_store(Machine machine) {
  auto& store = *instances_[machine].store;
  store.on_commit = [this, machine](ScopeId const& scope, Sequence head) {
    receive_again(machine, scope);
    if (erasures_) obey_later(machine);
    tell_commit(machine, scope, head);
  };
  store.fate = [this, machine](bool write) {
    return at_work_ && write ? draw_fate(machine) : MemoryStore::Fate::done;
  };
  store.incarnations = [this](ReplicaId replica) {
    std::vector<ReplicaId> found;
    auto const at = incarnations_.find(replica);
    for (auto const& [id, site] : incarnations_) {
      if (at != incarnations_.end() && site == at->second) found.push_back(id);
    }
    return found;
  };
}

Outcome World::run() {
  if (weather_.has(Fault::late_join) && tree_.size() > 2) --joined_;
  late_ = roll(50);
  for (auto const child : children()) dial_later(child);
  plan_step(options_.steps);
  auto const far = schedule_.now() + std::chrono::hours(24 * 365 * 1000);
  while (!healed_ && outcome_.violation.empty() && schedule_.step(far)) ++outcome_.events;
  settle();
  if (outcome_.violation.empty()) check_merges();
  outcome_.writes = oracle_.writes();
  for (auto const& [key, stored] : instances_[0].store->documents()) {
    ++outcome_.documents;
    if (!conflicts(stored.document).empty()) ++outcome_.conflicts;
  }
  return outcome_;
}

Outcome run(Options const& options) {
  return World::drawn(options).run();
}

void World::plan_step(std::size_t left) {
  auto pause = roll(5) ? between(5'000, 90'000) : between(1, 400);
  if (leap_after_ > 0 && --leap_after_ == 0) pause = leap_;
  schedule_.in(pause, [this, left] {
    if (left == 0) return heal();
    one_step();
    plan_step(left - 1);
  });
}

void World::heal() {
  say("heal");
  healed_ = true;
  join();
  switch_off_copy();
  for (Machine machine = 0; machine < instances_.size(); ++machine) {
    auto& instance = instances_[machine];
    instance.store->fill_disk(false);
    if (!instance.store->disk_works()) crash(machine);
    // A stale restore whose parent was restored too is known by nobody but by comparing.
    bool const unknown = instance.suspect && machine > 0 && !compares(machine);
    if (instance.told || unknown) {
      crash(machine);
      renew(machine);
    }
    auto& link = links_[machine];
    link.blocked_until = {};
    link.slow = false;
    bool held = link.ends[kChild].hole || link.ends[kParent].hole;
    for (auto& end : link.ends) {
      end.stuck_until = {};
      if (!end.session) continue;
      // What held a stream is mended by people, who restart; at the receiver's end too, for its
      // refusal may still be under way.
      auto const view = end.session->view();
      auto const is_held = [](auto const& stream) { return stream.held; };
      held = held || std::ranges::any_of(view.sending, is_held) ||
             std::ranges::any_of(view.receiving, is_held);
    }
    if (held) hang_up(machine);
    restart(machine);
    obey_later(machine);
    if (machine > 0) dial_later(machine);
  }
  // A last few words over links that stay up: what is new must flow without any reconnection.
  for (int i = 0; i < 20; ++i) {
    schedule_.in(between(20'000, 100'000), [this] { write_something(); });
  }
  quiet_from_ = schedule_.now() + Millis{100'000};
  if (weather_.has(Fault::damage)) {
    schedule_.in(Millis{105'000}, [this] { damage(); });
    quiet_from_ += Millis{20'000};
  }
}

void World::let_pass(Millis time) {
  auto const until = schedule_.now() + time;
  while (outcome_.violation.empty() && schedule_.step(until)) ++outcome_.events;
}

// False: something is wrong, or stays so for too long.
bool World::wait_until_none(std::function<std::optional<std::string>()> const& wrong) {
  auto found = wrong();
  for (int second = 0; found && second < kSettleSecondsMax; ++second) {
    if (!outcome_.violation.empty()) return false;
    let_pass(Millis{1000});
    found = wrong();
  }
  if (found) violate(*found);
  return outcome_.violation.empty();
}

// Everything works now, and nobody writes: the network must become equal by itself, within bounds,
// and then be at rest.
void World::settle() {
  while (outcome_.violation.empty() && schedule_.now() < quiet_from_) let_pass(Millis{1000});
  auto const began = schedule_.now();
  auto const bytes = outcome_.bytes;
  if (!wait_until_none([this] { return unlike(); })) return;
  outcome_.settled_s = std::chrono::duration<double>(schedule_.now() - began).count();
  outcome_.settled_bytes = outcome_.bytes - bytes;
  check_settling();
  if (!wait_until_none([this] { return unconfirmed(); })) return;
  if (!wait_until_none([this] { return lacks_files(); })) return;
  if (!wait_until_none([this] { return unlike(); })) return;
  if (!wait_until_none([this] { return unproven(); })) return;
  let_pass(std::chrono::seconds(kLastWordsSeconds));  // what was merged is told once more
  resting_ = true;
  let_pass(std::chrono::seconds(kRestSeconds));
  for (Machine machine = 0; machine < joined_; ++machine) check_promises(machine);
}

// The same chances whether the fault is there or not: leaving one out disturbs the others little.
bool World::strikes(Fault fault, std::uint64_t per_mille) {
  bool const now = rng_.below(1000) < per_mille * weather_.rate(fault);
  return now && !healed_;
}

// ---- The cast ----

std::vector<World::Machine> World::children() const {
  std::vector<Machine> found;
  for (Machine machine = 1; machine < instances_.size(); ++machine) {
    if (machine < joined_ || machine >= tree_.size()) found.push_back(machine);
  }
  return found;
}

std::vector<World::Machine> World::links_of(Machine machine) const {
  std::vector<Machine> found;
  for (auto const child : children()) {
    if (child == machine || parent_of(child) == machine) found.push_back(child);
  }
  return found;
}

// ---- The trace ----

void World::say(std::string const& what) {
  hash(what);
  if (options_.trace) {
    std::printf("%lld %s\n", static_cast<long long>(to_unix_ms(schedule_.now())), what.c_str());
  }
}

void World::hash(std::string_view bytes) {
  auto const mix = [this](std::uint64_t byte) {
    outcome_.trace_hash = (outcome_.trace_hash ^ byte) * 0x100000001b3ULL;
  };
  mix(static_cast<std::uint64_t>(to_unix_ms(schedule_.now())));
  for (char const c : bytes) mix(static_cast<unsigned char>(c));
}

}  // namespace solidaires::sync::sim
