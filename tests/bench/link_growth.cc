// How the cost of a link grows: with the documents that both ends hold, and with the links of a
// hub.
//   link_growth grow    a line for each number of documents, from 10,000 to 1,000,000
//   link_growth crowd   a hub with many links: the nodes live in a process of their own
// Prints Markdown tables; grow writes the same numbers to LINK_CSV as well, for the plot.
//   LINK_LARGEST   the last number of documents (1,000,000)
//   LINK_NODES     links of the crowd (100)
//   LINK_IDLE      seconds for which an idle link is watched (60)
//   LINK_FOLDER    where the stores lie (a temporary directory)
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include "sync/base/log.h"
#include "tests/bench/link_world.h"

namespace solidaires::replication {
namespace {

ScopeId const kShared = ScopeId::network(name("aura"));
ScopeId const kPublic = ScopeId::published(name("isere"));
constexpr int kReconnections = 5;

std::uint64_t idle_seconds() {
  return asked("LINK_IDLE", 60);
}

// Both ways, of all links together.
std::uint64_t bytes_of(Report const& report) {
  std::uint64_t bytes = 0;
  for (auto const& one : report.links)
    bytes += one.link.traffic.bytes_in + one.link.traffic.bytes_out;
  return bytes;
}

std::uint64_t connections_of(Report const& report) {
  std::uint64_t connections = 0;
  for (auto const& one : report.links) connections += one.link.connections;
  return connections;
}

bool all_in_sync(Report const& report, std::size_t links) {
  return std::ranges::count_if(report.links, &LinkReport::in_sync) ==
         static_cast<std::ptrdiff_t>(links);
}

struct Idle {
  double bytes = 0;      // per link and minute, both ways
  double processor = 0;  // milliseconds per link and minute, of this process
};

Idle watch_idle(Instance& hub, std::size_t links) {
  auto const seconds = idle_seconds();
  auto const bytes = bytes_of(hub.replication->report());
  auto const spent = processor_time();
  std::this_thread::sleep_for(std::chrono::seconds(seconds));  // the measurement itself
  double const minutes = static_cast<double>(seconds) / 60 * static_cast<double>(links);
  return {static_cast<double>(bytes_of(hub.replication->report()) - bytes) / minutes,
          1e3 * (processor_time() - spent).count() / minutes};
}

struct Reconnection {
  double bytes = 0;      // of one link, both ways: greeting, offers, comparison of every scope
  double processor = 0;  // milliseconds of both ends, TLS included
  double seconds = 0;    // until every link is proven equal again
};

// Every connection is cut while nothing is new; the link is back when both ends have proved that
// they hold the same.
Reconnection reconnect(Instance& hub, std::size_t links) {
  auto const before = hub.replication->report();
  auto const spent = processor_time();
  auto const start = Steady::now();
  hub.cut();
  hub.wait_until([&](Report const& report) {
    return connections_of(report) >= connections_of(before) + links && all_in_sync(report, links);
  });
  auto const per_link = static_cast<double>(links);
  return {static_cast<double>(bytes_of(hub.replication->report()) - bytes_of(before)) / per_link,
          1e3 * (processor_time() - spent).count() / per_link,
          Seconds(Steady::now() - start).count()};
}

// ---- Documents ----

struct Grown {
  std::uint64_t documents = 0;
  double rate = 0;                       // of the first copy, documents per second
  double processor = 0;                  // of the same, microseconds per document, both ends
  double wire = 0;                       // bytes on the line per document
  double opening = 0;                    // milliseconds to open the hub's store
  double live_median = 0, live_p99 = 0;  // milliseconds, at 500 commits per second
  Reconnection again;                    // medians
  Idle idle;
};

Grown grow_to(std::filesystem::path const& folder, std::uint64_t documents) {
  Grown out;
  out.documents = documents;
  Rows rows;
  auto hub = make_hub(folder, 0);
  auto const port = hub->replication->port();
  auto const node =
      make_node(folder / "node", name("isere"), {"127.0.0.1", port}, invite(*hub, name("isere")));
  write_many(*node, kPublic, documents, rows);
  auto const spent = processor_time();
  auto const start = Steady::now();
  node->start();
  out.rate = rate(documents, time_until(*hub, kPublic, documents, start));
  out.processor = per_document(processor_time() - spent, documents);
  out.wire =
      static_cast<double>(bytes_of(hub->replication->report())) / static_cast<double>(documents);

  hub.reset();
  auto const opening = Steady::now();
  hub = make_hub(folder, port);
  out.opening = 1e3 * Seconds(Steady::now() - opening).count();
  auto const latencies = live(*node, *hub, kPublic, 500, 3, rows);
  out.live_median = quantile(latencies, 0.5);
  out.live_p99 = quantile(latencies, 0.99);

  hub->wait_until([](Report const& report) { return all_in_sync(report, 1); });
  std::array<std::vector<double>, 3> found;
  for (int i = 0; i < kReconnections; ++i) {
    auto const one = reconnect(*hub, 1);
    found[0].push_back(one.bytes);
    found[1].push_back(one.processor);
    found[2].push_back(one.seconds);
  }
  for (auto& numbers : found) std::ranges::sort(numbers);
  out.again = {quantile(found[0], 0.5), quantile(found[1], 0.5), quantile(found[2], 0.5)};
  out.idle = watch_idle(*hub, 1);
  return out;
}

void grow(std::filesystem::path const& folder) {
  auto const largest = asked("LINK_LARGEST", 1'000'000);
  char const* const csv = std::getenv("LINK_CSV");
  std::ofstream file(csv == nullptr ? "/dev/null" : csv);
  file << "documents,rate,processor_us,wire_bytes,opening_ms,live_median_ms,live_p99_ms,"
          "again_bytes,again_ms,idle_bytes,idle_ms\n";
  std::cout
      << "Machine: " << machine() << "; both ends share them.\n\n"
      << "| documents | first copy, documents/s | µs of a processor each | bytes on the line each "
         "| opening of the store | live median, p99 | reconnection: bytes, processor "
         "| idle for a minute: bytes, processor |\n|---|---|---|---|---|---|---|---|\n";
  for (std::uint64_t documents = 10'000; documents <= largest;) {
    auto const one = grow_to(folder / std::to_string(documents), documents);
    std::cout << "| " << thousands(static_cast<double>(one.documents)) << " | "
              << thousands(one.rate) << " | " << decimal(one.processor) << " | "
              << thousands(one.wire) << " | " << thousands(one.opening) << " ms | "
              << decimal(one.live_median) << " ms, " << decimal(one.live_p99) << " ms | "
              << thousands(one.again.bytes) << ", " << decimal(one.again.processor) << " ms | "
              << thousands(one.idle.bytes) << ", " << decimal(one.idle.processor) << " ms |"
              << std::endl;  // a line takes minutes
    file << one.documents << ',' << one.rate << ',' << one.processor << ',' << one.wire << ','
         << one.opening << ',' << one.live_median << ',' << one.live_p99 << ',' << one.again.bytes
         << ',' << one.again.processor << ',' << one.idle.bytes << ',' << one.idle.processor
         << '\n';
    std::filesystem::remove_all(folder / std::to_string(documents));
    bool const one_of_a_decade = std::to_string(documents).starts_with('1');
    documents = one_of_a_decade ? documents * 3 : documents / 3 * 10;
  }
}

// ---- Links ----

// Bytes between the two processes of a crowd, line by line.
class Pipe {
 public:
  Pipe() { must(::pipe(ends_.data()) == 0 ? Result<>() : fail(Code::io, "no pipe")); }
  void write(std::string const& line) const {
    auto const whole = line + '\n';
    if (::write(ends_[1], whole.data(), whole.size()) != static_cast<ssize_t>(whole.size())) {
      must<void>(fail(Code::io, "the other process has ended"));
    }
  }
  // nullopt: the other process has ended, or has closed its end.
  [[nodiscard]] std::optional<std::string> read() const {
    std::string line;
    for (char byte = 0; ::read(ends_[0], &byte, 1) == 1;) {
      if (byte == '\n') return line;
      line += byte;
    }
    return std::nullopt;
  }
  // A word of the other process, which must be alive.
  void await() const {
    if (!read()) must<void>(fail(Code::io, "the other process has ended"));
  }
  void keep_reading_end() const { ::close(ends_[1]); }
  void keep_writing_end() const { ::close(ends_[0]); }
  void close_writing_end() const { ::close(ends_[1]); }

 private:
  std::array<int, 2> ends_{};
};

NodeName node_of_crowd(std::size_t index) {
  return name(cat("dept-", index));
}

// The process of the nodes: reads the port and a token for each, starts them, and says "all" each
// time that every one of them holds another document of the shared scope.
int live_as_crowd(std::filesystem::path const& folder, std::size_t size, Pipe const& from,
                  Pipe const& to) {
  auto const port = static_cast<std::uint16_t>(std::stoul(from.read().value()));
  std::vector<std::unique_ptr<Instance>> nodes;
  for (std::size_t i = 0; i < size; ++i) {
    nodes.push_back(make_node(folder / cat("node-", i), node_of_crowd(i), {"127.0.0.1", port},
                              from.read().value(), 1));
  }
  to.write("enrolled");
  from.await();
  for (auto const& node : nodes) node->start();
  for (std::uint64_t documents = 1; auto const word = from.read(); ++documents) {
    for (auto const& node : nodes) time_until(*node, kShared, documents, Steady::now());
    to.write("all");
  }
  return 0;
}

std::uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t size = 0, resident = 0;
  file >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::size_t open_files() {
  auto const files = std::filesystem::directory_iterator("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

void crowd(std::filesystem::path const& folder) {
  auto const links = static_cast<std::size_t>(asked("LINK_NODES", 100));
  Pipe const to_nodes, from_nodes;
  // Before there is any thread.
  auto const child = ::fork();
  if (child == 0) {
    to_nodes.keep_reading_end();
    from_nodes.keep_writing_end();
    ::_exit(live_as_crowd(folder, links, to_nodes, from_nodes));
  }
  to_nodes.keep_writing_end();
  from_nodes.keep_reading_end();

  Rows rows;
  auto const hub = make_hub(folder, 0, links);
  to_nodes.write(std::to_string(hub->replication->port()));
  for (std::size_t i = 0; i < links; ++i) to_nodes.write(invite(*hub, node_of_crowd(i)));
  from_nodes.await();
  auto const memory = resident_bytes();
  auto const files = open_files();
  auto spent = processor_time();
  auto const start = Steady::now();
  to_nodes.write("start");
  hub->wait_until([&](Report const& report) { return all_in_sync(report, links); });
  Seconds const arriving = Steady::now() - start;
  Seconds const arriving_processor = processor_time() - spent;
  auto const per_link = (resident_bytes() - memory) / links;
  auto const files_per_link =
      static_cast<double>(open_files() - files) / static_cast<double>(links);
  auto const idle = watch_idle(*hub, links);

  std::vector<double> spread;
  spent = processor_time();
  constexpr std::uint64_t kSpread = 100;
  for (std::uint64_t i = 0; i < kSpread; ++i) {
    auto const written = Steady::now();
    write_many(*hub, kShared, 1, rows);
    to_nodes.write("another");
    from_nodes.await();
    spread.push_back(1e3 * Seconds(Steady::now() - written).count());
  }
  auto const spread_processor = per_document(processor_time() - spent, kSpread * links);
  std::ranges::sort(spread);
  hub->wait_until([&](Report const& report) { return all_in_sync(report, links); });
  auto const again = reconnect(*hub, links);

  auto const row = [](std::string_view what, std::string_view figure) {
    std::cout << "| " << what << " | " << figure << " |\n";
  };
  std::cout << "Machine: " << machine() << "; the nodes share them. Figures are the hub's.\n\n| "
            << links << " links | figure |\n|---|---|\n";
  row("until all are proven equal, from nothing",
      cat(decimal(arriving.count()), " s, ", decimal(arriving_processor.count()),
          " s of a processor"));
  row("memory per idle link", cat(thousands(static_cast<double>(per_link) / 1024), " KiB"));
  row("descriptors per link", decimal(files_per_link));
  row("an idle link for a minute",
      cat(thousands(idle.bytes), " bytes, ", decimal(idle.processor), " ms of a processor"));
  row("a document until every node has it: median, p99",
      cat(decimal(quantile(spread, 0.5)), " ms, ", decimal(quantile(spread, 0.99)), " ms"));
  row("the same, per link", cat(decimal(spread_processor), " µs of a processor"));
  row("all cut at once, until all are proven equal again",
      cat(decimal(again.seconds), " s; per link ", thousands(again.bytes), " bytes, ",
          decimal(again.processor), " ms of a processor"));
  to_nodes.close_writing_end();
  ::waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace solidaires::replication

int main(int count, char** words) {
  namespace replication = solidaires::replication;
  solidaires::log_setup(solidaires::LogLevel::warning);
  std::string const what = count == 2 ? words[1] : "";
  if (what != "grow" && what != "crowd") {
    std::cerr << "link_growth grow, or link_growth crowd\n";
    return 2;
  }
  char const* const chosen = std::getenv("LINK_FOLDER");
  auto const folder =
      (chosen != nullptr ? std::filesystem::path(chosen) : std::filesystem::temp_directory_path()) /
      solidaires::cat("link-growth-", static_cast<int>(::getpid()));
  if (what == "grow") {
    replication::grow(folder);
  } else {
    replication::crowd(folder);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}
