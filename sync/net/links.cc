#include "sync/net/links.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <mutex>
#include <set>

#include "sync/base/check.h"
#include "sync/base/log.h"
#include "sync/net/backoff.h"
#include "sync/net/turns.h"

namespace solidaires::net {
namespace {

namespace asio = boost::asio;

constexpr Millis kStatusInterval{100};
constexpr Millis kMaintenanceInterval{60UL * 60 * 1000};
constexpr std::size_t kQuarantineShown = 20;
constexpr std::size_t kTokenBytes = 16;
constexpr std::size_t kReplicasRemembered = 16;  // of one peer
constexpr std::string_view kTwins =
    "two instances run under this name, one a copy of the other: stop one of them, or enrol it "
    "under a name of its own. Nothing is lost meanwhile";
constexpr Millis kTurnsInterval{50};
// A link that has just begun looks as if it had nothing to do: the peer has not asked yet. Unless a
// comparison has shown it sooner, it keeps its turn for so long.
constexpr Millis kTurnMin{1'000};
constexpr std::size_t kStrangersLogged = 3;  // in a row from one address; then one every hour

std::string decided(sync::Disconnect const& disconnect) {
  return cat(disconnect.by_peer ? "the other side closed: " : "closed: ",
             sync::close_reason_name(disconnect.reason), disconnect.detail.empty() ? "" : ": ",
             disconnect.detail);
}

bool needs_somebody(sync::CloseReason reason) {
  using enum sync::CloseReason;
  return reason == identity || reason == stale_replica || reason == version ||
         reason == suspended || reason == protocol || reason == rolled_back;
}

// Everything that was asked for is there, both ways.
bool caught_up(sync::LinkView const& view) {
  if (view.state != sync::LinkState::up || view.batches_in_flight > 0) return false;
  bool const sent = std::ranges::all_of(view.sending, [](sync::SendingView const& stream) {
    return !stream.subscribed || stream.held || !stream.behind_since;
  });
  return sent && std::ranges::all_of(view.receiving, [](sync::ReceivingView const& stream) {
           return stream.held || stream.cursor >= stream.peer_head;
         });
}

LinkTraffic operator+(LinkTraffic const& a, LinkTraffic const& b) {
  return {a.bytes_in + b.bytes_in, a.bytes_out + b.bytes_out, a.documents_in + b.documents_in,
          a.documents_out + b.documents_out};
}

}  // namespace

std::string_view peer_state_name(PeerState state) noexcept {
  switch (state) {
    case PeerState::connecting: return "connecting";
    case PeerState::greeting: return "greeting";
    case PeerState::live: return "live";
    case PeerState::waiting: return "waiting";
    case PeerState::refused: return "refused";
    case PeerState::absent: return "absent";
  }
  return "unknown";
}

class Links::Impl final : public Door,
                          public LinkOwner,
                          public std::enable_shared_from_this<Links::Impl> {
 public:
  Impl(asio::io_context& io, Workers& workers, sync::ReplicaStore& store, Clock const& clock,
       Rng& rng, LinksPolicy& policy, LinksOptions options)
      : io_(io),
        workers_(workers),
        store_(store),
        clock_(clock),
        rng_(rng),
        policy_(policy),
        options_(std::move(options)),
        transport_(io, workers, clock, options_.transport),
        backoff_(options_.reconnect_min, options_.reconnect_max),
        stranger_log_(kStrangersLogged, kMaintenanceInterval),
        turns_(options_.catching_up_max, options_.turn_max),
        turns_timer_(io),
        keeping_(std::make_shared<JobQueue>(io, workers)),
        redial_(io),
        refresh_(io),
        maintenance_(io) {}

  Result<> accept_with(Credentials const& credentials) {
    return transport_.accept_with(credentials);
  }

  void succeed(Succession const& succession) { transport_.succeed(succession); }

  Result<std::uint16_t> listen(Address const& address) { return transport_.listen(address, *this); }

  Result<> dial(Address const& hub, Credentials const& credentials) {
    SOL_CHECK(!hub_);
    SOL_TRY(use(credentials));
    hub_ = hub;
    attempt();
    maintain();
    return {};
  }

  void renew() {
    if (!hub_ || stopping_ || std::exchange(renewing_, true)) return;
    auto pair = make_key_and_request();
    if (!pair) {
      renewing_ = false;
      return log_error("node.renewal_failed", {{"reason", pair.error().message()}});
    }
    transport_.renew(*hub_, pair->request,
                     [self = shared_from_this(), key = pair->key](Result<Issued> issued) {
                       self->renewed(key, std::move(issued));
                     });
  }

  Result<> dial_with(Credentials const& credentials) {
    SOL_CHECK(hub_.has_value());
    SOL_TRY(use(credentials));
    attempt_now();
    return {};
  }

  void committed(ScopeId const& scope, sync::Sequence head) {
    {
      std::lock_guard const lock(mutex_);
      bool const is_posted = !commits_.empty();
      auto& known = commits_[scope];
      known = std::max(known, head);
      if (is_posted) return;
    }
    asio::post(io_, [self = shared_from_this()] { self->tell_commits(); });
  }

  std::optional<NodeName> fetch(sync::WantBlob const& want, std::set<NodeName> const& but_not) {
    auto const& scope = want.document.scope;
    auto const distance = [&](Link const& link) {
      if (link.peer().node.str() == scope.owner()) return 0;
      return link.peer_role() == sync::PeerRole::child ? 1 : 2;
    };
    std::shared_ptr<Link> best;
    for (auto const& link : links_) {
      bool const carries = link->carries_files() && link->entitlement().may_receive(scope) &&
                           peer_of(*link) != nullptr;
      if (!carries || but_not.contains(link->peer().node)) continue;
      if (!best || distance(*link) < distance(*best)) best = link;
    }
    if (!best) return std::nullopt;
    best->want(want);
    return best->peer().node;
  }

  void file_came(Bytes const& sha256) {
    asio::post(io_, [self = shared_from_this(), sha256] {
      for (auto const& link : std::vector(self->links_)) link->file_came(sha256);
    });
  }

  void policy_changed() {
    asio::post(io_, [self = shared_from_this()] { self->apply_policy(); });
  }

  LinksStatus status() const {
    std::lock_guard const lock(mutex_);
    return status_;
  }

  void on_change(std::function<void()> callback) { on_change_ = std::move(callback); }

  void compare(NodeName const& name) {
    asio::post(io_, [self = shared_from_this(), name] {
      for (auto const& [known, peer] : self->peers_) {
        if (peer.link && (name.empty() || known == name)) peer.link->compare();
      }
    });
  }

  void cut() {
    for (auto const& [name, peer] : peers_) {
      if (peer.link) peer.link->drop();
    }
  }

  void reconnect() {
    cut();
    if (hub_) attempt_now();
  }

  void stop(std::function<void()> done) {
    SOL_CHECK(!stopping_);
    stopping_ = true;
    on_stopped_ = std::move(done);
    redial_.cancel();
    maintenance_.cancel();
    turns_timer_.cancel();
    for (auto const& link : std::vector(links_)) {
      link->stop(sync::CloseReason::going_away, "this instance stops");
    }
    stop_transport_if_over();
  }

  // ---- Door ----

  Result<> admit(CertificateFacts const& peer) override {
    if (stopping_) return fail(Code::unavailable, "this instance stops");
    auto const found = peers_.find(peer.node);
    bool const replaces = found != peers_.end() && found->second.link;
    if (links_.size() >= options_.links_max && !replaces) {
      return fail(Code::busy, "too many links at once");
    }
    SOL_TRY(policy_.child(peer));
    return {};
  }

  void opened(Opened opened) override {
    auto entitlement = policy_.child(opened.peer);
    if (!entitlement || stopping_) return opened.channel->abort();
    take(std::move(opened), *std::move(entitlement), rng_.bytes(kTokenBytes));
  }

  void turned_away(NodeName const& node, std::string const& address, Error const& why) override {
    if (node.empty()) {
      ++strangers_;
      last_stranger_ = why.message();
      auto const host = address.substr(0, address.rfind(':'));
      if (stranger_log_.allow(host, clock_.now())) {
        log_warning("link.stranger_turned_away", {{"from", host}, {"reason", why.message()}});
      }
    } else if (!hub_name_is(node)) {
      auto& peer = peers_.try_emplace(node).first->second;
      // A link that lives goes on: whoever was turned away shows a certificate of its name, no
      // more.
      if (!peer.link) {
        peer.status.role = sync::PeerRole::child;
        peer.status.address = address;
      }
      note_error(
          node, peer, peer.link ? peer.status.state : PeerState::refused,
          peer.link ? cat("another connection was turned away: ", why.message()) : why.message());
    }
    refresh_now();
  }

  EnrolmentDesk* desk() override { return policy_.desk(); }

  // ---- LinkOwner ----

  void link_notice(Link& link, sync::Notice const& notice) override {
    auto const* const up = std::get_if<sync::LinkUp>(&notice);
    if (up != nullptr) take_over(link);
    auto* const peer = peer_of(link);
    if (peer == nullptr) return;
    if (up != nullptr) {
      enter(*peer, PeerState::live);
      peer->status.last_error.clear();
      peer->status.quarantine.clear();
      peer->held.clear();
      log_info("link.up", {{"peer", link.peer().node.str()}, {"address", link.address()}});
      if (is_twin(*peer, up->peer.replica)) {
        note_error(link.peer().node, *peer, PeerState::live, std::string(kTwins));
      } else if (auto const skew = sync::describe(link.view().model_skew); !skew.empty()) {
        note_error(link.peer().node, *peer, PeerState::live, std::string(skew));
      } else {
        peer->logged_error.clear();
      }
      if (link.peer_role() == sync::PeerRole::child) give_turns(turns_.come(link, clock_.now()));
      refresh_now();
    } else if (auto const* difference = std::get_if<sync::Difference>(&notice)) {
      note_difference(link, *peer, *difference);
    } else if (auto const* trip = std::get_if<sync::RoundTrip>(&notice)) {
      peer->status.round_trip = trip->time;
    } else if (auto const* held = std::get_if<sync::Quarantined>(&notice)) {
      for (auto const& reason : held->reasons) {
        log_warning("link.quarantine", {{"peer", link.peer().node.str()},
                                        {"scope", held->scope.to_string()},
                                        {"reason", reason}});
        auto text = cat(held->scope.to_string(), ": ", reason);
        auto& shown = peer->status.quarantine;
        bool const is_shown = std::ranges::find(shown, text) != shown.end();
        if (!is_shown && shown.size() < kQuarantineShown) shown.push_back(std::move(text));
      }
    } else if (auto const* refused = std::get_if<sync::Refused>(&notice)) {
      auto const& nack = refused->nack;
      if (nack.reason != sync::NackReason::gap) {
        note_error(link.peer().node, *peer, peer->status.state,
                   cat("the other side does not take ", nack.scope.to_string(), ": ",
                       sync::nack_reason_name(nack.reason), ": ", nack.detail));
      }
    } else if (auto const* withdrawn = std::get_if<sync::ScopesWithdrawn>(&notice)) {
      policy_.withdrawn(link.peer().node, withdrawn->scopes);
    } else if (auto const* remark = std::get_if<sync::Remark>(&notice)) {
      log_info("link.remark", {{"peer", link.peer().node.str()}, {"text", remark->text}});
    }
    policy_.told(link.peer().node, notice);
  }

  void link_changed(Link&) override { refresh_soon(); }

  sync::StatusDue status_facts() override {
    auto facts = policy_.status_facts();
    for (auto const& [name, peer] : peers_) facts.quarantined += peer.status.quarantine.size();
    return facts;
  }

  void link_ended(Link& link, LinkEnd const& end) override {
    auto const keep_alive = link.shared_from_this();
    std::erase(links_, keep_alive);
    give_turns(turns_.leave(link, clock_.now()));
    if (auto* const claimed = claimed_by(link)) {
      claimed->next = nullptr;
      // The link that lives goes on; but its name was claimed by a copy, and that is shown.
      if (end.decided && needs_somebody(end.decided->reason)) {
        note_error(link.peer().node, *claimed, claimed->status.state, reason_of(link, end));
      }
    } else if (auto* const peer = peer_of(link)) {
      peer->past = peer->past + link.traffic();
      peer->status.last_contact = link.last_contact();
      peer->status.view = link.view();
      peer->link = std::exchange(peer->next, nullptr);
      policy_.ended(link.peer().node);
      auto const reason = reason_of(link, end);
      bool const is_refusal = end.decided && needs_somebody(end.decided->reason);
      auto const rest =
          link.peer_role() == sync::PeerRole::parent ? PeerState::waiting : PeerState::absent;
      if (std::exchange(peer->logged_error, reason) != reason) {
        log_info("link.down", {{"peer", link.peer().node.str()}, {"reason", reason}});
      }
      note_error(link.peer().node, *peer, is_refusal ? PeerState::refused : rest, reason);
      if (peer->link) {
        greet(*peer, *peer->link);
        enter(*peer, PeerState::greeting);
      }
    }
    if (link.peer_role() == sync::PeerRole::parent) {
      if (end.progressed) backoff_.reset();
      redial_after(end.decided ? end.decided->retry_after : Millis{0});
    }
    refresh_now();
    stop_transport_if_over();
  }

 private:
  struct Peer {
    PeerStatus status;
    LinkTraffic past;  // of links that ended
    std::shared_ptr<Link> link;
    std::shared_ptr<Link> next;     // came while `link` was live: takes over when it is up itself
    std::optional<ReplicaId> live;  // whose link was up last
    std::set<ReplicaId> ousted;     // by another one, whose link was up at the same time
    std::set<ScopeId> held;         // whose cursor a quarantine holds
    std::string logged_error;
  };

  [[nodiscard]] bool hub_name_is(NodeName const& node) const { return hub_ && node == hub_name_; }

  Peer* peer_of(Link const& link) {
    auto const found = peers_.find(link.peer().node);
    // A link that was replaced by a newer one speaks for nobody any more.
    return found != peers_.end() && found->second.link.get() == &link ? &found->second : nullptr;
  }

  // The peer, if this link waits to take over from one that lives.
  Peer* claimed_by(Link const& link) {
    auto const found = peers_.find(link.peer().node);
    return found != peers_.end() && found->second.next.get() == &link ? &found->second : nullptr;
  }

  // The peer came back before its old connection was noticed to be dead, or a copy of it came: what
  // proved itself last counts.
  void take_over(Link const& link) {
    auto* const peer = claimed_by(link);
    if (peer == nullptr) return;
    auto const old = std::exchange(peer->link, std::exchange(peer->next, nullptr));
    if (peer->live && peer->ousted.size() < kReplicasRemembered) peer->ousted.insert(*peer->live);
    greet(*peer, link);
    if (!old) return;
    policy_.ended(link.peer().node);
    peer->past = peer->past + old->traffic();
    old->stop(sync::CloseReason::going_away, "a newer link of this node took over");
  }

  // True if this replica was ousted by another one before: both run. One that has become another
  // incarnation never comes back under the old one.
  static bool is_twin(Peer& peer, ReplicaId replica) {
    bool const is_other = peer.live && *peer.live != replica;
    bool const was_ousted = peer.ousted.contains(replica);
    if (!is_other) peer.ousted.erase(replica);  // it took over from itself
    peer.live = replica;
    return is_other && was_ousted;
  }

  std::string reason_of(Link const& link, LinkEnd const& end) const {
    if (!end.decided) return end.why.message();
    auto const advice = policy_.advice(*end.decided, link.peer().node);
    return cat(decided(*end.decided), advice.empty() ? "" : ". ", advice);
  }

  static void greet(Peer& peer, Link const& link) {
    peer.status.role = link.peer_role();
    peer.status.address = link.address();
    peer.status.certificate_expires = link.peer().not_after;
    ++peer.status.connections;
  }

  void enter(Peer& peer, PeerState state) {
    if (peer.status.state == state && peer.status.since != Instant{}) return;
    peer.status.state = state;
    peer.status.since = clock_.now();
  }

  void note_error(NodeName const& name, Peer& peer, PeerState state, std::string const& reason) {
    enter(peer, state);
    peer.status.last_error = reason;
    if (std::exchange(peer.logged_error, reason) == reason) return;
    log_warning("link.problem",
                {{"peer", name.str()}, {"state", peer_state_name(state)}, {"reason", reason}});
  }

  void take(Opened opened, sync::Entitlement entitlement, Bytes token) {
    auto const name = opened.peer.node;
    auto& peer = peers_.try_emplace(name).first->second;
    bool const is_child = entitlement.peer_role == sync::PeerRole::child;
    auto const link =
        std::make_shared<Link>(io_, workers_, store_, clock_, *this, std::move(opened),
                               LinkSetup{.entitlement = std::move(entitlement),
                                         .fresh_token = std::move(token),
                                         .software = options_.software,
                                         .model_version = options_.model_version,
                                         .admitted = !is_child});
    links_.push_back(link);
    if (peer.link) {
      // It must prove itself before what lives makes room: a copy that is refused disturbs nobody.
      if (auto const waiting = std::exchange(peer.next, link)) {
        waiting->stop(sync::CloseReason::going_away, "a newer link of this node took over");
      }
    } else {
      greet(peer, *link);
      enter(peer, PeerState::greeting);
      peer.link = link;
    }
    link->start();
    refresh_now();
  }

  // ---- Alarms, turns ----

  void note_difference(Link const& link, Peer& peer, sync::Difference const& found) {
    auto& status = peer.status;
    status.differences += found.only_here + found.only_there + found.different;
    status.last_difference_at = clock_.now();
    std::string ids;
    for (auto const& id : found.some) ids += cat(ids.empty() ? "" : " ", id.to_string());
    status.last_difference =
        cat(found.scope.to_string(), ": ", found.only_here, " only here, ", found.only_there,
            " only there, ", found.different, " in different states",
            found.repairable ? "; being mended" : "; cannot be mended over this link");
    log_error("link.difference", {{"peer", link.peer().node.str()},
                                  {"scope", found.scope.to_string()},
                                  {"only_here", found.only_here},
                                  {"only_there", found.only_there},
                                  {"different", found.different},
                                  {"repairable", found.repairable},
                                  {"documents", ids}});
    refresh_now();
  }

  // A link's turn begins after the step of whatever link led here.
  void give_turns(std::vector<Link*> const& next) {
    for (auto* const link : next) {
      asio::post(io_, [weak = link->weak_from_this()] {
        if (auto const alive = weak.lock()) alive->admit();
      });
    }
    if (turns_.waiting() == 0 || stopping_ || std::exchange(turns_timed_, true)) return;
    turns_timer_.expires_after(kTurnsInterval);
    turns_timer_.async_wait([weak = weak_from_this()](boost::system::error_code const& cancelled) {
      auto const self = weak.lock();
      if (!self) return;
      self->turns_timed_ = false;
      if (!cancelled && !self->stopping_) self->review_turns();
    });
  }

  // While somebody waits: who has caught up makes room.
  void review_turns() {
    auto const now = clock_.now();
    std::vector<Link*> next;
    for (auto const& [link, since] : turns_.now()) {
      auto const view = link->view();
      bool const done = since + kTurnMin <= now ? caught_up(view) : sync::proven_equal(view);
      if (!done) continue;
      auto const freed = turns_.leave(*link, now);
      next.insert(next.end(), freed.begin(), freed.end());
    }
    auto const late = turns_.look(now);
    next.insert(next.end(), late.begin(), late.end());
    give_turns(next);
  }

  // ---- Dialling ----

  Result<> use(Credentials const& credentials) {
    SOL_ASSIGN(auto const facts, credentials.facts());
    SOL_TRY(transport_.dial_with(credentials));
    own_ = facts;
    hub_name_ = facts.network;
    return {};
  }

  Peer& hub_peer() {
    auto& peer = peers_.try_emplace(hub_name_).first->second;
    peer.status.role = sync::PeerRole::parent;
    peer.status.address = hub_->to_string();
    return peer;
  }

  void attempt() {
    enter(hub_peer(), PeerState::connecting);
    refresh_now();
    transport_.dial(*hub_, [self = shared_from_this()](Result<Opened> opened) {
      self->dialled(std::move(opened));
    });
  }

  void dialled(Result<Opened> opened) {
    if (stopping_) {
      if (opened) opened->channel->abort();
      return stop_transport_if_over();
    }
    if (opened) {
      auto const name = opened->peer.node;
      return take(*std::move(opened), policy_.parent(name), {});
    }
    bool const is_unknown = opened.error().code() == Code::unauthenticated;
    bool const is_refusal = is_unknown || opened.error().code() == Code::denied;
    // A certificate that ended, or an authority that went while this node was away: renewing helps.
    if (is_unknown || (is_refusal && own_.not_after <= clock_.now())) renew();
    note_error(hub_name_, hub_peer(), is_refusal ? PeerState::refused : PeerState::waiting,
               opened.error().message());
    redial_after(Millis{0});
    refresh_now();
  }

  // If an attempt waits for its time.
  void attempt_now() {
    backoff_.reset();
    if (!stopping_ && redial_.cancel() > 0) attempt();
  }

  void redial_after(Millis at_least) {
    if (stopping_) return;
    redial_.expires_after(std::max(at_least, backoff_.next(rng_)));
    redial_.async_wait([weak = weak_from_this()](boost::system::error_code const& cancelled) {
      auto const self = weak.lock();
      if (!cancelled && self && !self->stopping_) self->attempt();
    });
  }

  // ---- The own certificate ----

  void maintain() {
    if (renewal_due(own_, clock_.now())) renew();
    maintenance_.expires_after(kMaintenanceInterval);
    maintenance_.async_wait([weak = weak_from_this()](boost::system::error_code const& cancelled) {
      auto const self = weak.lock();
      if (!cancelled && self && !self->stopping_) self->maintain();
    });
  }

  void renewed(Pem const& key, Result<Issued> issued) {
    auto const failed = [this](std::string const& reason) {
      renewing_ = false;
      log_warning("node.renewal_failed", {{"reason", reason}});
    };
    if (!issued) return failed(issued.error().message());
    Credentials credentials{key, issued->certificate, issued->roots};
    // The hub was verified before it was asked: roots that it adds are believed.
    auto const facts = verify(credentials.certificate, credentials.roots, Role::node, clock_.now());
    if (!facts) return failed(facts.error().message());
    if (facts->node != own_.node || facts->network != own_.network) {
      return failed("the hub gave a certificate for another node");
    }
    auto const taken =
        keeping_->run([self = shared_from_this(), credentials, failed]() -> JobQueue::Completion {
          auto kept = self->policy_.keep(credentials);
          return [self, credentials, failed, kept = std::move(kept)] {
            auto const used = kept ? self->use(credentials) : kept;
            if (!used) return failed(used.error().message());
            self->renewing_ = false;
            log_info("node.certificate_renewed",
                     {{"expires_unix_ms", to_unix_ms(self->own_.not_after)}});
            self->refresh_now();
            self->attempt_now();
          };
        });
    if (!taken) failed("the program is stopping");
  }

  // ---- Commits and policy ----

  void tell_commits() {
    std::map<ScopeId, sync::Sequence> commits;
    {
      std::lock_guard const lock(mutex_);
      commits.swap(commits_);
    }
    for (auto const& link : std::vector(links_)) {
      for (auto const& [scope, head] : commits) link->committed(scope, head);
    }
  }

  void apply_policy() {
    if (stopping_) return;
    for (auto const& link : std::vector(links_)) {
      if (link->peer_role() == sync::PeerRole::parent) {
        link->entitle(policy_.parent(link->peer().node));
        continue;
      }
      auto const entitlement = policy_.child(link->peer());
      if (entitlement) {
        link->entitle(*entitlement);
      } else {
        link->stop(sync::CloseReason::suspended, entitlement.error().message());
      }
    }
  }

  // ---- Status ----

  void refresh_soon() {
    if (std::exchange(refresh_pending_, true)) return;
    refresh_.expires_after(kStatusInterval);
    refresh_.async_wait([weak = weak_from_this()](boost::system::error_code const& cancelled) {
      auto const self = weak.lock();
      if (!cancelled && self) self->refresh_now();
    });
  }

  void refresh_now() {
    refresh_pending_ = false;
    refresh_.cancel();
    LinksStatus fresh;
    fresh.last_stranger = last_stranger_;
    fresh.strangers = strangers_;
    fresh.own_certificate_expires = own_.not_after;
    for (auto& [name, peer] : peers_) {
      peer.status.peer = name;
      peer.status.traffic = peer.past;
      if (peer.link) {
        peer.status.traffic = peer.past + peer.link->traffic();
        peer.status.last_contact = peer.link->last_contact();
        peer.status.view = peer.link->view();
        forget_mended(peer);
      }
      fresh.peers.push_back(peer.status);
    }
    auto const parent = std::ranges::find(fresh.peers, sync::PeerRole::parent, &PeerStatus::role);
    if (parent != fresh.peers.end()) std::rotate(fresh.peers.begin(), parent, parent + 1);
    {
      std::lock_guard const lock(mutex_);
      status_ = std::move(fresh);
    }
    if (on_change_) on_change_();
  }

  // What held a cursor is not shown any more once the cursor has gone on.
  static void forget_mended(Peer& peer) {
    for (auto const& stream : peer.status.view.receiving) {
      if (stream.held) {
        peer.held.insert(stream.scope);
      } else if (peer.held.erase(stream.scope) > 0) {
        auto const begins = cat(stream.scope.to_string(), ": ");
        std::erase_if(peer.status.quarantine,
                      [&](std::string const& reason) { return reason.starts_with(begins); });
      }
    }
  }

  void stop_transport_if_over() {
    if (!stopping_ || !links_.empty() || !on_stopped_) return;
    refresh_.cancel();
    // The transport itself counts what is still being dialled, accepted or asked.
    keeping_->when_idle([self = shared_from_this(), done = std::exchange(on_stopped_, nullptr)] {
      self->transport_.stop(done);
    });
  }

  asio::io_context& io_;
  Workers& workers_;
  sync::ReplicaStore& store_;
  Clock const& clock_;
  Rng& rng_;
  LinksPolicy& policy_;
  LinksOptions const options_;
  Transport transport_;
  std::optional<Address> hub_;
  NodeName hub_name_;
  CertificateFacts own_;
  Backoff backoff_;
  RateLimit stranger_log_;
  std::map<NodeName, Peer> peers_;
  std::vector<std::shared_ptr<Link>> links_;  // also those that were replaced and are ending
  std::string last_stranger_;
  std::uint64_t strangers_ = 0;
  Turns<Link> turns_;
  asio::steady_timer turns_timer_;
  bool turns_timed_ = false;
  std::shared_ptr<JobQueue> keeping_;  // writes credentials down
  asio::steady_timer redial_;
  asio::steady_timer refresh_;
  asio::steady_timer maintenance_;
  bool refresh_pending_ = false;
  bool renewing_ = false;
  bool stopping_ = false;
  std::function<void()> on_stopped_;
  std::function<void()> on_change_;
  mutable std::mutex mutex_;                   // guards the two below
  std::map<ScopeId, sync::Sequence> commits_;  // not told yet
  LinksStatus status_;
};

Links::Links(asio::io_context& io, Workers& workers, sync::ReplicaStore& store, Clock const& clock,
             Rng& rng, LinksPolicy& policy, LinksOptions options)
    : impl_(std::make_shared<Impl>(io, workers, store, clock, rng, policy, std::move(options))) {}

Links::~Links() = default;

Result<> Links::accept_with(Credentials const& credentials) {
  return impl_->accept_with(credentials);
}

void Links::succeed(Succession const& succession) {
  impl_->succeed(succession);
}

Result<std::uint16_t> Links::listen(Address const& address) {
  return impl_->listen(address);
}

Result<> Links::dial(Address const& hub, Credentials const& credentials) {
  return impl_->dial(hub, credentials);
}

Result<> Links::dial_with(Credentials const& credentials) {
  return impl_->dial_with(credentials);
}

void Links::renew() {
  impl_->renew();
}

void Links::committed(ScopeId const& scope, sync::Sequence head) {
  impl_->committed(scope, head);
}

std::optional<NodeName> Links::fetch(sync::WantBlob const& want,
                                     std::set<NodeName> const& but_not) {
  return impl_->fetch(want, but_not);
}

void Links::file_came(Bytes const& sha256) {
  impl_->file_came(sha256);
}

void Links::policy_changed() {
  impl_->policy_changed();
}

LinksStatus Links::status() const {
  return impl_->status();
}

void Links::on_change(std::function<void()> callback) {
  impl_->on_change(std::move(callback));
}

void Links::reconnect() {
  impl_->reconnect();
}

void Links::compare(NodeName const& peer) {
  impl_->compare(peer);
}

void Links::cut() {
  impl_->cut();
}

void Links::stop(std::function<void()> done) {
  impl_->stop(std::move(done));
}

}  // namespace solidaires::net
