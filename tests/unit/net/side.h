// One instance of a network as the tests of the links need it: an IO thread, workers, a store in
// memory and a policy that a test may change. Everything is waited for, nothing is slept for.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "sync/net/links.h"
#include "tests/contract/memory_store.h"

namespace solidaires::net {

inline NodeName name(std::string_view text) {
  return NodeName::parse(text).value();
}

// Wakes whoever waits for a condition; the condition is checked again at every change.
class Signal {
 public:
  void notify() {
    std::lock_guard const lock(mutex_);
    ++changes_;
    changed_.notify_all();
  }
  template <class Condition>
  [[nodiscard]] bool wait(Condition condition) {
    auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds(15);
    for (;;) {
      std::uint64_t seen = 0;
      {
        std::lock_guard const lock(mutex_);
        seen = changes_;
      }
      if (condition()) return true;
      std::unique_lock lock(mutex_);
      if (!changed_.wait_until(lock, deadline, [&] { return changes_ != seen; })) return false;
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t changes_ = 0;
};

// The store in memory, for several threads.
class LockedStore final : public sync::ReplicaStore {
  using S = sync::MemoryStore;
  template <class Method, class... Arguments>
  auto locked(Method method, Arguments const&... arguments) const {
    std::lock_guard const lock(mutex_);
    return (store_.*method)(arguments...);
  }

 public:
  LockedStore(ReplicaId replica, Signal& signal) : store_(replica), signal_(signal) {
    store_.on_commit = [this](ScopeId const& scope, sync::Sequence head) {
      if (on_commit) on_commit(scope, head);
      signal_.notify();
    };
  }
  std::function<void(ScopeId const&, sync::Sequence)> on_commit;

  [[nodiscard]] ReplicaId replica() const override { return locked(&S::replica); }
  [[nodiscard]] std::uint64_t counter() const override { return locked(&S::counter); }
  [[nodiscard]] Result<sync::Sequence> cursor(ReplicaId peer, ScopeId const& scope) const override {
    return locked(&S::cursor, peer, scope);
  }
  [[nodiscard]] Result<sync::FeedPage> read_feed(ScopeId const& scope, sync::Sequence after,
                                                 std::size_t documents_max, std::size_t bytes_max,
                                                 ReplicaId reader) const override {
    return locked(&S::read_feed, scope, after, documents_max, bytes_max, reader);
  }
  [[nodiscard]] Result<sync::Sequence> head(ScopeId const& scope) const override {
    return locked(&S::head, scope);
  }
  [[nodiscard]] Result<sync::Sequence> look(
      ScopeId const& scope,
      std::function<void(sync::DigestTree const&)> const& visit) const override {
    return locked(&S::look, scope, visit);
  }
  [[nodiscard]] Result<std::vector<sync::Document>> documents(
      ScopeId const& scope, std::vector<DocumentId> const& ids,
      std::size_t bytes_max) const override {
    std::lock_guard const lock(mutex_);
    return store_.documents(scope, ids, bytes_max);
  }
  Result<> apply(sync::RemoteBatch batch) override {
    std::lock_guard const lock(mutex_);
    return store_.apply(std::move(batch));
  }
  Result<std::uint64_t> drop_scope(ScopeId const& scope) override {
    std::lock_guard const lock(mutex_);
    return store_.drop_scope(scope);
  }
  [[nodiscard]] Result<Bytes> link_token(ReplicaId peer) const override {
    return locked(&S::link_token, peer);
  }
  Result<> keep_link_token(ReplicaId peer, Bytes const& token) override {
    std::lock_guard const lock(mutex_);
    return store_.keep_link_token(peer, token);
  }

  void write(sync::DocumentKey const& key, std::string const& value) {
    std::lock_guard const lock(mutex_);
    auto const* known = store_.find(key);
    auto const seen = known != nullptr ? known->context : sync::Context{};
    ASSERT_TRUE(store_.write_local(
        key, "note", {{std::string(sync::kExistence), Bytes(sync::kAlive)}, {"title", value}}, seen,
        SystemClock().now()));
  }
  [[nodiscard]] std::string read(sync::DocumentKey const& key) const {
    std::lock_guard const lock(mutex_);
    auto const* found = store_.find(key);
    return found == nullptr ? "" : std::string(sync::shown_value(*found, "title").value_or(""));
  }
  void lose(sync::DocumentKey const& key) {  // in silence
    std::lock_guard const lock(mutex_);
    store_.forget(key);
  }
  [[nodiscard]] std::size_t size() const {
    std::lock_guard const lock(mutex_);
    return store_.documents().size();
  }

 private:
  mutable std::mutex mutex_;
  sync::MemoryStore store_;
  Signal& signal_;
};

// Answers as it is told; any thread may change it.
class TestPolicy final : public LinksPolicy {
 public:
  explicit TestPolicy(NodeName self) : self_(std::move(self)) {}

  Result<sync::Entitlement> child(CertificateFacts const& peer) override {
    std::lock_guard const lock(mutex_);
    if (suspended_.contains(peer.node)) return fail(Code::denied, "this node is suspended");
    return sync::Entitlement{.self = self_,
                             .peer = peer.node,
                             .peer_role = sync::PeerRole::child,
                             .subtree = {peer.node},
                             .subscriptions = known_,
                             .every_public = false,
                             .hubs = {self_},
                             .groups = {}};
  }
  sync::Entitlement parent(NodeName const& hub) override {
    return {.self = self_,
            .peer = hub,
            .peer_role = sync::PeerRole::parent,
            .subtree = {self_},
            .subscriptions = {},
            .every_public = true,
            .hubs = {},
            .groups = {}};
  }
  sync::StatusDue status_facts() override { return {}; }
  EnrolmentDesk* desk() override { return desk_; }
  Result<> keep(Credentials const& credentials) override {
    std::lock_guard const lock(mutex_);
    kept_ = credentials;
    return {};
  }

  void suspend(NodeName const& node, bool suspended) {
    std::lock_guard const lock(mutex_);
    suspended ? (void)suspended_.insert(node) : (void)suspended_.erase(node);
  }
  void know(NodeName const& node) {
    std::lock_guard const lock(mutex_);
    known_.insert(node);
  }
  [[nodiscard]] std::optional<Credentials> kept() const {
    std::lock_guard const lock(mutex_);
    return kept_;
  }
  EnrolmentDesk* desk_ = nullptr;

 private:
  NodeName self_;
  mutable std::mutex mutex_;
  std::set<NodeName> suspended_;
  std::set<NodeName> known_;
  std::optional<Credentials> kept_;
};

// An io_context on its own thread.
class Loop {
 public:
  Loop() : guard_(boost::asio::make_work_guard(io_)), thread_([this] { io_.run(); }) {}
  ~Loop() {
    guard_.reset();
    thread_.join();
  }
  [[nodiscard]] boost::asio::io_context& io() { return io_; }
  // Runs on the IO thread, and waits for it.
  template <class Work>
  auto run(Work work) {
    std::packaged_task<decltype(work())()> task(std::move(work));
    auto outcome = task.get_future();
    boost::asio::post(io_, [&task] { task(); });
    return outcome.get();
  }

 private:
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
  std::thread thread_;
};

inline LinksOptions quick_options() {
  LinksOptions options;
  options.reconnect_min = Millis{5};
  options.reconnect_max = Millis{40};
  options.transport.connections_burst = 100'000;
  options.transport.enrolments_burst = 100'000;
  options.software = "solidaires test";
  return options;
}

class Side {
 public:
  Side(std::string_view self, std::uint64_t replica, LinksOptions options = quick_options())
      : policy(name(self)), store(ReplicaId{replica}, signal), rng(replica), workers(2) {
    links = loop.run([&] {
      return std::make_unique<Links>(loop.io(), workers, store, clock, rng, policy,
                                     std::move(options));
    });
    links->on_change([this] { signal.notify(); });
    store.on_commit = [this](ScopeId const& scope, sync::Sequence head) {
      links->committed(scope, head);
    };
  }
  ~Side() { stop(); }

  std::uint16_t listen(Credentials const& credentials) {
    return loop.run([&] {
      EXPECT_TRUE(links->accept_with(credentials));
      return links->listen({"127.0.0.1", 0}).value();
    });
  }
  void dial(std::uint16_t port, Credentials const& credentials) {
    loop.run([&] {
      auto const outcome = links->dial({"127.0.0.1", port}, credentials);
      EXPECT_TRUE(outcome) << outcome.error().to_string();
    });
  }
  void stop() {
    if (!links) return;
    std::promise<void> stopped;
    boost::asio::post(loop.io(), [&] { links->stop([&] { stopped.set_value(); }); });
    ASSERT_EQ(stopped.get_future().wait_for(std::chrono::seconds(15)), std::future_status::ready);
    store.on_commit = nullptr;
    loop.run([&] { links.reset(); });
  }
  [[nodiscard]] PeerStatus peer(std::string_view node) const {
    for (auto const& found : links->status().peers) {
      if (found.peer == name(node)) return found;
    }
    return {};
  }
  [[nodiscard]] bool reaches(std::string_view node, PeerState state) {
    bool const reached = signal.wait([&] {
      auto const found = peer(node);
      return !found.peer.empty() && found.state == state;
    });
    if (!reached) {
      auto const found = peer(node);
      ADD_FAILURE() << "state " << peer_state_name(found.state) << ", " << found.last_error;
    }
    return reached;
  }
  [[nodiscard]] bool holds(sync::DocumentKey const& key, std::string_view value) {
    return signal.wait([&] { return store.read(key) == value; });
  }

  Signal signal;
  SystemClock clock;
  TestPolicy policy;
  LockedStore store;
  SeededRng rng;
  ThreadWorkers workers;
  Loop loop;
  std::unique_ptr<Links> links;
};

// An authority and the credentials that it hands out.
struct TestNetwork {
  explicit TestNetwork(std::string_view hub = "aura", Instant at = SystemClock().now())
      : authority(Authority::create(name(hub), at).value()) {}
  [[nodiscard]] Credentials credentials(std::string_view node, Role role = Role::node,
                                        Instant at = SystemClock().now()) const {
    auto const pair = make_key_and_request().value();
    return {pair.key, authority.issue(pair.request, name(node), role, at).value(),
            authority.roots()};
  }
  Authority authority;
};

inline sync::DocumentKey key_in(ScopeId const& scope, std::uint64_t seed) {
  SeededRng rng(seed);
  return {scope, DocumentId::make(SystemClock().now(), rng)};
}

}  // namespace solidaires::net
