// The link between a node and its hub, whole: RocksDB stores, sessions, TLS over loopback, both
// ends in this process. Prints one Markdown table; with --json one object, for link_vs_peers; with
// --rows N no measurement but the first N rows, tab-separated, for the peers to hold.
//   LINK_DOCUMENTS   documents of the bootstrap (100,000 unless told), about 600 bytes each
//   LINK_BACKLOG     documents of the catch-up (a fifth of those)
//   LINK_SECONDS     length of each live measurement (5)
//   LINK_FOLDER      where the stores lie (a temporary directory): the disk matters
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iomanip>
#include <iostream>
#include <mutex>
#include <sstream>
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
      : config_(std::move(config)), workers_(2) {  // as in the program
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

struct Row {
  std::string name;  // about 30 bytes
  std::string text;  // about 520, which compress as prose does
};

// The same rows in every run and for every peer.
class Rows {
 public:
  Row next() { return {cat("Association ", words(2)), words(65)}; }

 private:
  std::string words(int count) {
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
  SeededRng rng_{7};
};

store::DocumentEdit invented(Instant now, Rng& rng, Row row) {
  return {.key = {kScope, DocumentId::make(now, rng)},
          .type = "structure",
          .fields = {{std::string(sync::kExistence), Bytes(sync::kAlive)},
                     {"name", std::move(row.name)},
                     {"text", std::move(row.text)}}};
}

void write_many(Instance& node, std::uint64_t count, Rows& rows) {
  for (std::uint64_t written = 0; written < count;) {
    store::Commit commit{.now = node.clock.now(), .author = "bench"};
    for (; commit.documents.size() < 500 && written < count; ++written) {
      commit.documents.push_back(invented(commit.now, node.rng, rows.next()));
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

std::string thousands(double value) {
  auto text = std::to_string(static_cast<std::uint64_t>(value));
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3) {
    text.insert(static_cast<std::size_t>(at), ",");
  }
  return text;
}

double quantile(std::vector<double> const& sorted, double share) {
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

std::string decimal(double value) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(2) << value;
  return std::move(out).str();
}

std::string milliseconds(double value) {
  return decimal(value) + " ms";
}

// Single commits at `rate` per second (0: as fast as they go), each timed until the hub has it.
std::vector<double> live(Instance& node, Instance& hub, std::uint64_t rate, std::uint64_t seconds,
                         Rows& rows) {
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
    commit.documents.push_back(invented(commit.now, node.rng, rows.next()));
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

// Rates in documents per second, latencies in milliseconds, processor times of both ends together
// in microseconds per document.
struct Figures {
  std::uint64_t documents = 0, backlog = 0;
  double bootstrap = 0, catch_up = 0, fast_rate = 0;
  double bootstrap_cpu = 0, catch_up_cpu = 0;
  Seconds opening{};                   // of the hub's store with all documents
  std::vector<double> paced, unpaced;  // live latencies, sorted
};

// What this process has spent of its processors since it began.
Seconds processor_time() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  auto const of = [](timeval time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return of(used.ru_utime) + of(used.ru_stime);
}

double per_document(Seconds spent, std::uint64_t documents) {
  return 1e6 * spent.count() / static_cast<double>(documents);
}

double rate(std::uint64_t documents, Seconds time) {
  return static_cast<double>(documents) / time.count();
}

std::unique_ptr<Instance> make_hub(std::filesystem::path const& folder, std::uint16_t port) {
  Config config{.self = name("aura"), .listen = net::Address{"127.0.0.1", port}};
  auto hub = std::make_unique<Instance>(folder / "hub", config);
  must(create_network(hub->files(), *hub->store, {.name = name("aura")}, hub->clock, hub->rng));
  hub->start();
  return hub;
}

Figures measure(std::filesystem::path const& folder) {
  Figures out;
  out.documents = asked("LINK_DOCUMENTS", 100'000);
  out.backlog = std::max<std::uint64_t>(asked("LINK_BACKLOG", out.documents / 5), 1);
  auto const seconds = asked("LINK_SECONDS", 5);
  Rows rows;
  auto hub = make_hub(folder, 0);
  auto const port = hub->replication->port();
  net::Address const address{"127.0.0.1", port};
  auto const token = must(add_node(
      hub->files(), *hub->store, name("aura"),
      {.node = {.name = name("isere")}, .hub_address = address.to_string()}, hub->clock, hub->rng));
  Instance node(folder / "node", {.self = name("isere"), .hub = address});
  must(enrol(node.files(), name("isere"), token, node.clock));
  write_many(node, out.documents, rows);

  auto start = Steady::now();
  auto spent = processor_time();
  node.start();
  out.bootstrap = rate(out.documents, time_until(*hub, out.documents, start));
  out.bootstrap_cpu = per_document(processor_time() - spent, out.documents);

  hub.reset();
  write_many(node, out.backlog, rows);
  start = Steady::now();
  hub = make_hub(folder, port);
  out.opening = Steady::now() - start;
  start = Steady::now();
  spent = processor_time();
  out.catch_up = rate(out.backlog, time_until(*hub, out.documents + out.backlog, start));
  out.catch_up_cpu = per_document(processor_time() - spent, out.backlog);

  out.paced = live(node, *hub, 1'000, seconds, rows);
  start = Steady::now();
  out.unpaced = live(node, *hub, 0, seconds, rows);
  out.fast_rate = rate(out.unpaced.size(), Steady::now() - start);
  return out;
}

void print_table(Figures const& found) {
  auto const row = [](std::string_view what, std::string_view figure) {
    std::cout << "| " << what << " | " << figure << " |\n";
  };
  auto const both = [](std::vector<double> const& sorted) {
    return cat(milliseconds(quantile(sorted, 0.5)), ", ", milliseconds(quantile(sorted, 0.99)));
  };
  std::cout << "Machine: " << machine() << ", " << std::thread::hardware_concurrency()
            << " cores; both ends share them.\n\n| step | figure |\n|---|---|\n";
  row(cat("bootstrap of an empty scope, ", thousands(static_cast<double>(found.documents)),
          " documents"),
      cat(thousands(found.bootstrap), " documents/s, ", decimal(found.bootstrap_cpu),
          " µs of a processor each, both ends together"));
  row("opening of the hub's store with them", cat(decimal(found.opening.count()), " s"));
  row(cat("catch-up after an absence, ", thousands(static_cast<double>(found.backlog)),
          " documents"),
      cat(thousands(found.catch_up), " documents/s, ", decimal(found.catch_up_cpu), " µs each"));
  row("live at 1,000 commits/s: median, p99 until durable at the hub", both(found.paced));
  row("live, one writer without pause", cat(thousands(found.fast_rate), " documents/s"));
  row("the same: median, p99 until durable at the hub", both(found.unpaced));
}

void print_json(Figures const& found) {
  std::cout << "{\"bootstrap\": " << found.bootstrap << ", \"catch_up\": " << found.catch_up
            << ", \"bootstrap_cpu_us\": " << found.bootstrap_cpu
            << ", \"catch_up_cpu_us\": " << found.catch_up_cpu
            << ", \"opening_s\": " << found.opening.count()
            << ", \"live_median_ms\": " << quantile(found.paced, 0.5)
            << ", \"live_p99_ms\": " << quantile(found.paced, 0.99) << "}\n";
}

void print_rows(std::uint64_t count) {
  Rows rows;
  SystemRng rng;
  auto const now = SystemClock().now();
  for (std::uint64_t i = 0; i < count; ++i) {
    auto const row = rows.next();
    std::cout << DocumentId::make(now, rng).to_string() << "\tstructure\t" << row.name << '\t'
              << row.text << '\n';
  }
}

}  // namespace
}  // namespace solidaires::replication

int main(int count, char** words) {
  namespace replication = solidaires::replication;
  solidaires::log_setup(solidaires::LogLevel::warning);
  std::vector<std::string> const asked(words + 1, words + count);
  if (asked.size() == 2 && asked[0] == "--rows") {
    replication::print_rows(std::strtoull(asked[1].c_str(), nullptr, 10));
    return 0;
  }
  char const* const chosen = std::getenv("LINK_FOLDER");
  auto const folder =
      (chosen != nullptr ? std::filesystem::path(chosen) : std::filesystem::temp_directory_path()) /
      solidaires::cat("link-bench-", static_cast<int>(::getpid()));
  auto const figures = replication::measure(folder);
  if (asked.size() == 1 && asked[0] == "--json") {
    replication::print_json(figures);
  } else {
    replication::print_table(figures);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}
