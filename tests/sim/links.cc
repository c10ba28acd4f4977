// Links: dialled, driven and thrown away as sync/net and node/replication do it.
#include "tests/sim/world_parts.h"

namespace solidaires::sync::sim {
namespace {

constexpr std::uint64_t kFeatureOfNextVersion = 1ULL << 40U;

}  // namespace

World::End* World::find(Place place) {
  if (place.child >= links_.size()) return nullptr;
  auto& link = links_[place.child];
  return link.connection == place.connection ? &link.ends[place.side] : nullptr;
}

void World::dial_later(Machine child) {
  schedule_.in(between(100, healed_ ? 2'000 : 10'000), [this, child] { dial(child); });
}

void World::dial(Machine child) {
  if (child >= links_.size()) return;  // a copy that was switched off
  auto const& link = links_[child];
  if (link.connection != 0 || site_of(child) >= joined_) return;
  // Whoever comes up again dials, or is dialled, then.
  if (!instances_[child].up || !instances_[parent_of(child)].up) return;
  if (link.blocked_until > schedule_.now()) {
    schedule_.at(link.blocked_until, [this, child] { dial(child); });
  } else {
    connect(child);
  }
}

void World::connect(Machine child) {
  auto& link = links_[child];
  link.connection = ++connections_;
  link.up = false;
  link.slow = strikes(Fault::slow_link, 40);
  for (auto const side : {kParent, kChild}) {
    Place const place{child, link.connection, side};
    auto const machine = machine_at(place);
    auto& instance = instances_[machine];
    auto& end = link.ends[side];
    end = End{};
    end.skew = instance.skew;
    LinkConfig config;
    config.entitlement = tree_.entitlement(site_of(machine), site_of(peer_at(place)), joined_);
    if (options_.plant == Plant::scope_leak && joined_ > 2) {
      for (Site other = 1; other < joined_; ++other) {
        config.entitlement.subtree.insert(tree_.name(other));
      }
    }
    config.replica = instance.store->replica();
    config.counter = instance.store->counter();
    if (instance.store->blobs() != nullptr) config.features |= feature::kBlobs;
    if (instance.version == Version::previous) config.features = 0;
    if (instance.version == Version::next) config.features |= kFeatureOfNextVersion;
    if (side == kParent) config.fresh_token = rng_.bytes(16);
    end.session = std::make_unique<LinkSession>(std::move(config));
  }
  say(cat("connect ", child));
  feed({child, link.connection, kParent}, Started{});
  feed({child, link.connection, kChild}, Started{});
}

void World::hang_up(Machine child) {
  auto& link = links_[child];
  if (link.connection == 0) return;
  say(cat("hang up ", child));
  link.connection = 0;
  link.ends = {};
  dial_later(child);
}

void World::feed(Place place, Event event) {
  auto* end = find(place);
  if (end == nullptr) return;
  auto actions = end->session->step(std::move(event), schedule_.now() + end->skew);
  carry_out_actions(place, *end, std::move(actions));
}

void World::carry_out_actions(Place place, End& end, Actions actions) {
  for (auto& frame : actions.send) transmit(place, std::move(frame));
  for (auto& task : actions.tasks) end.tasks.push_back(std::move(task));
  check_window(place);
  work_later(place);
  if (actions.wake_at) {
    schedule_.at(*actions.wake_at - end.skew, [this, place] { feed(place, TimerFired{}); });
  }
  for (auto const& notice : actions.notices) note(notice, place);
  if (actions.disconnect) ended(place, *actions.disconnect);
}

void World::note(Notice const& notice, Place place) {
  if (auto const* difference = std::get_if<Difference>(&notice)) check_found(*difference, place);
  if (std::holds_alternative<BlobArrived>(notice)) ask_for_files(place);
  if (!std::holds_alternative<LinkUp>(notice)) return;
  if (place.side == kParent) take_over(place);
  ask_again_later(place);
}

// A node's newer link takes over from the older one, as node/replication does at the upper end.
void World::take_over(Place place) {
  for (auto const other : children()) {
    if (other == place.child || site_of(other) != site_of(place.child)) continue;
    Place const older{other, links_[other].connection, kParent};
    if (older.connection == 0) continue;
    schedule_.in(Millis{1}, [this, older] { feed(older, StopRequested{}); });
  }
}

void World::ended(Place place, Disconnect const& disconnect) {
  auto const machine = machine_at(place);
  say(cat("disconnect ", machine, ' ', close_reason_name(disconnect.reason), ' ',
          disconnect.detail));
  if (disconnect.new_incarnation_needed) told_to_renew(machine);
  bool const broken_transport =
      weather_.has(Fault::loss) || weather_.has(Fault::duplication) || weather_.has(Fault::reorder);
  switch (disconnect.reason) {
    case CloseReason::identity:
    case CloseReason::version:
      violate(cat("identity: a link was refused: ", disconnect.detail));
      break;
    case CloseReason::protocol:
      if (!broken_transport) violate(cat("protocol: a link was closed: ", disconnect.detail));
      break;
    default: break;
  }
  // Time for the Close to arrive.
  auto const& end = links_[place.child].ends[place.side];
  schedule_.at(end.control_arrives + Millis{1}, [this, place] {
    if (find(place) != nullptr) hang_up(place.child);
  });
}

void World::tell_commit(Machine machine, ScopeId const& scope, Sequence head) {
  for (auto const child : links_of(machine)) {
    auto const connection = links_[child].connection;
    if (connection == 0) continue;
    Place const place{child, connection, child == machine ? kChild : kParent};
    schedule_.in(Millis{1},
                 [this, place, scope, head] { feed(place, ScopeCommitted{scope, head}); });
  }
}

void World::update_entitlements() {
  for (auto const child : children()) {
    for (auto const side : {kParent, kChild}) {
      Place const place{child, links_[child].connection, side};
      if (place.connection == 0) continue;
      schedule_.in(between(0, 500), [this, place] {
        auto* end = find(place);
        if (end == nullptr) return;
        auto rules =
            tree_.entitlement(site_of(machine_at(place)), site_of(peer_at(place)), joined_);
        // Of a stream that has ended nothing is answered any more.
        std::erase_if(end->unanswered,
                      [&](UnderWay const& batch) { return !rules.may_send(batch.scope); });
        feed(place, EntitlementChanged{std::move(rules)});
      });
    }
  }
}

}  // namespace solidaires::sync::sim
