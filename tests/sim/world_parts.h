// The inside of a simulated world, shared by its sources: world.cc drives links and stores as
// sync/net and node/replication do, workload.cc plays people and misfortune, checks.cc judges.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>

#include "sync/core/link_session.h"
#include "tests/sim/oracle.h"
#include "tests/sim/schedule.h"
#include "tests/sim/tree.h"
#include "tests/sim/world.h"

namespace solidaires::sync::sim {

class World {
 public:
  explicit World(Options const& options);
  Outcome run();

 private:
  struct Instance {
    std::unique_ptr<PlantedStore> store;
    bool up = true;
    Millis skew{0};                          // of its wall clock
    std::map<DocumentKey, Context> forms{};  // rendered earlier, not yet submitted
    MemoryStore::Backup backup{};
  };
  enum Side : std::size_t { kChild = 0, kParent = 1 };
  struct End {
    std::unique_ptr<LinkSession> session{};
    std::deque<StoreTask> tasks{};
    bool working = false;
    Millis skew{0};  // of the clock when the session began: a session's clock does not jump
    Instant control_arrives{};
    Instant batch_arrives{};
    std::map<ScopeId, Sequence> delivered{};  // only a planted fault looks at it
  };
  struct Link {                    // of a child (its index) to its parent
    std::uint64_t connection = 0;  // 0: down
    std::array<End, 2> ends{};
    bool hole = false;  // what is sent vanishes without a word
    Instant blocked_until{};
  };
  struct Place {  // one end of one connection, as it was when something was planned for it
    Site child = 0;
    std::uint64_t connection = 0;
    Side side = kChild;
  };

  // ---- world.cc: the drivers ----
  [[nodiscard]] Site site_at(Place place) const;
  [[nodiscard]] Site peer_at(Place place) const;
  [[nodiscard]] End* find(Place place);  // null: that connection is gone
  void dial(Site child);
  void dial_later(Site child);
  void connect(Site child);
  void hang_up(Site child);
  void feed(Place place, Event event);
  void carry_out_actions(Place place, End& end, Actions actions);
  void note(Notice const& notice);
  void ended(Place place, Disconnect const& disconnect);
  void transmit(Place place, Frame const& frame);
  void send_bytes(Place place, Bytes const& bytes, bool control);
  void deliver(Place place, Bytes const& bytes);
  void tamper(Place place, Frame& frame);
  void work_later(Place place);
  void work(Place place);
  void tell_commit(Site site, ScopeId const& scope, Sequence head);
  void update_entitlements();

  // ---- workload.cc: people and misfortune ----
  void plan_step(std::size_t left);
  void one_step();
  void write_something();
  [[nodiscard]] std::vector<FieldEdit> some_edits(ScopeId const& scope, Document const* document);
  void write_local_secret(Site site);
  void open_a_form();
  void crash(Site site);
  void restart(Site site);
  void misfortune();
  void cut(Site child, Millis duration);
  void open_hole(Site child, Millis duration);
  void restore(Site site);
  void join();
  void heal();
  void lose_something();

  // ---- checks.cc ----
  void violate(std::string what);
  void check_frame(Place place, Frame const& frame, Bytes const& bytes);
  void check_cursor(Site receiver, Site sender, ScopeId const& scope);
  void check_cursors_of(Site site);
  void keep_snapshot(Document const& document);
  void check_merges();
  [[nodiscard]] std::optional<std::string> unproven();  // what no link has proven equal yet
  [[nodiscard]] std::optional<std::string> unlike();    // how the network has not converged yet
  [[nodiscard]] std::map<DocumentId, Document const*> held(Site site, ScopeId const& scope) const;

  [[nodiscard]] bool roll(std::uint64_t percent) { return rng_.below(100) < percent; }
  [[nodiscard]] Millis between(std::uint64_t low_ms, std::uint64_t high_ms) {
    return Millis(low_ms + rng_.below(high_ms - low_ms + 1));
  }
  [[nodiscard]] Site some_site() { return rng_.below(joined_); }
  [[nodiscard]] Instant clock(Site site) const { return schedule_.now() + instances_[site].skew; }
  void say(std::string const& what);
  void hash(std::string_view bytes);

  Options options_;
  SeededRng rng_;
  Schedule schedule_;
  Tree tree_;
  std::size_t joined_ = 0;  // sites below this one take part
  std::vector<Instance> instances_;
  std::vector<Link> links_;
  std::uint64_t connections_ = 0;
  bool healed_ = false;
  Instant quiet_from_{};  // nobody writes any more
  bool late_ = false;     // the last site joins only when all is healed
  bool rough_ = false;    // the transport breaks its word: frames are lost, doubled, swapped

  Oracle oracle_;
  std::map<DocumentKey, std::vector<Document>> snapshots_;
  Outcome outcome_;
};

}  // namespace solidaires::sync::sim
