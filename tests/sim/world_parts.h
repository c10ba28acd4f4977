// The inside of a simulated world, shared by its sources:
//   world.cc        the run: weather, the healing, the end
//   links.cc        drives sessions as sync/net and node/replication do
//   transport.cc    frames under way and what happens to them; planted lies of both ends
//   stores.cc       calls of the stores and what happens around them
//   people.cc       who writes and reads
//   misfortune.cc   crashes, cuts, disks, clocks
//   identity.cc     restores, copies, new incarnations; who was named (property 8)
//   erasure.cc      requests, orders and receipts of erasures; rights that come and go
//   files.cc        the files that documents refer to
//   imports.cc      records that come from files, and objections to them
//   checks.cc       cursors, confinement, resources, convergence (properties 1 to 7, 11, 12)
//   scenes.cc       scenes without chance
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>

#include "sync/core/erasure.h"
#include "sync/core/link_session.h"
#include "tests/sim/oracle.h"
#include "tests/sim/schedule.h"
#include "tests/sim/tree.h"
#include "tests/sim/world.h"

namespace solidaires::sync::sim {

enum class Version : std::uint8_t { previous, current, next };
inline constexpr std::uint32_t kForgedRequest = 0xffff'fff0;
inline constexpr std::string_view kArticle = "article";

class World {
 public:
  World(Options const& options, Tree tree, Weather weather);
  static World drawn(Options const& options);
  Outcome run();
  Outcome run_return(std::size_t documents);
  Outcome run_stuck_peer(bool stuck);
  Outcome run_relay(bool newer);

 private:
  // A machine is a site's, by the site's number; one beyond them is a copy of one of them (clone).
  using Machine = std::size_t;

  // That came up, by the incarnations of child and parent.
  using Sessions = std::map<std::pair<ReplicaId, ReplicaId>, std::size_t>;
  struct Kept {  // a backup, and what was known when it was taken
    MemoryStore::Backup disk{};
    ReplicaId replica{};
    Sessions sessions{};
    PlantedStore::Files files{};
  };
  struct Instance {
    std::unique_ptr<PlantedStore> store{};
    bool up = true;
    bool passive = false;  // nobody writes here: a copy, or a stale store that nobody has named yet
    Version version = Version::current;
    Millis skew{0};                          // of its wall clock
    std::map<DocumentKey, Context> forms{};  // rendered earlier, not yet submitted
    // What its people were told is saved, and what they have been shown: both must stay readable.
    std::map<DocumentKey, Context> promised{};
    std::vector<Kept> backups{};
    bool obeys = false;  // an obeying is planned
    std::optional<Instant> obeyed_at{};
    // Under a legal hold: the copy that is kept apart when the document is erased.
    std::map<DocumentKey, std::optional<Document>> holds{};
    Sessions sessions{};
    // What it held before its disk was lost or put back and has not received again: until then,
    // those below find that it differs, and they are right.
    std::map<DocumentKey, Context> lacking{};
    std::map<ScopeId, Instant> lacked{};  // when it had all of a scope again
    bool suspect = false;  // copied, or restored under its old identity; not yet named
    bool told = false;     // that it needs a new incarnation
  };
  enum Side : std::size_t { kChild = 0, kParent = 1 };
  struct UnderWay {
    ScopeId scope;
    std::uint32_t generation = 0;
    Sequence last{};
  };
  struct End {
    std::unique_ptr<LinkSession> session{};
    std::deque<StoreTask> tasks{};
    bool working = false;
    Millis skew{0};  // of the clock when the session began: a session's clock does not jump
    Instant control_arrives{};
    Instant batch_arrives{};
    Instant file_arrives{};
    Instant stuck_until{};  // takes nothing before
    bool hole = false;      // what it sends vanishes without a word
    std::size_t batches_on_the_wire = 0;
    std::vector<UnderWay> unanswered{};       // batches sent and not yet acknowledged
    std::map<ScopeId, Sequence> delivered{};  // only a planted fault looks at it
  };
  struct Link {                    // of a child machine (its index) to its parent
    std::uint64_t connection = 0;  // 0: down
    std::array<End, 2> ends{};
    bool up = false;  // the parent has kept that the child has kept its token
    bool slow = false;
    Instant blocked_until{};
  };
  struct Place {  // one end of one connection, as it was when something was planned for it
    Machine child = 0;
    std::uint64_t connection = 0;
    Side side = kChild;
  };

  // ---- the cast ----
  [[nodiscard]] Site site_of(Machine machine) const {
    return machine < tree_.size() ? machine : copied_;
  }
  [[nodiscard]] Machine parent_of(Machine child) const { return tree_.parent(site_of(child)); }
  [[nodiscard]] Machine machine_at(Place place) const {
    return place.side == kChild ? place.child : parent_of(place.child);
  }
  [[nodiscard]] Machine peer_at(Place place) const {
    return place.side == kChild ? parent_of(place.child) : place.child;
  }
  [[nodiscard]] static Place opposite(Place place) {
    return {place.child, place.connection, place.side == kChild ? kParent : kChild};
  }
  [[nodiscard]] std::vector<Machine> children() const;  // every machine that dials
  [[nodiscard]] std::vector<Machine> links_of(Machine machine) const;
  void add_instance(ReplicaId replica);
  void join_store(Machine machine);

  // ---- links.cc ----
  [[nodiscard]] End* find(Place place);  // null: that connection is gone
  void dial(Machine child);
  void dial_later(Machine child);
  void connect(Machine child);
  void hang_up(Machine child);
  void feed(Place place, Event event);
  void carry_out_actions(Place place, End& end, Actions actions);
  void note(Notice const& notice, Place place);
  void take_over(Place place);
  void ended(Place place, Disconnect const& disconnect);
  void tell_commit(Machine machine, ScopeId const& scope, Sequence head);
  void update_entitlements();

  // ---- transport.cc ----
  void transmit(Place place, Frame frame);
  enum class Lane : std::uint8_t { control, batch, file };
  void send_bytes(Place place, Bytes const& bytes, Lane lane);
  void deliver(Place place, Bytes const& bytes);
  void count_answer(Place place, Frame const& frame);
  void tamper_sent(Place place, Frame const& frame);
  void tamper_received(Place place, Frame& frame);
  void speak_next_version(Place place, Frame& frame);

  // ---- stores.cc ----
  void work_later(Place place);
  void work(Place place);
  void answer_later(Place place, Event event);
  MemoryStore::Fate draw_fate(Machine machine);
  void check_after_apply(Place place, ScopeId const& scope, std::vector<DocumentKey> const& stubs);

  // ---- people.cc ----
  void one_step();
  void write_something();
  bool write_here(Machine machine, DocumentKey const& key, std::vector<FieldEdit> const& edits,
                  Context const& seen, std::string_view type = kArticle);
  [[nodiscard]] std::optional<DocumentKey> some_document(Machine machine);
  [[nodiscard]] std::vector<FieldEdit> some_edits(Machine machine, ScopeId const& scope,
                                                  Document const* document);
  [[nodiscard]] Bytes some_value(Machine machine, ScopeId const& scope);
  void read_something();
  void check_promises(Machine machine);
  void write_local_secret(Machine machine);
  void open_a_form();

  // ---- misfortune.cc ----
  void misfortune();
  void strike(Fault fault, Machine machine, Machine child);
  void crash(Machine machine);
  void restart(Machine machine);
  void fill_disk(Machine machine);
  void cut(Machine child, Millis duration);
  void open_hole(Machine child, bool both_ways);
  void all_away();
  void join();
  void damage();

  // ---- identity.cc ----
  void back_up(Machine machine);
  void restore(Machine machine, Kept const* kept, bool renew);
  void clone(Machine machine);
  void switch_off_copy();
  void renew(Machine machine);
  void told_to_renew(Machine machine);
  void session_up(Machine child);
  void judge_stale(Place parent_end);
  [[nodiscard]] bool holds_pending_token(Machine child) const;
  [[nodiscard]] bool parent_is_ahead(Machine child) const;
  [[nodiscard]] bool compares(Machine child) const;  // with its parent: both know how
  void look_what_is_there();
  void receive_again(Machine machine, ScopeId const& scope);
  [[nodiscard]] bool lacks(Machine machine, ScopeId const& scope) const;

  // ---- erasure.cc ----
  struct Papers {  // of erasures, that an instance holds
    std::map<DocumentId, EraseRequest> requests{};
    std::vector<EraseOrder> orders{};
  };
  void request_erasure(Machine machine);
  void obey_later(Machine machine);
  void obey(Machine machine);
  bool erase_here(Machine machine, EraseRequest const& request);
  void confirm(Machine machine, EraseOrder const& order);
  bool write_paper(Machine machine, DocumentKey const& key, std::string_view type,
                   Bytes const& statement);
  [[nodiscard]] Papers papers_of(Machine machine) const;
  [[nodiscard]] std::optional<EraseReceipt> receipt_of(Machine machine, DocumentId order) const;
  [[nodiscard]] std::optional<std::string> unconfirmed();
  void change_rights();
  [[nodiscard]] bool may_hold(Site site, ScopeId const& scope) const;

  // ---- files.cc ----
  void attach_a_file(Machine machine);
  void collect_files(Machine machine);
  void ask_for_files(Place place);
  void ask_again_later(Place place);
  void ask_what_is_not_ours(Place place);
  void file_kept(Machine machine, BlobKept const& kept);
  [[nodiscard]] std::optional<std::string> lacks_files();

  // ---- imports.cc ----
  void import_a_file(Machine machine);
  [[nodiscard]] bool is_objected_to(Machine machine, std::uint64_t record) const;
  [[nodiscard]] static std::optional<std::uint64_t> record_of(Document const& document);
  [[nodiscard]] static Bytes objection_digest(Bytes const& key, std::uint64_t record);
  void check_import(Machine machine, std::uint64_t record);

  // ---- checks.cc ----
  void violate(std::string what);
  void check_frame(Place place, Frame const& frame, Bytes const& bytes);
  void check_window(Place place);
  void check_cursor(Machine receiver, Machine sender, ScopeId const& scope);
  void check_cursors_of(Machine machine);
  void keep_snapshot(Document const& document);
  void check_merges();
  void check_settling();
  void check_found(Difference const& difference, Place place);
  // An order was obeyed there a moment ago, or is about to be.
  [[nodiscard]] bool is_erasing(Machine machine) const;
  [[nodiscard]] std::optional<std::string> unlike();    // how the network has not converged yet
  [[nodiscard]] std::optional<std::string> unproven();  // what no link has proven equal yet
  [[nodiscard]] std::map<DocumentId, Document const*> held(Machine machine,
                                                           ScopeId const& scope) const;
  [[nodiscard]] std::size_t bytes_held() const;

  // ---- world.cc ----
  void plan_step(std::size_t left);
  void heal();
  void settle();
  bool wait_until_none(std::function<std::optional<std::string>()> const& wrong);
  void let_pass(Millis time);
  [[nodiscard]] bool roll(std::uint64_t percent) { return rng_.below(100) < percent; }
  [[nodiscard]] bool strikes(Fault fault, std::uint64_t per_mille);  // an ambient fault, now?
  [[nodiscard]] Millis between(std::uint64_t low_ms, std::uint64_t high_ms) {
    return Millis(low_ms + rng_.below(high_ms - low_ms + 1));
  }
  [[nodiscard]] Machine some_site() { return rng_.below(joined_); }
  [[nodiscard]] Instant clock(Machine machine) const {
    return schedule_.now() + instances_[machine].skew;
  }
  void say(std::string const& what);
  void hash(std::string_view bytes);

  Options options_;
  SeededRng rng_;
  Schedule schedule_;
  Tree tree_;
  Weather weather_;
  std::size_t joined_ = 0;         // sites below this one take part
  std::uint64_t before_copy_ = 0;  // the last connection before the copy was made
  Site copied_ = 0;                // whose copy the last machine is, if there is one
  std::vector<Instance> instances_;
  std::vector<Link> links_;
  std::uint64_t connections_ = 0;
  bool healed_ = false;
  Instant quiet_from_{};        // nobody writes any more
  bool damaged_ = false;        // a disk is not what it was, and nobody was told
  bool late_ = false;           // the last site joins only when all is healed
  std::size_t leap_after_ = 0;  // steps until the long absence; 0: none is near
  Millis leap_{0};
  std::size_t bytes_at_quiet_ = 0;
  bool resting_ = false;  // every replica is equal: no document may travel any more

  Oracle oracle_;
  std::map<ReplicaId, Site> incarnations_;
  std::map<Machine, Sessions> true_sessions_;  // of a stale restore: those its parent has had
  std::optional<Machine> pair_up_;  // which of a store and its copy has had a session since
  bool at_work_ = false;            // a store is called by its instance, not by a check
  MemoryStore::Fate last_fate_ = MemoryStore::Fate::done;
  std::map<DocumentKey, std::vector<Document>> snapshots_;
  bool erasures_ = false;                                      // somebody has asked for one
  std::map<DocumentKey, std::set<std::uint64_t>> objections_;  // of a request, to which records
  std::vector<Bytes> files_;                                   // every one, by its hash
  std::size_t file_bytes_ = 0;
  // Rights that came or went: what is held there may go and come again.
  std::set<std::pair<Site, ScopeId>> shaky_;
  std::map<std::pair<Site, ScopeId>, Instant> lost_rights_;
  Outcome outcome_;
};

}  // namespace solidaires::sync::sim
