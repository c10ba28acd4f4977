// Who an instance is, over real links: older copies put back, clones, revocation, another hub.
#include <gtest/gtest.h>

#include "tests/unit/replication/instance.h"

namespace solidaires::replication {
namespace {

using namespace std::chrono_literals;
using net::PeerState;

constexpr std::string_view kCommand = "solidaires node renew-identity";

void put_copy(std::filesystem::path const& from, std::filesystem::path const& to) {
  std::filesystem::remove_all(to);
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

bool names_the_command(Instance& instance, std::string_view peer, std::string_view where) {
  bool const named = instance.wait([&] {
    auto const error = instance.link(peer).link.last_error;
    return error.contains(kCommand) && error.contains(cat("On ", where));
  });
  EXPECT_TRUE(named) << instance.link(peer).link.last_error;
  return named;
}

TEST(Identity, of_an_older_copy_put_back_is_named_at_once_and_mended_by_one_command) {
  Network network;
  auto isere = network.join("isere");
  auto const scope = ScopeId::office(name("isere"));
  auto const before = isere->write(scope, "before the copy");
  ASSERT_TRUE(network.hub->holds(before, "before the copy"));
  isere.reset();
  put_copy(network.folder_of("isere"), network.folder_of("kept"));
  isere = network.node("isere");
  ASSERT_TRUE(isere->start());
  auto const after = isere->write(scope, "after the copy");
  ASSERT_TRUE(network.hub->holds(after, "after the copy"));
  isere.reset();
  put_copy(network.folder_of("kept"), network.folder_of("isere"));

  isere = network.node("isere");
  ASSERT_TRUE(isere->start());
  ASSERT_TRUE(isere->reaches("aura", PeerState::refused));
  EXPECT_TRUE(names_the_command(*isere, "aura", "isere"));
  EXPECT_TRUE(names_the_command(*network.hub, "isere", "isere"));
  auto const alone = isere->write(scope, "written while refused");

  ASSERT_TRUE(isere->replication->renew_identity());
  EXPECT_TRUE(isere->reaches("aura", PeerState::live));
  EXPECT_TRUE(isere->holds(after, "after the copy"));
  EXPECT_TRUE(network.hub->holds(alone, "written while refused"));
  EXPECT_TRUE(network.hub->reaches("isere", PeerState::live));
}

TEST(Identity, of_a_hub_put_back_is_mended_at_the_hub) {
  Network network;
  auto isere = network.join("isere");
  auto const scope = ScopeId::office(name("isere"));
  network.hub.reset();
  put_copy(network.folder_of("aura"), network.folder_of("kept"));
  network.restart_hub();
  auto const key = isere->write(scope, "after the copy");
  ASSERT_TRUE(network.hub->holds(key, "after the copy"));
  network.hub.reset();
  put_copy(network.folder_of("kept"), network.folder_of("aura"));
  network.restart_hub();
  ASSERT_TRUE(network.hub->wait(
      [&] { return network.hub->link("isere").link.last_error.contains(kCommand); }));
  // The hub cannot know which of the two it is, and says so.
  EXPECT_TRUE(network.hub->link("isere").link.last_error.contains("or that of aura was"));
  ASSERT_TRUE(network.hub->replication->renew_identity());
  // It was told to come back in a minute at the earliest; a restart is not.
  isere.reset();
  isere = network.node("isere");
  ASSERT_TRUE(isere->start());
  EXPECT_TRUE(isere->reaches("aura", PeerState::live));
  EXPECT_TRUE(network.hub->holds(key, "after the copy"));
}

TEST(Identity, of_a_restored_hub_takes_its_own_words_back_from_a_node_that_it_names) {
  Network network;
  auto const isere = network.join("isere");
  network.hub.reset();
  put_copy(network.folder_of("aura"), network.folder_of("kept"));
  network.restart_hub();
  auto const news = network.hub->write(ScopeId::published(name("aura")), "written by the hub");
  std::ignore = network.invite("drome");
  ASSERT_TRUE(isere->holds(news, "written by the hub"));
  ASSERT_TRUE(
      isere->wait([&] { return isere->replication->registry().find(name("drome")).has_value(); }));
  network.hub.reset();
  put_copy(network.folder_of("kept"), network.folder_of("aura"));
  network.restart_hub();
  ASSERT_TRUE(network.hub->replication->renew_identity());
  ASSERT_TRUE(isere->reaches("aura", PeerState::live));
  auto const draft = isere->write(ScopeId::office(name("isere")), "flows as ever");
  ASSERT_TRUE(network.hub->holds(draft, "flows as ever"));
  EXPECT_EQ(network.hub->read(news), "") << "nobody may give a hub its own words unasked";

  ASSERT_TRUE(
      set_taking_back(*network.hub->store, name("aura"), name("isere"), true, network.hub->clock));
  EXPECT_TRUE(network.hub->holds(news, "written by the hub"));
  EXPECT_TRUE(network.hub->wait(
      [&] { return network.hub->replication->registry().find(name("drome")).has_value(); }));
  ASSERT_TRUE(
      set_taking_back(*network.hub->store, name("aura"), name("isere"), false, network.hub->clock));
  // From then on a node is no source of the hub's words any more.
  ASSERT_TRUE(isere->wait(
      [&] { return isere->replication->registry().find(name("aura"))->taking_back.empty(); }));
  auto const forged = isere->write(ScopeId::network(name("aura")), "not the hub's word");
  auto const later = isere->write(draft.scope, "later");
  ASSERT_TRUE(network.hub->holds(later, "later"));
  EXPECT_EQ(network.hub->read(forged), "");
}

TEST(Identity, of_two_clones_is_named_and_the_live_link_of_the_other_goes_on) {
  Network network;
  auto isere = network.join("isere");
  auto const scope = ScopeId::office(name("isere"));
  isere.reset();
  put_copy(network.folder_of("isere"), network.folder_of("clone"));
  isere = network.node("isere");
  ASSERT_TRUE(isere->start());
  ASSERT_TRUE(isere->reaches("aura", PeerState::live));
  auto const connections = network.hub->link("isere").link.connections;

  auto const clone = network.make("isere", {.hub = network.address()}, "clone");
  ASSERT_TRUE(clone->start());
  ASSERT_TRUE(clone->reaches("aura", PeerState::refused));
  EXPECT_TRUE(names_the_command(*clone, "aura", "isere"));
  EXPECT_TRUE(names_the_command(*network.hub, "isere", "isere"));
  // However often the clone tries, nobody is disturbed.
  EXPECT_EQ(isere->link("aura").link.state, PeerState::live);
  EXPECT_EQ(network.hub->link("isere").link.connections, connections);
  auto const here = isere->write(scope, "by the one");
  auto const there = clone->write(scope, "by the other");
  EXPECT_TRUE(network.hub->holds(here, "by the one"));

  // Mended, both write on without one dot given twice; but two cannot have one name.
  ASSERT_TRUE(clone->replication->renew_identity());
  EXPECT_TRUE(network.hub->holds(there, "by the other"));
  EXPECT_TRUE(isere->holds(there, "by the other"));
  EXPECT_TRUE(clone->holds(here, "by the one"));
  EXPECT_TRUE(network.hub->wait([&] {
    return network.hub->link("isere").link.last_error.contains("two instances run under this name");
  }));
}

TEST(Identity, that_is_revoked_is_refused_for_good_and_enrols_anew) {
  Network network;
  auto isere = network.join("isere");
  auto const stolen = net::read_credentials(isere->files().credentials()).value();
  ASSERT_TRUE(revoke(*network.hub->store, name("aura"), name("isere"), network.hub->clock));
  ASSERT_TRUE(isere->reaches("aura", PeerState::refused));
  EXPECT_TRUE(isere->link("aura").link.last_error.contains("revoked"));
  auto const key = isere->write(ScopeId::office(name("isere")), "meanwhile");
  ASSERT_TRUE(enrol(isere->files(), name("isere"), network.invite("isere"), isere->clock));
  EXPECT_TRUE(isere->reaches("aura", PeerState::live));
  EXPECT_TRUE(network.hub->holds(key, "meanwhile"));
  auto const thief = network.make("isere", {.hub = network.address()}, "thief");
  ASSERT_TRUE(net::write_credentials(thief->files().credentials(), stolen));
  ASSERT_TRUE(thief->start());
  ASSERT_TRUE(thief->reaches("aura", PeerState::refused));
  EXPECT_TRUE(thief->link("aura").link.last_error.contains("revoked"));
  EXPECT_EQ(isere->link("aura").link.state, PeerState::live);
  EXPECT_EQ(
      revoke(*network.hub->store, name("aura"), name("drome"), network.hub->clock).error().code(),
      Code::not_found);
}

TEST(Identity, moves_to_another_hub_without_loss) {
  Network old_network;
  Network new_network("paca");
  auto isere = old_network.join("isere");
  auto const neighbour = old_network.join("savoie");
  auto const office = ScopeId::office(name("isere"));
  auto const published = isere->write(ScopeId::published(name("isere")), "Marché");
  auto const draft = isere->write(office, "brouillon");
  ASSERT_TRUE(old_network.hub->holds(draft, "brouillon"));
  ASSERT_TRUE(neighbour->holds(published, "Marché"));
  isere.reset();
  auto const token = new_network.invite("isere");
  isere = old_network.make("isere", {.hub = new_network.address()});
  auto const unsent = isere->write(office, "between two hubs");
  ASSERT_TRUE(enrol(isere->files(), name("isere"), token, isere->clock));
  ASSERT_TRUE(isere->start());
  ASSERT_TRUE(isere->reaches("paca", PeerState::live));
  for (auto const& [key, title] : {std::pair(published, "Marché"), std::pair(draft, "brouillon"),
                                   std::pair(unsent, "between two hubs")}) {
    EXPECT_TRUE(new_network.hub->holds(key, title)) << title;
  }
  new_network.hub->write(office, "relu", draft);
  EXPECT_TRUE(isere->holds(draft, "relu"));
  // The former hub keeps what it had, and gets nothing more.
  EXPECT_EQ(old_network.hub->read(published), "Marché");
  EXPECT_EQ(old_network.hub->read(draft), "brouillon");
  EXPECT_EQ(old_network.hub->read(unsent), "");
}

}  // namespace
}  // namespace solidaires::replication
