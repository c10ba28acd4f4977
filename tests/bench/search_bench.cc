// Search over synthetic French records: SEARCH_RECORDS of them (250,000 unless told), about 60
// words each, spread over eight departments. Each row gives the median and the 99th percentile of
// single queries, in microseconds, besides Google Benchmark's mean.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "node/search/index.h"
#include "node/text/fold.h"
#include "tests/bench/invented.h"

namespace solidaires::search {
namespace {

using Steady = std::chrono::steady_clock;

using invented::kDay;
using invented::kNow;

std::size_t records() {
  char const* const asked = std::getenv("SEARCH_RECORDS");
  return asked == nullptr ? 250'000 : std::strtoul(asked, nullptr, 10);
}

std::size_t resident_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != "VmRSS:") continue;
    std::size_t kb = 0;
    status >> kb;
    return kb / 1024;
  }
  return 0;
}

Index& filled() {
  static auto* const index = [] {
    auto* const made = new Index;  // lives as long as the program
    SeededRng rng(1);
    auto const before_mb = resident_mb();
    double seconds = 0;
    std::vector<Entry> batch;
    auto const size = records();
    for (std::uint64_t i = 0; i < size; ++i) {
      batch.push_back(invented::record(i, rng));
      if (batch.size() < 1000 && i + 1 < size) continue;
      auto const start = Steady::now();
      made->put(batch);
      seconds += std::chrono::duration<double>(Steady::now() - start).count();
      batch.clear();
    }
    benchmark::AddCustomContext("records", std::to_string(size));
    benchmark::AddCustomContext(
        "indexed_per_s", std::to_string(static_cast<long>(static_cast<double>(size) / seconds)));
    benchmark::AddCustomContext("resident_mb", std::to_string(resident_mb() - before_mb));
    return made;
  }();
  return *index;
}

// Runs one query after the other and keeps each one's time.
template <class Run>
void measure(benchmark::State& state, Run const& run) {
  std::vector<double> times;
  for (auto _ : state) {
    auto const start = Steady::now();
    run(times.size());
    times.push_back(std::chrono::duration<double, std::micro>(Steady::now() - start).count());
  }
  std::ranges::sort(times);
  state.counters["median_us"] = times[times.size() / 2];
  state.counters["p99_us"] = times[times.size() * 99 / 100];
}

template <class Shape>
void searches(benchmark::State& state, Shape const& shape) {
  auto& index = filled();
  SeededRng rng(2);
  std::vector<Query> queries(1000);
  for (auto& query : queries) {
    query.now = kNow;
    shape(query, rng);
  }
  measure(state, [&](std::size_t i) {
    auto found = index.search(queries[i % queries.size()]);
    benchmark::DoNotOptimize(found);
  });
}

void give_words(Query& query, Rng& rng) {
  query.words = invented::typed_words(rng);
}

void give_facets(Query& query) {
  query.count = {"theme", "family", "public", kTypeFacet};
}

void words(benchmark::State& state) {
  searches(state, give_words);
}
BENCHMARK(words);

void words_within_10_km(benchmark::State& state) {
  searches(state, [](Query& query, Rng& rng) {
    give_words(query, rng);
    query.where.circle = Circle{invented::somewhere(rng), 10};
  });
}
BENCHMARK(words_within_10_km);

void nearest_within_km(benchmark::State& state) {
  searches(state, [&](Query& query, Rng& rng) {
    query.where.circle = Circle{invented::somewhere(rng), static_cast<double>(state.range(0))};
    query.sort = Sort::distance;
  });
}
BENCHMARK(nearest_within_km)->Arg(10)->Arg(50);

void facets_of_words(benchmark::State& state) {
  searches(state, [](Query& query, Rng& rng) {
    give_words(query, rng);
    give_facets(query);
  });
}
BENCHMARK(facets_of_words);

void facets_of_words_within_10_km(benchmark::State& state) {
  searches(state, [](Query& query, Rng& rng) {
    give_words(query, rng);
    query.where.circle = Circle{invented::somewhere(rng), 10};
    give_facets(query);
  });
}
BENCHMARK(facets_of_words_within_10_km);

void department_with_facets(benchmark::State& state) {
  searches(state, [](Query& query, Rng& rng) {
    query.where.departments = {rng.below(2) == 0 ? "73" : "74"};
    query.types = {"structure"};
    query.facets["theme"] = {"t" + std::to_string(rng.below(20))};
    give_facets(query);
    query.sort = Sort::name;
  });
}
BENCHMARK(department_with_facets);

void everything_with_facets(benchmark::State& state) {
  searches(state, [](Query& query, Rng&) { give_facets(query); });
}
BENCHMARK(everything_with_facets);

void agenda_of_a_week(benchmark::State& state) {
  searches(state, [](Query& query, Rng& rng) {
    query.types = {"event"};
    auto const from = kNow + kDay * static_cast<std::int64_t>(rng.below(100));
    query.dates = Interval{from, from + kDay * 7};
    query.where.circle = Circle{invented::somewhere(rng), 30};
    query.sort = Sort::date;
  });
}
BENCHMARK(agenda_of_a_week);

void suggestions(benchmark::State& state) {
  auto& index = filled();
  SeededRng rng(3);
  std::vector<std::string> typed;
  for (int i = 0; i < 1000; ++i) typed.push_back(invented::frequent_word(rng).substr(0, 3));
  measure(state, [&](std::size_t i) {
    auto out = index.suggest(typed[i % typed.size()], 8);
    benchmark::DoNotOptimize(out);
  });
}
BENCHMARK(suggestions);

// A letter lost: how long, and how often the word is found again.
void typo(benchmark::State& state) {
  auto& index = filled();
  SeededRng rng(4);
  std::vector<std::pair<std::string, std::string>> slips;
  while (slips.size() < 1000) {
    auto const right = invented::word(rng.below(invented::kWords / 4));
    if (right.size() < 7) continue;
    auto wrong = right;
    wrong.erase(1 + rng.below(wrong.size() - 2), 1);
    slips.emplace_back(wrong, right);
  }
  std::size_t recovered = 0;
  measure(state, [&](std::size_t i) {
    auto const& [wrong, right] = slips[i % slips.size()];
    Query query;
    query.now = kNow;
    query.words = wrong;
    auto const found = index.search(query);
    recovered += !found.words.empty() && found.words.front() == text::fold(right) ? 1 : 0;
  });
  state.counters["recovered"] =
      static_cast<double>(recovered) / static_cast<double>(state.iterations());
}
BENCHMARK(typo);

// From an edit to the moment it can be found: put() returns when it can.
void commit_to_searchable(benchmark::State& state) {
  auto& index = filled();
  SeededRng rng(6);
  std::vector<Entry> edits;
  for (int i = 0; i < 2000; ++i) edits.push_back(invented::record(rng.below(records()), rng));
  measure(state, [&](std::size_t i) { index.put(edits[i % edits.size()]); });
}
BENCHMARK(commit_to_searchable);

}  // namespace
}  // namespace solidaires::search

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  (void)solidaires::search::filled();  // before the report's head, which tells its cost
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
