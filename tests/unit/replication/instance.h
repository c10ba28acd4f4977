// One whole instance for tests: a RocksDB store in a temporary directory, an IO thread, workers and
// Replication. It can be stopped and started again on the same directory.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <filesystem>
#include <future>
#include <mutex>
#include <thread>

#include "node/replication/replication.h"

namespace solidaires::replication {

inline NodeName name(std::string_view text) {
  return NodeName::parse(text).value();
}

// A directory of this test alone, removed with it.
class Folder {
 public:
  Folder() {
    static std::atomic<unsigned> count = 0;
    path_ = std::filesystem::path(testing::TempDir()) /
            cat("replication-", static_cast<int>(::getpid()), "-", count++);
    std::filesystem::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::filesystem::path const& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

// The system's clock, moved.
class ShiftedClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return SystemClock().now() + shift_.load(); }
  void shift(Millis by) { shift_ = by; }

 private:
  std::atomic<Millis> shift_ = Millis{0};
};

class Instance {
 public:
  Instance(std::filesystem::path const& folder, Config config)
      : folder_(folder), config_(std::move(config)), workers(2) {
    std::filesystem::create_directories(folder_ / "state");
    config_.files.directory = folder_ / "state";
    config_.links.reconnect_min = Millis{5};
    config_.links.reconnect_max = Millis{40};
    config_.links.transport.connections_burst = 100'000;
    config_.links.transport.enrolments_burst = 100'000;
    config_.links.software = "solidaires test";
    store::Options options;
    options.write_buffer_bytes = 4UL << 20;
    options.block_cache_bytes = 4UL << 20;
    auto opened = store::Store::open(folder_ / "store", std::move(options));
    EXPECT_TRUE(opened) << opened.error().to_string();
    store = *std::move(opened);
    guard_.emplace(boost::asio::make_work_guard(io_));
    watch_ = store->subscribe([this](store::CommitNotice const&) { notify(); });
  }
  ~Instance() { stop(); }

  // Founding or enrolling comes between the constructor and this.
  Result<> start() {
    SOL_ASSIGN(replication, Replication::open(io_, workers, *store, clock, rng, config_));
    replication->on_change([this] { notify(); });
    SOL_TRY(replication->start());
    thread_ = std::thread([this] { io_.run(); });
    return {};
  }

  // Orderly, as the program's own shutdown.
  void stop() {
    if (thread_.joinable()) {
      std::promise<void> stopped;
      boost::asio::post(io_, [&] { replication->stop([&] { stopped.set_value(); }); });
      EXPECT_EQ(stopped.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
      guard_.reset();
      thread_.join();
    }
    guard_.reset();
    watch_.reset();
    replication.reset();
    store.reset();
  }

  void cut() {
    std::promise<void> done;
    boost::asio::post(io_, [&] {
      replication->cut();
      done.set_value();
    });
    done.get_future().wait();
  }

  void notify() {
    std::lock_guard const lock(mutex_);
    ++changes_;
    changed_.notify_all();
  }
  // Checks the condition after every commit and every change of a link.
  template <class Condition>
  [[nodiscard]] bool wait(Condition condition) {
    auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (;;) {
      std::uint64_t seen = 0;
      {
        std::lock_guard const lock(mutex_);
        seen = changes_;
      }
      if (condition()) return true;
      std::unique_lock lock(mutex_);
      if (!changed_.wait_until(lock, deadline, [&] { return changes_ != seen; })) {
        return condition();
      }
    }
  }

  [[nodiscard]] LinkReport link(std::string_view peer) const {
    for (auto const& report : replication->report().links) {
      if (report.link.peer == name(peer)) return report;
    }
    return {};
  }
  [[nodiscard]] bool reaches(std::string_view peer, net::PeerState state) {
    bool const reached = wait([&] {
      auto const report = link(peer);
      return !report.link.peer.empty() && report.link.state == state;
    });
    EXPECT_TRUE(reached) << peer << " is " << net::peer_state_name(link(peer).link.state) << ": "
                         << link(peer).link.last_error;
    return reached;
  }

  sync::DocumentKey write(ScopeId const& scope, std::string const& title,
                          std::optional<sync::DocumentKey> known = std::nullopt) {
    auto const key = known ? *known : sync::DocumentKey{scope, DocumentId::make(clock.now(), rng)};
    auto const outcome = store->commit(
        {.now = clock.now(),
         .author = "test",
         .documents = {{.key = key,
                        .type = "note",
                        .fields = {{std::string(sync::kExistence), Bytes(sync::kAlive)},
                                   {"title", title}}}}});
    EXPECT_TRUE(outcome) << outcome.error().to_string();
    return key;
  }
  [[nodiscard]] std::string read(sync::DocumentKey const& key) const {
    auto const found = store->get(key);
    if (!found || !*found) return "";
    return std::string(sync::shown_value((*found)->document, "title").value_or(""));
  }
  [[nodiscard]] bool holds(sync::DocumentKey const& key, std::string_view title) {
    return wait([&] { return read(key) == title; });
  }
  [[nodiscard]] StateFiles files() const { return config_.files; }

 private:
  std::filesystem::path folder_;
  Config config_;
  boost::asio::io_context io_;
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> guard_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t changes_ = 0;
  store::Subscription watch_;

 public:
  ShiftedClock clock;
  SystemRng rng;
  net::ThreadWorkers workers;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<Replication> replication;
};

// A hub and the nodes that a test invites, in one folder.
class Network {
 public:
  explicit Network(std::uint64_t model_version = 0) : Network("aura", model_version) {}
  explicit Network(std::string hub_name, std::uint64_t model_version = 0)
      : self(std::move(hub_name)), hub(make(self, listening_with(model_version))) {
    EXPECT_TRUE(create_network(hub->files(), *hub->store, {.name = name(self), .title = "Région"},
                               hub->clock, hub->rng));
    auto const started = hub->start();
    EXPECT_TRUE(started) << started.error().to_string();
    port = hub->replication->port();
  }

  [[nodiscard]] std::string invite(std::string_view node, Invitation invitation = {}) {
    invitation.node.name = name(node);
    invitation.hub_address = address().to_string();
    auto token = add_node(hub->files(), *hub->store, name(self), invitation, hub->clock, hub->rng);
    EXPECT_TRUE(token) << token.error().to_string();
    return token.value_or("");
  }
  [[nodiscard]] std::unique_ptr<Instance> node(std::string_view node) {
    return make(node, {.hub = address()});
  }
  // Invited, enrolled, started, live.
  [[nodiscard]] std::unique_ptr<Instance> join(std::string_view node_name) {
    auto instance = node(node_name);
    auto const enrolled =
        enrol(instance->files(), name(node_name), invite(node_name), instance->clock);
    EXPECT_TRUE(enrolled) << enrolled.error().to_string();
    EXPECT_TRUE(instance->start());
    EXPECT_TRUE(instance->reaches(self, net::PeerState::live));
    return instance;
  }
  // The hub's process ends and starts again, on the same port.
  void restart_hub() {
    hub.reset();
    hub = make(self, {.listen = net::Address{"127.0.0.1", port}});
    EXPECT_TRUE(hub->start());
  }
  [[nodiscard]] net::Address address() const { return {"127.0.0.1", port}; }
  [[nodiscard]] std::filesystem::path folder_of(std::string_view instance) const {
    return folder.path() / std::string(instance);
  }
  // `in`: the name of its folder, if it is not its own.
  [[nodiscard]] std::unique_ptr<Instance> make(std::string_view instance, Config config,
                                               std::string_view in = {}) const {
    config.self = name(instance);
    return std::make_unique<Instance>(folder_of(in.empty() ? instance : in), std::move(config));
  }

  std::string self;
  Folder folder;
  std::unique_ptr<Instance> hub;
  std::uint16_t port = 0;

 private:
  static Config listening_with(std::uint64_t model_version) {
    Config config{.listen = net::Address{"127.0.0.1", 0}};
    config.links.model_version = model_version;
    return config;
  }
};

}  // namespace solidaires::replication
