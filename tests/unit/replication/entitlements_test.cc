#include "node/replication/entitlements.h"

#include <gtest/gtest.h>

#include "schema/value.h"

namespace solidaires::replication {
namespace {

using namespace std::chrono_literals;

NodeName name(std::string_view text) {
  return NodeName::parse(text).value();
}

Bytes text(std::string const& value) {
  return schema::encode(value);
}

class Entitlements : public testing::Test {
 protected:
  [[nodiscard]] Result<sync::Entitlement> child(std::string_view node, Instant issued) const {
    return entitlement_of_child(aura,
                                {.node = name(node),
                                 .network = aura,
                                 .not_before = issued - net::kBackdate,
                                 .not_after = {},
                                 .fingerprint = {}},
                                nodes);
  }
  Instant const now = from_unix_ms(1'790'000'000'000);
  NodeName const aura = name("aura");
  std::vector<NodeRecord> nodes = {
      {.network = aura, .name = aura, .hub = true, .state = NodeState::active},
      {.network = aura, .name = name("isere"), .state = NodeState::active, .enrolled_at = now},
      {.network = aura,
       .name = name("drome"),
       .every_public = false,
       .subscriptions = {name("isere")},
       .state = NodeState::active,
       .enrolled_at = now},
      {.network = aura, .name = name("ain"), .state = NodeState::invited}};
};

TEST_F(Entitlements, give_a_node_its_own_scopes_the_network_and_what_it_subscribes_to) {
  auto const isere = child("isere", now).value();
  EXPECT_TRUE(isere.may_receive(ScopeId::office(name("isere"))));
  EXPECT_TRUE(isere.may_send(ScopeId::office(name("isere"))));
  EXPECT_TRUE(isere.may_send(ScopeId::network(aura)));
  EXPECT_TRUE(isere.may_send(ScopeId::published(name("drome"))));
  EXPECT_TRUE(isere.may_send(ScopeId::published(aura)));
  EXPECT_FALSE(isere.may_send(ScopeId::office(name("drome"))));
  EXPECT_FALSE(isere.may_receive(ScopeId::published(name("drome"))));
  EXPECT_FALSE(isere.may_receive(ScopeId::network(aura)));
  EXPECT_FALSE(isere.may_send(ScopeId::local()));
  auto const drome = child("drome", now).value();
  EXPECT_TRUE(drome.may_send(ScopeId::published(name("isere"))));
  EXPECT_FALSE(drome.may_send(ScopeId::published(name("ain"))));
}

TEST_F(Entitlements, refuse_whoever_is_unknown_suspended_invited_or_re_enrolled) {
  EXPECT_EQ(child("rhone", now).error().code(), Code::denied);
  EXPECT_EQ(child("aura", now).error().code(), Code::denied) << "nobody poses as the hub itself";
  EXPECT_EQ(child("ain", now).error().code(), Code::denied) << "it never enrolled";
  EXPECT_EQ(child("isere", now - 1s).error().code(), Code::denied) << "an older certificate";
  EXPECT_TRUE(child("isere", now + 20 * 24h)) << "a renewed certificate";
  nodes[1].state = NodeState::suspended;
  EXPECT_NE(child("isere", now).error().message().find("suspended"), std::string::npos);
}

TEST_F(Entitlements, of_a_parent_follow_the_configuration_of_the_node) {
  auto const all = entitlement_of_parent(name("isere"), aura, nodes, true, {});
  EXPECT_TRUE(all.may_receive(ScopeId::published(name("drome"))));
  EXPECT_TRUE(all.may_receive(ScopeId::network(aura)));
  EXPECT_FALSE(all.may_receive(ScopeId::office(name("drome"))));
  EXPECT_FALSE(all.may_send(ScopeId::network(aura)));
  auto const few = entitlement_of_parent(name("isere"), aura, nodes, false, {name("drome")});
  EXPECT_TRUE(few.may_receive(ScopeId::published(name("drome"))));
  EXPECT_FALSE(few.may_receive(ScopeId::published(name("ain"))));
}

TEST_F(Entitlements, of_a_hub_below_are_those_of_its_whole_subtree) {
  nodes.push_back({.network = aura,
                   .name = name("vercors"),
                   .every_public = false,
                   .subscriptions = {name("isere"), name("drome")},
                   .state = NodeState::active,
                   .parent = name("drome")});
  nodes.push_back({.network = aura,
                   .name = name("diois"),
                   .every_public = false,
                   .state = NodeState::active,
                   .parent = name("vercors")});
  nodes[2].has_nodes = true;
  nodes[2].subscriptions.clear();
  auto const drome = child("drome", now).value();
  EXPECT_EQ(drome.subtree, (std::set{name("drome"), name("vercors"), name("diois")}));
  EXPECT_TRUE(drome.may_receive(ScopeId::office(name("diois"))));
  EXPECT_TRUE(drome.may_send(ScopeId::published(name("isere")))) << "vercors subscribes to it";
  EXPECT_FALSE(drome.may_send(ScopeId::published(name("ain"))));
  EXPECT_FALSE(drome.may_send(ScopeId::office(name("isere"))));
  EXPECT_EQ(child("vercors", now).error().code(), Code::denied) << "it dials drome, not us";
  auto const above = entitlement_of_parent(aura, name("france"), nodes, false, {name("bretagne")});
  EXPECT_TRUE(above.may_send(ScopeId::office(name("diois"))));
  EXPECT_TRUE(above.every_public) << "isere takes everything, so its hub does";
  nodes[1].every_public = false;
  nodes[3].every_public = false;
  nodes[1].subscriptions = {name("finistere"), name("drome")};
  auto const few = entitlement_of_parent(aura, name("france"), nodes, false, {name("bretagne")});
  EXPECT_EQ(few.subscriptions, (std::set{name("bretagne"), name("finistere")}));
}

TEST_F(Entitlements, end_with_a_circle_of_hubs) {
  nodes.push_back({.network = aura, .name = name("aa"), .has_nodes = true, .parent = name("bb")});
  nodes.push_back({.network = aura, .name = name("bb"), .has_nodes = true, .parent = name("aa")});
  EXPECT_EQ(subtree_of(aura, name("isere"), nodes), std::set{name("isere")});
  EXPECT_EQ(each_once(nodes, aura).size(), nodes.size());
}

TEST(NodeRecord, comes_back_from_its_document_and_loses_what_was_taken_out) {
  NodeRecord record{.network = name("aura"),
                    .name = name("isere"),
                    .title = "Isère",
                    .base_url = "https://isere.example",
                    .territory = {"38", "73"},
                    .every_public = false,
                    .subscriptions = {name("ain"), name("drome")},
                    .delegates_moderation = true,
                    .state = NodeState::active,
                    .enrolled_at = from_unix_ms(1'790'000'000'000),
                    .has_nodes = true,
                    .parent = name("rhone")};
  SeededRng rng(1);
  sync::Document document;
  document.key = {ScopeId::network(name("aura")), DocumentId::make(from_unix_ms(1), rng)};
  document.type = kNodeType;
  sync::write(document, edits_for(record, nullptr), {}, {ReplicaId{1}, 1}, from_unix_ms(1));
  EXPECT_EQ(from_document(document).value(), record);
  record.territory = {"38"};
  record.subscriptions.clear();
  record.has_nodes = false;
  record.parent = {};
  sync::write(document, edits_for(record, &document), document.context, {ReplicaId{1}, 2},
              from_unix_ms(2));
  EXPECT_EQ(from_document(document).value(), record);
}

TEST(NodeRecord, of_a_later_version_or_of_nonsense_is_met_with_care) {
  SeededRng rng(1);
  sync::Document document;
  document.key = {ScopeId::network(name("aura")), DocumentId::make(from_unix_ms(1), rng)};
  EXPECT_FALSE(from_document(document)) << "without a name";
  sync::write(document,
              {{"name", text("isere")},
               {"state", text("hibernating")},
               {"every_public", Bytes("\xff\xff nonsense")}},
              {}, {ReplicaId{1}, 1}, from_unix_ms(1));
  auto const record = from_document(document).value();
  EXPECT_EQ(record.state, NodeState::suspended) << "an unknown state must not open a door";
  EXPECT_FALSE(record.every_public);
}

}  // namespace
}  // namespace solidaires::replication
