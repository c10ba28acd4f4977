// Runs simulated worlds; tests/sim/run builds it and passes its words on (usage() below).
// Ends with 1 at a violation, and prints how to see it again; with a planted bug a violation is
// what one hopes for.
#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>

#include "tests/sim/shrink.h"
#include "tests/sim/world.h"

namespace solidaires::sync::sim {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct Arguments {
  Options options;
  std::uint64_t seeds = 1;
  std::uint64_t minutes = 0;  // 0: as many as `seeds`
  std::uint64_t jobs = std::max(1U, std::thread::hardware_concurrency());
  bool shrink = false;
  bool plants = false;
};

// A broken invariant of the core stops the program: that too is a finding, and names its seed.
thread_local Options const* playing = nullptr;

void stopped(int /*signal*/) {  // by abort(), on the thread that plays
  if (playing != nullptr) {
    std::printf("seed %llu: an invariant broke\nreplay: %s --trace\n",
                static_cast<unsigned long long>(playing->seed), command(*playing).c_str());
    std::fflush(stdout);
  }
  std::_Exit(1);
}

int usage() {
  std::fputs(
      "sim [--seed N] [--steps M] [--seeds COUNT | --minutes T] [--plant NAME]\n"
      "    [--without FAULT] [--trace] [--shrink] [--jobs J]\n"
      "sim --plants      every planted bug, within its budget of seeds\n\nplants:",
      stderr);
  for (auto const& plant : kPlants) std::fprintf(stderr, " %s", std::string(plant.name).c_str());
  std::fputs("\nfaults:", stderr);
  for (auto const& [fault, name] : kFaults) std::fprintf(stderr, " %s", std::string(name).c_str());
  std::fputs("\n", stderr);
  return 2;
}

bool number(char const* text, std::uint64_t& out) {
  auto const* const end = text + std::strlen(text);
  auto const [rest, error] = std::from_chars(text, end, out);
  return error == std::errc{} && rest == end;
}

bool take(Arguments& arguments, std::string_view name, char const* value) {
  auto& options = arguments.options;
  if (name == "--plant") {
    auto const* const plant = plant_named(value);
    if (plant != nullptr) options.plant = plant->plant;
    return plant != nullptr;
  }
  if (name == "--without") {
    auto const fault = fault_named(value);
    if (fault) options.without |= mask_of(*fault);
    return fault.has_value();
  }
  std::uint64_t given = 0;
  if (!number(value, given)) return false;
  if (name == "--seed")
    options.seed = given;
  else if (name == "--steps")
    options.steps = given;
  else if (name == "--seeds")
    arguments.seeds = given;
  else if (name == "--minutes")
    arguments.minutes = given;
  else if (name == "--jobs")
    arguments.jobs = std::max<std::uint64_t>(given, 1);
  else
    return false;
  return true;
}

std::optional<Arguments> parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    std::string_view const name = argv[i];
    if (name == "--trace")
      arguments.options.trace = true;
    else if (name == "--shrink")
      arguments.shrink = true;
    else if (name == "--plants")
      arguments.plants = true;
    else if (++i == argc || !take(arguments, name, argv[i]))
      return std::nullopt;
  }
  if (arguments.options.trace) arguments.jobs = 1;
  return arguments;
}

void add(Outcome& total, Outcome const& one) {
  total.events += one.events;
  total.frames += one.frames;
  total.bytes += one.bytes;
  total.writes += one.writes;
  total.reads += one.reads;
  total.crashes += one.crashes;
  total.renewals += one.renewals;
  total.named += one.named;
  total.documents += one.documents;
  total.conflicts += one.conflicts;
  total.differences += one.differences;
  total.settled_s = std::max(total.settled_s, one.settled_s);
  total.settled_bytes = std::max(total.settled_bytes, one.settled_bytes);
  total.trace_hash ^= one.trace_hash;
}

struct Search {
  std::uint64_t ran = 0;
  Outcome total;
  std::optional<Options> failed;  // the lowest seed that did
  std::string violation;
};

// Worlds on all cores, seed after seed, until one fails, the seeds are done or the time is up.
Search search(Arguments const& arguments) {
  Search found;
  std::mutex mutex;
  std::atomic<std::uint64_t> next = 0;
  std::atomic<bool> stop = false;
  auto const until = SteadyClock::now() + std::chrono::minutes(arguments.minutes);
  auto const work = [&] {
    while (!stop) {
      auto const i = next++;
      bool const over = arguments.minutes > 0 ? SteadyClock::now() >= until : i >= arguments.seeds;
      if (over) return;
      auto options = arguments.options;
      options.seed += i;
      playing = &options;
      auto const outcome = run(options);
      playing = nullptr;
      std::scoped_lock const lock(mutex);
      ++found.ran;
      add(found.total, outcome);
      if (outcome.violation.empty()) continue;
      stop = true;
      if (found.failed && found.failed->seed < options.seed) continue;
      found.failed = options;
      found.violation = outcome.violation;
    }
  };
  std::vector<std::jthread> threads;
  for (std::uint64_t i = 0; i < arguments.jobs; ++i) threads.emplace_back(work);
  threads.clear();
  return found;
}

int simulate(Arguments const& arguments) {
  auto const found = search(arguments);
  if (found.failed) {
    std::printf("seed %llu: %s\nreplay: %s --trace\n",
                static_cast<unsigned long long>(found.failed->seed), found.violation.c_str(),
                command(*found.failed).c_str());
    if (arguments.shrink) {
      auto const small = shrink(*found.failed, found.violation);
      std::printf("smaller: %s --trace\n", command(small).c_str());
    } else {
      std::printf("smaller: %s --shrink\n", command(*found.failed).c_str());
    }
    return 1;
  }
  auto const& total = found.total;
  std::printf(
      "seeds=%llu..%llu steps=%zu events=%zu frames=%zu writes=%zu reads=%zu crashes=%zu "
      "incarnations=%zu named=%zu documents=%zu conflicts=%zu differences=%zu settled_s_max=%.0f "
      "trace=%016llx\n",
      static_cast<unsigned long long>(arguments.options.seed),
      static_cast<unsigned long long>(arguments.options.seed + found.ran - 1),
      arguments.options.steps, total.events, total.frames, total.writes, total.reads, total.crashes,
      total.renewals, total.named, total.documents, total.conflicts, total.differences,
      total.settled_s, static_cast<unsigned long long>(total.trace_hash));
  return 0;
}

int find_plants(Arguments arguments) {
  int missed = 0;
  for (auto const& plant : kPlants) {
    arguments.options.plant = plant.plant;
    arguments.options.seed = 1;
    arguments.seeds = plant.seeds;
    arguments.jobs = 1;  // the lowest seed that shows it
    auto const found = search(arguments);
    bool const seen = found.failed.has_value();
    missed += seen ? 0 : 1;
    std::printf(
        "%s %-24s within %3llu seeds: %s\n", seen ? "ok  " : "FAIL",
        std::string(plant.name).c_str(), static_cast<unsigned long long>(plant.seeds),
        seen ? cat("seed ", found.failed->seed, ", ", found.violation).c_str() : "not found");
    std::fflush(stdout);
  }
  return missed;
}

}  // namespace
}  // namespace solidaires::sync::sim

int main(int argc, char** argv) {
  std::signal(SIGABRT, solidaires::sync::sim::stopped);
  auto const arguments = solidaires::sync::sim::parse(argc, argv);
  if (!arguments) return solidaires::sync::sim::usage();
  if (arguments->plants) return solidaires::sync::sim::find_plants(*arguments) == 0 ? 0 : 1;
  return solidaires::sync::sim::simulate(*arguments);
}
