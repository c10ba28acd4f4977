// The link between a node and its hub, whole: RocksDB stores, sessions, TLS over loopback, both
// ends in this process. Prints one Markdown table.
//   LINK_DOCUMENTS   documents of the bootstrap (100,000 unless told), about 600 bytes each
//   LINK_SECONDS     length of each live measurement (5)
//   LINK_FOLDER      where the stores lie (a temporary directory): the disk matters
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "node/replication/replication.h"
#include "sync/base/log.h"

namespace solidaires::replication {
namespace {

using Steady = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

NodeName name(std::string_view text) {
  return NodeName::parse(text).value();
}

std::uint64_t asked(char const* variable, std::uint64_t otherwise) {
  char const* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

template <class T>
T must(Result<T> outcome) {
  if (outcome) {
    if constexpr (std::is_void_v<T>) {
      return;
    } else {
      return *std::move(outcome);
    }
  }
  std::cerr << outcome.error().to_string() << '\n';
  std::exit(1);
}

class Instance {
 public:
  Instance(std::filesystem::path const& folder, Config config)
      : config_(std::move(config)), workers_(1) {
    std::filesystem::create_directories(folder / "state");
    config_.files.directory = folder / "state";
    config_.links.reconnect_min = Millis{5};
    config_.links.reconnect_max = Millis{50};
    store = must(store::Store::open(folder / "store"));
    guard_.emplace(boost::asio::make_work_guard(io_));
  }
  ~Instance() {
    if (thread_.joinable()) {
      std::promise<void> stopped;
      boost::asio::post(io_, [&] { replication->stop([&] { stopped.set_value(); }); });
      stopped.get_future().wait();
      guard_.reset();
      thread_.join();
    }
    guard_.reset();
    replication.reset();
  }
  void start() {
    replication = must(Replication::open(io_, workers_, *store, clock, rng, config_));
    must(replication->start());
    thread_ = std::thread([this] { io_.run(); });
  }

  SystemClock clock;
  SystemRng rng;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<Replication> replication;
  [[nodiscard]] StateFiles const& files() const { return config_.files; }

 private:
  Config config_;
  boost::asio::io_context io_;
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> guard_;
  net::ThreadWorkers workers_;
  std::thread thread_;
};

ScopeId const kScope = ScopeId::published(name("isere"));

store::DocumentEdit invented(Instant now, Rng& rng) {
  static std::string const kText(520, 'e');
  return {.key = {kScope, DocumentId::make(now, rng)},
          .type = "structure",
          .fields = {{std::string(sync::kExistence), Bytes(sync::kAlive)},
                     {"name", "Association des jardins partagés"},
                     {"text", kText}}};
}

void write_many(Instance& node, std::uint64_t count) {
  for (std::uint64_t written = 0; written < count;) {
    store::Commit commit{.now = node.clock.now(), .author = "bench"};
    for (; commit.documents.size() < 500 && written < count; ++written) {
      commit.documents.push_back(invented(commit.now, node.rng));
    }
    must(node.store->commit(commit));
  }
}

// Waits, by the hub's own commits, until it holds `count` documents.
Seconds time_until(Instance& hub, std::uint64_t count, Steady::time_point start) {
  std::mutex mutex;
  std::condition_variable changed;
  auto const watch = hub.store->subscribe([&](store::CommitNotice const&) {
    std::lock_guard const lock(mutex);
    changed.notify_all();
  });
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return hub.store->count("structure", kScope) >= count; });
  return Steady::now() - start;
}

struct Row {
  std::string what;
  std::string figure;
};

std::string thousands(double value) {
  auto text = std::to_string(static_cast<std::uint64_t>(value));
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3) {
    text.insert(static_cast<std::size_t>(at), ",");
  }
  return text;
}

std::string milliseconds(std::vector<double> sorted, double quantile) {
  auto const at = static_cast<std::size_t>(quantile * static_cast<double>(sorted.size() - 1));
  return cat(static_cast<int>(sorted[at] * 100) / 100.0, "").substr(0, 5) + " ms";
}

// Single commits at `rate` per second (0: as fast as they go), each timed until the hub has it.
std::vector<double> live(Instance& node, Instance& hub, std::uint64_t rate, std::uint64_t seconds) {
  std::mutex mutex;
  std::condition_variable changed;
  std::unordered_map<DocumentId, Steady::time_point> sent;
  std::vector<double> latencies;
  auto const watch = hub.store->subscribe([&](store::CommitNotice const& notice) {
    auto const now = Steady::now();
    std::lock_guard const lock(mutex);
    for (auto const& change : notice.changes) {
      auto const found = sent.find(change.key().id);
      if (found == sent.end()) continue;
      latencies.push_back(std::chrono::duration<double, std::milli>(now - found->second).count());
    }
    changed.notify_all();
  });
  auto const start = Steady::now();
  auto const end = start + std::chrono::seconds(seconds);
  std::uint64_t count = 0;
  for (; Steady::now() < end; ++count) {
    if (rate > 0) {
      std::this_thread::sleep_until(start + count * std::chrono::microseconds(1'000'000 / rate));
    }
    store::Commit commit{.now = node.clock.now(), .author = "bench"};
    commit.documents.push_back(invented(commit.now, node.rng));
    {
      std::lock_guard const lock(mutex);
      sent.emplace(commit.documents.front().key.id, Steady::now());
    }
    must(node.store->commit(commit));
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return latencies.size() == count; });
  std::ranges::sort(latencies);
  return latencies;
}

std::string machine() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown processor";
}

struct Figures {
  std::vector<Row> rows;
  void rate(std::string what, std::uint64_t documents, Seconds time) {
    rows.push_back(
        {cat(std::move(what), ", ", thousands(static_cast<double>(documents)), " documents"),
         cat(thousands(static_cast<double>(documents) / time.count()), " documents/s")});
  }
};

std::unique_ptr<Instance> make_hub(std::filesystem::path const& folder, std::uint16_t port) {
  Config config{.self = name("aura"), .listen = net::Address{"127.0.0.1", port}};
  auto hub = std::make_unique<Instance>(folder / "hub", config);
  must(create_network(hub->files(), *hub->store, {.name = name("aura")}, hub->clock, hub->rng));
  hub->start();
  return hub;
}

Figures measure(std::filesystem::path const& folder) {
  auto const documents = asked("LINK_DOCUMENTS", 100'000);
  auto const seconds = asked("LINK_SECONDS", 5);
  Figures figures;
  auto hub = make_hub(folder, 0);
  auto const port = hub->replication->port();
  net::Address const address{"127.0.0.1", port};
  auto const token = must(add_node(
      hub->files(), *hub->store, name("aura"),
      {.node = {.name = name("isere")}, .hub_address = address.to_string()}, hub->clock, hub->rng));
  Instance node(folder / "node", {.self = name("isere"), .hub = address});
  must(enrol(node.files(), name("isere"), token, node.clock));
  write_many(node, documents);

  auto start = Steady::now();
  node.start();
  figures.rate("bootstrap of an empty scope", documents, time_until(*hub, documents, start));

  hub.reset();
  auto const backlog = std::max<std::uint64_t>(documents / 5, 1);
  write_many(node, backlog);
  start = Steady::now();
  hub = make_hub(folder, port);
  figures.rate("catch-up after an absence", backlog, time_until(*hub, documents + backlog, start));

  auto const paced = live(node, *hub, 1'000, seconds);
  figures.rows.push_back({"live at 1,000 commits/s: median, p99 until durable at the hub",
                          cat(milliseconds(paced, 0.5), ", ", milliseconds(paced, 0.99))});
  start = Steady::now();
  auto const fast = live(node, *hub, 0, seconds);
  figures.rate("live, one writer without pause", fast.size(), Steady::now() - start);
  figures.rows.push_back({"the same: median, p99 until durable at the hub",
                          cat(milliseconds(fast, 0.5), ", ", milliseconds(fast, 0.99))});
  auto const report = hub->replication->report();
  if (!report.links.empty()) {
    figures.rows.push_back(
        {"round trip of the link", cat(report.links.front().link.round_trip.count(), " ms")});
  }
  return figures;
}

}  // namespace
}  // namespace solidaires::replication

int main() {
  namespace replication = solidaires::replication;
  solidaires::log_setup(solidaires::LogLevel::warning);
  char const* const chosen = std::getenv("LINK_FOLDER");
  auto const folder =
      (chosen != nullptr ? std::filesystem::path(chosen) : std::filesystem::temp_directory_path()) /
      solidaires::cat("link-bench-", static_cast<int>(::getpid()));
  auto const figures = replication::measure(folder);
  std::cout << "Machine: " << replication::machine() << ", " << std::thread::hardware_concurrency()
            << " cores; both ends share them.\n\n"
            << "| step | figure |\n|---|---|\n";
  for (auto const& row : figures.rows) {
    std::cout << "| " << row.what << " | " << row.figure << " |\n";
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}
