#include "tests/sim/world.h"

#include <cstdio>

#include "sync/base/check.h"
#include "sync/wire/frame_codec.h"
#include "tests/sim/world_parts.h"

namespace solidaires::sync::sim {

World::World(Options const& options)
    : options_(options), rng_(options.seed * 1'000'003), tree_(Tree::draw(rng_)) {
  outcome_.trace_hash = 0xcbf29ce484222325ULL;
  joined_ = tree_.size() > 2 && roll(40) ? tree_.size() - 1 : tree_.size();
  late_ = roll(50);
  rough_ = roll(25);
  links_.resize(tree_.size());
  for (Site site = 0; site < tree_.size(); ++site) {
    Instance instance;
    instance.store = std::make_unique<PlantedStore>(ReplicaId{rng_.next()}, options.plant, rng_);
    instance.skew = roll(30) ? between(0, 172'800'000) - Millis(86'400'000) : Millis{0};
    instance.store->on_commit = [this, site](ScopeId const& scope, Sequence head) {
      tell_commit(site, scope, head);
    };
    instances_.push_back(std::move(instance));
  }
}

Outcome World::run() {
  for (Site child = 1; child < joined_; ++child) dial_later(child);
  plan_step(options_.steps);
  auto const far = schedule_.now() + std::chrono::hours(24 * 365);
  while (!healed_ && outcome_.violation.empty() && schedule_.step(far)) ++outcome_.events;
  // Everything works now, and nobody writes: the network must become equal by itself.
  constexpr int kSecondsMax = 300;
  std::optional<std::string> difference = "not looked at";
  for (int second = 0; second < kSecondsMax && outcome_.violation.empty(); ++second) {
    auto const until = schedule_.now() + std::chrono::seconds(1);
    while (outcome_.violation.empty() && schedule_.step(until)) ++outcome_.events;
    if (schedule_.now() < quiet_from_) continue;
    difference = unlike();
    if (!difference) difference = unproven();
    if (!difference) break;
  }
  if (difference && outcome_.violation.empty()) violate(cat("convergence: ", *difference));
  if (outcome_.violation.empty()) check_merges();
  outcome_.writes = oracle_.writes();
  for (auto const& [key, stored] : instances_[0].store->documents()) {
    ++outcome_.documents;
    if (!conflicts(stored.document).empty()) ++outcome_.conflicts;
  }
  return outcome_;
}

Outcome run(Options const& options) {
  return World(options).run();
}

// ---- Links ----

Site World::site_at(Place place) const {
  return place.side == kChild ? place.child : tree_.parent(place.child);
}

Site World::peer_at(Place place) const {
  return place.side == kChild ? tree_.parent(place.child) : place.child;
}

World::End* World::find(Place place) {
  auto& link = links_[place.child];
  return link.connection == place.connection ? &link.ends[place.side] : nullptr;
}

void World::dial_later(Site child) {
  schedule_.in(between(100, healed_ ? 2'000 : 10'000), [this, child] { dial(child); });
}

void World::dial(Site child) {
  auto const& link = links_[child];
  if (link.connection != 0 || child >= joined_ || !instances_[child].up) return;
  if (!instances_[tree_.parent(child)].up || link.blocked_until > schedule_.now()) {
    dial_later(child);
  } else {
    connect(child);
  }
}

void World::connect(Site child) {
  auto& link = links_[child];
  link.connection = ++connections_;
  link.hole = false;
  for (auto const side : {kParent, kChild}) {
    Place const place{child, link.connection, side};
    auto const site = site_at(place);
    auto& instance = instances_[site];
    auto& end = link.ends[side];
    end = End{};
    end.skew = instance.skew;
    LinkConfig config;
    config.entitlement = tree_.entitlement(site, peer_at(place), joined_);
    if (options_.plant == Plant::scope_leak && joined_ > 2) {
      for (Site other = 1; other < joined_; ++other) {
        config.entitlement.subtree.insert(tree_.name(other));
      }
    }
    config.replica = instance.store->replica();
    config.counter = instance.store->counter();
    if (side == kParent) config.fresh_token = rng_.bytes(16);
    end.session = std::make_unique<LinkSession>(std::move(config));
  }
  say(cat("connect ", child));
  feed({child, link.connection, kParent}, Started{});
  feed({child, link.connection, kChild}, Started{});
}

void World::hang_up(Site child) {
  auto& link = links_[child];
  if (link.connection == 0) return;
  say(cat("hang up ", child));
  link.connection = 0;
  link.hole = false;
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
  for (auto const& notice : actions.notices) note(notice);
  for (auto const& frame : actions.send) transmit(place, frame);
  for (auto& task : actions.tasks) end.tasks.push_back(std::move(task));
  work_later(place);
  if (actions.wake_at) {
    schedule_.at(*actions.wake_at - end.skew, [this, place] { feed(place, TimerFired{}); });
  }
  if (actions.disconnect) ended(place, *actions.disconnect);
}

// Comparisons find nothing unless something was damaged: else documents on their way, or a bug of
// the streams, would be taken for a difference, and mended in secret.
void World::note(Notice const& notice) {
  auto const* difference = std::get_if<Difference>(&notice);
  if (difference == nullptr) return;
  ++outcome_.differences;
  if (options_.plant != Plant::lost_in_silence) {
    violate(cat("equality: a comparison found a difference in ", difference->scope.to_string()));
  }
}

void World::ended(Place place, Disconnect const& disconnect) {
  say(cat("disconnect ", site_at(place), ' ', close_reason_name(disconnect.reason), ' ',
          disconnect.detail));
  switch (disconnect.reason) {
    case CloseReason::stale_replica:
    case CloseReason::rolled_back:
    case CloseReason::identity:
    case CloseReason::version:
      violate(cat("identity: a link was refused: ", disconnect.detail));
      break;
    case CloseReason::protocol:
      if (!rough_) violate(cat("protocol: a link was closed: ", disconnect.detail));
      break;
    default: break;
  }
  // Time for the Close to arrive.
  auto const& end = links_[place.child].ends[place.side];
  schedule_.at(end.control_arrives + Millis{1}, [this, place] {
    if (find(place) != nullptr) hang_up(place.child);
  });
}

// ---- Frames ----

void World::transmit(Place place, Frame const& frame) {
  auto const bytes = encode_frame(frame);
  if (!bytes) return violate(cat("wire: ", bytes.error().to_string()));
  check_frame(place, frame, *bytes);
  ++outcome_.frames;
  hash(*bytes);
  bool const numbered = std::holds_alternative<Batch>(frame) ||
                        std::holds_alternative<Probe>(frame) ||
                        std::holds_alternative<ProbeReply>(frame) ||
                        std::holds_alternative<Ack>(frame) || std::holds_alternative<Nack>(frame);
  bool const lost = rough_ && !healed_ && numbered && roll(3);
  bool const doubled = rough_ && !healed_ && numbered && roll(3);
  if (links_[place.child].hole || lost) return;
  send_bytes(place, *bytes, is_control(frame));
  if (doubled) send_bytes(place, *bytes, is_control(frame));
}

// In order, except that control may overtake batches that wait.
void World::send_bytes(Place place, Bytes const& bytes, bool control) {
  auto& end = links_[place.child].ends[place.side];
  auto const soonest = schedule_.now() + between(1, 80);
  auto arrives = std::max(soonest, end.control_arrives);
  if (!control) arrives = std::max(arrives, end.batch_arrives);
  bool const swapped = rough_ && !healed_ && !control && roll(3);
  (control ? end.control_arrives : end.batch_arrives) = arrives;
  Place const there{place.child, place.connection, place.side == kChild ? kParent : kChild};
  schedule_.at(swapped ? arrives + Millis{100} : arrives,
               [this, there, bytes] { deliver(there, bytes); });
}

void World::deliver(Place place, Bytes const& bytes) {
  if (find(place) == nullptr) return;
  auto frame = decode_frame(bytes);
  if (!frame) return feed(place, FrameUnreadable{frame.error()});
  say(cat("deliver ", peer_at(place), "->", site_at(place), ' ', frame_name(*frame)));
  tamper(place, *frame);
  feed(place, FrameReceived{*std::move(frame)});
}

// A receiver that takes a batch for the next one, whatever it says of itself.
void World::tamper(Place place, Frame& frame) {
  auto* batch = std::get_if<Batch>(&frame);
  if (options_.plant != Plant::gap_applied || batch == nullptr) return;
  auto const [at, first] = find(place)->delivered.try_emplace(batch->scope, batch->previous);
  batch->previous = at->second;
  batch->last = std::max(batch->last, Sequence{static_cast<std::uint64_t>(at->second) + 1});
  at->second = batch->last;
}

// ---- Stores ----

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
  auto const site = site_at(place);
  bool const crash_before = !healed_ && rng_.below(400) == 0;
  bool const crash_after = !healed_ && rng_.below(400) == 0;
  if (crash_before) return crash(site);
  auto task = std::move(end->tasks.front());
  end->tasks.pop_front();
  auto& store = *instances_[site].store;
  auto const* apply = std::get_if<ApplyBatch>(&task);
  auto const scope = apply != nullptr ? std::optional(apply->batch.scope) : std::nullopt;
  if (apply != nullptr) {
    for (auto const& document : apply->batch.documents) keep_snapshot(document);
  }
  auto event = carry_out(std::move(task), store);
  if (scope) {
    if (!tree_.holds(site, *scope)) violate(cat("scope: a store took ", scope->to_string()));
    check_cursor(site, peer_at(place), *scope);
    schedule_.in(between(0, 3'000), [&store] { store.sync(); });
  }
  if (crash_after) return crash(site);
  // The answer takes its time too: commits may come in between.
  end->working = true;
  schedule_.in(between(0, 10), [this, place, event = std::move(event)] {
    auto* waiting = find(place);
    if (waiting == nullptr) return;
    waiting->working = false;
    feed(place, event);
    work_later(place);
  });
}

void World::tell_commit(Site site, ScopeId const& scope, Sequence head) {
  for (Site child = 1; child < tree_.size(); ++child) {
    auto const connection = links_[child].connection;
    if (connection == 0 || (child != site && tree_.parent(child) != site)) continue;
    Place const place{child, connection, child == site ? kChild : kParent};
    schedule_.in(Millis{1},
                 [this, place, scope, head] { feed(place, ScopeCommitted{scope, head}); });
  }
}

void World::update_entitlements() {
  for (Site child = 1; child < joined_; ++child) {
    for (auto const side : {kParent, kChild}) {
      Place const place{child, links_[child].connection, side};
      if (place.connection == 0) continue;
      auto const rules = tree_.entitlement(site_at(place), peer_at(place), joined_);
      schedule_.in(between(0, 500),
                   [this, place, rules] { feed(place, EntitlementChanged{rules}); });
    }
  }
}

// ---- The trace ----

void World::say(std::string const& what) {
  hash(what);
  if (options_.trace) {
    std::printf("%lld %s\n", static_cast<long long>(to_unix_ms(schedule_.now()) % 100'000'000),
                what.c_str());
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
