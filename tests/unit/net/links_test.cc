// Real links over loopback TLS between stores in memory.
#include "sync/net/links.h"

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <iostream>

#include "tests/unit/net/side.h"

namespace solidaires::net {
namespace {

using namespace std::chrono_literals;

ScopeId const kOffice = ScopeId::office(name("isere"));
ScopeId const kNetwork = ScopeId::network(name("aura"));

struct Pair {
  TestNetwork network;
  Side hub{"aura", 1};
  Side node{"isere", 2};
  std::uint16_t port = 0;

  void connect() {
    port = hub.listen(network.credentials("aura", Role::hub));
    node.dial(port, network.credentials("isere"));
    ASSERT_TRUE(node.reaches("aura", PeerState::live));
    ASSERT_TRUE(hub.reaches("isere", PeerState::live));
  }
};

TEST(Links, carry_documents_both_ways_and_push_new_ones_at_once) {
  Pair pair;
  auto const early = key_in(kOffice, 1);
  pair.node.store.write(early, "written before the link");
  pair.connect();
  EXPECT_TRUE(pair.hub.holds(early, "written before the link"));
  auto const down = key_in(kNetwork, 2);
  pair.hub.store.write(down, "from the hub");
  EXPECT_TRUE(pair.node.holds(down, "from the hub"));
  std::vector<double> latencies;
  for (std::uint64_t i = 0; i < 20; ++i) {
    auto const live = key_in(kOffice, 100 + i);
    auto const start = std::chrono::steady_clock::now();
    pair.node.store.write(live, "live");
    ASSERT_TRUE(pair.hub.holds(live, "live"));
    latencies.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
            .count());
  }
  std::ranges::sort(latencies);
  std::cout << "live push: median " << latencies[latencies.size() / 2] << " ms, worst "
            << latencies.back() << " ms\n";
  EXPECT_TRUE(
      pair.hub.signal.wait([&] { return pair.hub.peer("isere").traffic.documents_in >= 21; }));
  auto const status = pair.hub.peer("isere");
  EXPECT_GT(status.traffic.bytes_in, 21U * 16);
  EXPECT_GT(status.certificate_expires, SystemClock().now() + 29 * 24h);
}

TEST(Links, know_that_both_ends_hold_the_same_and_find_what_was_lost) {
  Pair pair;
  std::vector<sync::DocumentKey> keys;
  for (std::uint64_t i = 1; i <= 50; ++i) {
    keys.push_back(key_in(kOffice, i));
    pair.node.store.write(keys.back(), "one of many");
  }
  pair.connect();
  auto const proven = [](Side& side, std::string_view peer) {
    auto const view = side.peer(peer).view;
    return view.compares && !view.probes.empty() &&
           std::ranges::all_of(view.probes, &sync::ProbeView::proven);
  };
  EXPECT_TRUE(pair.node.signal.wait([&] { return proven(pair.node, "aura"); }));
  EXPECT_TRUE(pair.hub.signal.wait([&] { return proven(pair.hub, "isere"); }));
  EXPECT_EQ(pair.hub.peer("isere").differences, 0U);
  pair.hub.store.lose(keys[7]);
  pair.node.links->compare(name("aura"));
  EXPECT_TRUE(pair.hub.holds(keys[7], "one of many"));
  EXPECT_TRUE(pair.node.signal.wait([&] { return proven(pair.node, "aura"); }));
  EXPECT_EQ(pair.node.peer("aura").differences, 1U);
  EXPECT_NE(pair.node.peer("aura").last_difference.find("office/isere"), std::string::npos);
}

TEST(Links, let_returning_nodes_catch_up_in_turn_until_all_have) {
  TestNetwork network;
  auto options = quick_options();
  options.catching_up_max = 1;
  Side hub("aura", 1, options);
  auto const port = hub.listen(network.credentials("aura", Role::hub));
  std::vector<std::unique_ptr<Side>> nodes;
  std::vector<sync::DocumentKey> keys;
  for (std::uint64_t i = 0; i < 4; ++i) {
    auto const own = cat("node", i);
    nodes.push_back(std::make_unique<Side>(own, 10 + i));
    keys.push_back(key_in(ScopeId::office(name(own)), i));
    nodes.back()->store.write(keys.back(), "written while away");
    nodes.back()->dial(port, network.credentials(own));
  }
  for (auto const& key : keys) EXPECT_TRUE(hub.holds(key, "written while away"));
  EXPECT_TRUE(hub.signal.wait([&] {
    auto const status = hub.links->status();
    return status.peers.size() == 4 &&
           std::ranges::all_of(status.peers, [](auto const& peer) { return peer.view.admitted; });
  }));
}

TEST(Links, relay_from_one_node_through_the_hub_to_another) {
  Pair pair;
  pair.hub.policy.know(name("isere"));
  Side other("savoie", 3);
  pair.connect();
  other.dial(pair.port, pair.network.credentials("savoie"));
  auto const key = key_in(ScopeId::published(name("isere")), 1);
  pair.node.store.write(key, "marché");
  EXPECT_TRUE(other.holds(key, "marché"));
  auto const secret = key_in(kOffice, 2);
  pair.node.store.write(secret, "draft");
  EXPECT_TRUE(pair.hub.holds(secret, "draft"));
  pair.node.store.write(key, "marché de Noël");
  EXPECT_TRUE(other.holds(key, "marché de Noël"));
  EXPECT_EQ(other.store.read(secret), "") << "an office scope must not reach another node";
}

TEST(Links, converge_after_being_cut_in_the_middle_of_a_large_transfer) {
  Pair pair;
  std::string const text(2'000, 'x');
  for (std::uint64_t i = 0; i < 3'000; ++i) pair.node.store.write(key_in(kOffice, i), text);
  pair.connect();
  for (std::size_t part = 1; part <= 4; ++part) {
    ASSERT_TRUE(pair.hub.signal.wait([&] { return pair.hub.store.size() >= part * 500; }));
    pair.node.loop.run([&] { pair.node.links->cut(); });
  }
  EXPECT_TRUE(pair.hub.signal.wait([&] { return pair.hub.store.size() == 3'000; }));
  EXPECT_TRUE(pair.node.reaches("aura", PeerState::live));
  EXPECT_GE(pair.hub.peer("isere").connections, 2U);
}

TEST(Links, come_back_when_the_hub_was_away) {
  TestNetwork const network;
  Side node("isere", 2);
  auto hub = std::make_unique<Side>("aura", 1);
  auto const port = hub->listen(network.credentials("aura", Role::hub));
  node.dial(port, network.credentials("isere"));
  ASSERT_TRUE(node.reaches("aura", PeerState::live));
  hub->stop();
  ASSERT_TRUE(node.reaches("aura", PeerState::waiting));
  Side again("aura", 5);  // rebuilt from nothing
  again.loop.run([&] {
    ASSERT_TRUE(again.links->accept_with(network.credentials("aura", Role::hub)));
    ASSERT_TRUE(again.links->listen({"127.0.0.1", port}));
  });
  EXPECT_TRUE(node.reaches("aura", PeerState::live));
}

TEST(Links, refuse_a_certificate_of_another_authority_and_say_so_on_both_sides) {
  TestNetwork const network;
  TestNetwork const foreign;
  Side hub("aura", 1);
  Side node("isere", 2);
  auto const port = hub.listen(network.credentials("aura", Role::hub));
  auto credentials = foreign.credentials("isere");
  credentials.roots =
      network.authority.roots();  // it believes the hub, the hub must not believe it
  node.dial(port, credentials);
  ASSERT_TRUE(node.reaches("aura", PeerState::refused));
  EXPECT_NE(node.peer("aura").last_error.find("another network"), std::string::npos);
  EXPECT_NE(hub.links->status().last_stranger.find("another network"), std::string::npos);
  EXPECT_TRUE(hub.links->status().peers.empty()) << "an unverified name must not be shown";
}

TEST(Links, refuse_an_expired_certificate_and_say_so_on_both_sides) {
  TestNetwork const network("aura", SystemClock().now() - 100 * 24h);
  Side hub("aura", 1);
  Side node("isere", 2);
  auto const port = hub.listen(network.credentials("aura", Role::hub));
  node.dial(port, network.credentials("isere", Role::node, SystemClock().now() - 31 * 24h));
  ASSERT_TRUE(node.reaches("aura", PeerState::refused));
  EXPECT_NE(node.peer("aura").last_error.find("expired"), std::string::npos);
  EXPECT_NE(hub.links->status().last_stranger.find("expired"), std::string::npos);
}

TEST(Links, do_not_trust_a_node_that_answers_in_the_place_of_the_hub) {
  TestNetwork const network;
  Side impostor("drome", 1);
  Side node("isere", 2);
  auto const port = impostor.listen(network.credentials("drome"));  // a node's certificate
  node.dial(port, network.credentials("isere"));
  ASSERT_TRUE(node.reaches("aura", PeerState::refused));
  EXPECT_NE(node.peer("aura").last_error.find("the hub's certificate"), std::string::npos);
}

TEST(Links, do_not_trust_another_hub_of_the_same_authority) {
  TestNetwork const network;
  Side impostor("drome", 1);
  Side node("isere", 2);
  auto const port = impostor.listen(network.credentials("drome", Role::hub));
  node.dial(port, network.credentials("isere"));
  ASSERT_TRUE(node.reaches("aura", PeerState::refused));
  EXPECT_NE(node.peer("aura").last_error.find("not aura"), std::string::npos);
}

TEST(Links, turn_a_suspended_node_away_until_it_is_allowed_again) {
  Pair pair;
  pair.connect();
  pair.hub.policy.suspend(name("isere"), true);
  pair.hub.links->policy_changed();
  ASSERT_TRUE(pair.node.reaches("aura", PeerState::refused));
  ASSERT_TRUE(pair.hub.reaches("isere", PeerState::refused));
  EXPECT_NE(pair.node.peer("aura").last_error.find("suspended"), std::string::npos);
  // Local life goes on meanwhile, and arrives later.
  auto const key = key_in(kOffice, 1);
  pair.node.store.write(key, "written while suspended");
  pair.hub.policy.suspend(name("isere"), false);
  EXPECT_TRUE(pair.hub.holds(key, "written while suspended"));
  EXPECT_TRUE(pair.node.reaches("aura", PeerState::live));
  EXPECT_EQ(pair.node.peer("aura").last_error, "");
}

TEST(Links, keep_the_newer_of_two_connections_of_one_node) {
  Pair pair;
  pair.connect();
  Side twin("isere", 4);
  twin.dial(pair.port, pair.network.credentials("isere"));
  EXPECT_TRUE(twin.reaches("aura", PeerState::live));
  EXPECT_GE(pair.hub.peer("isere").connections, 2U);
}

TEST(Links, stop_while_the_hub_cannot_be_reached) {
  TestNetwork const network;
  Side node("isere", 2);
  std::uint16_t port = 0;
  {
    Side hub("aura", 1);
    port = hub.listen(network.credentials("aura", Role::hub));
  }
  node.dial(port, network.credentials("isere"));
  EXPECT_TRUE(node.reaches("aura", PeerState::waiting));
  EXPECT_NE(node.peer("aura").last_error.find("127.0.0.1"), std::string::npos);
  node.stop();
}

TEST(Links, say_that_a_port_is_taken) {
  TestNetwork const network;
  Side first("aura", 1);
  auto const port = first.listen(network.credentials("aura", Role::hub));
  Side second("aura", 2);
  auto const outcome = second.loop.run([&] {
    EXPECT_TRUE(second.links->accept_with(network.credentials("aura", Role::hub)));
    return second.links->listen({"127.0.0.1", port});
  });
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), Code::busy);
}

TEST(Links, renew_a_certificate_that_is_past_two_thirds_of_its_life) {
  struct Desk final : EnrolmentDesk {
    Result<Issued> redeem(NodeName const&, std::string_view, std::string_view) override {
      return fail(Code::denied, "not here");
    }
    Result<Issued> renew(CertificateFacts const& current, std::string_view request) override {
      auto leaf = network.authority.issue(request, current.node, Role::node, SystemClock().now());
      if (!leaf) return std::unexpected(leaf.error());
      return Issued{*leaf, network.authority.roots()};
    }
    TestNetwork network{"aura", SystemClock().now() - 100 * 24h};
  } desk;
  Side hub("aura", 1);
  Side node("isere", 2);
  hub.policy.desk_ = &desk;
  auto const port = hub.listen(desk.network.credentials("aura", Role::hub));
  node.dial(port, desk.network.credentials("isere", Role::node, SystemClock().now() - 25 * 24h));
  ASSERT_TRUE(node.signal.wait([&] {
    return node.links->status().own_certificate_expires > SystemClock().now() + 29 * 24h;
  }));
  ASSERT_TRUE(node.policy.kept());
  EXPECT_TRUE(node.policy.kept()->facts());
}

// ---- A peer that does not keep the protocol ----

// A verified node that sends what a test wants.
class RawNode final : public ChannelEvents {
 public:
  RawNode(TestNetwork const& network, std::uint16_t port)
      : transport_(
            loop_.run([&] { return std::make_unique<Transport>(loop_.io(), workers_, clock_); })) {
    std::promise<Result<Opened>> opened;
    loop_.run([&] {
      ASSERT_TRUE(transport_->dial_with(network.credentials("isere")));
      transport_->dial({"127.0.0.1", port},
                       [&](Result<Opened> outcome) { opened.set_value(std::move(outcome)); });
    });
    auto outcome = opened.get_future().get();
    EXPECT_TRUE(outcome) << outcome.error().to_string();
    channel_ = outcome->channel;
    loop_.run([&] { channel_->start(*this); });
  }
  ~RawNode() override {
    std::promise<void> stopped;
    boost::asio::post(loop_.io(), [&] { transport_->stop([&] { stopped.set_value(); }); });
    stopped.get_future().wait();
    loop_.run([&] {
      channel_.reset();
      transport_.reset();
    });
  }
  void send(Bytes message) {
    loop_.run([&] { channel_->send(std::move(message), Lane::control); });
  }
  [[nodiscard]] bool is_closed_by_the_hub() {
    return signal_.wait([&] { return closed_.load(); });
  }
  [[nodiscard]] std::size_t parts_sent() const { return parts_sent_; }

 private:
  void received(Bytes) override {}
  void sent(std::size_t, Lane) override { ++parts_sent_; }
  void receiving(std::size_t) override {}
  void closed(Error const&) override {
    closed_ = true;
    signal_.notify();
  }
  Signal signal_;
  SystemClock clock_;
  ThreadWorkers workers_;
  Loop loop_;
  std::unique_ptr<Transport> transport_;
  std::shared_ptr<Channel> channel_;
  std::atomic<bool> closed_ = false;
  std::atomic<std::size_t> parts_sent_ = 0;
};

struct HubAlone {
  TestNetwork network;
  Side hub{"aura", 1};
  std::uint16_t port = hub.listen(network.credentials("aura", Role::hub));
};

TEST(Links, close_on_garbage_and_show_the_reason) {
  HubAlone alone;
  RawNode node(alone.network, alone.port);
  node.send("this is no frame");
  EXPECT_TRUE(node.is_closed_by_the_hub());
  ASSERT_TRUE(alone.hub.reaches("isere", PeerState::refused));
  EXPECT_NE(alone.hub.peer("isere").last_error.find("protocol"), std::string::npos);
}

TEST(Links, close_on_a_frame_larger_than_the_limit_and_show_the_reason) {
  HubAlone alone;
  RawNode node(alone.network, alone.port);
  node.send(Bytes(limits::kFrameBytes + 1, 'x'));
  EXPECT_TRUE(node.is_closed_by_the_hub());
  ASSERT_TRUE(alone.hub.reaches("isere", PeerState::absent));
  EXPECT_NE(alone.hub.peer("isere").last_error.find("larger than the limit"), std::string::npos);
}

// On a line of 64 kbit/s such a message takes two minutes, and the link gives up after half of one
// without any progress.
TEST(Links, tell_the_progress_of_a_large_message_while_it_is_sent) {
  HubAlone alone;
  RawNode node(alone.network, alone.port);
  node.send(Bytes(1'000'000, '\xff'));  // no frame
  EXPECT_TRUE(node.is_closed_by_the_hub());
  EXPECT_GE(node.parts_sent(), 50U);
}

TEST(Links, drop_a_connection_that_says_nothing) {
  TestNetwork const network;
  auto options = quick_options();
  options.transport.handshake_deadline = Millis{100};
  Side hub("aura", 1, options);
  auto const port = hub.listen(network.credentials("aura", Role::hub));
  boost::asio::io_context io;
  boost::asio::ip::tcp::socket socket(io);
  socket.connect({boost::asio::ip::make_address("127.0.0.1"), port});
  boost::system::error_code error;
  char byte = 0;
  boost::asio::read(socket, boost::asio::buffer(&byte, 1), error);
  EXPECT_TRUE(error) << "the hub must close first";
}

}  // namespace
}  // namespace solidaires::net
