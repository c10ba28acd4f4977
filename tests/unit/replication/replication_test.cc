// Whole instances over loopback TLS, with real stores.
#include "node/replication/replication.h"

#include <gtest/gtest.h>

#include <iostream>

#include "tests/unit/replication/instance.h"

namespace solidaires::replication {
namespace {

using namespace std::chrono_literals;
using net::PeerState;

TEST(Replication, brings_an_edit_of_one_node_to_the_hub_and_to_the_other_node) {
  Network network;
  auto const isere = network.join("isere");
  auto const savoie = network.join("savoie");
  auto const key = isere->write(ScopeId::published(name("isere")), "Marché paysan");
  EXPECT_TRUE(network.hub->holds(key, "Marché paysan"));
  EXPECT_TRUE(savoie->holds(key, "Marché paysan"));
  auto const draft = isere->write(ScopeId::office(name("isere")), "brouillon");
  EXPECT_TRUE(network.hub->holds(draft, "brouillon"));
  // The hub's moderator works on the node's own copy.
  network.hub->write(draft.scope, "relu", draft);
  EXPECT_TRUE(isere->holds(draft, "relu"));
  isere->write(key.scope, "Marché de Noël", key);
  EXPECT_TRUE(savoie->holds(key, "Marché de Noël"));
  EXPECT_EQ(savoie->read(draft), "");
}

TEST(Replication, proves_that_hub_and_node_hold_the_same_and_says_so) {
  Network network;
  auto const isere = network.join("isere");
  auto const key = isere->write(ScopeId::published(name("isere")), "Marché");
  ASSERT_TRUE(network.hub->holds(key, "Marché"));
  isere->replication->compare(name("aura"));
  EXPECT_TRUE(isere->wait([&] { return isere->link("aura").in_sync; }));
  EXPECT_TRUE(network.hub->wait([&] { return network.hub->link("isere").in_sync; }));
  for (auto const& proof : network.hub->link("isere").proofs) {
    EXPECT_EQ(proof.proof, Proof::proven) << proof.scope.to_string();
    EXPECT_EQ(proof.differences, 0U);
  }
  isere->stop();
  EXPECT_TRUE(network.hub->wait([&] { return !network.hub->link("isere").in_sync; }))
      << "what is away is not proven";
}

TEST(Replication, is_not_in_sync_again_before_it_has_compared_again) {
  Network network;
  auto const isere = network.join("isere");
  for (int i = 0; i < 5; ++i) {
    auto const before = network.hub->link("isere").link.connections;
    network.hub->cut();
    LinkReport report;
    ASSERT_TRUE(network.hub->wait([&] {
      report = network.hub->link("isere");
      return report.link.connections > before && report.in_sync;
    }));
    for (auto const& stream : report.link.view.receiving) {
      auto const proof = std::ranges::find(report.proofs, stream.scope, &ScopeProof::scope);
      ASSERT_NE(proof, report.proofs.end()) << stream.scope.to_string();
      EXPECT_EQ(proof->proof, Proof::proven);
    }
    EXPECT_GE(report.proofs.size(), 3U) << "office, public and network";
  }
}

TEST(Replication, pushes_live_and_prints_how_fast) {
  Network network;
  auto const isere = network.join("isere");
  auto const savoie = network.join("savoie");
  std::vector<double> milliseconds;
  for (int i = 0; i < 30; ++i) {
    auto const start = std::chrono::steady_clock::now();
    auto const key = isere->write(ScopeId::published(name("isere")), "live");
    ASSERT_TRUE(savoie->holds(key, "live"));
    milliseconds.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
            .count());
  }
  std::ranges::sort(milliseconds);
  std::cout << "node to hub to node, commits included: median "
            << milliseconds[milliseconds.size() / 2] << " ms, worst " << milliseconds.back()
            << " ms\n";
}

TEST(Replication, a_subscription_that_ends_takes_its_documents_away_and_is_confirmed) {
  Network network;
  auto const isere = network.join("isere");
  auto const savoie = network.join("savoie");
  auto const key = isere->write(ScopeId::published(name("isere")), "Marché paysan");
  auto const own = savoie->write(ScopeId::published(name("savoie")), "own");
  ASSERT_TRUE(savoie->holds(key, "Marché paysan"));
  std::ignore = network.invite("savoie", {.node = {.every_public = false}});
  EXPECT_TRUE(savoie->holds(key, ""));
  EXPECT_TRUE(network.hub->wait([&] { return network.hub->link("savoie").withdrawals.empty(); }));
  EXPECT_EQ(savoie->read(own), "own");
  EXPECT_EQ(network.hub->read(key), "Marché paysan");
  // Its word outlives the hub's process, until the right comes back.
  network.restart_hub();
  EXPECT_TRUE(network.hub->link("savoie").withdrawals.empty());
  std::ignore = network.invite("savoie");
  EXPECT_TRUE(savoie->holds(key, "Marché paysan"));
}

TEST(Replication, a_node_that_is_away_is_shown_as_still_holding_what_was_withdrawn) {
  Network network;
  auto const isere = network.join("isere");
  auto savoie = network.join("savoie");
  auto const key = isere->write(ScopeId::published(name("isere")), "Marché paysan");
  ASSERT_TRUE(savoie->holds(key, "Marché paysan"));
  savoie.reset();
  std::ignore = network.invite("savoie", {.node = {.every_public = false}});
  auto const waiting = [&] { return network.hub->link("savoie").withdrawals; };
  ASSERT_FALSE(waiting().empty());
  savoie = network.node("savoie");
  ASSERT_TRUE(savoie->start());
  EXPECT_TRUE(savoie->holds(key, ""));
  EXPECT_TRUE(network.hub->wait([&] { return waiting().empty(); }));
}

TEST(Replication, shows_the_registry_of_the_network_on_every_node) {
  Network network;
  auto const isere = network.join("isere");
  ASSERT_TRUE(isere->wait([&] {
    auto const hub = isere->replication->registry().find(name("aura"));
    return hub && hub->hub && hub->title == "Région";
  }));
  std::ignore = network.invite(
      "drome", {.node = {.title = "Drôme", .territory = {"26"}, .delegates_moderation = true}});
  ASSERT_TRUE(isere->wait([&] {
    auto const drome = isere->replication->registry().find(name("drome"));
    return drome && drome->delegates_moderation &&
           drome->territory == std::vector<std::string>{"26"};
  }));
  EXPECT_EQ(network.hub->link("drome").link.last_error, "not enrolled yet");
}

TEST(Replication, loses_nothing_when_the_link_is_cut_during_a_large_transfer) {
  Network network;
  auto const isere = network.node("isere");
  ASSERT_TRUE(enrol(isere->files(), name("isere"), network.invite("isere"), isere->clock));
  auto const scope = ScopeId::office(name("isere"));
  constexpr std::uint64_t kDocuments = 3'000;
  store::Commit commit{.now = isere->clock.now(), .author = "test"};
  for (std::uint64_t i = 0; i < kDocuments; ++i) {
    commit.documents.push_back({.key = {scope, DocumentId::make(commit.now, isere->rng)},
                                .type = "note",
                                .fields = {{std::string(sync::kExistence), Bytes(sync::kAlive)},
                                           {"title", std::string(1'000, 'x')}}});
  }
  ASSERT_TRUE(isere->store->commit(commit));
  ASSERT_TRUE(isere->start());
  auto const arrived = [&] { return network.hub->store->count("note", scope); };
  for (std::uint64_t part = 1; part <= 4; ++part) {
    ASSERT_TRUE(network.hub->wait([&] { return arrived() >= part * 400; }));
    isere->cut();
  }
  EXPECT_TRUE(network.hub->wait([&] { return arrived() == kDocuments; }));
  EXPECT_TRUE(isere->wait([&] {
    auto const link = isere->link("aura");
    return link.link.state == PeerState::live && link.documents_behind_at_most == 0;
  }));
}

TEST(Replication, merges_what_both_sides_wrote_while_the_hub_was_down) {
  Network network;
  auto const isere = network.join("isere");
  auto const scope = ScopeId::office(name("isere"));
  auto const shared = isere->write(scope, "before");
  ASSERT_TRUE(network.hub->holds(shared, "before"));
  network.hub.reset();
  ASSERT_TRUE(isere->reaches("aura", PeerState::waiting));
  auto const alone = isere->write(scope, "written alone");
  isere->write(scope, "by the node", shared);
  auto const behind = isere->link("aura");
  EXPECT_GE(behind.documents_behind_at_most, 2U);
  EXPECT_GT(behind.age_max, Millis{0});
  network.restart_hub();
  EXPECT_TRUE(network.hub->holds(alone, "written alone"));
  EXPECT_TRUE(network.hub->holds(shared, "by the node"));
  EXPECT_TRUE(isere->reaches("aura", PeerState::live));
}

TEST(Replication, comes_back_when_the_node_restarts) {
  Network network;
  auto isere = network.join("isere");
  auto const scope = ScopeId::office(name("isere"));
  auto const key = isere->write(scope, "first");
  ASSERT_TRUE(network.hub->holds(key, "first"));
  isere.reset();
  ASSERT_TRUE(network.hub->reaches("isere", PeerState::absent));
  network.hub->write(scope, "edited at the hub meanwhile", key);
  isere = network.node("isere");
  ASSERT_TRUE(isere->start());
  EXPECT_TRUE(isere->holds(key, "edited at the hub meanwhile"));
}

TEST(Replication, takes_up_credentials_that_appear_while_it_runs) {
  Network network;
  auto const isere = network.node("isere");
  ASSERT_TRUE(isere->start());
  auto const before = isere->replication->report();
  EXPECT_FALSE(before.enrolled);
  EXPECT_NE(before.waiting_for.find("not enrolled"), std::string::npos);
  ASSERT_TRUE(enrol(isere->files(), name("isere"), network.invite("isere"), isere->clock));
  EXPECT_TRUE(isere->reaches("aura", PeerState::live));
  EXPECT_TRUE(isere->replication->report().enrolled);
  EXPECT_EQ(isere->replication->report().waiting_for, "");
  EXPECT_EQ(isere->replication->report().own_certificate_days, 29);
}

// ---- Tokens ----

TEST(Enrolment, takes_a_token_once_even_from_many_at_the_same_time) {
  Network network;
  auto const token = network.invite("isere");
  std::vector<std::future<Result<Enrolled>>> attempts;
  std::vector<std::unique_ptr<Folder>> folders;
  for (int i = 0; i < 6; ++i) {
    folders.push_back(std::make_unique<Folder>());
    attempts.push_back(std::async(std::launch::async, [&, folder = folders.back().get()] {
      return enrol({folder->path()}, name("isere"), token, SystemClock());
    }));
  }
  int successes = 0;
  for (auto& attempt : attempts) {
    auto const outcome = attempt.get();
    successes += outcome ? 1 : 0;
    if (outcome) continue;
    EXPECT_EQ(outcome.error().code(), Code::denied);
    EXPECT_NE(outcome.error().message().find("used already"), std::string::npos)
        << outcome.error().message();
  }
  EXPECT_EQ(successes, 1);
}

TEST(Enrolment, refuses_a_token_that_expired_was_mangled_or_is_for_another) {
  Network network;
  Folder folder;
  StateFiles const files{folder.path()};
  SystemClock clock;
  auto const token = network.invite("isere");
  EXPECT_NE(enrol(files, name("drome"), token, clock).error().message().find("for isere"),
            std::string::npos);
  EXPECT_EQ(enrol(files, name("isere"), "hello", clock).error().code(), Code::invalid);
  ShiftedClock later;
  later.shift(73h);
  EXPECT_NE(enrol(files, name("isere"), token, later).error().message().find("expired"),
            std::string::npos);
  // A node whose clock is wrong does not decide: the hub does.
  network.hub->clock.shift(73h);
  auto const late = enrol(files, name("isere"), token, clock);
  ASSERT_FALSE(late);
  EXPECT_FALSE(std::filesystem::exists(files.credentials()));
}

TEST(Enrolment, does_not_hand_the_token_to_another_hub) {
  Network network;
  Network other;
  auto token = net::EnrolmentToken::parse(network.invite("isere")).value();
  token.hub_address = other.address().to_string();
  Folder folder;
  auto const outcome = enrol({folder.path()}, name("isere"), token.to_text(), SystemClock());
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), Code::unauthenticated);
  EXPECT_NE(outcome.error().message().find("not the hub"), std::string::npos);
  // It was not used up.
  token.hub_address = network.address().to_string();
  EXPECT_TRUE(enrol({folder.path()}, name("isere"), token.to_text(), SystemClock()));
}

TEST(Enrolment, ends_the_certificate_of_the_enrolment_before) {
  Network network;
  auto isere = network.join("isere");
  isere->stop();
  network.hub->clock.shift(1h);
  Folder elsewhere;
  ASSERT_TRUE(
      enrol({elsewhere.path()}, name("isere"), network.invite("isere"), network.hub->clock));
  isere = network.node("isere");
  ASSERT_TRUE(isere->start());
  ASSERT_TRUE(isere->reaches("aura", PeerState::refused));
  EXPECT_NE(isere->link("aura").link.last_error.find("later enrolment"), std::string::npos);
}

TEST(Enrolment, done_again_while_running_makes_a_new_incarnation_and_goes_on) {
  Network network;
  auto const isere = network.join("isere");
  auto const scope = ScopeId::office(name("isere"));
  auto const key = isere->write(scope, "before");
  ASSERT_TRUE(network.hub->holds(key, "before"));
  auto const replica = isere->store->replica();
  isere->clock.shift(2s);
  network.hub->clock.shift(2s);  // certificates tell times to the second
  ASSERT_TRUE(enrol(isere->files(), name("isere"), network.invite("isere"), isere->clock));
  EXPECT_TRUE(isere->wait([&] {
    return isere->store->replica() != replica && isere->link("aura").link.state == PeerState::live;
  }));
  isere->write(scope, "after", key);
  EXPECT_TRUE(network.hub->holds(key, "after"));
  EXPECT_FALSE(std::filesystem::exists(isere->files().new_incarnation()));
}

TEST(Enrolment, founds_a_network_once) {
  Network network;
  auto const first = net::read_secret_file(network.hub->files().authority()).value();
  ASSERT_TRUE(create_network(network.hub->files(), *network.hub->store,
                             {.name = name("aura"), .title = "Région Auvergne"}, network.hub->clock,
                             network.hub->rng));
  EXPECT_EQ(net::read_secret_file(network.hub->files().authority()).value(), first);
  EXPECT_EQ(network.hub->replication->registry().find(name("aura"))->title, "Région Auvergne");
  EXPECT_EQ(network.hub->replication->registry().nodes().size(), 1U);
  auto const other = create_network(network.hub->files(), *network.hub->store,
                                    {.name = name("autre")}, network.hub->clock, network.hub->rng);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), Code::conflict);
}

// ---- Who may not ----

TEST(Replication, turns_a_suspended_node_away_at_once_and_takes_it_back) {
  Network network;
  auto const isere = network.join("isere");
  ASSERT_TRUE(
      set_suspended(*network.hub->store, name("aura"), name("isere"), true, network.hub->clock));
  ASSERT_TRUE(isere->reaches("aura", PeerState::refused));
  EXPECT_NE(isere->link("aura").link.last_error.find("suspended"), std::string::npos);
  ASSERT_TRUE(network.hub->reaches("isere", PeerState::refused));
  auto const key = isere->write(ScopeId::office(name("isere")), "meanwhile");
  ASSERT_TRUE(
      set_suspended(*network.hub->store, name("aura"), name("isere"), false, network.hub->clock));
  EXPECT_TRUE(network.hub->holds(key, "meanwhile"));
  EXPECT_EQ(
      set_suspended(*network.hub->store, name("aura"), name("drome"), true, network.hub->clock)
          .error()
          .code(),
      Code::not_found);
}

TEST(Replication, keeps_what_a_node_wrote_into_foreign_scopes_away_from_the_hub) {
  Network network;
  auto const isere = network.join("isere");
  auto const stolen = isere->write(ScopeId::published(name("savoie")), "not mine");
  auto const forged = isere->write(ScopeId::network(name("aura")), "not the hub's word");
  auto const own = isere->write(ScopeId::office(name("isere")), "mine");
  ASSERT_TRUE(network.hub->holds(own, "mine"));
  EXPECT_EQ(network.hub->read(stolen), "");
  EXPECT_EQ(network.hub->read(forged), "");
}

TEST(Replication, refuses_credentials_of_another_node) {
  Network network;
  auto const isere = network.join("isere");
  auto const savoie = network.node("savoie");
  ASSERT_TRUE(net::write_credentials(savoie->files().credentials(),
                                     net::read_credentials(isere->files().credentials()).value()));
  auto const outcome = savoie->start();
  ASSERT_FALSE(outcome);
  EXPECT_NE(outcome.error().message().find("isere"), std::string::npos);
}

}  // namespace
}  // namespace solidaires::replication
