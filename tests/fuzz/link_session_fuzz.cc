// A whole session, fed with frames that a peer might make up and with every event of its driver, in
// any order. It must never trip an invariant, never act for a scope that is not entitled, and keep
// a bounded number of tasks and batches whatever is said to it.
#include <deque>

#include "sync/base/limits.h"
#include "sync/core/link_session.h"
#include "sync/wire/frame_codec.h"
#include "tests/contract/memory_store.h"
#include "tests/fuzz/fuzz.h"

using namespace solidaires;
using namespace solidaires::sync;

namespace {

NodeName node(std::string_view name) {
  return NodeName::parse(name).value();
}
ReplicaId constexpr kOwn{0xa};
ReplicaId constexpr kPeer{0xb};

class World {
 public:
  explicit World(fuzz::Choices input) : input_(input) {
    is_parent_ = input_.below(2) == 0;
    rules_.self = node(is_parent_ ? "aura" : "isere");
    rules_.peer = node(is_parent_ ? "isere" : "aura");
    rules_.peer_role = is_parent_ ? PeerRole::child : PeerRole::parent;
    rules_.subtree = {node("isere")};
    if (is_parent_) rules_.hubs = {node("aura")};
    rules_.every_public = input_.below(2) == 0;
    rules_.subscriptions = {node("drome")};
    for (auto const& scope : scopes_) write(scope);
    session_.emplace(
        LinkConfig{rules_, kOwn, store_.counter(), "fresh", "fuzz", make_model_version(2, 0)});
  }

  void run() {
    feed(Started{});
    if (input_.below(4) != 0) greet();
    while (!input_.empty()) step();
  }

 private:
  void write(ScopeId const& scope) {
    DocumentKey const key{scope, DocumentId::make(now_, rng_)};
    std::ignore = store_.write_local(key, "article", {{"name", "x"}}, {}, now_);
  }

  void greet() {
    Hello hello;
    hello.node = rules_.peer;
    hello.replica = kPeer;
    hello.counter = input_.number();
    hello.model_version = make_model_version(static_cast<std::uint32_t>(1 + input_.below(3)), 0);
    feed(FrameReceived{hello});
    work();
    if (!is_parent_) feed(FrameReceived{Welcome{"token"}});
    work();
    feed(FrameReceived{Offer{{scopes_.begin(), scopes_.end()}}});
    while (!tasks_.empty()) work();
  }

  void step() {
    switch (input_.below(8)) {
      case 0: return feed(any_event());
      case 1: {
        auto frame = decode_frame(input_.part());
        return frame ? feed(FrameReceived{*std::move(frame)})
                     : feed(FrameUnreadable{std::move(frame).error()});
      }
      case 2:
      case 3: return work();
      case 4: return write(scope());
      case 5:
        now_ += Millis{static_cast<std::int64_t>(input_.byte()) * 500};
        return feed(TimerFired{});
      default: return feed(FrameReceived{any_frame()});
    }
  }

  ScopeId scope() { return scopes_[input_.below(scopes_.size())]; }
  Sequence sequence() { return Sequence{input_.number()}; }
  std::uint32_t generation() { return static_cast<std::uint32_t>(input_.number()); }

  Document document(ScopeId const& of) {
    Document made{{of, DocumentId::make(now_, rng_)}, "article", {}, {}};
    if (auto const& held = store_.documents(); input_.below(2) == 0 && !held.empty()) {
      made.key.id = held.begin()->first.id;
    }
    for (auto count = input_.below(4); count > 0; --count) {
      Dot const dot{ReplicaId{0xa + input_.below(3)}, input_.number()};
      made.fields["f" + std::to_string(input_.below(3))] = {
          {dot, static_cast<std::int64_t>(input_.number()), "v"}};
      if (input_.below(8) != 0) made.context.add(dot);
    }
    if (input_.below(4) == 0) {
      made.context.add({ReplicaId{0xa + input_.below(4)}, input_.number()});
    }
    return made;
  }

  Frame any_frame() {
    switch (input_.below(13)) {
      case 0: {
        Hello hello;
        hello.node = rules_.peer;
        hello.replica = ReplicaId{0xa + input_.below(2)};
        hello.features = input_.number();
        hello.protocol_max = static_cast<std::uint32_t>(input_.number());
        return hello;
      }
      case 1: return Welcome{Bytes(input_.below(3), 't')};
      case 2: return Offer{{scope(), scope()}};
      case 3: return Subscribe{scope(), sequence()};
      case 4: {
        auto const of = scope();
        Batch batch{of, generation(), sequence(), sequence(), sequence(), {}, {}};
        for (auto count = input_.below(3); count > 0; --count)
          batch.documents.push_back(document(of));
        if (input_.below(16) == 0) batch.unreadable.emplace_back("unreadable");
        return batch;
      }
      case 5: {  // the one that is due
        auto const of = scope();
        auto const previous = expected_[of];
        auto const last = static_cast<std::uint64_t>(previous) + 1;
        expected_[of] = Sequence{last};
        return Batch{of, 1, previous, Sequence{last}, Sequence{last}, {document(of)}, {}};
      }
      case 6: return Ack{scope(), generation(), sequence()};
      case 7:
        return Nack{scope(), generation(), sequence(), static_cast<NackReason>(input_.below(5)),
                    ""};
      case 8: return Status{{{scope(), sequence(), sequence()}}, 0, 0, 0, 0};
      case 9: return Ping{input_.number()};
      case 10: return Pong{input_.number()};
      case 11: return UnknownFrame{static_cast<std::uint32_t>(input_.number())};
      default:
        return input_.below(16) == 0 ? Frame{Close{CloseReason::busy, Millis{0}, ""}}
                                     : Frame{Ping{1}};
    }
  }

  Event any_event() {
    switch (input_.below(10)) {
      case 0: return TransportProgress{};
      case 1: return TokenRead{Bytes(input_.below(3), 't')};
      case 2: return TokenKept{};
      case 3: return CursorRead{scope(), sequence()};
      case 4: return FeedRead{scope(), sequence(), FeedPage{{}, sequence()}};
      case 5: {
        StreamBatch const of{input_.below(4), static_cast<std::uint32_t>(input_.below(4))};
        return BatchApplied{scope(), sequence(), {}, sequence(), input_.below(4) == 0, of};
      }
      case 6: return ScopeCommitted{scope(), sequence()};
      case 7: {
        auto rules = rules_;
        if (input_.below(2) == 0) rules.subtree.clear();
        rules_ = rules;
        return EntitlementChanged{rules};
      }
      case 8: return StatusDue{};
      default: return Started{};
    }
  }

  void work() {
    if (tasks_.empty()) return;
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    if (auto const* apply = std::get_if<ApplyBatch>(&task)) {
      for (auto const& document : apply->batch.documents) {
        SOL_CHECK(validate(document).has_value());
      }
    }
    feed(carry_out(std::move(task), store_));
  }

  void feed(Event event) {
    bool const was_closed = session_->state() == LinkState::closed;
    auto const actions = session_->step(std::move(event), now_);
    SOL_CHECK(!was_closed || (actions.send.empty() && actions.tasks.empty()));
    for (auto const& frame : actions.send) check_sent(frame);
    for (auto const& task : actions.tasks) {
      check_task(task);
      tasks_.push_back(task);
    }
    if (actions.disconnect) tasks_.clear();
    SOL_CHECK(tasks_.size() <= kTasksMax);
    SOL_CHECK(session_->view().batches_in_flight <= limits::kBatchesInFlight);
  }

  void check_sent(Frame const& frame) const {
    SOL_CHECK(encode_frame(frame).has_value());
    if (auto const* batch = std::get_if<Batch>(&frame)) {
      SOL_CHECK(rules_.may_send(batch->scope) && batch->last > batch->previous);
    }
    if (auto const* subscribe = std::get_if<Subscribe>(&frame)) {
      SOL_CHECK(rules_.may_receive(subscribe->scope));
    }
    if (auto const* offer = std::get_if<Offer>(&frame)) {
      for (auto const& scope : offer->scopes) SOL_CHECK(rules_.may_send(scope));
    }
  }

  void check_task(StoreTask const& task) const {
    if (auto const* apply = std::get_if<ApplyBatch>(&task)) {
      SOL_CHECK(rules_.may_receive(apply->batch.scope));
    }
    if (auto const* read = std::get_if<ReadFeed>(&task)) SOL_CHECK(rules_.may_send(read->scope));
  }

  // Reads and batches to apply are bounded by the window; cursors are read once for each scope that
  // may be received, tokens are kept once for each session and each change.
  static constexpr std::size_t kTasksMax = 3 * limits::kBatchesInFlight + 16;

  fuzz::Choices input_;
  bool is_parent_ = true;
  Entitlement rules_;
  SeededRng rng_{7};
  Instant now_ = from_unix_ms(1'700'000'000'000);
  MemoryStore store_{kOwn};
  std::vector<ScopeId> const scopes_{
      ScopeId::office(node("isere")),    ScopeId::published(node("isere")),
      ScopeId::network(node("aura")),    ScopeId::published(node("drome")),
      ScopeId::office(node("drome")),    ScopeId::network(node("isere")),
      ScopeId::published(node("savoie"))};
  std::map<ScopeId, Sequence> expected_;
  std::deque<StoreTask> tasks_;
  std::optional<LinkSession> session_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size > 4096) return 0;  // longer ones find nothing more and take their time
  World(fuzz::Choices(fuzz::as_bytes(data, size))).run();
  return 0;
}
