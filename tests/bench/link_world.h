// What the benchmarks of the link share: whole instances in this process, invented rows, clocks and
// words for tables.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "node/replication/replication.h"

namespace solidaires::replication {

using Steady = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

NodeName name(std::string_view text);

// A number from the environment.
std::uint64_t asked(char const* variable, std::uint64_t otherwise);

// The outcome, or the end of the program with its error.
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

// A store, its replication and the thread that serves it.
class Instance {
 public:
  Instance(std::filesystem::path const& folder, Config config, unsigned workers = 2);
  ~Instance();
  void start();
  // Blocks until `holds` says so of the report; it is asked again whenever the report changes.
  void wait_until(std::function<bool(Report const&)> const& holds);
  // Drops every connection as a broken cable would.
  void cut();
  [[nodiscard]] StateFiles const& files() const { return config_.files; }

  SystemClock clock;
  SystemRng rng;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<Replication> replication;

 private:
  Config config_;
  boost::asio::io_context io_;
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> guard_;
  net::ThreadWorkers workers_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
};

// The hub "aura", founded and serving on a port of loopback (0: any that is free), for so
// many nodes, which may all enrol at once.
std::unique_ptr<Instance> make_hub(std::filesystem::path const& folder, std::uint16_t port,
                                   std::size_t nodes = 1);
// A token of the hub for a node of that name.
std::string invite(Instance& hub, NodeName const& node);
// A node that is enrolled with such a token, and not started yet.
std::unique_ptr<Instance> make_node(std::filesystem::path const& folder, NodeName const& self,
                                    net::Address const& hub, std::string_view token,
                                    unsigned workers = 2);

struct Row {
  std::string name;  // about 30 bytes
  std::string text;  // about 520, which compress as prose does
};

// The same rows in every run and for every peer.
class Rows {
 public:
  Row next() { return {cat("Association ", words(2)), words(65)}; }

 private:
  std::string words(int count);
  SeededRng rng_{7};
};

store::DocumentEdit invented(ScopeId const& scope, Instant now, Rng& rng, Row row);
void write_many(Instance& node, ScopeId const& scope, std::uint64_t count, Rows& rows);

// Waits, by the hub's own commits, until it holds `count` documents of `scope`.
Seconds time_until(Instance& hub, ScopeId const& scope, std::uint64_t count,
                   Steady::time_point start);

// Single commits at `rate` per second (0: as fast as they go), each timed until the hub has it:
// milliseconds, sorted.
std::vector<double> live(Instance& node, Instance& hub, ScopeId const& scope, std::uint64_t rate,
                         std::uint64_t seconds, Rows& rows);

// What this process has spent of its processors since it began.
Seconds processor_time();

double quantile(std::vector<double> const& sorted, double share);
double per_document(Seconds spent, std::uint64_t documents);  // microseconds
double rate(std::uint64_t documents, Seconds time);           // per second

std::string thousands(double value);  // "12,345"
std::string decimal(double value);    // two places
std::string machine();                // the processor, and how many cores

}  // namespace solidaires::replication
