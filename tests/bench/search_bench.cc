// Search over synthetic French records: SEARCH_RECORDS of them (250,000 unless told), about 60
// words each, spread over eight departments. Each row gives the median and the 99th percentile of
// single queries, in microseconds, besides Google Benchmark's mean.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "node/search/index.h"
#include "node/text/fold.h"
#include "sync/base/rng.h"

namespace solidaires::search {
namespace {

using Steady = std::chrono::steady_clock;

Instant const kNow = from_unix_ms(1'790'000'000'000);
constexpr Millis kDay{24 * 3600 * 1000};
constexpr std::uint64_t kWords = 40'000;

std::size_t records() {
  char const* const asked = std::getenv("SEARCH_RECORDS");
  return asked == nullptr ? 250'000 : std::strtoul(asked, nullptr, 10);
}

std::string invented(std::uint64_t number) {
  static constexpr std::array<std::string_view, 32> kSyllables = {
      "ba",  "ri", "to",  "me",  "lan", "dou", "vi",  "sel", "gra", "no",  "pu",
      "cha", "fi", "zo",  "que", "tal", "mon", "sé",  "pré", "cou", "ber", "tin",
      "jo",  "lé", "nar", "dis", "fou", "gué", "bri", "cal", "vor", "thé"};
  static constexpr std::array<std::string_view, 6> kEndings = {"",    "s",   "ation",
                                                               "ité", "eur", "age"};
  std::string out;
  auto rest = number * 2'654'435'761U % 4'294'967'291U;
  for (int i = 0; i < 3; ++i, rest /= 32) out += kSyllables[rest % 32];
  return out.append(kEndings[rest % 6]);
}

// Few words are frequent (the first is in a quarter of the records), most are rare (Zipf).
std::string frequent_first(Rng& rng) {
  constexpr double kShift = 20;
  auto const u = (static_cast<double>(rng.below(1'000'000)) + 1) / 1'000'001;
  auto const number = kShift * (std::pow(static_cast<double>(kWords) / kShift + 1, u) - 1);
  return invented(static_cast<std::uint64_t>(number));
}

std::string sentence(Rng& rng, int words) {
  static constexpr std::array<std::string_view, 8> kSmall = {"de",   "la", "les", "et",
                                                             "pour", "l'", "des", "à"};
  std::string out;
  for (int i = 0; i < words; ++i) {
    if (i % 3 == 2) out.append(kSmall[rng.below(kSmall.size())]).append(1, ' ');
    out.append(frequent_first(rng)).append(1, ' ');
  }
  return out;
}

Point somewhere(Rng& rng) {
  auto const between = [&rng](double from, double to) {
    return from + (to - from) * static_cast<double>(rng.below(1'000'000)) / 1e6;
  };
  if (rng.below(2) == 0) return {between(44.1, 46.5), between(3.7, 7.2)};
  // Half of everything is in and around towns.
  static constexpr std::array<Point, 6> kTowns = {
      {{45.90, 6.13}, {45.57, 5.92}, {45.19, 5.72}, {45.76, 4.84}, {45.44, 4.39}, {46.19, 6.23}}};
  auto const& town = kTowns[rng.below(kTowns.size())];
  return {town.latitude_deg + between(-0.08, 0.08), town.longitude_deg + between(-0.1, 0.1)};
}

Entry record(std::uint64_t number, Rng& rng) {
  Entry out;
  std::string id(16, '\0');
  for (std::size_t i = 0; i < 8; ++i) id[15 - i] = static_cast<char>(number >> (8 * i));
  out.key = {ScopeId::published(*NodeName::parse("savoie")), *DocumentId::from_bytes(id)};
  static constexpr std::array<char const*, 6> kTypes = {"structure", "structure", "structure",
                                                        "event",     "article",   "job_offer"};
  out.type = kTypes[rng.below(kTypes.size())];
  out.title = sentence(rng, 4);
  out.summary = sentence(rng, 12);
  out.body = sentence(rng, 30);
  static constexpr std::array<char const*, 8> kDepartments = {"01", "07", "26", "38",
                                                              "42", "69", "73", "74"};
  std::string const department = kDepartments[rng.below(8)];
  out.places = {{department + std::to_string(100 + rng.below(350)), department,
                 "2000" + std::to_string(rng.below(160)), somewhere(rng)}};
  if (rng.below(20) == 0) out.served = {"department:" + department};
  out.facets["theme"] = {"t" + std::to_string(rng.below(20)), "t" + std::to_string(rng.below(20))};
  out.facets["family"] = {"f" + std::to_string(rng.below(6))};
  out.facets["public"] = {"p" + std::to_string(rng.below(12))};
  if (out.type == "event") {
    auto const from = kNow + kDay * (static_cast<std::int64_t>(rng.below(200)) - 40);
    out.dates = {{from, from + Millis(7'200'000)}};
  }
  out.updated = kNow - kDay * static_cast<std::int64_t>(rng.below(1000));
  return out;
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
      batch.push_back(record(i, rng));
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
  query.words = frequent_first(rng);
  if (rng.below(2) == 0) query.words += " " + frequent_first(rng);
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
    query.where.circle = Circle{somewhere(rng), 10};
  });
}
BENCHMARK(words_within_10_km);

void nearest_within_km(benchmark::State& state) {
  searches(state, [&](Query& query, Rng& rng) {
    query.where.circle = Circle{somewhere(rng), static_cast<double>(state.range(0))};
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
    query.where.circle = Circle{somewhere(rng), 10};
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
    query.where.circle = Circle{somewhere(rng), 30};
    query.sort = Sort::date;
  });
}
BENCHMARK(agenda_of_a_week);

void suggestions(benchmark::State& state) {
  auto& index = filled();
  SeededRng rng(3);
  std::vector<std::string> typed;
  for (int i = 0; i < 1000; ++i) typed.push_back(frequent_first(rng).substr(0, 3));
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
    auto const right = invented(rng.below(kWords / 4));
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
  for (int i = 0; i < 2000; ++i) edits.push_back(record(rng.below(records()), rng));
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
