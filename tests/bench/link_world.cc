#include "tests/bench/link_world.h"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <fstream>
#include <future>
#include <iomanip>
#include <sstream>
#include <unordered_map>

namespace solidaires::replication {

NodeName name(std::string_view text) {
  return NodeName::parse(text).value();
}

std::uint64_t asked(char const* variable, std::uint64_t otherwise) {
  char const* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

Instance::Instance(std::filesystem::path const& folder, Config config, unsigned workers)
    : config_(std::move(config)), workers_(workers) {
  std::filesystem::create_directories(folder / "state");
  config_.files.directory = folder / "state";
  config_.links.reconnect_min = Millis{5};
  config_.links.reconnect_max = Millis{50};
  store = must(store::Store::open(folder / "store"));
  guard_.emplace(boost::asio::make_work_guard(io_));
}

Instance::~Instance() {
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

void Instance::start() {
  replication = must(Replication::open(io_, workers_, *store, clock, rng, config_));
  replication->on_change([this] {
    std::lock_guard const lock(mutex_);
    changed_.notify_all();
  });
  must(replication->start());
  thread_ = std::thread([this] { io_.run(); });
}

void Instance::wait_until(std::function<bool(Report const&)> const& holds) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return holds(replication->report()); });
}

void Instance::cut() {
  boost::asio::post(io_, [this] { replication->cut(); });
}

std::unique_ptr<Instance> make_hub(std::filesystem::path const& folder, std::uint16_t port,
                                   std::size_t nodes) {
  Config config{.self = name("aura"), .listen = net::Address{"127.0.0.1", port}};
  config.links.links_max = 2 * nodes;
  config.links.transport.enrolments_burst = static_cast<unsigned>(nodes);
  config.links.transport.connections_burst = static_cast<unsigned>(100 * nodes);
  auto hub = std::make_unique<Instance>(folder / "hub", std::move(config));
  must(create_network(hub->files(), *hub->store, {.name = name("aura")}, hub->clock, hub->rng));
  hub->start();
  return hub;
}

std::string invite(Instance& hub, NodeName const& node) {
  net::Address const address{"127.0.0.1", hub.replication->port()};
  return must(add_node(hub.files(), *hub.store, name("aura"),
                       {.node = {.name = node}, .hub_address = address.to_string()}, hub.clock,
                       hub.rng));
}

std::unique_ptr<Instance> make_node(std::filesystem::path const& folder, NodeName const& self,
                                    net::Address const& hub, std::string_view token,
                                    unsigned workers) {
  auto node = std::make_unique<Instance>(folder, Config{.self = self, .hub = hub}, workers);
  must(enrol(node->files(), self, token, node->clock));
  return node;
}

std::string Rows::words(int count) {
  static constexpr std::array<std::string_view, 24> kSyllables = {
      "ba", "ri", "to",  "me",  "lan", "dou", "vi",  "sel", "gra", "no",  "pu", "cha",
      "fi", "zo", "que", "tal", "mon", "sé",  "pré", "cou", "ber", "tin", "jo", "nar"};
  std::string out;
  for (int i = 0; i < count; ++i) {
    if (i > 0) out += ' ';
    auto word = rng_.below(rng_.below(8'000) + 1);  // some words often, most seldom
    for (int k = 0; k < 3; ++k, word /= 24) out += kSyllables.at(word % 24);
  }
  return out;
}

store::DocumentEdit invented(ScopeId const& scope, Instant now, Rng& rng, Row row) {
  return {.key = {scope, DocumentId::make(now, rng)},
          .type = "structure",
          .fields = {{std::string(sync::kExistence), Bytes(sync::kAlive)},
                     {"name", std::move(row.name)},
                     {"text", std::move(row.text)}}};
}

void write_many(Instance& node, ScopeId const& scope, std::uint64_t count, Rows& rows) {
  for (std::uint64_t written = 0; written < count;) {
    store::Commit commit{.now = node.clock.now(), .author = "bench"};
    for (; commit.documents.size() < 500 && written < count; ++written) {
      commit.documents.push_back(invented(scope, commit.now, node.rng, rows.next()));
    }
    must(node.store->commit(commit));
  }
}

Seconds time_until(Instance& hub, ScopeId const& scope, std::uint64_t count,
                   Steady::time_point start) {
  std::mutex mutex;
  std::condition_variable changed;
  auto const watch = hub.store->subscribe([&](store::CommitNotice const&) {
    std::lock_guard const lock(mutex);
    changed.notify_all();
  });
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return hub.store->count("structure", scope) >= count; });
  return Steady::now() - start;
}

std::vector<double> live(Instance& node, Instance& hub, ScopeId const& scope, std::uint64_t rate,
                         std::uint64_t seconds, Rows& rows) {
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
    commit.documents.push_back(invented(scope, commit.now, node.rng, rows.next()));
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

Seconds processor_time() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  auto const of = [](timeval time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return of(used.ru_utime) + of(used.ru_stime);
}

double quantile(std::vector<double> const& sorted, double share) {
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

double per_document(Seconds spent, std::uint64_t documents) {
  return 1e6 * spent.count() / static_cast<double>(documents);
}

double rate(std::uint64_t documents, Seconds time) {
  return static_cast<double>(documents) / time.count();
}

std::string thousands(double value) {
  auto text = std::to_string(static_cast<std::uint64_t>(value));
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3) {
    text.insert(static_cast<std::size_t>(at), ",");
  }
  return text;
}

std::string decimal(double value) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(2) << value;
  return std::move(out).str();
}

std::string machine() {
  std::string processor = "unknown processor";
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name")) continue;
    processor = line.substr(line.find(':') + 2);
    break;
  }
  return cat(processor, ", ", std::thread::hardware_concurrency(), " cores");
}

}  // namespace solidaires::replication
