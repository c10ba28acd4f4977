#include "sync/core/entitlement.h"

#include <gtest/gtest.h>

#include "sync/base/rng.h"

namespace solidaires::sync {
namespace {

NodeName node(std::string_view name) {
  return NodeName::parse(name).value();
}
ScopeId scope(std::string_view text) {
  return ScopeId::parse(text).value();
}

// The link between the hub "aura" and its node "isere", from the hub and from the node.
Entitlement from_the_hub() {
  Entitlement rules{node("aura"), node("isere"), PeerRole::child};
  rules.subtree = {node("isere")};
  rules.subscriptions = {node("savoie")};
  rules.hubs = {node("aura"), node("france")};
  return rules;
}

Entitlement from_the_node() {
  Entitlement rules{node("isere"), node("aura"), PeerRole::parent};
  rules.subtree = {node("isere")};
  rules.subscriptions = {node("savoie")};
  return rules;
}

TEST(Entitlement, both_ends_agree_on_what_travels) {
  auto const hub = from_the_hub();
  auto const below = from_the_node();
  for (auto const* text :
       {"office/isere", "public/isere", "office/savoie", "public/savoie", "public/drome",
        "network/aura", "network/france", "network/isere", "office/aura", "local"}) {
    EXPECT_EQ(hub.may_receive(scope(text)), below.may_send(scope(text))) << text;
    if (std::string_view(text) == "network/isere") continue;
    EXPECT_EQ(hub.may_send(scope(text)), below.may_receive(scope(text))) << text;
  }
}

TEST(Entitlement, working_copies_stay_between_the_node_and_those_above_it) {
  auto const hub = from_the_hub();
  EXPECT_TRUE(hub.may_send(scope("office/isere")));
  EXPECT_TRUE(hub.may_receive(scope("office/isere")));
  EXPECT_FALSE(hub.may_send(scope("office/savoie")));
  EXPECT_FALSE(hub.may_receive(scope("office/savoie")));
  EXPECT_FALSE(hub.may_send(scope("office/aura")));
}

TEST(Entitlement, publications_come_down_by_subscription_and_never_up) {
  auto hub = from_the_hub();
  EXPECT_TRUE(hub.may_send(scope("public/savoie")));
  EXPECT_FALSE(hub.may_receive(scope("public/savoie")));
  EXPECT_FALSE(hub.may_send(scope("public/drome")));
  hub.every_public = true;
  EXPECT_TRUE(hub.may_send(scope("public/drome")));
  EXPECT_FALSE(hub.may_receive(scope("public/drome")));
  EXPECT_FALSE(hub.may_send(scope("office/drome")));
}

TEST(Entitlement, what_a_hub_writes_for_its_network_only_goes_down) {
  EXPECT_TRUE(from_the_hub().may_send(scope("network/france")));
  EXPECT_FALSE(from_the_hub().may_send(scope("network/elsewhere")));
  EXPECT_FALSE(from_the_hub().may_receive(scope("network/aura")));
  EXPECT_TRUE(from_the_node().may_receive(scope("network/france")));
  EXPECT_FALSE(from_the_node().may_receive(scope("network/isere"))) << "its own subtree";
  EXPECT_FALSE(from_the_node().may_send(scope("network/isere")));
}

TEST(Entitlement, nobody_sends_or_receives_what_is_local) {
  EXPECT_FALSE(from_the_hub().may_send(ScopeId::local()));
  EXPECT_FALSE(from_the_node().may_receive(ScopeId::local()));
}

TEST(Entitlement, a_group_is_shared_by_its_members_nodes) {
  SeededRng rng(1);
  auto const group = DocumentId::make(from_unix_ms(1), rng);
  auto rules = from_the_node();
  EXPECT_FALSE(rules.may_send(ScopeId::group(group)));
  rules.groups = {group};
  EXPECT_TRUE(rules.may_send(ScopeId::group(group)));
  EXPECT_TRUE(rules.may_receive(ScopeId::group(group)));
}

TEST(Entitlement, offers_exactly_what_it_can_name_and_may_send) {
  auto const offered = from_the_hub().sendable();
  EXPECT_EQ(offered,
            (std::vector{scope("office/isere"), scope("public/isere"), scope("public/savoie"),
                         scope("network/aura"), scope("network/france")}));
  EXPECT_EQ(from_the_node().sendable(),
            (std::vector{scope("office/isere"), scope("public/isere")}));
}

}  // namespace
}  // namespace solidaires::sync
