// Two sessions that compare what they hold, over stores in memory: what is proved, what is found,
// how it is mended, and what it costs on the wire.
#include <gtest/gtest.h>

#include "sync/base/limits.h"
#include "sync/core/link_session.h"
#include "sync/wire/frame_codec.h"
#include "tests/contract/memory_store.h"

namespace solidaires::sync {
namespace {

NodeName node(std::string_view name) {
  return NodeName::parse(name).value();
}
ScopeId const kOffice = ScopeId::office(node("isere"));
ScopeId const kPublic = ScopeId::published(node("isere"));
ScopeId const kNetwork = ScopeId::network(node("aura"));

struct End {
  End(MemoryStore& given, Entitlement rules, std::uint64_t features, std::string token)
      : store(given),
        session(LinkConfig{std::move(rules), given.replica(), given.counter(), std::move(token),
                           "test", 1, features}) {
    store.on_commit = [this](ScopeId const& of, Sequence head) {
      commits.push_back(ScopeCommitted{of, head});
    };
  }
  ~End() { store.on_commit = nullptr; }

  void feed(Event event, Instant now) {
    auto actions = session.step(std::move(event), now);
    for (auto& frame : actions.send) outbox.push_back(std::move(frame));
    for (auto& task : actions.tasks) tasks.push_back(std::move(task));
    for (auto const& notice : actions.notices) {
      if (auto const* difference = std::get_if<Difference>(&notice)) alarms.push_back(*difference);
    }
    if (actions.disconnect) disconnect = actions.disconnect;
  }

  MemoryStore& store;
  LinkSession session;
  std::vector<ScopeCommitted> commits;
  std::vector<Frame> outbox;
  std::deque<StoreTask> tasks;
  std::vector<Difference> alarms;
  std::optional<Disconnect> disconnect;
};

class Probes : public testing::Test {
 protected:
  void connect(std::uint64_t hub_features = kFeatures, std::uint64_t node_features = kFeatures) {
    Entitlement above{node("aura"), node("isere"), PeerRole::child};
    above.subtree = {node("isere")};
    above.hubs = {node("aura")};
    Entitlement below_rules{node("isere"), node("aura"), PeerRole::parent};
    below_rules.subtree = {node("isere")};
    below_rules.every_public = true;
    hub.reset();
    below.reset();
    hub = std::make_unique<End>(hub_store, above, hub_features, cat("token", ++sessions));
    below = std::make_unique<End>(node_store, below_rules, node_features, "");
    hub->feed(Started{}, now);
    below->feed(Started{}, now);
  }
  bool deliver(End& from, End& to) {
    auto frames = std::exchange(from.outbox, {});
    for (auto const& frame : frames) {
      auto const bytes = encode_frame(frame).value();
      bool const about_equality =
          std::holds_alternative<Probe>(frame) || std::holds_alternative<ProbeReply>(frame);
      if (about_equality) {
        probe_bytes += bytes.size();
        ++probe_frames;
      }
      trace.push_back(frame);
      to.feed(FrameReceived{decode_frame(bytes).value()}, now);
    }
    return !frames.empty();
  }
  static bool work(End& end, Instant now) {
    auto told = std::exchange(end.commits, {});
    for (auto const& commit : told) end.feed(commit, now);
    if (end.tasks.empty()) return !told.empty();
    auto task = std::move(end.tasks.front());
    end.tasks.pop_front();
    end.feed(carry_out(std::move(task), end.store), now);
    return true;
  }
  // Until nobody has anything to do at this moment.
  void run() {
    for (bool busy = true; busy;) {
      busy = deliver(*hub, *below);
      busy = deliver(*below, *hub) || busy;
      busy = work(*hub, now) || busy;
      busy = work(*below, now) || busy;
    }
  }
  void pass(Millis time) {
    for (auto const until = now + time; now < until;) {
      now += Millis{1'000};
      hub->feed(TimerFired{}, now);
      below->feed(TimerFired{}, now);
      run();
    }
  }
  DocumentKey put(MemoryStore& store, std::string const& name, ScopeId const& of = kOffice) {
    DocumentKey const key{of, DocumentId::make(now, rng)};
    EXPECT_TRUE(store.write_local(key, "article", {{"name", name}}, {}, now));
    return key;
  }
  static ProbeView of(End const& end, ScopeId const& scope) {
    for (auto const& view : end.session.view().probes) {
      if (view.scope == scope) return view;
    }
    return {};
  }
  static bool proven(End const& end, ScopeId const& scope) { return of(end, scope).proven; }
  void forget_cost() { probe_bytes = probe_frames = 0; }

  SeededRng rng{11};
  Instant now = from_unix_ms(1'700'000'000'000);
  MemoryStore hub_store{ReplicaId{0xa}};
  MemoryStore node_store{ReplicaId{0xb}};
  std::unique_ptr<End> hub;
  std::unique_ptr<End> below;
  std::vector<Frame> trace;
  std::size_t probe_bytes = 0;
  std::size_t probe_frames = 0;
  int sessions = 0;
};

TEST_F(Probes, both_ends_know_that_they_are_equal_after_every_connection) {
  for (int i = 0; i < 20; ++i) put(node_store, cat(i));
  put(hub_store, "orders", kNetwork);
  for (int connection = 0; connection < 2; ++connection) {
    connect();
    run();
    pass(Millis{5'000});
    for (auto const& scope : {kOffice, kPublic, kNetwork}) {
      EXPECT_TRUE(proven(*hub, scope)) << scope.to_string();
      EXPECT_TRUE(proven(*below, scope)) << scope.to_string();
    }
    EXPECT_EQ(of(*hub, kOffice).documents, 20U);
    EXPECT_TRUE(hub->alarms.empty());
    EXPECT_TRUE(below->alarms.empty());
  }
}

TEST_F(Probes, equal_scopes_cost_one_round_trip_and_less_than_500_bytes_each) {
  for (int i = 0; i < 300; ++i) put(node_store, cat(i));
  connect();
  run();
  pass(Millis{60'000});
  connect();
  forget_cost();
  run();
  pass(Millis{1'000});
  EXPECT_TRUE(proven(*below, kOffice));
  EXPECT_EQ(probe_frames, 2U * 3U) << "three scopes, a question and an answer each";
  EXPECT_LT(probe_bytes, 3U * 150U);
}

TEST_F(Probes, a_change_takes_the_proof_away_until_it_is_proved_again) {
  connect();
  run();
  pass(Millis{2'000});
  ASSERT_TRUE(proven(*below, kOffice));
  put(node_store, "news");
  run();
  EXPECT_FALSE(proven(*below, kOffice)) << "what counters say is no proof";
  pass(2 * limits::kHeartbeat + Millis{5'000});
  EXPECT_TRUE(proven(*below, kOffice));
  EXPECT_TRUE(proven(*hub, kOffice));
  EXPECT_TRUE(hub->alarms.empty());
}

TEST_F(Probes, nothing_is_taken_for_a_difference_while_documents_are_on_their_way) {
  connect();
  run();
  for (int step = 0; step < 400; ++step) {
    if (rng.below(3) == 0) put(rng.below(2) == 0 ? node_store : hub_store, cat(step));
    if (rng.below(20) == 0) below->feed(ProbeRequested{}, now);
    if (rng.below(2) == 0) deliver(*hub, *below);
    if (rng.below(2) == 0) deliver(*below, *hub);
    if (rng.below(2) == 0) work(*hub, now);
    if (rng.below(2) == 0) work(*below, now);
    now += Millis{static_cast<std::int64_t>(rng.below(300))};
    below->feed(TimerFired{}, now);
  }
  run();
  pass(Millis{60'000});
  EXPECT_TRUE(hub->alarms.empty());
  EXPECT_TRUE(below->alarms.empty());
  EXPECT_TRUE(proven(*below, kOffice));
}

TEST_F(Probes, a_document_lost_in_silence_is_found_and_comes_back_with_an_alarm) {
  std::vector<DocumentKey> keys;
  for (int i = 0; i < 300; ++i) keys.push_back(put(node_store, cat(i)));
  connect();
  run();
  pass(Millis{60'000});
  for (auto* store : {&hub_store, &node_store}) {
    auto const& key = keys[store == &hub_store ? 17 : 42];
    auto const whole = *store->find(key);
    store->forget(key);
    connect();
    forget_cost();
    run();
    pass(Millis{5'000});
    ASSERT_NE(store->find(key), nullptr);
    EXPECT_EQ(*store->find(key), whole);
    EXPECT_TRUE(proven(*below, kOffice));
    EXPECT_TRUE(proven(*hub, kOffice));
    ASSERT_EQ(below->alarms.size(), 1U);
    EXPECT_EQ(below->alarms[0].some, std::vector{key.id});
    EXPECT_EQ(hub->alarms.size(), 1U) << "both ends are told";
    EXPECT_LT(probe_bytes, 3'000U);
    EXPECT_EQ(of(*below, kOffice).differences, 1U);
  }
}

TEST_F(Probes, a_document_altered_in_silence_is_made_equal_and_no_cursor_moves) {
  auto const key = put(node_store, "true");
  connect();
  run();
  pass(Millis{60'000});
  auto const cursor = hub_store.durable_cursor(ReplicaId{0xb}, kOffice);
  auto damaged = *hub_store.find(key);
  damaged.fields.at("name").front().value = "false";
  hub_store.corrupt(key, damaged);
  connect();
  run();
  pass(Millis{5'000});
  EXPECT_EQ(*hub_store.find(key), *node_store.find(key));
  EXPECT_TRUE(proven(*below, kOffice));
  EXPECT_GE(hub_store.durable_cursor(ReplicaId{0xb}, kOffice), cursor);
}

TEST_F(Probes, the_upper_end_finds_it_on_demand) {
  auto const key = put(node_store, "one");
  connect();
  run();
  pass(Millis{60'000});
  hub_store.forget(key);
  hub->feed(ProbeRequested{}, now);
  EXPECT_TRUE(of(*hub, kOffice).due);
  run();
  pass(Millis{3'000});
  EXPECT_NE(hub_store.find(key), nullptr);
  EXPECT_FALSE(hub->alarms.empty());
  EXPECT_TRUE(proven(*hub, kOffice));
}

TEST_F(Probes, a_thousand_lost_documents_come_back_in_bounded_pieces) {
  std::vector<DocumentKey> keys;
  for (int i = 0; i < 1'200; ++i) keys.push_back(put(node_store, cat(i)));
  connect();
  run();
  pass(Millis{60'000});
  for (std::size_t i = 0; i < 1'000; ++i) hub_store.forget(keys[i]);
  connect();
  run();
  pass(Millis{40'000});
  EXPECT_EQ(hub_store.documents().size(), 1'200U);
  EXPECT_TRUE(proven(*hub, kOffice));
  for (auto const& frame : trace) {
    if (auto const* batch = std::get_if<Batch>(&frame)) {
      EXPECT_LE(batch->documents.size(), limits::kBatchDocuments);
    }
  }
}

TEST_F(Probes, what_may_not_travel_upwards_is_an_alarm_that_stays) {
  auto const key = put(hub_store, "orders", kNetwork);
  connect();
  run();
  pass(Millis{20'000});
  hub_store.forget(key);
  connect();
  run();
  pass(Millis{20'000});
  EXPECT_EQ(hub_store.find(key), nullptr) << "the lower end may not send it";
  EXPECT_EQ(of(*below, kNetwork).agreement, Agreement::differs);
  ASSERT_FALSE(below->alarms.empty());
  EXPECT_FALSE(below->alarms.back().repairable);
  EXPECT_TRUE(proven(*below, kOffice));
  forget_cost();
  pass(Millis{120'000});
  EXPECT_EQ(probe_frames, 0U) << "nothing changed: it is not asked again and again";
}

TEST_F(Probes, an_older_version_at_either_end_is_left_alone) {
  put(node_store, "one");
  for (auto const& [above, under] : {std::pair<std::uint64_t, std::uint64_t>{0, kFeatures},
                                     std::pair<std::uint64_t, std::uint64_t>{kFeatures, 0}}) {
    connect(above, under);
    run();
    hub->feed(ProbeRequested{}, now);
    below->feed(ProbeRequested{}, now);
    pass(Millis{40'000});
    EXPECT_EQ(probe_frames, 0U);
    EXPECT_FALSE(below->session.view().compares);
    EXPECT_FALSE(proven(*below, kOffice));
    EXPECT_FALSE(below->disconnect);
  }
}

TEST_F(Probes, closes_on_what_was_not_agreed_or_is_too_much) {
  Batch repair;
  repair.scope = kOffice;
  repair.repair = true;
  for (auto const& frame :
       std::vector<Frame>{Probe{kOffice, 1, {}, first_question({}), {}},
                          ProbeReply{kOffice, 1, ProbeOutcome::moved, {}}, repair}) {
    connect(0, 0);
    run();
    hub->feed(FrameReceived{frame}, now);
    ASSERT_TRUE(hub->disconnect);
    EXPECT_EQ(hub->disconnect->reason, CloseReason::protocol);
  }
  connect();
  run();
  hub->feed(FrameReceived{Probe{kOffice, 1, {}, {}, {}}}, now);
  EXPECT_EQ(hub->disconnect->reason, CloseReason::protocol) << "a question of nothing";
  connect();
  run();
  for (std::size_t i = 0; i <= 2 * limits::kProbesAtOnce; ++i) {
    hub->feed(FrameReceived{Probe{kOffice, 1, {}, first_question({}), {}}}, now);
  }
  ASSERT_TRUE(hub->disconnect) << "more questions than it may ask at once";
}

TEST_F(Probes, a_repair_is_checked_like_any_other_document) {
  connect();
  run();
  pass(Millis{2'000});
  Batch repair;
  repair.scope = kNetwork;  // the hub may not receive it
  repair.repair = true;
  repair.documents = {Document{{kNetwork, DocumentId::make(now, rng)}, "article", {}, {}}};
  hub->feed(FrameReceived{repair}, now);
  run();
  EXPECT_TRUE(hub_store.documents().empty());
  repair.scope = kOffice;
  repair.documents = {Document{{kOffice, DocumentId{}}, "article", {}, {}}};  // no id
  hub->outbox.clear();
  hub->feed(FrameReceived{repair}, now);
  ASSERT_FALSE(hub->outbox.empty());
  auto const* nack = std::get_if<Nack>(&hub->outbox.back());
  ASSERT_NE(nack, nullptr);
  EXPECT_EQ(nack->reason, NackReason::quarantine);
  EXPECT_EQ(nack->generation, 0U);
  EXPECT_TRUE(hub_store.documents().empty());
}

// Its stream is held, say, since it answered the question before.
TEST_F(Probes, documents_that_are_refused_are_not_waited_for) {
  auto const key = put(hub_store, "orders", kNetwork);
  connect();
  run();
  pass(Millis{20'000});
  node_store.forget(key);
  below->feed(ProbeRequested{}, now);
  bool refused = false;
  for (int step = 0; step < 100 && !refused; ++step) {
    work(*hub, now);
    work(*below, now);
    deliver(*hub, *below);
    for (auto const& frame : below->outbox) {
      auto const* probe = std::get_if<Probe>(&frame);
      if (probe == nullptr || probe->wants.empty()) continue;
      ProbeReply const reply{probe->scope, probe->serial, ProbeOutcome::refused, {}};
      below->outbox.clear();
      below->feed(FrameReceived{reply}, now);
      refused = true;
      break;
    }
    deliver(*below, *hub);
    now += Millis{10};
    below->feed(TimerFired{}, now);
  }
  ASSERT_TRUE(refused);
  pass(Millis{3'000});
  EXPECT_NE(node_store.find(key), nullptr) << "it was asked for again at once";
  EXPECT_TRUE(proven(*below, kNetwork));
}

TEST_F(Probes, a_scope_whose_right_ended_and_came_back_is_proved_again) {
  put(hub_store, "orders", kNetwork);
  connect(kFeatures & ~feature::kWithdraw);
  run();
  pass(Millis{20'000});
  ASSERT_TRUE(proven(*below, kNetwork));
  Entitlement above{node("aura"), node("isere"), PeerRole::child};
  above.subtree = {node("isere")};
  above.hubs = {node("aura")};
  auto narrower = above;
  narrower.hubs.clear();
  hub->feed(EntitlementChanged{narrower}, now);
  below->feed(ProbeRequested{}, now);
  run();
  pass(Millis{5'000});
  ASSERT_FALSE(proven(*below, kNetwork)) << "the hub answers that it shares no such scope";
  hub->feed(EntitlementChanged{above}, now);
  run();
  pass(Millis{20'000});
  EXPECT_TRUE(proven(*below, kNetwork)) << "nothing has moved meanwhile, but the stream is new";
}

// The hub hears of a change of rights first: its word, said once, is not its to say yet.
TEST_F(Probes, a_scope_is_given_up_when_the_own_rights_follow_those_that_the_hub_knows) {
  auto const group = DocumentId::make(now, rng);
  auto const scope = ScopeId::group(group);
  auto const with = [&](std::set<DocumentId> const& groups) {
    Entitlement above{node("aura"), node("isere"), PeerRole::child};
    above.subtree = {node("isere")};
    above.hubs = {node("aura")};
    above.groups = groups;
    if (groups.empty()) above.withdrawn = {scope};
    Entitlement under{node("isere"), node("aura"), PeerRole::parent};
    under.subtree = {node("isere")};
    under.every_public = true;
    under.groups = groups;
    hub->feed(EntitlementChanged{above}, now);
    run();
    below->feed(EntitlementChanged{under}, now);
    run();
  };
  auto const ours = put(node_store, "of the node", scope);
  auto const other = put(node_store, "another matter");
  auto const theirs = put(hub_store, "of the hub", scope);
  connect();
  run();
  with({group});
  ASSERT_NE(node_store.find(theirs), nullptr);
  with({});
  EXPECT_EQ(node_store.find(theirs), nullptr);
  EXPECT_EQ(node_store.find(ours), nullptr);
  EXPECT_NE(node_store.find(other), nullptr);
  EXPECT_NE(hub_store.find(ours), nullptr);
  with({group});
  EXPECT_NE(node_store.find(theirs), nullptr) << "allowed again, it comes again";
  EXPECT_FALSE(below->disconnect);
}

// The peer says "differs" for ever, whatever is sent to it.
TEST_F(Probes, a_peer_that_never_agrees_is_given_up_after_a_few_attempts) {
  put(node_store, "one");
  connect();
  run();
  pass(Millis{20'000});
  trace.clear();
  below->feed(ProbeRequested{}, now);
  std::size_t questions = 0;
  for (int step = 0; step < 400; ++step) {
    for (auto const& frame : std::exchange(below->outbox, {})) {
      if (auto const* probe = std::get_if<Probe>(&frame); probe != nullptr) {
        ++questions;
        Answer lie;
        if (probe->question.whole) lie.listings.push_back({KeyRange{}, {}});
        below->feed(
            FrameReceived{ProbeReply{probe->scope, probe->serial, ProbeOutcome::differs, lie}},
            now);
      } else if (auto const* batch = std::get_if<Batch>(&frame); batch && batch->repair) {
        below->feed(FrameReceived{Ack{batch->scope, 0, Sequence{0}}}, now);
      } else if (std::holds_alternative<Ping>(frame)) {
        below->feed(FrameReceived{Pong{}}, now);
      }
    }
    work(*below, now);
    now += Millis{100};
    below->feed(TimerFired{}, now);
  }
  EXPECT_EQ(of(*below, kOffice).agreement, Agreement::differs);
  EXPECT_LE(questions, 3U * (limits::kRepairAttempts + 3U));
}

// What 250,000 documents cost on the wire: measured on the frames, without stores.
TEST(ProbeCost, of_250_000_documents_is_that_of_a_few) {
  SeededRng rng(21);
  DigestTree here;
  std::vector<DocumentId> ids;
  for (int i = 0; i < 250'000; ++i) {
    Fingerprint print{};
    print[0] = static_cast<std::uint8_t>(rng.below(256));
    ids.push_back(DocumentId::make(from_unix_ms(1'700'000'000'000 + i), rng));
    here.set(ids.back(), print);
  }
  auto there = here;
  auto const cost = [&](std::size_t& rounds) {
    std::size_t bytes = 0;
    rounds = 0;
    auto question = first_question(here);
    while (!question.empty()) {
      ++rounds;
      Anchor const anchor{Sequence{1'000'000}, Sequence{1'000'000}};
      bytes += encode_frame(Probe{kOffice, 1, anchor, question, {}})->size();
      auto const given = answer(there, question);
      auto const outcome = given.equal ? ProbeOutcome::equal : ProbeOutcome::differs;
      bytes += encode_frame(ProbeReply{kOffice, 1, outcome, given})->size();
      question = compare(here, question, given)->next;
    }
    return bytes;
  };
  std::size_t rounds = 0;
  auto const equal = cost(rounds);
  EXPECT_EQ(rounds, 1U);
  EXPECT_LT(equal, 500U);
  there.set(ids[123'456], std::nullopt);
  auto const one = cost(rounds);
  EXPECT_LE(rounds, 4U);
  EXPECT_LT(one, 2'048U);
  RecordProperty("equal_bytes", static_cast<int>(equal));
  RecordProperty("one_difference_bytes", static_cast<int>(one));
}

}  // namespace
}  // namespace solidaires::sync
