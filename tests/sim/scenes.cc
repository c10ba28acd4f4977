// Scenes without chance but the network's own delays: what a seed meets too rarely, measured.
#include "tests/sim/world_parts.h"

namespace solidaires::sync::sim {
namespace {

std::vector<FieldEdit> made(ScopeId const& scope, std::string const& name) {
  return {{std::string(kExistence), Bytes(kAlive)},
          {"name", cat('@', scope.to_string(), '@', name)}};
}

}  // namespace

Outcome World::run_return(std::size_t documents) {
  healed_ = true;
  for (Site site = 1; site < tree_.size(); ++site) {
    for (std::size_t i = 0; i < documents; ++i) {
      auto const scope =
          i % 2 == 0 ? ScopeId::office(tree_.name(site)) : ScopeId::published(tree_.name(site));
      write_here(site, {scope, DocumentId::make(clock(site), rng_)}, made(scope, cat(i)), {});
    }
  }
  write_here(0, {ScopeId::network(tree_.name(0)), DocumentId::make(clock(0), rng_)},
             made(ScopeId::network(tree_.name(0)), "charter"), {});
  for (auto const child : children()) {
    schedule_.in(between(0, 1'000), [this, child] { dial(child); });
  }
  settle();
  outcome_.writes = oracle_.writes();
  return outcome_;
}

Outcome World::run_stuck_peer(bool stuck) {
  auto const scope = ScopeId::network(tree_.name(0));
  for (auto const child : children()) dial(child);
  let_pass(Millis{5'000});
  for (int i = 0; i < 600; ++i) {
    if (stuck) links_[1].ends[kChild].stuck_until = schedule_.now() + std::chrono::hours(1);
    write_here(0, {scope, DocumentId::make(clock(0), rng_)}, made(scope, cat(i)), {});
    let_pass(Millis{100});
  }
  auto const last = schedule_.now();
  auto const behind = [&](Machine machine) { return held(machine, scope).size() < 600; };
  while ((behind(2) || behind(3)) && schedule_.now() < last + std::chrono::minutes(5)) {
    let_pass(Millis{10});
  }
  auto const took = std::chrono::duration<double>(schedule_.now() - last).count();
  heal();
  settle();
  outcome_.settled_s = took;
  return outcome_;
}

// A hub that holds an equal or a newer value takes nothing new from what passes through it, and
// must pass it on all the same: it is a write that the other leaf has not seen.
Outcome World::run_relay(bool newer) {
  Machine const hub = 1;
  Machine const leaf = 3;
  auto const scope = ScopeId::published(tree_.name(leaf));
  DocumentKey const key{scope, DocumentId::make(clock(leaf), rng_)};
  for (auto const child : children()) dial(child);
  write_here(leaf, key, made(scope, "first"), {});
  let_pass(Millis{20'000});
  for (auto const child : children()) cut(child, Millis{30'000});
  auto const seen = instances_[leaf].store->find(key)->context;
  write_here(leaf, key, made(scope, "second"), seen);
  for (Machine const above : {hub, Machine{2}, Machine{0}}) {
    let_pass(Millis{100});
    if (above == 2) continue;  // may not write it; it hears of it from the top
    write_here(above, key, made(scope, newer ? "third" : "second"), seen);
  }
  links_[1].blocked_until = links_[2].blocked_until = {};
  dial_later(1);
  dial_later(2);
  let_pass(Millis{60'000});
  healed_ = true;
  settle();
  return outcome_;
}

Outcome run_return(std::uint64_t seed, std::size_t nodes, std::size_t documents) {
  return World({.seed = seed}, Tree::star(nodes), {}).run_return(documents);
}

Outcome run_stuck_peer(std::uint64_t seed, bool stuck) {
  return World({.seed = seed}, Tree::star(3), {}).run_stuck_peer(stuck);
}

Outcome run_relay(std::uint64_t seed, bool newer) {
  return World({.seed = seed}, Tree::two_hubs(), {}).run_relay(newer);
}

}  // namespace solidaires::sync::sim
