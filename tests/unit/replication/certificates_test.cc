// Certificates over real links and a clock that jumps: renewal, a change of authority, a long
// absence.
#include <gtest/gtest.h>

#include "tests/unit/replication/instance.h"

namespace solidaires::replication {
namespace {

using namespace std::chrono_literals;
using net::PeerState;
using std::chrono::days;

Bytes root_of(Instance const& instance) {
  auto const held = net::read_credentials(instance.files().credentials());
  auto const fingerprints = net::fingerprints_of(held.value().roots);
  Bytes all;
  for (auto const& fingerprint : fingerprints.value()) all += fingerprint;
  return all;
}

Bytes certificate_of(Instance const& instance) {
  auto const held = net::read_credentials(instance.files().credentials());
  return held.value().facts().value().fingerprint;
}

void pass(Network& network, Instance& node, Millis by) {
  network.hub->clock.shift(by);
  node.clock.shift(by);
}

bool rotate(Network const& network) {
  auto& hub = *network.hub;
  auto const done = rotate_authority(hub.files(), name("aura"), hub.clock);
  EXPECT_TRUE(done) << done.error().to_string();
  hub.replication->authorities_changed();
  return done.has_value();
}

Result<Retirement> retire(Network const& network, bool accepted) {
  auto& hub = *network.hub;
  auto outcome = retire_authority(hub.files(), *hub.store, name("aura"), accepted, hub.clock);
  hub.replication->authorities_changed();
  return outcome;
}

// Waits until a node's credentials trust the same roots as the hub's record names, `count` of them.
bool trusts(Instance& node, std::size_t count) {
  bool const reached = node.wait([&] { return root_of(node).size() == count * 32; });
  EXPECT_TRUE(reached) << root_of(node).size() / 32 << " roots";
  return reached;
}

TEST(Certificates, renew_by_themselves_at_two_thirds_and_not_before) {
  Network network;
  auto isere = network.join("isere");
  auto const first = certificate_of(*isere);
  isere.reset();
  isere = network.node("isere");
  pass(network, *isere, days(19));
  ASSERT_TRUE(isere->start());
  ASSERT_TRUE(isere->reaches("aura", PeerState::live));
  EXPECT_EQ(certificate_of(*isere), first);
  isere.reset();
  isere = network.node("isere");
  pass(network, *isere, days(21));
  ASSERT_TRUE(isere->start());
  EXPECT_TRUE(isere->wait([&] { return certificate_of(*isere) != first; }));
  EXPECT_TRUE(isere->wait([&] {
    auto const left = isere->replication->report().own_certificate_days;
    return left && *left >= 29;
  }));
}

TEST(Certificates, that_expired_never_stop_local_work) {
  Network network;
  auto isere = network.join("isere");
  network.hub->stop();
  isere->clock.shift(days(45));
  auto const key = isere->write(ScopeId::office(name("isere")), "without a certificate");
  EXPECT_EQ(isere->read(key), "without a certificate");
  isere.reset();
  isere = network.node("isere");
  isere->clock.shift(days(45));
  ASSERT_TRUE(isere->start());
  EXPECT_EQ(isere->read(key), "without a certificate");
  isere->write(key.scope, "and edited", key);
  EXPECT_EQ(isere->read(key), "and edited");
}

TEST(Certificates, bring_a_node_back_that_was_away_for_a_year) {
  Network network;
  auto isere = network.join("isere");
  isere.reset();
  isere = network.node("isere");
  isere->clock.shift(days(365));
  // The hub certifies itself when it starts.
  network.hub.reset();
  network.hub = network.make("aura", {.listen = net::Address{"127.0.0.1", network.port}});
  network.hub->clock.shift(days(365));
  ASSERT_TRUE(network.hub->start());
  auto const key = isere->write(ScopeId::office(name("isere")), "a year of work");
  ASSERT_TRUE(isere->start());
  EXPECT_TRUE(network.hub->holds(key, "a year of work"));
  EXPECT_TRUE(isere->reaches("aura", PeerState::live));
}

TEST(Certificates, that_expired_are_no_proof_once_superseded_suspended_or_too_old) {
  Network network;
  auto const isere = network.join("isere");
  auto const superseded = net::read_credentials(isere->files().credentials()).value();
  // Renewed twice: the first key was given up for good.
  auto const authorities = read_authorities(network.hub->files()).value();
  RegistryDesk desk(authorities.issuing, *network.hub->store, network.hub->clock);
  auto facts = superseded.facts().value();
  for (int i = 0; i < 2; ++i) {
    auto const pair = net::make_key_and_request().value();
    auto const issued = desk.renew(facts, pair.request).value();
    facts = net::read_certificate(issued.certificate).value();
  }
  network.hub->clock.shift(days(60));
  auto const request = net::make_key_and_request().value().request;
  auto const refused = desk.renew(superseded.facts().value(), request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::denied);
  EXPECT_TRUE(desk.renew(facts, request)) << "the last one still may";
  auto const roots = superseded.roots;
  auto const late = facts.not_after + net::kRenewalGrace + days(1);
  EXPECT_FALSE(
      net::verify(superseded.certificate, roots, net::Role::node, late, net::kRenewalGrace));
}

TEST(Certificates, of_two_authorities_are_trusted_until_the_old_one_is_retired) {
  Network network;
  auto isere = network.join("isere");
  auto savoie = network.join("savoie");
  savoie.reset();  // away while the roots change
  ASSERT_TRUE(rotate(network));
  ASSERT_TRUE(trusts(*isere, 2));
  EXPECT_TRUE(isere->reaches("aura", PeerState::live));
  EXPECT_TRUE(network.hub->replication->report().roots_overlap);
  EXPECT_EQ(rotate_authority(network.hub->files(), name("aura"), network.hub->clock).error().code(),
            Code::conflict);

  auto const asked = retire(network, false);
  ASSERT_TRUE(asked);
  EXPECT_FALSE(asked->done);
  EXPECT_EQ(asked->cut_off, std::vector{name("savoie")});
  savoie = network.node("savoie");
  ASSERT_TRUE(savoie->start());
  ASSERT_TRUE(trusts(*savoie, 2));

  auto const retired = retire(network, false);
  ASSERT_TRUE(retired);
  EXPECT_TRUE(retired->done);
  EXPECT_TRUE(trusts(*isere, 1));
  EXPECT_TRUE(trusts(*savoie, 1));
  EXPECT_FALSE(std::filesystem::exists(network.hub->files().successor()));
  // Everybody comes back under the new one alone, also after a restart.
  isere.reset();
  network.restart_hub();
  isere = network.node("isere");
  ASSERT_TRUE(isere->start());
  EXPECT_TRUE(isere->reaches("aura", PeerState::live));
  EXPECT_TRUE(savoie->reaches("aura", PeerState::live));
  EXPECT_EQ(retire(network, false).error().code(), Code::not_found);
}

// The hub's process, on the same port, `by` later.
void restart_hub(Network& network, Millis by) {
  network.hub.reset();
  network.hub = network.make("aura", {.listen = net::Address{"127.0.0.1", network.port}});
  network.hub->clock.shift(by);
  ASSERT_TRUE(network.hub->start());
}

TEST(Certificates, of_a_retired_authority_bring_a_node_back_step_by_step) {
  Network network;
  auto isere = network.join("isere");
  isere.reset();
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(rotate(network));
    auto const retired = retire(network, true);
    ASSERT_TRUE(retired && retired->done);
    EXPECT_EQ(retired->cut_off, std::vector{name("isere")});
  }
  restart_hub(network, days(365));
  isere = network.node("isere");
  isere->clock.shift(days(365));
  auto const key = isere->write(ScopeId::office(name("isere")), "a year of work");
  ASSERT_TRUE(isere->start());
  EXPECT_TRUE(network.hub->holds(key, "a year of work"));
  EXPECT_TRUE(isere->reaches("aura", PeerState::live));
  EXPECT_TRUE(trusts(*isere, 1)) << "the present one, and none of those that went";
}

TEST(Certificates,
     of_a_retired_authority_are_refused_without_a_succession_until_another_enrolment) {
  Network network;
  auto isere = network.join("isere");
  isere.reset();
  ASSERT_TRUE(rotate(network));
  auto const retired = retire(network, true);
  ASSERT_TRUE(retired && retired->done);
  std::filesystem::remove(network.hub->files().succession());  // as a hub of an older version
  network.restart_hub();
  isere = network.node("isere");
  ASSERT_TRUE(isere->start());
  ASSERT_TRUE(isere->reaches("aura", PeerState::refused));
  auto const key = isere->write(ScopeId::office(name("isere")), "meanwhile");
  ASSERT_TRUE(enrol(isere->files(), name("isere"), network.invite("isere"), isere->clock));
  EXPECT_TRUE(isere->reaches("aura", PeerState::live));
  EXPECT_TRUE(network.hub->holds(key, "meanwhile"));
}

TEST(Certificates, that_a_stolen_former_authority_signs_are_worthless) {
  Network network;
  auto isere = network.join("isere");
  auto const stolen = read_authorities(network.hub->files()).value().shown;
  isere.reset();
  ASSERT_TRUE(rotate(network));
  ASSERT_TRUE(retire(network, true));
  network.restart_hub();
  auto const now = network.hub->clock.now();
  auto const pair = net::make_key_and_request().value();
  net::Credentials const forged{
      pair.key, stolen.issue(pair.request, name("isere"), net::Role::node, now).value(),
      read_authorities(network.hub->files()).value().shown.roots()};
  auto const thief = network.make("isere", {.hub = network.address()}, "thief");
  ASSERT_TRUE(net::write_credentials(thief->files().credentials(), forged));
  ASSERT_TRUE(thief->start());
  EXPECT_TRUE(thief->reaches("aura", PeerState::refused));
  auto facts = forged.facts().value();
  facts.of_former_authority = true;
  RegistryDesk desk(read_authorities(network.hub->files()).value().issuing, *network.hub->store,
                    network.hub->clock);
  EXPECT_EQ(desk.renew(facts, pair.request).error().code(), Code::denied);
  EXPECT_EQ(certificate_of(*thief), forged.facts().value().fingerprint) << "it got no other";
}

TEST(Certificates, of_a_retired_authority_do_not_bring_a_revoked_node_back) {
  Network network;
  auto isere = network.join("isere");
  isere.reset();
  ASSERT_TRUE(rotate(network));
  ASSERT_TRUE(retire(network, true));
  ASSERT_TRUE(revoke(*network.hub->store, name("aura"), name("isere"), network.hub->clock));
  network.restart_hub();
  isere = network.node("isere");
  ASSERT_TRUE(isere->start());
  EXPECT_TRUE(isere->reaches("aura", PeerState::refused));
}

TEST(Certificates, that_an_enrolment_replaced_do_not_hide_the_link_that_lives) {
  Network network;
  auto isere = network.join("isere");
  auto const old = net::read_credentials(isere->files().credentials()).value();
  isere.reset();
  isere = network.node("isere");
  pass(network, *isere, 5s);
  ASSERT_TRUE(enrol(isere->files(), name("isere"), network.invite("isere"), isere->clock));
  ASSERT_TRUE(isere->start());
  ASSERT_TRUE(isere->reaches("aura", PeerState::live));
  auto const thief = network.make("isere", {.hub = network.address()}, "thief");
  ASSERT_TRUE(net::write_credentials(thief->files().credentials(), old));
  ASSERT_TRUE(thief->start());
  ASSERT_TRUE(thief->reaches("aura", PeerState::refused));
  EXPECT_TRUE(network.hub->wait([&] {
    return network.hub->link("isere").link.last_error.find("turned away") != std::string::npos;
  }));
  EXPECT_EQ(network.hub->link("isere").link.state, PeerState::live);
  auto const key = isere->write(ScopeId::office(name("isere")), "goes on");
  EXPECT_TRUE(network.hub->holds(key, "goes on"));
}

TEST(Certificates, can_be_asked_for_with_a_token_while_two_authorities_overlap) {
  Network network;
  ASSERT_TRUE(rotate(network));
  auto const isere = network.join("isere");
  EXPECT_EQ(root_of(*isere).size(), 64U);
  auto const retired = retire(network, false);
  ASSERT_TRUE(retired);
  EXPECT_TRUE(retired->done) << "it was certified by the new one";
}

TEST(Certificates, survive_a_rotation_or_a_retirement_that_was_cut_off) {
  Network network;
  auto const& files = network.hub->files();
  ASSERT_TRUE(rotate(network));
  auto const successor = net::read_secret_file(files.successor()).value();
  auto const retired = retire(network, true);
  ASSERT_TRUE(retired && retired->done);
  // The old file was not removed yet when the power went.
  ASSERT_TRUE(net::write_secret_file(files.successor(), successor));
  EXPECT_FALSE(read_authorities(files).value().overlap());
  ASSERT_TRUE(rotate(network));
  EXPECT_TRUE(read_authorities(files).value().overlap());
}

}  // namespace
}  // namespace solidaires::replication
