// The link between a node and its hub, whole: RocksDB stores, sessions, TLS over loopback, both
// ends in this process. Prints one Markdown table; with --json one object, for link_vs_peers; with
// --rows N no measurement but the first N rows, tab-separated, for the peers to hold.
//   LINK_DOCUMENTS   documents of the bootstrap (100,000 unless told), about 600 bytes each
//   LINK_BACKLOG     documents of the catch-up (a fifth of those)
//   LINK_SECONDS     length of each live measurement (5)
//   LINK_FOLDER      where the stores lie (a temporary directory): the disk matters
#include <unistd.h>

#include <algorithm>

#include "sync/base/log.h"
#include "tests/bench/link_world.h"

namespace solidaires::replication {
namespace {

ScopeId const kScope = ScopeId::published(name("isere"));

// Rates in documents per second, latencies in milliseconds, processor times of both ends together
// in microseconds per document.
struct Figures {
  std::uint64_t documents = 0, backlog = 0;
  double bootstrap = 0, catch_up = 0, fast_rate = 0;
  double bootstrap_cpu = 0, catch_up_cpu = 0;
  Seconds opening{};                   // of the hub's store with all documents
  std::vector<double> paced, unpaced;  // live latencies, sorted
};

Figures measure(std::filesystem::path const& folder) {
  Figures out;
  out.documents = asked("LINK_DOCUMENTS", 100'000);
  out.backlog = std::max<std::uint64_t>(asked("LINK_BACKLOG", out.documents / 5), 1);
  auto const seconds = asked("LINK_SECONDS", 5);
  Rows rows;
  auto hub = make_hub(folder, 0);
  auto const port = hub->replication->port();
  auto const node =
      make_node(folder / "node", name("isere"), {"127.0.0.1", port}, invite(*hub, name("isere")));
  write_many(*node, kScope, out.documents, rows);

  auto start = Steady::now();
  auto spent = processor_time();
  node->start();
  out.bootstrap = rate(out.documents, time_until(*hub, kScope, out.documents, start));
  out.bootstrap_cpu = per_document(processor_time() - spent, out.documents);

  hub.reset();
  write_many(*node, kScope, out.backlog, rows);
  start = Steady::now();
  hub = make_hub(folder, port);
  out.opening = Steady::now() - start;
  start = Steady::now();
  spent = processor_time();
  out.catch_up = rate(out.backlog, time_until(*hub, kScope, out.documents + out.backlog, start));
  out.catch_up_cpu = per_document(processor_time() - spent, out.backlog);

  out.paced = live(*node, *hub, kScope, 1'000, seconds, rows);
  start = Steady::now();
  out.unpaced = live(*node, *hub, kScope, 0, seconds, rows);
  out.fast_rate = rate(out.unpaced.size(), Steady::now() - start);
  return out;
}

void print_table(Figures const& found) {
  auto const row = [](std::string_view what, std::string_view figure) {
    std::cout << "| " << what << " | " << figure << " |\n";
  };
  auto const both = [](std::vector<double> const& sorted) {
    return cat(decimal(quantile(sorted, 0.5)), " ms, ", decimal(quantile(sorted, 0.99)), " ms");
  };
  std::cout << "Machine: " << machine()
            << "; both ends share them.\n\n| step | figure |\n|---|---|\n";
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
