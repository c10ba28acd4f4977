#include "sync/core/link_session.h"

#include <algorithm>
#include <utility>

#include "sync/base/limits.h"
#include "sync/core/absorb.h"
#include "sync/core/blob_transfer.h"
#include "sync/core/link_probing.h"
#include "sync/core/link_receiving.h"
#include "sync/core/link_sending.h"
#include "sync/core/link_token.h"
#include "sync/core/withdrawal.h"

namespace solidaires::sync {

class LinkSession::Machine {
 public:
  explicit Machine(LinkConfig config) : config_(std::move(config)) {}

  Actions step(Event event, Instant now);
  [[nodiscard]] LinkView view() const;
  [[nodiscard]] LinkState state() const noexcept { return state_; }
  // What both Hellos carry.
  [[nodiscard]] bool agreed(std::uint64_t feature) const noexcept {
    return peer_ && (config_.features & peer_->features & feature) != 0;
  }

 private:
  [[nodiscard]] bool is_parent() const { return config_.entitlement.peer_role == PeerRole::child; }

  void on(Started, Actions& out);
  void on(FrameReceived event, Actions& out);
  void on(FrameUnreadable const& event, Actions& out);
  void on(TransportProgress event, Actions&);
  void on(TimerFired, Actions& out);
  void on(TokenRead const& event, Actions& out);
  void on(TokenKept const& event, Actions& out);
  void on(CursorRead const& event, Actions& out);
  void on(FeedRead event, Actions& out);
  void on(BatchApplied event, Actions& out);
  void on(ScopeCommitted const& event, Actions&);
  void on(EntitlementChanged event, Actions& out);
  void on(StatusDue const& event, Actions& out);
  void on(WantBlob event, Actions& out);
  void on(BlobCame const& event, Actions& out);
  void on(BlobRead event, Actions& out);
  void on(BlobProgressRead const& event, Actions& out);
  void on(BlobKept const& event, Actions& out);
  void on(StopRequested const& event, Actions& out);
  void on(DigestRead event, Actions& out);
  void on(DocumentsRead event, Actions& out);
  void on(ProbeRequested, Actions&);
  void on(Admitted, Actions& out);
  void on(ScopeDropped const& event, Actions& out);

  void frame(Hello hello, Actions& out);
  void frame(Welcome welcome, Actions& out);
  void frame(Offer const& offer, Actions& out);
  void frame(Subscribe const& subscribe, Actions& out);
  void frame(Batch batch, Actions& out);
  void frame(Ack const& ack, Actions& out);
  void frame(Nack const& nack, Actions& out);
  void frame(Status status, Actions& out);
  void frame(Ping ping, Actions& out);
  void frame(Pong pong, Actions& out);
  void frame(Close close, Actions& out);
  void frame(BlobWant want, Actions& out);
  void frame(BlobChunk chunk, Actions& out);
  void frame(Probe probe, Actions& out);
  void frame(ProbeReply reply, Actions& out);
  void frame(Withdraw const& withdraw, Actions& out);
  void frame(Withdrawn const& withdrawn, Actions& out);
  void give_up(std::vector<ScopeId> const& scopes);
  void frame(UnknownFrame unknown, Actions& out);

  [[nodiscard]] Hello own_hello(Bytes token) const;
  [[nodiscard]] Verdict judge(Hello const& hello) const;
  [[nodiscard]] ModelSkew model_skew() const;
  [[nodiscard]] std::vector<ScopeId> sendable() const;  // nothing over a link that only reads
  void go_up(Actions& out);
  void keep_record(Actions& out);
  void receive_offered(Actions& out);
  void heartbeat(Actions& out);
  [[nodiscard]] Verdict overdue() const;
  void arm(Actions& out);
  void close(Close close, Actions& out);
  void check(Verdict verdict, Actions& out);
  // True, or the link is closed: such a frame has no place before the session is up.
  bool expect_up(std::string_view name, Actions& out);

  LinkConfig config_;
  LinkState state_ = LinkState::starting;
  Instant now_{};
  Instant started_at_{};
  Instant received_at_{};
  Instant heartbeat_at_{};
  std::optional<Instant> armed_for_;

  std::optional<Hello> peer_;
  std::optional<TokenRecord> record_;  // parent: what is kept about this child's tokens
  Bytes kept_;                         // parent: its bytes in the store, once all is written
  Bytes token_to_keep_;                // child: from Welcome
  std::uint64_t peer_counter_ = 0;     // the highest dot of the peer's own that was received
  std::set<ScopeId> offered_;          // by the peer
  bool peer_is_up_ = false;            // its first Offer has come
  std::optional<Ping> ping_;
  Instant ping_at_{};

  Sending sending_;
  Receiving receiving_;
  BlobServing serving_;
  BlobFetching fetching_;
  Probing probing_{sending_, receiving_};
  Withdrawals withdrawals_;
};

Actions LinkSession::Machine::step(Event event, Instant now) {
  Actions out;
  if (state_ == LinkState::closed) return out;
  now_ = std::max(now_, now);
  std::visit([&](auto&& kind) { on(std::forward<decltype(kind)>(kind), out); }, std::move(event));
  if (state_ == LinkState::up && config_.admitted) {
    sending_.pump(peer_ ? peer_->replica : ReplicaId{}, out);
    probing_.pump(now_, out);
    if (peer_is_up_) fetching_.pump(now_, out);
  }
  if (state_ != LinkState::closed) arm(out);
  return out;
}

// ---- Events ----

void LinkSession::Machine::on(Started, Actions& out) {
  if (state_ != LinkState::starting) return;
  state_ = LinkState::greeting;
  started_at_ = received_at_ = now_;
  heartbeat_at_ = now_ + limits::kHeartbeat;
  if (is_parent()) out.send.emplace_back(own_hello({}));
}

void LinkSession::Machine::on(FrameReceived event, Actions& out) {
  received_at_ = now_;
  std::visit([&](auto&& kind) { frame(std::forward<decltype(kind)>(kind), out); },
             std::move(event.frame));
}

void LinkSession::Machine::on(FrameUnreadable const& event, Actions& out) {
  close({CloseReason::protocol, Millis{0}, event.error.to_string()}, out);
}

void LinkSession::Machine::on(TransportProgress event, Actions&) {
  if (event.received) {
    received_at_ = now_;
    fetching_.alive(now_);
  }
  if (event.sent) sending_.transport_progress(now_);
}

void LinkSession::Machine::on(TimerFired, Actions& out) {
  armed_for_.reset();
  if (auto late = overdue()) {
    close(*std::move(late), out);
  } else if (state_ == LinkState::up && now_ >= heartbeat_at_) {
    heartbeat(out);
  }
}

void LinkSession::Machine::on(TokenRead const& event, Actions& out) {
  if (state_ != LinkState::checking) return;
  if (!event.token) {
    return close({CloseReason::storage, limits::kReconnectMax, event.token.error().to_string()},
                 out);
  }
  if (!is_parent()) {
    out.send.emplace_back(own_hello(*event.token));
    return;
  }
  auto judged = judge_token(*event.token, config_.replica, peer_->link_token, peer_->counter,
                            config_.fresh_token);
  if (!judged) {
    bool const stale = judged.error().code() == Code::denied;
    return close({stale ? CloseReason::stale_replica : CloseReason::storage, limits::kReconnectMax,
                  judged.error().message()},
                 out);
  }
  kept_ = *event.token;
  record_ = *std::move(judged);
  keep_record(out);
}

void LinkSession::Machine::on(TokenKept const& event, Actions& out) {
  if (!event.outcome) {
    if (event.outcome.error().code() == Code::conflict) {
      return close({CloseReason::going_away, Millis{0}, "a newer link of this node took over"},
                   out);
    }
    return close({CloseReason::storage, limits::kReconnectMax, event.outcome.error().to_string()},
                 out);
  }
  if (state_ != LinkState::checking) return;  // a later note of the parent
  if (is_parent()) out.send.emplace_back(Welcome{config_.fresh_token});
  go_up(out);
}

void LinkSession::Machine::on(CursorRead const& event, Actions& out) {
  if (state_ != LinkState::up) return;
  check(receiving_.cursor_read(event, out), out);
  if (config_.entitlement.may_receive(event.scope)) probing_.opened(event.scope, now_);
}

void LinkSession::Machine::on(FeedRead event, Actions& out) {
  if (peer_) check(sending_.page_read(std::move(event), peer_->replica, now_, out), out);
}

void LinkSession::Machine::on(BatchApplied event, Actions& out) {
  // Where this end may not write, nobody can have seen writes of it: no proof that this store was
  // rolled back, but a lie told somewhere behind the peer. It costs the stream, not the link.
  if (!config_.entitlement.may_send(event.scope)) event.disowned = false;
  check(receiving_.applied(event, out), out);
  if (event.of.repair()) probing_.repair_applied(event, now_);
}

void LinkSession::Machine::on(ScopeCommitted const& event, Actions&) {
  sending_.committed(event, now_);
}

void LinkSession::Machine::on(EntitlementChanged event, Actions& out) {
  config_.entitlement = std::move(event.entitlement);
  if (state_ != LinkState::up) return;
  auto fresh = sending_.allow(sendable());
  if (!fresh.empty()) out.send.emplace_back(Offer{std::move(fresh)});
  receiving_.keep_only(config_.entitlement);
  fetching_.keep_only(config_.entitlement, out);
  probing_.keep_only(config_.entitlement);
  withdrawals_.say(config_.entitlement, out);
  give_up(withdrawals_.reconsider(config_.entitlement, out));
  receive_offered(out);
}

void LinkSession::Machine::on(DigestRead event, Actions& out) {
  if (state_ == LinkState::up) check(probing_.digest_read(std::move(event), now_, out), out);
}

void LinkSession::Machine::on(DocumentsRead event, Actions& out) {
  if (state_ == LinkState::up) check(probing_.documents_read(std::move(event), out), out);
}

void LinkSession::Machine::on(ProbeRequested, Actions&) {
  probing_.demand(now_);
}

void LinkSession::Machine::on(Admitted, Actions& out) {
  config_.admitted = true;
  if (state_ == LinkState::up) receive_offered(out);
}

void LinkSession::Machine::on(StatusDue const& event, Actions& out) {
  if (state_ != LinkState::up) return;
  Status status{{}, 0, event.disk_free_bytes, event.open_conflicts, event.quarantined};
  for (auto const& view : sending_.view()) {
    if (!view.subscribed) continue;
    status.scopes.push_back({view.scope, view.head, view.acknowledged});
    if (view.behind_since) {
      status.oldest_unacknowledged_ms =
          std::max(status.oldest_unacknowledged_ms, (now_ - *view.behind_since).count());
    }
  }
  out.send.emplace_back(std::move(status));
}

void LinkSession::Machine::on(WantBlob event, Actions& out) {
  if (state_ == LinkState::up && agreed(feature::kBlobs)) {
    return fetching_.want(std::move(event), config_.entitlement, out);
  }
  out.notices.emplace_back(BlobNotFetched{claim_of(event.document, std::move(event.sha256)),
                                          {Code::unsupported, "this link does not carry files"}});
}

void LinkSession::Machine::on(BlobCame const& event, Actions& out) {
  if (state_ == LinkState::up) serving_.arrived(event.sha256, out);
}

void LinkSession::Machine::on(BlobRead event, Actions& out) {
  serving_.read(std::move(event), config_.entitlement, out);
}

void LinkSession::Machine::on(BlobProgressRead const& event, Actions& out) {
  fetching_.progress_read(event, now_, out);
}

void LinkSession::Machine::on(BlobKept const& event, Actions& out) {
  fetching_.kept(event, now_, out);
}

void LinkSession::Machine::on(StopRequested const& event, Actions& out) {
  close({event.reason, event.retry_after, event.detail}, out);
}

void LinkSession::Machine::on(ScopeDropped const& event, Actions& out) {
  check(withdrawals_.dropped(event, out), out);
  if (state_ == LinkState::up) receive_offered(out);  // it may be ours again
}

// ---- Frames ----

void LinkSession::Machine::frame(Hello hello, Actions& out) {
  if (state_ != LinkState::greeting) {
    return close({CloseReason::protocol, Millis{0}, "a Hello out of place"}, out);
  }
  if (auto objection = judge(hello)) return close(*std::move(objection), out);
  peer_ = std::move(hello);
  peer_counter_ = peer_->counter;
  state_ = LinkState::checking;
  out.tasks.emplace_back(ReadToken{peer_->replica});
}

void LinkSession::Machine::frame(Welcome welcome, Actions& out) {
  if (is_parent() || state_ != LinkState::checking || !token_to_keep_.empty() ||
      welcome.link_token.empty()) {
    return close({CloseReason::protocol, Millis{0}, "a Welcome out of place"}, out);
  }
  token_to_keep_ = std::move(welcome.link_token);
  out.tasks.emplace_back(KeepToken{peer_->replica, token_to_keep_});
}

void LinkSession::Machine::frame(Offer const& offer, Actions& out) {
  // The parent's first Offer follows its Welcome at once, while the token is still being kept here.
  bool const welcomed = state_ == LinkState::checking && !token_to_keep_.empty();
  if (!welcomed && !expect_up("Offer", out)) return;
  offered_.insert(offer.scopes.begin(), offer.scopes.end());
  if (offered_.size() > limits::kSubscriptions) {
    return close({CloseReason::protocol, Millis{0}, "too many scopes offered"}, out);
  }
  if (record_ && !record_->pending.empty()) {  // the child has kept its token: the old one is void
    confirm(*record_);
    keep_record(out);
  }
  auto const refused = std::ranges::count_if(
      offer.scopes, [this](auto const& scope) { return !config_.entitlement.may_receive(scope); });
  if (refused > 0) {
    out.notices.emplace_back(
        Remark{cat(refused, " of ", offer.scopes.size(), " scopes offered may not be received")});
  }
  peer_is_up_ = true;
  if (state_ != LinkState::up) return;
  // Offered again: the peer has forgotten the stream, and begins another.
  for (auto const& scope : offer.scopes) {
    receiving_.end(scope);
    withdrawals_.offered(scope);
  }
  if (is_parent() &&
      agreed(feature::kWithdraw)) {  // before its first Offer the child takes nothing
    withdrawals_.enable();
    withdrawals_.say(config_.entitlement, out);
  }
  receive_offered(out);
}

void LinkSession::Machine::frame(Subscribe const& subscribe, Actions& out) {
  if (!expect_up("Subscribe", out)) return;
  check(sending_.subscribed(subscribe, now_, out), out);
  if (config_.entitlement.may_send(subscribe.scope)) probing_.opened(subscribe.scope, now_);
}

void LinkSession::Machine::frame(Batch batch, Actions& out) {
  if (!expect_up("Batch", out)) return;
  fetching_.alive(now_);
  for (auto const& document : batch.documents) {
    auto const& counters = document.context.counters();
    auto const found = counters.find(peer_->replica);
    if (found != counters.end()) peer_counter_ = std::max(peer_counter_, found->second);
  }
  if (batch.repair) {
    if (!probing_.enabled()) {
      return close({CloseReason::protocol, Millis{0}, "a repair, which was not agreed on"}, out);
    }
    probing_.repair_received(batch, now_, out);
    return check(receiving_.repair(std::move(batch), peer_->replica, out), out);
  }
  check(receiving_.batch(std::move(batch), peer_->replica, out), out);
}

void LinkSession::Machine::frame(Ack const& ack, Actions& out) {
  if (!expect_up("Ack", out)) return;
  if (ack.generation == 0) return probing_.repair_answered(ack.scope, true, now_);
  check(sending_.acknowledged(ack, now_), out);
}

void LinkSession::Machine::frame(Nack const& nack, Actions& out) {
  if (!expect_up("Nack", out)) return;
  if (nack.generation == 0) {
    if (probing_.mends(nack.scope)) out.notices.emplace_back(Refused{nack});
    return probing_.repair_answered(nack.scope, false, now_);
  }
  check(sending_.refused(nack, now_, out), out);
}

void LinkSession::Machine::frame(Status status, Actions& out) {
  if (state_ == LinkState::up) out.notices.emplace_back(PeerStatus{std::move(status)});
}

void LinkSession::Machine::frame(Ping ping, Actions& out) {
  if (state_ == LinkState::up) out.send.emplace_back(Pong{ping.nonce});
}

void LinkSession::Machine::frame(Pong pong, Actions& out) {
  if (!ping_ || pong.nonce != ping_->nonce) return;
  ping_.reset();
  out.notices.emplace_back(RoundTrip{now_ - ping_at_});
}

void LinkSession::Machine::frame(Close close, Actions& out) {
  state_ = LinkState::closed;
  bool const stale = close.reason == CloseReason::stale_replica;
  out.disconnect =
      Disconnect{close.reason, true, stale, close.retry_after, std::move(close.detail)};
}

void LinkSession::Machine::frame(BlobWant want, Actions& out) {
  if (!expect_up("BlobWant", out)) return;
  if (!agreed(feature::kBlobs)) {
    return close({CloseReason::protocol, Millis{0}, "files were not agreed on"}, out);
  }
  check(serving_.wanted(std::move(want), config_.entitlement, out), out);
}

void LinkSession::Machine::frame(BlobChunk chunk, Actions& out) {
  if (expect_up("BlobChunk", out)) check(fetching_.chunk(std::move(chunk), now_, out), out);
}

void LinkSession::Machine::frame(Probe probe, Actions& out) {
  if (expect_up("Probe", out)) check(probing_.probe(std::move(probe), out), out);
}

void LinkSession::Machine::frame(ProbeReply reply, Actions& out) {
  if (expect_up("ProbeReply", out)) check(probing_.reply(std::move(reply), now_, out), out);
}

void LinkSession::Machine::frame(Withdraw const& withdraw, Actions& out) {
  if (!expect_up("Withdraw", out)) return;
  if (is_parent() || !withdrawals_.enabled()) {
    return close({CloseReason::protocol, Millis{0}, "a Withdraw out of place"}, out);
  }
  give_up(withdrawals_.told(withdraw, config_.entitlement, out));
}

// Their streams end at once.
void LinkSession::Machine::give_up(std::vector<ScopeId> const& scopes) {
  for (auto const& scope : scopes) {
    offered_.erase(scope);
    receiving_.end(scope);
  }
}

void LinkSession::Machine::frame(Withdrawn const& withdrawn, Actions& out) {
  if (!expect_up("Withdrawn", out)) return;
  if (!is_parent() || !withdrawals_.enabled()) {
    return close({CloseReason::protocol, Millis{0}, "a Withdrawn out of place"}, out);
  }
  withdrawals_.confirmed(withdrawn, out);
}

void LinkSession::Machine::frame(UnknownFrame unknown, Actions& out) {
  out.notices.emplace_back(Remark{cat("a frame of unknown kind ", unknown.number)});
}

// ---- Decisions ----

Hello LinkSession::Machine::own_hello(Bytes token) const {
  Hello hello;
  hello.features = config_.features;
  hello.node = config_.entitlement.self;
  hello.replica = config_.replica;
  hello.counter = config_.counter;
  hello.link_token = std::move(token);
  hello.software = config_.software;
  hello.model_version = config_.model_version;
  hello.wall_clock_ms = to_unix_ms(now_);
  return hello;
}

Verdict LinkSession::Machine::judge(Hello const& hello) const {
  if (hello.protocol_max < kProtocolMin || hello.protocol_min > kProtocolMax) {
    return Close{CloseReason::version, limits::kReconnectMax,
                 cat("protocol ", kProtocolMin, " to ", kProtocolMax, " is spoken here")};
  }
  if (hello.node != config_.entitlement.peer) {
    return Close{CloseReason::identity, limits::kReconnectMax,
                 "Hello names another node than the certificate"};
  }
  if (hello.replica == config_.replica) {
    return Close{CloseReason::stale_replica, limits::kReconnectMax,
                 "both ends have the same replica id"};
  }
  return std::nullopt;
}

ModelSkew LinkSession::Machine::model_skew() const {
  auto const ours = model_major(config_.model_version);
  auto const theirs = peer_ ? model_major(peer_->model_version) : 0;
  if (ours == 0 || theirs == 0 || ours == theirs) return ModelSkew::none;
  return ours < theirs ? ModelSkew::we_are_older : ModelSkew::peer_is_older;
}

std::vector<ScopeId> LinkSession::Machine::sendable() const {
  if (model_skew() == ModelSkew::we_are_older) return {};
  return config_.entitlement.sendable();
}

void LinkSession::Machine::go_up(Actions& out) {
  state_ = LinkState::up;
  heartbeat_at_ = now_ + limits::kHeartbeat;
  // Over a link that only reads, the two ends are not meant to hold the same.
  bool const both_know = agreed(feature::kProbe);
  if (both_know && model_skew() == ModelSkew::none) {
    probing_.enable(peer_->replica, !is_parent());
  }
  out.notices.emplace_back(LinkUp{*peer_});
  out.send.emplace_back(Offer{sending_.allow(sendable())});
  if (!is_parent() && agreed(feature::kWithdraw)) withdrawals_.enable();
  receive_offered(out);
}

void LinkSession::Machine::keep_record(Actions& out) {
  auto bytes = encode(*record_);
  out.tasks.emplace_back(KeepToken{peer_->replica, bytes, std::exchange(kept_, bytes)});
}

void LinkSession::Machine::receive_offered(Actions& out) {
  if (model_skew() == ModelSkew::peer_is_older) return;
  if (!config_.admitted) return;
  for (auto const& scope : offered_) {
    if (!config_.entitlement.may_receive(scope) || withdrawals_.is_dropping(scope)) continue;
    receiving_.open(scope, peer_->replica, out);
  }
}

void LinkSession::Machine::heartbeat(Actions& out) {
  heartbeat_at_ = now_ + limits::kHeartbeat;
  ping_ = Ping{static_cast<std::uint64_t>(to_unix_ms(now_))};
  ping_at_ = now_;
  out.send.emplace_back(*ping_);
  if (config_.admitted) sending_.flush_idle(now_, out);
  probing_.heartbeat(now_);
  fetching_.expire(now_, out);
  if (record_ && record_->counter < peer_counter_) {
    record_->counter = peer_counter_;
    keep_record(out);
  }
}

Verdict LinkSession::Machine::overdue() const {
  if (state_ == LinkState::starting) return std::nullopt;
  if (state_ != LinkState::up && now_ >= started_at_ + limits::kStallLimit) {
    return Close{CloseReason::stalled, Millis{0}, "the greeting took too long"};
  }
  if (now_ >= received_at_ + limits::kSilenceLimit) {
    return Close{CloseReason::silent, Millis{0}, "nothing was received for too long"};
  }
  auto const waiting = sending_.waiting_since();
  if (waiting && now_ >= *waiting + limits::kStallLimit) {
    return Close{CloseReason::stalled, Millis{0}, "batches are not acknowledged"};
  }
  return std::nullopt;
}

// One timer, for whatever is due first. One that is armed for earlier will do: it is armed again
// when it fires.
void LinkSession::Machine::arm(Actions& out) {
  if (state_ == LinkState::starting) return;
  Instant due = received_at_ + limits::kSilenceLimit;
  due = std::min(due, state_ == LinkState::up ? heartbeat_at_ : started_at_ + limits::kStallLimit);
  if (auto const waiting = sending_.waiting_since()) {
    due = std::min(due, *waiting + limits::kStallLimit);
  }
  if (auto const probe = probing_.due_at()) due = std::min(due, std::max(*probe, now_));
  if (armed_for_ && *armed_for_ <= due) return;
  armed_for_ = due;
  out.wake_at = due;
}

void LinkSession::Machine::close(Close close, Actions& out) {
  state_ = LinkState::closed;
  out.tasks.clear();
  bool const rolled_back = close.reason == CloseReason::rolled_back;
  out.disconnect = Disconnect{close.reason, false, rolled_back, close.retry_after, close.detail};
  out.send.emplace_back(std::move(close));
}

void LinkSession::Machine::check(Verdict verdict, Actions& out) {
  if (verdict) close(*std::move(verdict), out);
}

bool LinkSession::Machine::expect_up(std::string_view name, Actions& out) {
  if (state_ == LinkState::up) return true;
  close({CloseReason::protocol, Millis{0}, cat(name, " before the greeting is done")}, out);
  return false;
}

LinkView LinkSession::Machine::view() const {
  return {state_,           model_skew(),       peer_,
          sending_.view(),  receiving_.view(),  sending_.batches_in_flight(),
          config_.admitted, probing_.enabled(), probing_.view()};
}

// ---- The public face ----

bool proven_equal(LinkView const& view) {
  if (view.state != LinkState::up || !view.compares || view.probes.empty()) return false;
  std::set<ScopeId> proven;
  for (auto const& probe : view.probes) {
    if (!probe.proven) return false;
    proven.insert(probe.scope);
  }
  auto const is_proven = [&](auto const& stream) { return proven.contains(stream.scope); };
  return std::ranges::all_of(view.receiving, is_proven) &&
         std::ranges::all_of(view.sending, [&](SendingView const& stream) {
           return !stream.subscribed || is_proven(stream);
         });
}

std::string_view describe(ModelSkew skew) noexcept {
  switch (skew) {
    case ModelSkew::none: return "";
    case ModelSkew::we_are_older:
      return "read-only: the content model of the other side is a major version ahead. What comes "
             "from there is kept and shown as far as it is known here; what is written here stays "
             "here, and goes out when this instance is upgraded";
    case ModelSkew::peer_is_older:
      return "read-only for the other side: its content model is a major version behind. It "
             "receives from here and sends nothing until it is upgraded";
  }
  return "";
}

LinkSession::LinkSession(LinkConfig config)
    : machine_(std::make_unique<Machine>(std::move(config))) {}
LinkSession::~LinkSession() = default;
LinkSession::LinkSession(LinkSession&&) noexcept = default;
LinkSession& LinkSession::operator=(LinkSession&&) noexcept = default;

Actions LinkSession::step(Event event, Instant now) {
  return machine_->step(std::move(event), now);
}

LinkView LinkSession::view() const {
  return machine_->view();
}

bool LinkSession::speaks(std::uint64_t feature) const noexcept {
  return machine_->state() == LinkState::up && machine_->agreed(feature);
}

LinkState LinkSession::state() const noexcept {
  return machine_->state();
}

namespace {

class Doer {
 public:
  explicit Doer(ReplicaStore& given) : store_(given) {}

  template <class Answer>
  [[nodiscard]] Result<Answer> on_blobs(auto const& work) const {
    auto* const blobs = store_.blobs();
    if (blobs == nullptr) return fail(Code::unsupported, "this store keeps no files");
    return work(*blobs);
  }

  Event operator()(ReadToken const& task) const { return TokenRead{store_.link_token(task.peer)}; }
  Event operator()(KeepToken const& task) const {
    if (task.instead_of) {
      auto const kept = store_.link_token(task.peer);
      if (!kept) return TokenKept{std::unexpected(kept.error())};
      if (*kept != *task.instead_of) return TokenKept{fail(Code::conflict, "another is kept")};
    }
    return TokenKept{store_.keep_link_token(task.peer, task.token)};
  }
  Event operator()(ReadCursor const& task) const {
    return CursorRead{task.scope, store_.cursor(task.peer, task.scope)};
  }
  Event operator()(ReadFeed const& task) const {
    return FeedRead{
        task.scope, task.after,
        store_.read_feed(task.scope, task.after, task.documents_max, task.bytes_max, task.reader)};
  }
  Event operator()(DropScope const& task) const {
    auto const dropped = store_.drop_scope(task.scope);
    return ScopeDropped{task.scope,
                        dropped ? Result<>() : Result<>(std::unexpected(dropped.error()))};
  }
  Event operator()(ApplyBatch& task) const {
    std::vector<ApplyBatch> one;
    one.push_back(std::move(task));
    return std::move(carry_out(std::move(one), store_).front());
  }
  Event operator()(ReadBlob const& task) const {
    auto const& want = task.want;
    return BlobRead{want, on_blobs<BlobPart>([&](BlobStore const& blobs) {
                      return blobs.read_blob({want.scope, want.document}, want.sha256, want.offset,
                                             limits::kBlobChunkBytes);
                    })};
  }
  Event operator()(ReadBlobProgress const& task) const {
    return BlobProgressRead{task.file, on_blobs<BlobProgress>([&](BlobStore& blobs) {
                              return blobs.blob_progress(task.file);
                            })};
  }
  Event operator()(KeepBlob const& task) const {
    return BlobKept{task.file, on_blobs<BlobProgress>([&](BlobStore& blobs) {
                      return blobs.append_blob(task.file, task.offset, task.size, task.bytes);
                    })};
  }
  Event operator()(ReadDocuments const& task) const {
    return DocumentsRead{task.scope, store_.documents(task.scope, task.ids, limits::kBatchBytes)};
  }
  // The cursor is read before and after: if it stands still, the digests belong to it.
  Event operator()(ReadDigest const& task) const {
    DigestRead read{task.scope, task.serial, {}, {}, false, fail(Code::internal, "not looked at")};
    auto const before = store_.cursor(task.peer, task.scope);
    auto const head = store_.look(
        task.scope, [&](DigestTree const& tree) { read.outcome = consider(tree, task.work); });
    auto const after = store_.cursor(task.peer, task.scope);
    for (auto const* number : {&before, &head, &after}) {
      if (!*number) read.outcome = std::unexpected(number->error());
    }
    if (!before || !head || !after) return read;
    read.head = *head;
    read.cursor = *after;
    read.moved = *before != *after;
    return read;
  }

 private:
  using Outcome = Result<std::variant<Question, Answer, Findings>>;
  static Outcome consider(DigestTree const& tree, decltype(ReadDigest::work) const& work) {
    if (auto const* asked = std::get_if<ReadDigest::Reply>(&work)) {
      return answer(tree, asked->question);
    }
    if (auto const* reply = std::get_if<ReadDigest::Compare>(&work)) {
      SOL_ASSIGN(auto found, compare(tree, reply->asked, reply->given));
      return found;
    }
    return first_question(tree);
  }

  ReplicaStore& store_;
};

}  // namespace

Event carry_out(StoreTask task, ReplicaStore& store) {
  return std::visit(Doer{store}, task);
}

std::vector<Event> carry_out(std::vector<ApplyBatch> tasks, ReplicaStore& store) {
  std::vector<BatchApplied> done;
  std::vector<ReplicaId> peers;
  std::vector<RemoteBatch> batches;
  for (auto& [batch, of] : tasks) {
    bool const disowned = std::ranges::any_of(batch.documents, [&](auto const& document) {
      return claims_unmade_writes(document, store);
    });
    done.push_back({batch.scope, batch.last, {}, batch.last, disowned, of});
    peers.push_back(batch.peer);
    if (!disowned) batches.push_back(std::move(batch));
  }
  auto outcomes = store.apply_all(std::move(batches));
  std::vector<Event> events;
  auto next = outcomes.begin();
  for (std::size_t i = 0; i < done.size(); ++i) {
    auto& applied = done[i];
    if (applied.disowned) {
      applied.outcome = fail(Code::denied, "writes that this replica never made");
    } else {
      applied.outcome = *std::move(next++);
    }
    if (!applied.outcome) applied.cursor = store.cursor(peers[i], applied.scope);
    events.emplace_back(std::move(applied));
  }
  return events;
}

}  // namespace solidaires::sync
