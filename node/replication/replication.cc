#include "node/replication/replication.h"

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <mutex>
#include <system_error>

#include "node/replication/entitlements.h"
#include "node/replication/file_exchange.h"
#include "node/replication/withdrawals.h"
#include "sync/base/check.h"
#include "sync/base/log.h"
#include "sync/net/job_queue.h"

namespace solidaires::replication {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kWatchInterval{1};       // for credentials written beside us
constexpr std::chrono::minutes kFactsInterval{1};       // free space, own certificate
constexpr std::uint64_t kDocumentBytesAssumed = 1'000;  // before a link has carried any

int days_until(Instant at, Instant now) {
  return static_cast<int>(std::chrono::floor<std::chrono::days>(at - now).count());
}

std::uint64_t mean_bytes(std::uint64_t bytes, std::uint64_t documents) {
  return documents == 0 ? kDocumentBytesAssumed : bytes / documents;
}

std::uint64_t distance(sync::Sequence from, sync::Sequence to) {
  auto const a = static_cast<std::uint64_t>(from);
  auto const b = static_cast<std::uint64_t>(to);
  return b > a ? b - a : 0;
}

using Heads = std::map<ScopeId, sync::Sequence>;

// `heads`: of the local store, which grows on while a link is away and its last view does not.
std::vector<ScopeLag> lags_of(net::PeerStatus const& peer, Heads const& heads, Instant now) {
  std::vector<ScopeLag> lags;
  auto const& traffic = peer.traffic;
  for (auto const& sending : peer.view.sending) {
    if (!sending.subscribed) continue;
    ScopeLag lag{.scope = sending.scope, .outgoing = true, .held = sending.held};
    auto const known = heads.find(sending.scope);
    auto const head = known == heads.end() ? sending.head : std::max(sending.head, known->second);
    lag.documents_at_most = distance(sending.acknowledged, head);
    lag.bytes_estimate =
        lag.documents_at_most * mean_bytes(traffic.bytes_out, traffic.documents_out);
    if (lag.documents_at_most > 0) {
      lag.age = std::max(now - sending.behind_since.value_or(peer.last_contact), Millis{0});
    }
    lags.push_back(std::move(lag));
  }
  for (auto const& receiving : peer.view.receiving) {
    ScopeLag lag{.scope = receiving.scope, .outgoing = false, .held = receiving.held};
    lag.documents_at_most = distance(receiving.cursor, receiving.peer_head);
    lag.bytes_estimate = lag.documents_at_most * mean_bytes(traffic.bytes_in, traffic.documents_in);
    lags.push_back(std::move(lag));
  }
  return lags;
}

Proof proof_of(sync::ProbeView const& view, bool live) {
  if (!live) return Proof::unproven;
  if (view.agreement == sync::Agreement::differs) return Proof::differs;
  if (view.proven) return Proof::proven;
  if (view.due) return Proof::checking;
  return view.agreement == sync::Agreement::equal ? Proof::changed : Proof::unproven;
}

void add_proofs(LinkReport& report, net::PeerStatus const& peer) {
  bool const live = peer.state == net::PeerState::live;
  for (auto const& view : peer.view.probes) {
    report.proofs.push_back({view.scope, proof_of(view, live), view.checked_at, view.documents,
                             view.differences, view.repaired, view.comparisons});
  }
  report.in_sync = live && sync::proven_equal(peer.view);
}

}  // namespace

std::string_view proof_name(Proof proof) noexcept {
  switch (proof) {
    case Proof::proven: return "proven";
    case Proof::checking: return "checking";
    case Proof::changed: return "changed";
    case Proof::differs: return "differs";
    case Proof::unproven: return "unproven";
  }
  return "unproven";
}

class Replication::Impl final : public net::LinksPolicy,
                                public std::enable_shared_from_this<Replication::Impl> {
 public:
  Impl(asio::io_context& io, net::Workers& workers, store::Store& store, Clock const& clock,
       Rng& rng, Config config)
      : io_(io),
        store_(store),
        clock_(clock),
        rng_(rng),
        config_(std::move(config)),
        withdrawals_(store, config_.self),
        links_(io, workers, store, clock, rng, *this, config_.links),
        files_(io, workers, store, links_, clock,
               [this](ScopeId const& scope) { return is_eager(scope); }),
        jobs_(std::make_shared<net::JobQueue>(io, workers)),
        watch_(io),
        facts_timer_(io) {}

  Result<> open() {
    SOL_ASSIGN(registry_, NodeRegistry::open(store_, [this] {
                 links_.policy_changed();
                 rights_changed();
                 asio::post(io_, [weak = weak_from_this()] {
                   if (auto const self = weak.lock()) self->follow_roots();
                 });
               }));
    SOL_TRY(withdrawals_.load(clock_.now()));
    SOL_TRY(withdrawals_.forget_regained(registry_->nodes(), clock_.now()));
    commits_ = store_.subscribe([this](store::CommitNotice const& notice) { tell(notice); });
    return {};
  }

  Result<> start() {
    SOL_TRY(start_listening());
    SOL_TRY(start_dialling());
    files_.start();
    refresh_facts();
    tree_due_ = true;
    tend_tree();
    return {};
  }

  void stop(std::function<void()> done) {
    SOL_CHECK(!stopping_);
    stopping_ = true;
    watch_.cancel();
    facts_timer_.cancel();
    commits_.reset();
    links_.stop([self = shared_from_this(), done = std::move(done)] {
      self->files_.stop([self, done] {
        self->jobs_->clear();
        self->jobs_->when_idle([self, done] {
          self->registry_->unfollow();
          done();
        });
      });
    });
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] NodeRegistry const& registry() const { return *registry_; }
  void tell_conflicts(std::uint64_t open_conflicts) { conflicts_ = open_conflicts; }
  void on_change(std::function<void()> callback) {
    on_change_ = callback;
    links_.on_change(std::move(callback));
  }
  void cut() { links_.cut(); }
  void authorities_changed() {
    asio::post(io_, [weak = weak_from_this()] {
      auto const self = weak.lock();
      if (self && !self->stopping_) self->look_for_authorities();
    });
  }
  Result<ReplicaId> renew_identity() {
    SOL_ASSIGN(auto const replica, renew_incarnation(config_.files, store_));
    asio::post(io_, [weak = weak_from_this()] {
      auto const self = weak.lock();
      if (self && !self->stopping_) self->links_.reconnect();
    });
    return replica;
  }
  void compare(NodeName const& peer) { links_.compare(peer); }
  Report report() const;
  Result<> fetch_file(sync::DocumentKey const& document, schema::FileReference const& file,
                      Millis within) {
    return files_.fetch(document, file, within);
  }

  // ---- net::LinksPolicy ----

  Result<sync::Entitlement> child(net::CertificateFacts const& peer) override {
    return entitlement_of_child(config_.self, peer, registry_->nodes());
  }

  sync::Entitlement parent(NodeName const& hub) override {
    return entitlement_of_parent(config_.self, hub, registry_->nodes(), config_.every_public,
                                 config_.subscriptions);
  }

  sync::StatusDue status_facts() override {
    return {.disk_free_bytes = disk_free_bytes_, .open_conflicts = conflicts_};
  }

  void told(NodeName const& peer, sync::Notice const& notice) override {
    files_.told(peer, notice);
  }
  void ended(NodeName const& peer) override { files_.ended(peer); }

  net::EnrolmentDesk* desk() override { return desk_ ? &*desk_ : nullptr; }

  void withdrawn(NodeName const& peer, std::vector<ScopeId> const& scopes) override {
    jobs_->run([self = shared_from_this(), peer, scopes]() -> net::JobQueue::Completion {
      if (auto const kept = self->withdrawals_.keep(peer, scopes, self->clock_.now()); !kept) {
        log_warning("link.withdrawn", {{"error", kept.error().to_string()}});
      }
      return [self] {
        if (self->on_change_) self->on_change_();
      };
    });
  }

  Result<> keep(net::Credentials const& credentials) override {
    SOL_TRY(net::write_credentials(config_.files.credentials(), credentials));
    std::lock_guard const lock(mutex_);
    credentials_ = credentials;
    return {};
  }

  [[nodiscard]] std::string advice(sync::Disconnect const& why,
                                   NodeName const& peer) const override {
    return advice_after(why, config_.self, peer);
  }

 private:
  [[nodiscard]] bool is_eager(ScopeId const& scope) const {
    bool const of_one_node =
        scope.kind() == ScopeKind::office || scope.kind() == ScopeKind::published;
    if (!of_one_node || scope.owner() == config_.self.str()) return true;
    // The own network's registry names the whole tree below.
    if (config_.fetch_files == FileFetching::all) return true;
    return config_.fetch_files == FileFetching::below &&
           std::ranges::any_of(registry_->nodes(), [&](NodeRecord const& node) {
             return node.network == config_.self && !node.hub && node.name.str() == scope.owner();
           });
  }

  void tell(store::CommitNotice const& notice) {
    files_.committed(notice);
    Heads heads;
    for (auto const& change : notice.changes) {
      auto& head = heads[change.key().scope];
      head = std::max(head, change.sequence);
    }
    {
      std::lock_guard const lock(mutex_);
      for (auto const& [scope, head] : heads) heads_[scope] = std::max(heads_[scope], head);
    }
    for (auto const& [scope, head] : heads) links_.committed(scope, head);
    if (!concerns_tree(notice, config_.self) || tree_due_.exchange(true)) return;
    asio::post(io_, [weak = weak_from_this()] {
      if (auto const self = weak.lock()) self->tend_tree();
    });
  }

  // ---- Hubs below, and a hub above ----

  // On the IO thread, with tree_due_ set. A commit that comes during the job makes it due again.
  void tend_tree() {
    if (stopping_) return;
    jobs_->run([self = shared_from_this()]() -> net::JobQueue::Completion {
      self->tree_due_ = false;
      auto outcome = self->tend_tree_now();
      return [self, outcome = std::move(outcome)]() mutable {
        if (!outcome) {
          // The next commit, or the next of the regular looks, tries again.
          log_warning("registry.not_tended", {{"reason", outcome.error().message()}});
          return;
        }
        self->show_declined(*std::move(outcome));
      };
    });
  }

  Result<std::vector<Declined>> tend_tree_now() {
    std::vector<Declined> declined;
    if (config_.listen) {
      SOL_ASSIGN(declined, enter_announced(store_, config_.self, clock_, rng_));
      if (config_.hub) SOL_TRY(announce_below(store_, config_.self, clock_, rng_));
    }
    return declined;
  }

  void show_declined(std::vector<Declined> declined) {
    std::lock_guard const lock(mutex_);
    for (auto const& one : declined) {
      if (std::ranges::find(declined_, one) != declined_.end()) continue;
      log_warning(
          "registry.node_declined",
          {{"node", one.node.str()}, {"announced_by", one.by.str()}, {"reason", one.reason}});
    }
    declined_ = std::move(declined);
  }

  // Any thread. What a node may hold again is not taken for withdrawn later on an old word of its.
  void rights_changed() {
    asio::post(io_, [weak = weak_from_this()] {
      auto const self = weak.lock();
      if (!self || self->stopping_) return;
      self->jobs_->run([self]() -> net::JobQueue::Completion {
        auto const done =
            self->withdrawals_.forget_regained(self->registry_->nodes(), self->clock_.now());
        if (!done) log_warning("link.withdrawn", {{"error", done.error().to_string()}});
        return [] {};
      });
    });
  }

  void wait_for(std::string reason) {
    std::lock_guard const lock(mutex_);
    waiting_for_ = std::move(reason);
  }

  // ---- The hub's side ----

  Result<> start_listening() {
    if (!config_.listen) return {};
    auto authorities = read_authorities(config_.files);
    if (!authorities && authorities.error().code() == Code::not_found) {
      wait_for("the network is not founded yet: this hub has no authority");
      return {};
    }
    if (!authorities) return std::unexpected(std::move(authorities).error());
    if (authorities->shown.network() != config_.self) {
      return fail(Code::invalid,
                  cat("the authority here belongs to ", authorities->shown.network().str(),
                      ", not to ", config_.self.str()));
    }
    desk_.emplace(authorities->issuing, store_, clock_);
    SOL_TRY(take_up(*std::move(authorities)));
    announce();
    SOL_ASSIGN(port_, links_.listen(*config_.listen));
    log_info("link.listening", {{"address", config_.listen->host}, {"port", port_.load()}});
    return {};
  }

  Result<> take_up(Authorities authorities) {
    desk_->use(authorities.issuing);
    links_.succeed(authorities.succession);
    has_overlap_ = authorities.overlap();
    authorities_.emplace(std::move(authorities));
    return show_fresh_certificate();
  }

  // Only what this hub certifies with and shows already is told to the nodes.
  void announce() {
    jobs_->run([self = shared_from_this(), known = *authorities_]() -> net::JobQueue::Completion {
      auto const told =
          announce_roots(known, self->store_, self->config_.self, self->clock_, self->rng_);
      if (!told) log_warning("authority.not_announced", {{"reason", told.error().message()}});
      return [] {};
    });
  }

  void look_for_authorities() {
    jobs_->run([self = shared_from_this()]() -> net::JobQueue::Completion {
      auto found = read_authorities(self->config_.files);
      return [self, found = std::move(found)]() mutable {
        if (self->stopping_ || !self->desk_) return;
        auto const outcome = found ? self->take_up(*std::move(found))
                                   : Result<>(std::unexpected(std::move(found).error()));
        if (!outcome) {
          return log_error("authority.refused", {{"reason", outcome.error().message()}});
        }
        self->announce();
      };
    });
  }

  // The hub certifies itself, in memory, at every start and again in time.
  Result<> show_fresh_certificate() {
    SOL_ASSIGN(auto const pair, net::make_key_and_request());
    SOL_ASSIGN(auto certificate,
               authorities_->shown.issue(pair.request, config_.self, net::Role::hub, clock_.now()));
    SOL_ASSIGN(shown_, net::read_certificate(certificate));
    return links_.accept_with({pair.key, std::move(certificate), authorities_->shown.roots()});
  }

  // ---- The node's side ----

  Result<> start_dialling() {
    if (!config_.hub) return {};
    SOL_TRY(renew_incarnation_if_due(config_.files, store_));
    auto credentials = net::read_credentials(config_.files.credentials());
    if (credentials) {
      SOL_TRY(take_up(*std::move(credentials)));
    } else if (credentials.error().code() == Code::not_found) {
      wait_for("this node is not enrolled yet: redeem a token of the hub");
    } else {
      return std::unexpected(std::move(credentials).error());
    }
    watch_credentials();
    return {};
  }

  Result<> take_up(net::Credentials credentials) {
    SOL_ASSIGN(auto const facts, credentials.facts());
    if (facts.node != config_.self) {
      return fail(Code::invalid, cat("the credentials here are those of ", facts.node.str(),
                                     ", not of ", config_.self.str()));
    }
    SOL_TRY(is_dialling_ ? links_.dial_with(credentials) : links_.dial(*config_.hub, credentials));
    is_dialling_ = true;
    wait_for("");
    std::lock_guard const lock(mutex_);
    credentials_ = std::move(credentials);
    return {};
  }

  // `enrol` runs in another process and leaves a file: it is looked for until it is there, and
  // again while the link is refused, for then another enrolment is what helps.
  void watch_credentials() {
    watch_.expires_after(kWatchInterval);
    watch_.async_wait([weak = weak_from_this()](boost::system::error_code const& cancelled) {
      auto const self = weak.lock();
      if (cancelled || !self || self->stopping_) return;
      if (self->needs_credentials()) self->look_for_credentials();
      self->watch_credentials();
    });
  }

  [[nodiscard]] bool needs_credentials() const {
    if (!is_dialling_) return true;
    auto const status = links_.status();
    return !status.peers.empty() && status.peers.front().role == sync::PeerRole::parent &&
           status.peers.front().state == net::PeerState::refused;
  }

  [[nodiscard]] bool holds(net::Credentials const& credentials) const {
    std::lock_guard const lock(mutex_);
    return credentials_ == credentials;
  }

  void look_for_credentials() {
    if (!jobs_->idle()) return;
    jobs_->run([self = shared_from_this()]() -> net::JobQueue::Completion {
      auto found = net::read_credentials(self->config_.files.credentials());
      auto ready = found ? renew_incarnation_if_due(self->config_.files, self->store_) : Result<>();
      return [self, found = std::move(found), ready = std::move(ready)]() mutable {
        if (!found || self->stopping_ || self->holds(*found)) {
          return;
        }
        auto const outcome = ready ? self->take_up(*std::move(found)) : ready;
        if (!outcome) self->wait_for(outcome.error().message());
      };
    });
  }

  // The hub tells by the registry which roots it trusts. Until this node trusts the same, it asks
  // for another certificate, with which they come: that of the registry is a hint and no more.
  void follow_roots() {
    if (!is_dialling_ || stopping_) return;
    std::optional<net::Credentials> own;
    {
      std::lock_guard const lock(mutex_);
      own = credentials_;
    }
    if (!own) return;
    auto const facts = own->facts();
    auto const held = net::fingerprints_of(own->roots);
    if (!facts || !held) return;
    auto const hub = registry_->find(facts->network, facts->network);
    if (!hub || hub->roots.empty() || hub->roots == asked_for_) return;
    std::vector<std::string> names;
    for (auto const& fingerprint : *held) names.push_back(hex(fingerprint));
    if (names == hub->roots) return;
    asked_for_ = hub->roots;
    log_info("node.roots_differ", {{"hub", facts->network.str()}});
    links_.renew();
  }

  // ---- Facts that age ----

  void refresh_facts() {
    jobs_->run([self = shared_from_this()]() -> net::JobQueue::Completion {
      std::error_code failed;
      auto const space = std::filesystem::space(self->config_.files.directory, failed);
      if (!failed) self->disk_free_bytes_ = space.available;
      return [self] {
        self->renew_shown_certificate();
        if (!self->tree_due_.exchange(true)) self->tend_tree();
        self->asked_for_.clear();
        self->follow_roots();
      };
    });
    facts_timer_.expires_after(kFactsInterval);
    facts_timer_.async_wait([weak = weak_from_this()](boost::system::error_code const& cancelled) {
      auto const self = weak.lock();
      if (!cancelled && self && !self->stopping_) self->refresh_facts();
    });
  }

  void renew_shown_certificate() {
    if (stopping_ || !authorities_ || !net::renewal_due(shown_, clock_.now())) return;
    if (auto const outcome = show_fresh_certificate(); !outcome) {
      log_error("hub.renewal_failed", {{"reason", outcome.error().message()}});
    }
  }

  asio::io_context& io_;
  store::Store& store_;
  Clock const& clock_;
  Rng& rng_;
  Config const config_;
  WithdrawalRecords withdrawals_;
  net::Links links_;
  FileExchange files_;
  std::shared_ptr<net::JobQueue> jobs_;
  asio::steady_timer watch_;
  asio::steady_timer facts_timer_;
  std::optional<Authorities> authorities_;
  std::optional<RegistryDesk> desk_;
  net::CertificateFacts shown_;
  std::atomic<std::uint16_t> port_ = 0;
  std::atomic<std::uint64_t> disk_free_bytes_ = 0;
  std::atomic<std::uint64_t> conflicts_ = 0;
  std::atomic<bool> has_overlap_ = false;
  std::vector<std::string> asked_for_;  // roots for which a certificate was asked for already
  std::function<void()> on_change_;
  bool is_dialling_ = false;
  bool stopping_ = false;
  std::atomic<bool> tree_due_ = false;
  mutable std::mutex mutex_;  // guards the four below
  std::vector<Declined> declined_;
  Heads heads_;  // of scopes that changed since the start
  std::string waiting_for_;
  std::optional<net::Credentials> credentials_;
  std::unique_ptr<NodeRegistry> registry_;
  store::Subscription commits_;  // last: ends first
};

Report Replication::Impl::report() const {
  auto const now = clock_.now();
  auto status = links_.status();
  Report report{.self = config_.self, .founded = port_ != 0, .roots_overlap = has_overlap_};
  report.files = files_.counts();
  Heads heads;
  {
    std::lock_guard const lock(mutex_);
    report.enrolled = credentials_.has_value();
    report.waiting_for = waiting_for_;
    report.declined = declined_;
    heads = heads_;
  }
  report.last_stranger = std::move(status.last_stranger);
  report.strangers = status.strangers;
  if (status.own_certificate_expires != Instant{}) {
    report.own_certificate_days = days_until(status.own_certificate_expires, now);
  }
  auto const nodes = registry_->nodes();
  for (auto const& node : nodes) {
    bool const is_below = node.network == config_.self && !node.hub && node.parent.empty();
    bool const is_shown =
        std::ranges::find(status.peers, node.name, &net::PeerStatus::peer) != status.peers.end();
    if (!is_below || is_shown) continue;
    status.peers.push_back({.peer = node.name,
                            .role = sync::PeerRole::child,
                            .state = net::PeerState::absent,
                            .last_error = node.enrolled_at == Instant{} ? "not enrolled yet" : ""});
  }
  for (auto& peer : status.peers) {
    LinkReport link{.scopes = lags_of(peer, heads, now)};
    auto const known = registry_->find(peer.peer);
    link.title = known ? known->title : peer.peer.str();
    if (peer.certificate_expires != Instant{}) {
      link.certificate_days = days_until(peer.certificate_expires, now);
    }
    if (known) {
      link.withdrawals = withdrawals_.open(*known, nodes);
    }
    for (auto const& lag : link.scopes) {
      link.documents_behind_at_most += lag.documents_at_most;
      link.age_max = std::max(link.age_max, lag.age);
    }
    add_proofs(link, peer);
    link.link = std::move(peer);
    report.links.push_back(std::move(link));
  }
  return report;
}

Result<std::unique_ptr<Replication>> Replication::open(asio::io_context& io, net::Workers& workers,
                                                       store::Store& store, Clock const& clock,
                                                       Rng& rng, Config config) {
  auto impl = std::make_shared<Impl>(io, workers, store, clock, rng, std::move(config));
  SOL_TRY(impl->open());
  return std::unique_ptr<Replication>(new Replication(std::move(impl)));
}

Replication::Replication(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Replication::~Replication() = default;

Result<> Replication::start() {
  return impl_->start();
}

void Replication::stop(std::function<void()> done) {
  impl_->stop(std::move(done));
}

std::uint16_t Replication::port() const {
  return impl_->port();
}

Report Replication::report() const {
  return impl_->report();
}

NodeRegistry const& Replication::registry() const {
  return impl_->registry();
}

Result<> Replication::fetch_file(sync::DocumentKey const& document,
                                 schema::FileReference const& file, Millis within) {
  return impl_->fetch_file(document, file, within);
}

void Replication::compare(NodeName const& peer) const {
  impl_->compare(peer);
}

void Replication::tell_conflicts(std::uint64_t open_conflicts) {
  impl_->tell_conflicts(open_conflicts);
}

void Replication::on_change(std::function<void()> callback) {
  impl_->on_change(std::move(callback));
}

void Replication::authorities_changed() {
  impl_->authorities_changed();
}

Result<ReplicaId> Replication::renew_identity() {
  return impl_->renew_identity();
}

void Replication::cut() {
  impl_->cut();
}

}  // namespace solidaires::replication
