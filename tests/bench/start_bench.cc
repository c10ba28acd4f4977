// How long an instance is not ready for: a store of START_RECORDS invented public records (250,000
// unless told) is opened, its catalogue read from the store, kept, and taken from what was kept.
// Prints a Markdown table; medians of five starts. What is resident is measured in a process that
// does nothing else but start once and wait, as an instance does (without its pages).
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "node/geography/gazetteer.h"
#include "node/service/catalogue.h"
#include "node/service/indexes.h"
#include "node/store/store.h"
#include "schema/form.h"
#include "tests/bench/invented.h"
#include "tests/bench/measure.h"

namespace solidaires::service {
namespace {

namespace fs = std::filesystem;
template <class Value>
Value need(Result<Value> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "%s\n", result.error().to_string().c_str());
  std::exit(1);
}

double middle(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

class NoOther final : public NodeDirectory {
 public:
  [[nodiscard]] std::vector<NodeDescription> nodes() const override { return {}; }
};

store::DocumentEdit public_copy(NodeName const& node, std::uint64_t number, Rng& rng,
                                schema::Type const& type) {
  auto const made = search::invented::record(number, rng);
  auto const point = *made.places.front().point;
  schema::FormFields typed{{"name", made.title},
                           {"ess_family", "association"},
                           {"summary", made.summary},
                           {"description", made.body},
                           {"sectors", "action-sociale"},
                           {"themes", rng.below(2) == 0 ? "reparation" : "entraide"},
                           {"address.postal_code", "73000"},
                           {"address.commune", "Chambéry"},
                           {"address.commune_code", "73065"},
                           {"address.latitude", std::to_string(point.latitude_deg)},
                           {"address.longitude", std::to_string(point.longitude_deg)},
                           {"address.precision", "street"}};
  store::DocumentEdit edit{.key = {ScopeId::published(node), made.key.id},
                           .type = type.key,
                           .presence = store::Presence::any};
  for (auto const& [key, value] : schema::parse_form(type, typed).record)
    edit.fields.push_back({key, schema::encode(value)});
  return edit;
}

void fill(store::Store& store, NodeName const& node, schema::Type const& type,
          std::size_t records) {
  constexpr std::size_t kBatch = 500;
  SeededRng rng(1);
  store::Commit commit{.now = search::invented::kNow, .author = "", .reason = "benchmark"};
  for (std::uint64_t i = 0; i < records; ++i) {
    commit.documents.push_back(public_copy(node, i + 1, rng, type));
    if (commit.documents.size() < kBatch && i + 1 < records) continue;
    (void)need(store.commit(commit));
    commit.documents.clear();
  }
}

constexpr std::string_view kResident = "--resident";

// What an instance stands on, but for its records.
struct Ground {
  explicit Ground(fs::path const& share)
      : model(need(schema::ContentModel::load(share / "schema"))),
        places(need(geography::Gazetteer::load(share / "geography"))) {}

  [[nodiscard]] std::unique_ptr<store::Store> open(fs::path const& directory) {
    return need(store::Store::open(directory, {.indexer = make_indexer(), .rng = &rng}));
  }
  [[nodiscard]] Instance instance(store::Store& store) {
    return {.self = node,
            .territory = {"73"},
            .store = store,
            .model = model,
            .directory = others,
            .clock = clock,
            .rng = rng};
  }

  schema::ContentModel model;
  std::shared_ptr<geography::Gazetteer const> places;
  NodeName node = NodeName::parse("savoie").value();
  SystemClock clock;
  SystemRng rng;
  NoOther others;
};

std::string kept_in(fs::path const& directory) {
  return directory.string() + ".kept";
}

int tell_resident(fs::path const& directory, fs::path const& share) {
  Ground ground(share);
  auto const store = ground.open(directory);
  auto const instance = ground.instance(*store);
  std::unique_ptr<Catalogue> catalogue;
  {
    std::ifstream kept(kept_in(directory), std::ios::binary);
    Bytes const snapshot(std::istreambuf_iterator<char>(kept), {});
    catalogue = need(Catalogue::open(instance, ground.places, snapshot));
  }
  std::printf("| resident, once started | %.0f MB |\n", resident_mb());
  return 0;
}

void have_resident_told(char const* program, fs::path const& directory, fs::path const& share) {
  std::array<std::string, 4> words{program, std::string(kResident), directory, share};
  std::array<char*, 5> arguments{};
  for (std::size_t i = 0; i < words.size(); ++i) arguments[i] = words[i].data();
  std::fflush(stdout);
  pid_t child = 0;
  if (::posix_spawn(&child, "/proc/self/exe", nullptr, nullptr, arguments.data(), environ) == 0)
    ::waitpid(child, nullptr, 0);
}

int run(char const* program, fs::path const& share) {
  char const* const asked = std::getenv("START_RECORDS");
  auto const records = asked == nullptr ? 250'000 : std::strtoul(asked, nullptr, 10);
  auto pattern = (fs::temp_directory_path() / "solidaires-bench-XXXXXX").string();
  fs::path const directory = ::mkdtemp(pattern.data());
  Ground ground(share);
  fill(*ground.open(directory), ground.node, *ground.model.type("structure"), records);
  std::vector<double> opening, reading, taking;
  double snapshot_mb = 0;
  Bytes snapshot;
  for (int i = 0; i < 5; ++i) {
    auto start = Steady::now();
    auto const store = ground.open(directory);
    opening.push_back(seconds_since(start));
    auto const instance = ground.instance(*store);
    start = Steady::now();
    auto catalogue = need(Catalogue::open(instance, ground.places));
    reading.push_back(seconds_since(start));
    snapshot = catalogue->snapshot();
    snapshot_mb = static_cast<double>(snapshot.size()) / 1e6;
    catalogue.reset();
    start = Steady::now();
    catalogue = need(Catalogue::open(instance, ground.places, snapshot));
    taking.push_back(seconds_since(start));
  }
  std::printf("| %zu records | s |\n|---|---|\n", static_cast<std::size_t>(records));
  std::printf("| opening the store | %.2f |\n", middle(opening));
  std::printf("| the catalogue, from the store | %.2f |\n", middle(reading));
  std::printf("| the catalogue, from a snapshot of %.0f MB | %.2f |\n", snapshot_mb,
              middle(taking));
  std::ofstream(kept_in(directory), std::ios::binary) << snapshot;
  have_resident_told(program, directory, share);
  std::error_code ignored;
  fs::remove(kept_in(directory), ignored);
  fs::remove_all(directory, ignored);
  return 0;
}

}  // namespace
}  // namespace solidaires::service

int main(int argc, char** argv) {
  if (argc == 4 && argv[1] == solidaires::service::kResident)
    return solidaires::service::tell_resident(argv[2], argv[3]);
  if (argc != 2) {
    std::fputs(
        "usage: start_bench SHARE-DIRECTORY (schema and geography, as the build stages them)\n",
        stderr);
    return 1;
  }
  return solidaires::service::run(argv[0], argv[1]);
}
