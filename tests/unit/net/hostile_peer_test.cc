// A node with a good certificate that says whatever it likes, over real links. It may waste its own
// link; the others and the store of the hub must not notice.
#include <gtest/gtest.h>

#include "sync/wire/frame_codec.h"
#include "tests/unit/net/side.h"

namespace solidaires::net {
namespace {

using namespace sync;

ScopeId const kOffice = ScopeId::office(name("isere"));
ScopeId const kPublic = ScopeId::published(name("isere"));
constexpr std::uint64_t kMost = ~std::uint64_t{0};

// The peer's end of one connection: frames out as given, frames in as they come.
class Liar final : public ChannelEvents {
 public:
  Liar(Loop& loop, Workers& workers, Clock const& clock, std::uint16_t port,
       Credentials const& credentials)
      : loop_(loop) {
    loop_.run([&] {
      transport_ = std::make_unique<Transport>(loop_.io(), workers, clock);
      EXPECT_TRUE(transport_->dial_with(credentials));
      transport_->dial({"127.0.0.1", port}, [this](Result<Opened> opened) {
        if (opened) channel_ = opened->channel;
        if (channel_) channel_->start(*this);
        signal_.notify();
      });
    });
    EXPECT_TRUE(signal_.wait([this] { return loop_.run([this] { return channel_ != nullptr; }); }));
  }
  ~Liar() {
    std::promise<void> stopped;
    boost::asio::post(loop_.io(), [&] {
      if (channel_) channel_->abort();
      transport_->stop([&] { stopped.set_value(); });
    });
    stopped.get_future().wait();
    loop_.run([this] {
      channel_.reset();
      transport_.reset();
    });
  }

  void say(std::vector<Frame> const& frames) {
    loop_.run([&] {
      for (auto const& frame : frames) channel_->send(encode_frame(frame).value(), Lane::control);
    });
  }
  // Up as an honest node would be, with an incarnation of its own.
  void greet(std::uint64_t replica) {
    Hello hello;
    hello.node = name("isere");
    hello.replica = ReplicaId{replica};
    say({hello});
    ASSERT_TRUE(hears<Welcome>());
    say({Offer{{kOffice, kPublic}}});
    ASSERT_TRUE(hears<Subscribe>());
  }
  template <class Kind>
  [[nodiscard]] bool hears() {
    return signal_.wait([this] {
      return loop_.run([this] {
        return std::ranges::any_of(
            heard_, [](Frame const& frame) { return std::holds_alternative<Kind>(frame); });
      });
    });
  }
  [[nodiscard]] std::optional<CloseReason> closed_for() {
    if (!hears<Close>()) return std::nullopt;
    return loop_.run([this] { return std::get<Close>(heard_.back()).reason; });
  }

  void received(Bytes message) override {
    auto frame = decode_frame(message);
    EXPECT_TRUE(frame);
    // After a Close nothing more is said; it stays the last.
    if (frame) heard_.push_back(*std::move(frame));
    signal_.notify();
  }
  void sent(std::size_t, Lane) override {}
  void receiving(std::size_t) override {}
  void closed(Error const&) override { signal_.notify(); }

 private:
  Loop& loop_;
  Signal signal_;
  std::unique_ptr<Transport> transport_;
  std::shared_ptr<Channel> channel_;
  std::vector<Frame> heard_;
};

class HostilePeer : public testing::Test {
 protected:
  HostilePeer() {
    hub.policy.know(name("isere"));
    port = hub.listen(network.credentials("aura", Role::hub));
    honest.dial(port, network.credentials("savoie"));
    EXPECT_TRUE(honest.reaches("aura", PeerState::live));
  }
  [[nodiscard]] Liar liar() {
    return Liar(outside, workers, clock, port, network.credentials("isere"));
  }
  Document document(ScopeId const& scope) {
    Document made{{scope, DocumentId::make(clock.now(), rng)}, "note", {}, {}};
    write(made, {{"title", "lie"}}, {}, {ReplicaId{66}, ++counter}, clock.now());
    return made;
  }
  // The honest node's link has not been touched, and carries what is written now.
  void others_go_on() {
    auto const key = key_in(ScopeId::office(name("savoie")), ++seed);
    honest.store.write(key, "honest");
    EXPECT_TRUE(hub.holds(key, "honest"));
    EXPECT_EQ(honest.peer("aura").connections, 1U) << honest.peer("aura").last_error;
    EXPECT_EQ(honest.peer("aura").state, PeerState::live);
  }

  TestNetwork network;
  Side hub{"aura", 1};
  Side honest{"savoie", 3};
  Loop outside;
  ThreadWorkers workers{1};
  SystemClock clock;
  SeededRng rng{9};
  std::uint64_t counter = 0;
  std::uint64_t seed = 0;
  std::uint16_t port = 0;
};

TEST_F(HostilePeer, that_frames_another_node_costs_its_own_stream_alone) {
  auto lies = liar();
  lies.greet(66);
  auto framed = document(kPublic);
  framed.context.add({ReplicaId{3}, kMost});  // savoie's, which never wrote here and never can
  lies.say({Batch{kPublic, 1, Sequence{0}, Sequence{1}, Sequence{1}, {framed}, {}}});
  ASSERT_TRUE(lies.hears<Ack>()) << "the hub cannot know better";
  EXPECT_TRUE(honest.signal.wait([&] { return !honest.peer("aura").quarantine.empty(); }));
  EXPECT_EQ(honest.store.read(framed.key), "");
  others_go_on();
}

TEST_F(HostilePeer, whose_document_cannot_be_taken_is_shown_until_the_mended_one_comes) {
  auto lies = liar();
  lies.greet(66);
  auto bad = document(kPublic);
  bad.fields["title"].front().stamp_ms = std::numeric_limits<std::int64_t>::max();
  for (std::uint32_t generation = 1; generation < 4; ++generation) {
    lies.say({Batch{kPublic, generation, Sequence{0}, Sequence{1}, Sequence{1}, {bad}, {}}});
    ASSERT_TRUE(lies.hears<Nack>());
  }
  EXPECT_TRUE(hub.signal.wait([&] { return !hub.peer("isere").quarantine.empty(); }));
  EXPECT_EQ(hub.peer("isere").quarantine.size(), 1U) << "one reason, however often it is sent";
  EXPECT_NE(hub.peer("isere").quarantine.front().find(kPublic.to_string()), std::string::npos);
  lies.say({Batch{kPublic, 4, Sequence{0}, Sequence{2}, Sequence{2}, {document(kPublic)}, {}}});
  ASSERT_TRUE(lies.hears<Ack>());
  EXPECT_TRUE(hub.signal.wait([&] { return hub.peer("isere").quarantine.empty(); }));
  others_go_on();
}

TEST_F(HostilePeer, that_claims_writes_of_the_hub_ends_its_own_session) {
  auto lies = liar();
  lies.greet(66);
  auto framed = document(kOffice);
  framed.context.add({ReplicaId{1}, kMost});
  lies.say({Batch{kOffice, 1, Sequence{0}, Sequence{1}, Sequence{1}, {framed}, {}}});
  EXPECT_EQ(lies.closed_for(), CloseReason::rolled_back);
  EXPECT_EQ(hub.store.read(framed.key), "");
  others_go_on();
}

TEST_F(HostilePeer, that_names_the_ends_of_every_range_is_closed_or_ignored) {
  std::uint64_t replica = 100;
  auto const network_scope = ScopeId::network(name("aura"));
  for (Frame const& lie :
       {Frame{Subscribe{network_scope, Sequence{kMost}}}, Frame{Ack{kPublic, 1, Sequence{kMost}}},
        Frame{Nack{kPublic, 1, Sequence{kMost}, NackReason::gap, ""}},
        Frame{Batch{kPublic, 1, Sequence{0}, Sequence{0}, Sequence{kMost}, {}, {}}},
        Frame{Batch{kPublic, 1, Sequence{kMost}, Sequence{kMost}, Sequence{0}, {}, {}}}}) {
    auto lies = liar();
    lies.greet(++replica);
    lies.say({Subscribe{kPublic, Sequence{0}}, lie, Ping{1}});
    EXPECT_TRUE(lies.closed_for()) << frame_name(lie);
    others_go_on();
  }
}

TEST_F(HostilePeer, gets_nothing_stored_or_read_that_it_is_not_entitled_to) {
  auto const secret = key_in(ScopeId::office(name("savoie")), 77);
  honest.store.write(secret, "secret");
  ASSERT_TRUE(hub.holds(secret, "secret"));
  auto lies = liar();
  lies.greet(66);
  auto const before = hub.store.size();
  std::uint32_t generation = 0;
  for (auto const& scope : {ScopeId::office(name("savoie")), ScopeId::published(name("savoie")),
                            ScopeId::network(name("aura"))}) {
    auto const stray = document(scope);
    lies.say({Offer{{scope}}, Subscribe{scope, Sequence{0}},
              Batch{scope, ++generation, Sequence{0}, Sequence{1}, Sequence{1}, {stray}, {}}});
  }
  // Of one scope, documents that are not: too far a date, a dot that no context covers.
  auto far = document(kOffice);
  far.fields.at("title").front().stamp_ms = std::numeric_limits<std::int64_t>::max();
  auto uncovered = document(kOffice);
  uncovered.fields.at("title").front().dot.counter = kMost;
  lies.say({Batch{kOffice, 1, Sequence{0}, Sequence{1}, Sequence{1}, {far}, {}},
            Batch{kOffice, 2, Sequence{0}, Sequence{1}, Sequence{1}, {uncovered}, {}}, Ping{5}});
  EXPECT_TRUE(lies.hears<Pong>());
  EXPECT_TRUE(lies.hears<Nack>());
  EXPECT_EQ(hub.store.size(), before);
  others_go_on();
}

}  // namespace
}  // namespace solidaires::net
