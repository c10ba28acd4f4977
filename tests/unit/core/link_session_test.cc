// Two sessions, each over a store in memory, and a wire between them that a test can hold back,
// change and cut.
#include "sync/core/link_session.h"

#include <gtest/gtest.h>

#include "sync/base/limits.h"
#include "tests/contract/memory_store.h"

namespace solidaires::sync {
namespace {

NodeName node(std::string_view name) {
  return NodeName::parse(name).value();
}
ScopeId scope(std::string_view text) {
  return ScopeId::parse(text).value();
}
ScopeId const kOffice = ScopeId::office(node("isere"));
ScopeId const kNetwork = ScopeId::network(node("aura"));

template <class Kind>
std::vector<Kind> only(std::vector<Frame> const& frames) {
  std::vector<Kind> found;
  for (auto const& frame : frames) {
    if (auto const* kind = std::get_if<Kind>(&frame)) found.push_back(*kind);
  }
  return found;
}

// One end: its store, its session, and what the session asked for but was not given yet.
class End {
 public:
  End(MemoryStore& store, Entitlement rules, std::string const& token,
      std::uint64_t model = make_model_version(1, 0), std::uint64_t features = kFeatures)
      : End(store, LinkConfig{std::move(rules), store.replica(), store.counter(), token, "test",
                              model, features}) {}
  End(MemoryStore& store, LinkConfig config) : store_(store), session_(std::move(config)) {
    store_.on_commit = [this](ScopeId const& of, Sequence head) {
      commits_.push_back(ScopeCommitted{of, head});
    };
  }
  ~End() { store_.on_commit = nullptr; }

  void feed(Event event, Instant now) {
    auto actions = session_.step(std::move(event), now);
    for (auto& frame : actions.send) outbox.push_back(std::move(frame));
    for (auto& task : actions.tasks) tasks.push_back(std::move(task));
    for (auto& notice : actions.notices) notices.push_back(std::move(notice));
    if (actions.wake_at) wake_at = actions.wake_at;
    if (actions.disconnect) disconnect = actions.disconnect;
  }
  // Runs one task and feeds its answer; false if there is none.
  bool work(Instant now) {
    if (tasks.empty()) return false;
    auto task = std::move(tasks.front());
    tasks.pop_front();
    feed(carry_out(std::move(task), store_), now);
    return true;
  }
  void tell_commits(Instant now) {
    auto told = std::exchange(commits_, {});
    for (auto& commit : told) feed(commit, now);
  }
  LinkView view() const { return session_.view(); }

  std::vector<Frame> outbox;
  std::deque<StoreTask> tasks;
  std::vector<Notice> notices;
  std::optional<Instant> wake_at;
  std::optional<Disconnect> disconnect;

 private:
  MemoryStore& store_;
  LinkSession session_;
  std::vector<ScopeCommitted> commits_;
};

class Link : public testing::Test {
 protected:
  static Entitlement hub_rules() {
    Entitlement rules{node("aura"), node("isere"), PeerRole::child};
    rules.subtree = {node("isere")};
    rules.hubs = {node("aura")};
    return rules;
  }
  static Entitlement node_rules() {
    Entitlement rules{node("isere"), node("aura"), PeerRole::parent};
    rules.subtree = {node("isere")};
    rules.every_public = true;
    return rules;
  }

  void connect() { connect(hub_rules()); }
  void connect(Entitlement rules, std::uint64_t features_below = kFeatures) {
    hub = std::make_unique<End>(hub_store, std::move(rules), cat("token", ++sessions), hub_model);
    below = std::make_unique<End>(node_store, node_rules(), "", node_model, features_below);
    hub->feed(Started{}, now);
    below->feed(Started{}, now);
  }
  // The hub lets others catch up first.
  void connect_to_a_busy_hub() {
    connect();
    LinkConfig waiting{hub_rules(), hub_store.replica(),     hub_store.counter(), "turn",
                       "test",      make_model_version(1, 0)};
    waiting.admitted = false;
    hub = std::make_unique<End>(hub_store, std::move(waiting));
    hub->feed(Started{}, now);
    run();
  }
  void wait_a_minute() {
    for (int beat = 0; beat < 4; ++beat) {
      now += limits::kHeartbeat;
      hub->feed(TimerFired{}, now);
      below->feed(TimerFired{}, now);
      run();
    }
  }
  bool deliver(End& from, End& to) {
    auto frames = std::exchange(from.outbox, {});
    for (auto& frame : frames) {
      trace.push_back(frame);
      if (auto const* batch = std::get_if<Batch>(&frame);
          batch != nullptr && bytes_per_second > 0) {
        now += Millis{bytes_of(*batch) * 1'000 / bytes_per_second};
      }
      to.feed(FrameReceived{std::move(frame)}, now);
    }
    return !frames.empty();
  }
  // Until nobody has anything to do.
  void run() {
    bool busy = true;
    while (busy) {
      hub->tell_commits(now);
      below->tell_commits(now);
      busy = deliver(*hub, *below);
      busy = deliver(*below, *hub) || busy;
      while (hub->work(now)) busy = true;
      while (below->work(now)) busy = true;
    }
  }
  DocumentKey put(MemoryStore& store, std::string const& name, ScopeId const& of = kOffice,
                  std::optional<DocumentKey> at = std::nullopt) {
    auto const key = at.value_or(DocumentKey{of, DocumentId::make(now, rng)});
    auto const* found = store.find(key);
    auto const seen = found != nullptr ? found->context : Context{};
    EXPECT_TRUE(store.write_local(key, "article", {{"name", name}}, seen, now));
    return key;
  }

  static std::size_t bytes_of(Batch const& batch) {
    std::size_t bytes = 0;
    for (auto const& document : batch.documents) {
      for (auto const& [key, versions] : document.fields) {
        for (auto const& version : versions) bytes += version.value.size();
      }
    }
    return bytes;
  }

  SeededRng rng{11};
  std::size_t bytes_per_second = 0;  // of the wire; 0: it takes no time
  Instant now = from_unix_ms(1'700'000'000'000);
  MemoryStore hub_store{ReplicaId{0xa}};
  MemoryStore node_store{ReplicaId{0xb}};
  std::unique_ptr<End> hub;
  std::unique_ptr<End> below;
  std::vector<Frame> trace;
  int sessions = 0;
  std::uint64_t hub_model = make_model_version(1, 0);
  std::uint64_t node_model = make_model_version(1, 0);
};

TEST_F(Link, greets_offers_and_brings_both_sides_level) {
  auto const mine = put(node_store, "mine");
  auto const orders = put(hub_store, "orders", kNetwork);
  connect();
  run();
  EXPECT_EQ(hub->view().state, LinkState::up);
  EXPECT_EQ(below->view().state, LinkState::up);
  ASSERT_NE(hub_store.find(mine), nullptr);
  EXPECT_EQ(*hub_store.find(mine), *node_store.find(mine));
  ASSERT_NE(node_store.find(orders), nullptr);
  EXPECT_EQ(node_store.link_token(ReplicaId{0xa}).value(), "token1");
  for (auto const& view : below->view().sending) EXPECT_FALSE(view.behind_since) << "all is told";
}

TEST_F(Link, pushes_a_commit_at_once_and_never_echoes_it) {
  connect();
  run();
  trace.clear();
  auto const key = put(node_store, "live");
  run();
  EXPECT_NE(hub_store.find(key), nullptr);
  EXPECT_EQ(only<Batch>(trace).size(), 1U);
  EXPECT_EQ(only<Ack>(trace).size(), 1U);
}

TEST_F(Link, sends_back_what_it_merged_with_an_edit_of_its_own) {
  auto const key = put(node_store, "base");
  connect();
  run();
  put(node_store, "theirs", kOffice, key);
  put(hub_store, "ours", kOffice, key);
  run();
  EXPECT_EQ(*hub_store.find(key), *node_store.find(key));
  EXPECT_EQ(hub_store.find(key)->fields.at("name").size(), 2U);
}

TEST_F(Link, resumes_from_the_durable_cursor_without_repeating) {
  for (int i = 0; i < 10; ++i) put(node_store, cat(i));
  connect();
  run();
  put(node_store, "while away");
  trace.clear();
  connect();
  run();
  auto const batches = only<Batch>(trace);
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_EQ(batches[0].documents.size(), 1U);
  EXPECT_EQ(hub_store.documents().size(), 11U);
}

TEST_F(Link, says_nothing_about_documents_when_there_is_nothing_new) {
  for (int i = 0; i < 10; ++i) put(node_store, cat(i));
  connect();
  run();
  now += limits::kHeartbeat;
  hub->feed(TimerFired{}, now);
  run();
  trace.clear();
  connect();
  run();
  EXPECT_TRUE(only<Batch>(trace).empty()) << "positions over echoes alone were told before";
}

TEST_F(Link, keeps_to_the_window_whatever_waits_behind_it) {
  for (int i = 0; i < 20; ++i) put(node_store, Bytes(200'000, 'x'));
  connect();
  run();
  EXPECT_EQ(hub_store.documents().size(), 20U);
  for (int i = 0; i < 60; ++i) put(node_store, Bytes(200'000, 'y'));
  below->tell_commits(now);
  while (below->work(now)) continue;
  EXPECT_EQ(only<Batch>(below->outbox).size(), limits::kBatchesInFlight);
  run();
  EXPECT_EQ(hub_store.documents().size(), 80U);
  EXPECT_EQ(below->view().batches_in_flight, 0U);
}

TEST_F(Link, keeps_batches_small_on_a_slow_line_and_lets_them_grow_on_a_quick_one) {
  for (int i = 0; i < 100; ++i) put(node_store, Bytes(5'000, 'x'));
  connect();
  bytes_per_second = 8'000;
  run();
  EXPECT_EQ(hub_store.documents().size(), 100U);
  for (auto const& batch : only<Batch>(trace)) EXPECT_LE(bytes_of(batch), 16'384U);
  EXPECT_FALSE(below->disconnect);
  bytes_per_second = 100'000'000;
  for (int i = 0; i < 600; ++i) put(node_store, Bytes(5'000, 'y'));
  trace.clear();
  run();
  EXPECT_EQ(hub_store.documents().size(), 700U);
  std::size_t largest = 0;
  for (auto const& batch : only<Batch>(trace)) largest = std::max(largest, bytes_of(batch));
  EXPECT_GT(largest, 900'000U);
}

TEST_F(Link, sends_little_at_once_before_it_knows_the_line) {
  for (int i = 0; i < 100; ++i) put(node_store, Bytes(5'000, 'x'));
  connect();
  while (below->view().batches_in_flight == 0) {
    deliver(*hub, *below);
    deliver(*below, *hub);
    while (hub->work(now)) continue;
    while (below->work(now)) continue;
  }
  EXPECT_EQ(below->view().batches_in_flight, limits::kBatchesInFlightSlow);
}

TEST_F(Link, a_commit_that_is_told_while_a_page_is_read_is_not_forgotten) {
  connect();
  run();
  put(node_store, "one");
  below->tell_commits(now);
  ASSERT_EQ(below->tasks.size(), 1U);
  auto page = carry_out(std::exchange(below->tasks, {}).front(), node_store);
  auto const second = put(node_store, "two");
  below->tell_commits(now);
  below->feed(std::move(page), now);
  run();
  EXPECT_NE(hub_store.find(second), nullptr);
}

TEST_F(Link, acknowledges_only_what_the_store_has_made_durable) {
  connect();
  run();
  put(node_store, "one");
  below->tell_commits(now);
  while (below->work(now)) continue;
  deliver(*below, *hub);
  EXPECT_TRUE(only<Ack>(hub->outbox).empty()) << "given to the store, not done";
  ASSERT_TRUE(hub->work(now));
  EXPECT_EQ(only<Ack>(hub->outbox).size(), 1U);
}

TEST_F(Link, refuses_a_batch_when_the_cursor_skips_and_the_sender_rewinds) {
  connect();
  run();
  put(node_store, "lost on the way");
  below->tell_commits(now);
  while (below->work(now)) continue;
  ASSERT_EQ(only<Batch>(below->outbox).size(), 1U);
  below->outbox.clear();
  put(node_store, "after it");
  trace.clear();
  run();
  ASSERT_EQ(only<Nack>(trace).size(), 1U);
  EXPECT_EQ(only<Nack>(trace)[0].reason, NackReason::gap);
  EXPECT_EQ(hub_store.documents().size(), 2U);
  EXPECT_EQ(below->view().batches_in_flight, 0U) << "the window is whole again";
}

TEST_F(Link, takes_a_repeated_batch_for_the_gap_that_it_is_and_recovers) {
  connect();
  run();
  put(node_store, "one");
  below->tell_commits(now);
  while (below->work(now)) continue;
  below->outbox.push_back(below->outbox.back());
  run();
  put(node_store, "two");
  run();
  EXPECT_EQ(hub_store.documents().size(), 2U);
  EXPECT_FALSE(hub->disconnect || below->disconnect);
}

TEST_F(Link, holds_the_cursor_at_a_document_it_cannot_take_and_lets_pass_those_before) {
  auto const first = put(node_store, "first");
  auto const poison = put(node_store, "poison");
  ASSERT_TRUE(node_store.write_local(poison, "article", {{std::string(kExistence), "neither"}},
                                     node_store.find(poison)->context, now));
  auto const last = put(node_store, "last");
  connect();
  run();
  EXPECT_NE(hub_store.find(first), nullptr);
  EXPECT_EQ(hub_store.find(poison), nullptr);
  EXPECT_EQ(hub_store.find(last), nullptr) << "the cursor is held";
  auto const receiving = hub->view().receiving;
  auto const held = std::ranges::find(receiving, kOffice, &ReceivingView::scope);
  ASSERT_NE(held, receiving.end());
  EXPECT_TRUE(held->held);
  EXPECT_TRUE(std::ranges::any_of(hub->notices, [](auto const& notice) {
    return std::holds_alternative<Quarantined>(notice);
  }));

  ASSERT_TRUE(node_store.write_local(poison, "article", {{std::string(kExistence), Bytes(kAlive)}},
                                     node_store.find(poison)->context, now));
  run();
  EXPECT_NE(hub_store.find(poison), nullptr) << "mended at its source, it is taken";
  EXPECT_NE(hub_store.find(last), nullptr);
}

TEST_F(Link, does_not_serve_a_scope_that_it_did_not_offer) {
  auto const secret = put(hub_store, "secret", scope("office/savoie"));
  connect();
  run();
  trace.clear();
  below->outbox.emplace_back(Subscribe{scope("office/savoie"), Sequence{0}});
  run();
  ASSERT_EQ(only<Nack>(trace).size(), 1U);
  EXPECT_EQ(only<Nack>(trace)[0].reason, NackReason::entitlement);
  EXPECT_EQ(node_store.find(secret), nullptr);
}

TEST_F(Link, waits_for_its_turn_to_catch_up_and_then_loses_nothing) {
  auto const mine = put(node_store, "mine");
  auto const orders = put(hub_store, "orders", kNetwork);
  connect_to_a_busy_hub();
  EXPECT_EQ(below->view().state, LinkState::up);
  EXPECT_FALSE(hub->view().admitted);
  EXPECT_TRUE(only<Batch>(trace).empty());
  EXPECT_EQ(hub_store.find(mine), nullptr);
  wait_a_minute();
  EXPECT_FALSE(hub->disconnect) << "waiting is no stall";
  EXPECT_FALSE(below->disconnect);
  hub->feed(Admitted{}, now);
  run();
  EXPECT_NE(hub_store.find(mine), nullptr);
  EXPECT_NE(node_store.find(orders), nullptr);
}

TEST_F(Link, is_proven_equal_soon_after_its_turn_however_long_it_waited) {
  connect_to_a_busy_hub();
  wait_a_minute();
  hub->feed(Admitted{}, now);
  run();
  EXPECT_FALSE(proven_equal(hub->view())) << "nothing was compared yet";
  now += 2 * limits::kProbeRetryMin;
  below->feed(TimerFired{}, now);
  run();
  EXPECT_TRUE(proven_equal(hub->view()));
  EXPECT_TRUE(proven_equal(below->view()));
}

TEST_F(Link, does_not_take_a_scope_that_it_is_not_entitled_to) {
  connect();
  run();
  hub->outbox.emplace_back(Offer{{scope("office/savoie")}});
  run();
  Document stray{{scope("office/savoie"), DocumentId::make(now, rng)}, "article", {}, {}};
  write(stray, {{"name", "stray"}}, {}, {ReplicaId{0xa}, 99}, now);
  hub->outbox.emplace_back(
      Batch{scope("office/savoie"), 1, Sequence{0}, Sequence{1}, Sequence{1}, {stray}, {}});
  trace.clear();
  run();
  EXPECT_EQ(only<Nack>(trace).size(), 1U);
  EXPECT_TRUE(only<Subscribe>(trace).empty());
  EXPECT_EQ(node_store.find(stray.key), nullptr);
}

TEST_F(Link, closes_on_a_nack_at_a_place_that_was_never_sent) {
  put(node_store, "one");
  connect();
  run();
  below->feed(FrameReceived{Nack{kOffice, 1, Sequence{~std::uint64_t{0}}, NackReason::gap, ""}},
              now);
  ASSERT_TRUE(below->disconnect);
  EXPECT_EQ(below->disconnect->reason, CloseReason::protocol) << "the lie is the peer's";
  EXPECT_FALSE(below->disconnect->new_incarnation_needed);
}

TEST_F(Link, does_not_read_its_feed_again_and_again_for_whoever_asks) {
  put(node_store, "one");
  connect();
  run();
  int asked = 0;
  for (; asked < 100 && !below->disconnect; ++asked) {
    below->feed(FrameReceived{Subscribe{kOffice, Sequence{0}}}, now);
    while (below->work(now)) continue;
  }
  ASSERT_TRUE(below->disconnect);
  EXPECT_EQ(below->disconnect->reason, CloseReason::protocol);
  EXPECT_LT(asked, 20);
}

TEST_F(Link, a_lie_about_writes_where_this_end_may_not_write_costs_the_stream_alone) {
  connect();
  run();
  Document framed{{kNetwork, DocumentId::make(now, rng)}, "article", {}, {}};
  write(framed, {{"name", "framed"}}, {}, {ReplicaId{0xa}, 1}, now);
  framed.context.add({node_store.replica(), 1'000});
  below->feed(
      FrameReceived{Batch{kNetwork, 1, Sequence{0}, Sequence{1}, Sequence{1}, {framed}, {}}}, now);
  while (below->work(now)) continue;
  EXPECT_FALSE(below->disconnect);
  ASSERT_EQ(only<Nack>(below->outbox).size(), 1U);
  EXPECT_EQ(only<Nack>(below->outbox)[0].reason, NackReason::quarantine);
  EXPECT_EQ(node_store.find(framed.key), nullptr);
}

TEST_F(Link, a_document_that_grows_with_every_batch_is_held_at_the_limit) {
  connect();
  run();
  Document grown{{kOffice, DocumentId::make(now, rng)}, "article", {}, {}};
  std::uint64_t sent = 0;
  for (; sent < 5 && only<Nack>(hub->outbox).empty(); ++sent) {
    grown.context = {};
    for (std::uint64_t i = 0; i < limits::kContextReplicas; ++i) {
      grown.context.add({ReplicaId{1'000'000 * (sent + 1) + i}, 1});
    }
    hub->feed(FrameReceived{Batch{
                  kOffice, 1, Sequence{sent}, Sequence{sent + 1}, Sequence{sent + 1}, {grown}, {}}},
              now);
    while (hub->work(now)) continue;
  }
  EXPECT_EQ(sent, 3U);
  EXPECT_FALSE(hub->disconnect);
  auto const* const held = hub_store.find(grown.key);
  ASSERT_NE(held, nullptr);
  EXPECT_EQ(held->context.counters().size(), 2 * limits::kContextReplicas);
}

TEST_F(Link, offers_a_scope_that_appears_while_the_link_is_up) {
  auto const news = put(hub_store, "news", scope("public/savoie"));
  connect();
  run();
  EXPECT_EQ(node_store.find(news), nullptr);
  auto rules = hub_rules();
  rules.subscriptions = {node("savoie")};
  hub->feed(EntitlementChanged{rules}, now);
  run();
  EXPECT_NE(node_store.find(news), nullptr);
}

TEST_F(Link, stops_serving_a_scope_that_is_no_longer_allowed) {
  connect();
  run();
  auto rules = hub_rules();
  rules.hubs.clear();
  hub->feed(EntitlementChanged{rules}, now);
  put(hub_store, "too late", kNetwork);
  trace.clear();
  run();
  EXPECT_TRUE(only<Batch>(trace).empty());
}

TEST_F(Link, subscribes_again_to_a_scope_that_is_offered_again) {
  connect();
  run();
  auto rules = hub_rules();
  rules.hubs.clear();
  hub->feed(EntitlementChanged{rules}, now);
  run();
  hub->feed(EntitlementChanged{hub_rules()}, now);
  run();
  auto const key = put(hub_store, "allowed again", kNetwork);
  run();
  EXPECT_NE(node_store.find(key), nullptr);
}

TEST_F(Link, refuses_a_restored_backup_and_names_it) {
  MemoryStore const backup = node_store;
  connect();
  run();
  connect();
  run();
  node_store = backup;
  connect();
  run();
  ASSERT_TRUE(hub->disconnect && below->disconnect);
  EXPECT_EQ(hub->disconnect->reason, CloseReason::stale_replica);
  EXPECT_FALSE(hub->disconnect->new_incarnation_needed) << "it is the other one";
  EXPECT_TRUE(below->disconnect->by_peer);
  EXPECT_TRUE(below->disconnect->new_incarnation_needed);
}

TEST_F(Link, a_link_that_was_replaced_cannot_void_the_token_of_the_newer_one) {
  connect();
  run();
  connect();
  while (!std::holds_alternative<LinkUp>(below->notices.empty() ? Notice{Remark{}}
                                                                : below->notices.back())) {
    deliver(*hub, *below);
    deliver(*below, *hub);
    while (hub->work(now)) continue;
    while (below->work(now)) continue;
  }
  deliver(*below, *hub);
  ASSERT_FALSE(hub->tasks.empty()) << "it is about to note that token2 was kept";
  auto const replaced = std::move(hub);
  connect();
  run();
  EXPECT_EQ(node_store.link_token(ReplicaId{0xa}).value(), "token3");
  while (replaced->work(now)) continue;
  ASSERT_TRUE(replaced->disconnect);
  EXPECT_EQ(replaced->disconnect->reason, CloseReason::going_away);
  connect();
  run();
  EXPECT_EQ(hub->view().state, LinkState::up) << "token3 is still good";
}

TEST_F(Link, a_parent_that_was_rolled_back_finds_out_from_its_childs_cursor) {
  connect();
  run();
  MemoryStore const backup = hub_store;
  put(hub_store, "orders", kNetwork);
  run();
  hub_store = backup;
  connect();
  run();
  ASSERT_TRUE(hub->disconnect);
  EXPECT_EQ(hub->disconnect->reason, CloseReason::rolled_back);
  EXPECT_TRUE(hub->disconnect->new_incarnation_needed);
  EXPECT_FALSE(below->disconnect->new_incarnation_needed);
}

TEST_F(Link, refuses_a_hello_under_another_name_or_with_its_own_replica_id) {
  hub = std::make_unique<End>(hub_store, hub_rules(), "t");
  hub->feed(Started{}, now);
  Hello hello;
  hello.node = node("savoie");
  hello.replica = ReplicaId{0xc};
  hub->feed(FrameReceived{hello}, now);
  EXPECT_EQ(hub->disconnect->reason, CloseReason::identity);

  hub = std::make_unique<End>(hub_store, hub_rules(), "t");
  hub->feed(Started{}, now);
  hello.node = node("isere");
  hello.replica = hub_store.replica();
  hub->feed(FrameReceived{hello}, now);
  EXPECT_EQ(hub->disconnect->reason, CloseReason::stale_replica);
}

TEST_F(Link, refuses_a_protocol_that_it_does_not_speak) {
  hub = std::make_unique<End>(hub_store, hub_rules(), "t");
  hub->feed(Started{}, now);
  Hello hello;
  hello.node = node("isere");
  hello.replica = ReplicaId{0xc};
  hello.protocol_min = hello.protocol_max = kProtocolMax + 1;
  hub->feed(FrameReceived{hello}, now);
  EXPECT_EQ(hub->disconnect->reason, CloseReason::version);
}

TEST_F(Link, speaks_with_an_earlier_and_a_later_version_that_share_one) {
  for (auto const [min, max] : {std::pair{0U, 1U}, {1U, 2U}, {1U, 9U}, {0U, ~0U}}) {
    hub = std::make_unique<End>(hub_store, hub_rules(), "t");
    hub->feed(Started{}, now);
    Hello hello;
    hello.node = node("isere");
    hello.replica = ReplicaId{0xc};
    hello.protocol_min = min;
    hello.protocol_max = max;
    hello.features = ~std::uint64_t{0};  // of a later version: what we do not offer is not in force
    hub->feed(FrameReceived{hello}, now);
    EXPECT_FALSE(hub->disconnect) << min << " to " << max;
  }
}

TEST_F(Link, a_node_of_an_older_major_model_reads_and_keeps_its_own_for_later) {
  hub_model = make_model_version(2, 0);
  auto const mine = put(node_store, "mine");
  auto const orders = put(hub_store, "orders", kNetwork);
  auto const below_it = put(hub_store, "from the hub");
  connect();
  run();
  EXPECT_NE(node_store.find(orders), nullptr) << "reads";
  EXPECT_NE(node_store.find(below_it), nullptr);
  EXPECT_EQ(hub_store.find(mine), nullptr) << "sends nothing";
  EXPECT_EQ(below->view().model_skew, ModelSkew::we_are_older);
  EXPECT_EQ(hub->view().model_skew, ModelSkew::peer_is_older);
  put(node_store, "edited here", kOffice, below_it);
  run();
  EXPECT_EQ(shown_value(*hub_store.find(below_it), "name"), "from the hub");
  node_model = hub_model;  // upgraded
  connect();
  run();
  EXPECT_NE(hub_store.find(mine), nullptr) << "nothing was lost";
  EXPECT_EQ(shown_value(*hub_store.find(below_it), "name"), "edited here");
}

TEST_F(Link, takes_nothing_of_an_older_major_model_that_sends_all_the_same) {
  hub_model = make_model_version(2, 0);
  connect();
  run();
  Document stray{{kOffice, DocumentId::make(now, rng)}, "article", {}, {}};
  write(stray, {{"name", "stray"}}, {}, {node_store.replica(), 1}, now);
  below->outbox.emplace_back(Offer{{kOffice}});
  below->outbox.emplace_back(Batch{kOffice, 1, Sequence{0}, Sequence{1}, Sequence{1}, {stray}, {}});
  run();
  EXPECT_EQ(hub_store.find(stray.key), nullptr);
}

TEST_F(Link, minor_differences_of_the_model_and_a_peer_that_names_none_restrict_nothing) {
  for (auto const model : {make_model_version(1, 7), std::uint64_t{0}, std::uint64_t{1}}) {
    node_model = model;
    auto const key = put(node_store, "mine");
    connect();
    run();
    EXPECT_NE(hub_store.find(key), nullptr);
    EXPECT_EQ(hub->view().model_skew, ModelSkew::none);
  }
}

TEST_F(Link, closes_on_a_frame_out_of_place_whatever_it_is) {
  std::vector<Frame> const early{Welcome{"t"},
                                 Offer{},
                                 Subscribe{kOffice, Sequence{0}},
                                 Batch{kOffice, 1, Sequence{0}, Sequence{1}, Sequence{1}, {}, {}},
                                 Ack{kOffice, 1, Sequence{1}},
                                 Nack{kOffice, 1, Sequence{0}, NackReason::gap, ""}};
  for (auto const& frame : early) {
    hub = std::make_unique<End>(hub_store, hub_rules(), "t");
    hub->feed(Started{}, now);
    hub->feed(FrameReceived{frame}, now);
    ASSERT_TRUE(hub->disconnect) << frame_name(frame);
    EXPECT_EQ(hub->disconnect->reason, CloseReason::protocol) << frame_name(frame);
  }
}

TEST_F(Link, closes_on_an_ack_of_what_was_never_sent) {
  connect();
  run();
  below->feed(FrameReceived{Ack{kOffice, 1, Sequence{99}}}, now);
  ASSERT_TRUE(below->disconnect);
  EXPECT_EQ(below->disconnect->reason, CloseReason::protocol);
}

TEST_F(Link, closes_when_rewinding_does_not_help) {
  put(node_store, "one");
  connect();
  run();
  put(node_store, "two");
  for (int i = 0; i < 20 && !below->disconnect; ++i) {
    below->tell_commits(now);
    while (below->work(now)) continue;
    auto const batches = only<Batch>(below->outbox);
    below->outbox.clear();
    if (batches.empty()) break;
    below->feed(FrameReceived{Nack{kOffice, batches.back().generation, batches.back().previous,
                                   NackReason::gap, "again"}},
                now);
  }
  ASSERT_TRUE(below->disconnect);
  EXPECT_EQ(below->disconnect->reason, CloseReason::protocol);
}

TEST_F(Link, closes_a_link_that_owes_an_answer_too_long) {
  connect();
  run();
  put(node_store, "one");
  below->tell_commits(now);
  while (below->work(now)) continue;
  now += limits::kStallLimit - Millis{1};
  below->feed(TimerFired{}, now);
  EXPECT_FALSE(below->disconnect);
  now += Millis{1};
  below->feed(TimerFired{}, now);
  ASSERT_TRUE(below->disconnect);
  EXPECT_EQ(below->disconnect->reason, CloseReason::stalled);
}

TEST_F(Link, a_slow_line_that_moves_is_not_stalled) {
  connect();
  run();
  put(node_store, "one");
  below->tell_commits(now);
  while (below->work(now)) continue;
  for (int i = 0; i < 10; ++i) {
    now += limits::kStallLimit / 2;
    below->feed(TransportProgress{}, now);
    below->feed(TimerFired{}, now);
  }
  EXPECT_FALSE(below->disconnect);
}

TEST_F(Link, closes_a_link_that_is_silent_and_keeps_one_that_only_beats) {
  connect();
  run();
  for (int i = 0; i < 10; ++i) {
    now += limits::kHeartbeat;
    hub->feed(TimerFired{}, now);
    below->feed(TimerFired{}, now);
    run();
  }
  EXPECT_FALSE(hub->disconnect || below->disconnect);
  now += limits::kSilenceLimit;
  hub->feed(TimerFired{}, now);
  ASSERT_TRUE(hub->disconnect);
  EXPECT_EQ(hub->disconnect->reason, CloseReason::silent);
}

TEST_F(Link, gives_up_on_a_peer_that_never_greets) {
  hub = std::make_unique<End>(hub_store, hub_rules(), "t");
  hub->feed(Started{}, now);
  ASSERT_TRUE(hub->wake_at);
  now = *hub->wake_at;
  hub->feed(TimerFired{}, now);
  ASSERT_TRUE(hub->disconnect);
  EXPECT_EQ(hub->disconnect->reason, CloseReason::stalled);
}

TEST_F(Link, closes_when_the_store_cannot_commit_and_loses_nothing) {
  connect();
  run();
  auto const key = put(node_store, "one");
  hub_store.fill_disk(true);
  run();
  ASSERT_TRUE(hub->disconnect);
  EXPECT_EQ(hub->disconnect->reason, CloseReason::storage);
  EXPECT_GT(hub->disconnect->retry_after, Millis{0});
  hub_store.fill_disk(false);
  connect();
  run();
  EXPECT_NE(hub_store.find(key), nullptr);
}

TEST_F(Link, a_clock_that_steps_back_stops_nothing) {
  connect();
  run();
  now -= std::chrono::hours(24);
  auto const key = put(node_store, "one");
  run();
  EXPECT_NE(hub_store.find(key), nullptr);
}

TEST_F(Link, ignores_frames_of_a_later_version) {
  connect();
  run();
  below->feed(FrameReceived{UnknownFrame{40}}, now);
  EXPECT_FALSE(below->disconnect);
}

TEST_F(Link, does_nothing_after_the_end) {
  connect();
  run();
  hub->feed(StopRequested{}, now);
  ASSERT_TRUE(hub->disconnect);
  EXPECT_EQ(only<Close>(hub->outbox).size(), 1U);
  hub->outbox.clear();
  put(hub_store, "late", kNetwork);
  hub->tell_commits(now);
  hub->feed(TimerFired{}, now + std::chrono::hours(1));
  EXPECT_TRUE(hub->outbox.empty());
  EXPECT_TRUE(hub->tasks.empty());
}

TEST_F(Link, reports_how_it_is_doing) {
  connect();
  run();
  put(node_store, "one");
  below->tell_commits(now);
  while (below->work(now)) continue;
  now += Millis{2500};
  below->feed(StatusDue{1000, 2, 3}, now);
  auto const status = only<Status>(below->outbox);
  ASSERT_EQ(status.size(), 1U);
  EXPECT_EQ(status[0].oldest_unacknowledged_ms, 2500);
  EXPECT_EQ(status[0].open_conflicts, 2U);
}

class Withdrawal : public Link {
 protected:
  static Entitlement with_savoie() {
    auto rules = hub_rules();
    rules.subscriptions = {node("savoie")};
    return rules;
  }
  static Entitlement without_savoie() {
    auto rules = hub_rules();
    rules.withdrawn = {kSavoie};
    return rules;
  }
  [[nodiscard]] std::vector<ScopeId> confirmed() const {
    std::vector<ScopeId> scopes;
    for (auto const& notice : hub->notices) {
      if (auto const* one = std::get_if<ScopesWithdrawn>(&notice)) {
        scopes.insert(scopes.end(), one->scopes.begin(), one->scopes.end());
      }
    }
    return scopes;
  }
  static inline ScopeId const kSavoie = ScopeId::published(node("savoie"));
};

TEST_F(Withdrawal, what_the_node_may_not_hold_any_more_is_removed_and_confirmed) {
  connect(with_savoie());
  auto const key = put(hub_store, "of Savoie", kSavoie);
  auto const own = put(node_store, "own");
  run();
  ASSERT_NE(node_store.find(key), nullptr);
  hub->feed(EntitlementChanged{without_savoie()}, now);
  run();
  EXPECT_EQ(node_store.find(key), nullptr);
  EXPECT_EQ(node_store.cursor(hub_store.replica(), kSavoie).value(), Sequence{});
  EXPECT_NE(node_store.find(own), nullptr);
  EXPECT_NE(hub_store.find(key), nullptr);
  EXPECT_EQ(confirmed(), std::vector{kSavoie});
  // Subscribed to again, all of it comes again.
  hub->feed(EntitlementChanged{with_savoie()}, now);
  run();
  EXPECT_NE(node_store.find(key), nullptr);
}

TEST_F(Withdrawal, a_node_that_was_away_hears_of_it_when_it_comes_back) {
  connect(with_savoie());
  auto const key = put(hub_store, "of Savoie", kSavoie);
  run();
  connect(without_savoie());
  run();
  EXPECT_EQ(node_store.find(key), nullptr);
  EXPECT_EQ(confirmed(), std::vector{kSavoie});
}

TEST_F(Withdrawal, allowed_again_before_it_is_done_loses_nothing) {
  connect(with_savoie());
  auto const key = put(hub_store, "of Savoie", kSavoie);
  run();
  hub->feed(EntitlementChanged{without_savoie()}, now);
  hub->feed(EntitlementChanged{with_savoie()}, now);
  deliver(*hub, *below);  // Withdraw and Offer arrive together; nothing is removed yet
  run();
  ASSERT_NE(node_store.find(key), nullptr);
  EXPECT_EQ(confirmed(), std::vector<ScopeId>{}) << "it is not withdrawn any more";
}

TEST_F(Withdrawal, what_the_store_answers_to_an_ended_stream_acknowledges_nothing_of_the_next) {
  connect(with_savoie());
  run();
  auto const key = put(hub_store, "of Savoie", kSavoie);
  hub->tell_commits(now);
  while (hub->work(now)) continue;
  deliver(*hub, *below);
  ASSERT_EQ(below->tasks.size(), 1U) << "the batch is at the store";
  auto slow = std::exchange(below->tasks, {});

  auto rules = node_rules();
  rules.every_public = false;
  below->feed(EntitlementChanged{rules}, now);
  below->feed(EntitlementChanged{node_rules()}, now);
  while (below->work(now)) continue;
  deliver(*below, *hub);
  while (hub->work(now)) continue;
  deliver(*hub, *below);
  ASSERT_EQ(below->tasks.size(), 1U) << "the same documents, as a batch of another stream";

  below->feed(carry_out(std::move(slow.front()), node_store), now);
  EXPECT_TRUE(only<Ack>(below->outbox).empty());
  run();
  EXPECT_NE(node_store.find(key), nullptr);
  EXPECT_EQ(hub->view().batches_in_flight, 0U);
  EXPECT_FALSE(hub->disconnect || below->disconnect);
}

TEST_F(Withdrawal, nobody_takes_a_nodes_own_scopes) {
  auto rules = hub_rules();
  rules.withdrawn = {kOffice, ScopeId::published(node("isere")), kNetwork};
  auto const key = put(node_store, "own");
  put(hub_store, "registry", kNetwork);
  connect(rules);
  run();
  EXPECT_NE(node_store.find(key), nullptr);
  EXPECT_TRUE(only<Withdrawn>(trace).empty());
  EXPECT_FALSE(below->disconnect);
}

TEST_F(Withdrawal, an_older_instance_is_not_told_what_it_does_not_know) {
  connect(without_savoie(), 0);
  run();
  EXPECT_TRUE(only<Withdraw>(trace).empty());
  EXPECT_FALSE(hub->disconnect);
}

TEST_F(Withdrawal, a_store_that_cannot_remove_ends_the_session_and_confirms_nothing) {
  connect(with_savoie());
  auto const key = put(hub_store, "of Savoie", kSavoie);
  run();
  node_store.fill_disk(true);
  hub->feed(EntitlementChanged{without_savoie()}, now);
  run();
  ASSERT_TRUE(below->disconnect);
  EXPECT_EQ(below->disconnect->reason, CloseReason::storage);
  EXPECT_EQ(confirmed(), std::vector<ScopeId>{});
  node_store.fill_disk(false);
  connect(without_savoie());
  run();
  EXPECT_EQ(node_store.find(key), nullptr);
  EXPECT_EQ(confirmed(), std::vector{kSavoie});
}

}  // namespace
}  // namespace solidaires::sync
