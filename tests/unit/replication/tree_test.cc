// A tree of three levels: a national hub, two regional ones, departments below them.
#include <gtest/gtest.h>

#include "node/replication/entitlements.h"
#include "tests/unit/replication/instance.h"

namespace solidaires::replication {
namespace {

using namespace std::chrono_literals;
using net::PeerState;

// An instance of the tree that may stop and come back on the same directory and port.
class Seat {
 public:
  Seat(Folder const& folder, std::string_view self, bool is_hub)
      : folder_(folder), self_(self), is_hub_(is_hub) {
    make();
    if (!is_hub) return;
    EXPECT_TRUE(create_network(now->files(), *now->store,
                               {.name = name(self_), .title = "Le réseau " + self_}, now->clock,
                               now->rng));
  }
  [[nodiscard]] std::string invite(std::string_view node, NodeRecord record = {}) {
    record.name = name(node);
    if (record.title.empty()) record.title = "Portail " + std::string(node);
    auto token =
        add_node(now->files(), *now->store, name(self_),
                 {.node = record, .hub_address = address().to_string()}, now->clock, now->rng);
    EXPECT_TRUE(token) << token.error().to_string();
    return token.value_or("");
  }
  // Under `parent`, with the record that the parent's administrator writes.
  void join(Seat& parent, NodeRecord record = {}) {
    auto const enrolled =
        enrol(now->files(), name(self_), parent.invite(self_, std::move(record)), now->clock);
    ASSERT_TRUE(enrolled) << enrolled.error().to_string();
    parent_ = &parent;
    now.reset();
    start();
    ASSERT_TRUE(now->reaches(parent.self_, PeerState::live));
  }
  void start() {
    if (!now) make();
    auto const started = now->start();
    ASSERT_TRUE(started) << started.error().to_string();
    port_ = now->replication->port();
  }
  void stop() { now.reset(); }
  [[nodiscard]] net::Address address() const { return {"127.0.0.1", port_}; }
  Instance* operator->() { return now.get(); }
  [[nodiscard]] std::string const& self() const { return self_; }

  std::unique_ptr<Instance> now;
  // Of its configuration, when it starts next.
  bool every_public = true;
  std::vector<NodeName> subscriptions;

 private:
  void make() {
    Config config{
        .self = name(self_), .every_public = every_public, .subscriptions = subscriptions};
    if (is_hub_) config.listen = net::Address{"127.0.0.1", port_};
    if (parent_ != nullptr) config.hub = parent_->address();
    now = std::make_unique<Instance>(folder_.path() / self_, std::move(config));
  }

  Folder const& folder_;
  std::string const self_;
  bool const is_hub_;
  std::uint16_t port_ = 0;
  Seat* parent_ = nullptr;
};

//              france
//            /        \.
//         aura        bretagne
//        /    \            \.
//    isere   savoie     finistere
class Tree : public testing::Test {
 protected:
  void SetUp() override {
    france.start();
    for (auto* const hub : {&aura, &bretagne}) {
      hub->start();
      hub->join(france, {.delegates_moderation = true, .has_nodes = true});
    }
    isere.join(aura, {.delegates_moderation = true});
    savoie.join(aura);
    finistere.join(bretagne);
  }

  [[nodiscard]] std::vector<Seat*> everybody() {
    return {&france, &aura, &bretagne, &isere, &savoie, &finistere};
  }
  // The names that an instance knows, each once.
  static std::string known(Seat& seat) {
    std::string text;
    for (auto const& node : each_once(seat->replication->registry().nodes(), name(seat.self()))) {
      text += cat(text.empty() ? "" : " ", node.name.str());
    }
    return text;
  }

  Folder folder;
  Seat france{folder, "france", true};
  Seat aura{folder, "aura", true};
  Seat bretagne{folder, "bretagne", true};
  Seat isere{folder, "isere", false};
  Seat savoie{folder, "savoie", false};
  Seat finistere{folder, "finistere", false};
};

constexpr std::string_view kAll = "aura bretagne finistere france isere savoie";

TEST_F(Tree, is_known_as_a_whole_to_everybody_in_it) {
  for (auto* const seat : everybody()) {
    EXPECT_TRUE((*seat)->wait([&] { return known(*seat) == kAll; }))
        << seat->self() << " knows " << known(*seat);
  }
  auto const seen = finistere->replication->registry().find(name("isere"));
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->network, name("france"));
  EXPECT_EQ(seen->parent, name("aura"));
  EXPECT_EQ(seen->title, "Portail isere");
  EXPECT_EQ(isere->replication->registry().find(name("isere"))->network, name("aura"))
      << "the hub that it dials is the nearest";
}

TEST_F(Tree, shows_a_link_for_direct_nodes_only) {
  ASSERT_TRUE(france->wait([&] { return known(france) == kAll; }));
  std::vector<std::string> peers;
  for (auto const& link : france->replication->report().links)
    peers.push_back(link.link.peer.str());
  EXPECT_EQ(peers, (std::vector<std::string>{"aura", "bretagne"}));
}

TEST_F(Tree, carries_what_a_leaf_publishes_to_a_leaf_of_another_region) {
  auto const key = isere->write(ScopeId::published(name("isere")), "Marché paysan");
  EXPECT_TRUE(finistere->holds(key, "Marché paysan"));
  isere->write(key.scope, "Marché de Noël", key);
  EXPECT_TRUE(finistere->holds(key, "Marché de Noël"));
  auto const back = finistere->write(ScopeId::published(name("finistere")), "Fest-noz");
  EXPECT_TRUE(savoie->holds(back, "Fest-noz"));
}

TEST_F(Tree, keeps_the_office_of_a_leaf_among_those_above_it) {
  auto const draft = isere->write(ScopeId::office(name("isere")), "brouillon");
  EXPECT_TRUE(france->holds(draft, "brouillon"));
  france->write(draft.scope, "relu à Paris", draft);
  EXPECT_TRUE(isere->holds(draft, "relu à Paris"));
  auto const after = isere->write(ScopeId::published(name("isere")), "later");
  ASSERT_TRUE(finistere->holds(after, "later"));
  ASSERT_TRUE(savoie->holds(after, "later"));
  for (auto* const seat : {&savoie, &finistere}) EXPECT_EQ((*seat)->read(draft), "");
  EXPECT_EQ(bretagne->read(draft), "");
}

TEST_F(Tree, brings_the_word_of_the_top_to_every_leaf_and_no_leafs_word_up_as_such) {
  auto const word = france->write(ScopeId::network(name("france")), "vocabulaire");
  for (auto* const seat : everybody()) EXPECT_TRUE((*seat)->holds(word, "vocabulaire"));
  auto const regional = aura->write(ScopeId::network(name("aura")), "charte");
  EXPECT_TRUE(savoie->holds(regional, "charte"));
  auto const forged = aura->write(ScopeId::network(name("france")), "pas de Paris");
  auto const after = aura->write(ScopeId::office(name("aura")), "after");
  ASSERT_TRUE(france->holds(after, "after"));
  EXPECT_EQ(france->read(forged), "");
  EXPECT_EQ(france->read(regional), "") << "a region's own affairs stay in the region";
}

TEST_F(Tree, merges_what_all_levels_wrote_while_every_link_was_cut) {
  auto const scope = ScopeId::office(name("isere"));
  auto const shared = isere->write(scope, "before");
  auto const equal = isere->write(scope, "equal");
  ASSERT_TRUE(france->holds(shared, "before"));
  ASSERT_TRUE(france->holds(equal, "equal"));
  auto const apart = [&](Seat& alone, std::string const& words) {
    for (auto* const seat : {&france, &aura, &isere}) {
      if (seat != &alone) seat->stop();
    }
    if (!alone.now) alone.start();
    alone->write(scope, words, shared);
    // The relay ends up with the same words as both its neighbours, under a dot of its own.
    alone->write(scope, "the same words", equal);
  };
  apart(france, "said in Paris");
  apart(aura, "said in Lyon");
  apart(isere, "said in Grenoble");
  france.start();
  aura.start();
  auto const versions = [&](Seat& seat, sync::DocumentKey const& key) {
    std::set<std::string> words;
    auto const found = seat->store->get(key);
    if (!found || !*found) return words;
    auto const at = (*found)->document.fields.find("title");
    if (at == (*found)->document.fields.end()) return words;
    for (auto const& version : at->second) words.insert(version.value);
    return words;
  };
  std::set<std::string> const all{"said in Paris", "said in Lyon", "said in Grenoble"};
  for (auto* const seat : {&france, &aura, &isere}) {
    EXPECT_TRUE((*seat)->wait([&] { return versions(*seat, shared) == all; })) << seat->self();
  }
  auto const state = [&](Seat& seat, sync::DocumentKey const& key) {
    auto const found = seat->store->get(key);
    return found && *found ? std::optional(sync::fingerprint((*found)->document)) : std::nullopt;
  };
  for (auto const& key : {shared, equal}) {
    EXPECT_TRUE(isere->wait([&] {
      return state(isere, key) == state(aura, key) && state(aura, key) == state(france, key);
    }));
  }
}

TEST_F(Tree, goes_on_below_while_the_top_is_away_and_catches_up) {
  france.stop();
  auto const key = isere->write(ScopeId::published(name("isere")), "sans Paris");
  EXPECT_TRUE(savoie->holds(key, "sans Paris"));
  EXPECT_EQ(finistere->read(key), "");
  france.start();
  EXPECT_TRUE(finistere->holds(key, "sans Paris"));
}

TEST_F(Tree, keeps_the_name_of_a_node_from_other_branches) {
  ASSERT_TRUE(bretagne->wait([&] { return known(bretagne) == kAll; }));
  auto const refused = add_node(bretagne->files(), *bretagne->store, name("bretagne"),
                                {.node = {.name = name("isere")}, .hub_address = "127.0.0.1:1"},
                                bretagne->clock, bretagne->rng);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::conflict);
  // A region that does not ask, and announces the name all the same.
  NodeRecord claim{.network = name("bretagne"),
                   .name = name("isere"),
                   .title = "Usurpé",
                   .state = NodeState::active};
  auto const id = DocumentId::make(bretagne->clock.now(), bretagne->rng);
  ASSERT_TRUE(
      bretagne->store->commit({.now = bretagne->clock.now(),
                               .author = "test",
                               .documents = {{.key = {ScopeId::network(name("bretagne")), id},
                                              .type = std::string(kNodeType),
                                              .fields = edits_for(claim, nullptr)}}}));
  ASSERT_TRUE(france->wait([&] {
    auto const declined = france->replication->report().declined;
    return declined.size() == 1 && declined.front().node == name("isere") &&
           declined.front().by == name("bretagne");
  }));
  EXPECT_EQ(france->replication->registry().find(name("isere"))->parent, name("aura"));
  auto const stolen = bretagne->write(ScopeId::office(name("isere")), "not theirs");
  auto const draft = isere->write(ScopeId::office(name("isere")), "secret");
  auto const after = bretagne->write(ScopeId::office(name("bretagne")), "after");
  ASSERT_TRUE(france->holds(draft, "secret"));
  ASSERT_TRUE(france->holds(after, "after"));
  EXPECT_EQ(france->read(stolen), "");
  EXPECT_EQ(bretagne->read(draft), "");
}

TEST_F(Tree, lists_a_node_that_joins_or_is_suspended_far_below) {
  std::ignore = bretagne.invite("morbihan", {.base_url = "javascript:alert(1)"});
  ASSERT_TRUE(savoie->wait([&] {
    auto const found = savoie->replication->registry().find(name("morbihan"));
    return found && found->parent == name("bretagne") && found->base_url.empty();
  }));
  ASSERT_TRUE(
      set_suspended(*bretagne->store, name("bretagne"), name("finistere"), true, bretagne->clock));
  EXPECT_TRUE(savoie->wait([&] {
    return savoie->replication->registry().find(name("finistere"))->state == NodeState::suspended;
  }));
  auto const at_top =
      set_suspended(*france->store, name("france"), name("isere"), true, france->clock);
  ASSERT_FALSE(at_top);
  EXPECT_NE(at_top.error().message().find("aura"), std::string::npos) << "says who can";
}

TEST_F(Tree, frees_a_name_when_its_hub_no_longer_announces_it) {
  ASSERT_TRUE(france->wait([&] { return known(france) == kAll; }));
  auto const view = bretagne->store->view();
  store::TypeScan scan{.type = std::string(kNodeType), .scope = ScopeId::network(name("bretagne"))};
  for (auto const& stored : view.get_many(view.scan(scan)->keys).value()) {
    if (from_document(stored->document)->name != name("finistere")) continue;
    ASSERT_TRUE(bretagne->store->commit(
        {.now = bretagne->clock.now(),
         .author = "test",
         .documents = {{.key = stored->document.key,
                        .fields = {{std::string(sync::kExistence), Bytes(sync::kDeleted)}}}}}));
  }
  ASSERT_TRUE(aura->wait([&] { return !aura->replication->registry().find(name("finistere")); }));
  std::ignore = aura.invite("finistere");
  EXPECT_TRUE(france->wait([&] {
    auto const found = france->replication->registry().find(name("finistere"));
    return found && found->parent == name("aura");
  }));
}

TEST_F(Tree, lets_the_moderators_of_the_top_help_where_every_hub_on_the_way_delegates) {
  auto const helped = [](Seat& seat) {
    std::set<std::string> names;
    for (auto const& node : each_once(seat->replication->registry().nodes(), name(seat.self()))) {
      if (node.delegates_moderation) names.insert(node.name.str());
    }
    return names;
  };
  using Names = std::set<std::string>;
  EXPECT_TRUE(france->wait([&] { return helped(france) == Names{"aura", "bretagne", "isere"}; }));
  EXPECT_TRUE(aura->wait([&] { return known(aura) == kAll; }));
  EXPECT_EQ(helped(aura), Names{"isere"});
  std::ignore = france.invite("aura", {.delegates_moderation = false});
  EXPECT_TRUE(france->wait([&] { return helped(france) == Names{"bretagne"}; }));
  EXPECT_TRUE(france->replication->registry().find(name("aura"))->has_nodes)
      << "another token does not take its nodes away";
}

TEST(TreeOfFew, brings_a_leaf_exactly_what_it_subscribes_to_in_another_region) {
  Folder folder;
  Seat france(folder, "france", true);
  Seat aura(folder, "aura", true);
  Seat bretagne(folder, "bretagne", true);
  Seat isere(folder, "isere", false);
  Seat savoie(folder, "savoie", false);
  Seat finistere(folder, "finistere", false);
  bretagne.every_public = false;
  finistere.every_public = false;
  finistere.subscriptions = {name("isere")};
  france.start();
  for (auto* const hub : {&aura, &bretagne}) {
    hub->start();
    hub->join(france, {.every_public = false, .has_nodes = true});
  }
  isere.join(aura);
  savoie.join(aura);
  auto const wanted = isere->write(ScopeId::published(name("isere")), "wanted");
  auto const unwanted = savoie->write(ScopeId::published(name("savoie")), "unwanted");
  ASSERT_TRUE(france->holds(wanted, "wanted"));
  ASSERT_TRUE(france->holds(unwanted, "unwanted"));
  EXPECT_EQ(bretagne->read(wanted), "");
  finistere.join(bretagne, {.every_public = false, .subscriptions = {name("isere")}});
  EXPECT_TRUE(finistere->holds(wanted, "wanted"));
  isere->write(wanted.scope, "wanted again", wanted);
  EXPECT_TRUE(finistere->holds(wanted, "wanted again"));
  for (auto* const seat : {&bretagne, &finistere}) EXPECT_EQ((*seat)->read(unwanted), "");
}

}  // namespace
}  // namespace solidaires::replication
