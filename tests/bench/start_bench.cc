// How long an instance is not ready for: a store of START_RECORDS invented public records (250,000
// unless told) is opened, its catalogue read from the store, kept, and taken from what was kept.
// Prints a Markdown table; medians of five starts.
#include <unistd.h>

#include <algorithm>
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

int run(fs::path const& share) {
  char const* const asked = std::getenv("START_RECORDS");
  auto const records = asked == nullptr ? 250'000 : std::strtoul(asked, nullptr, 10);
  auto pattern = (fs::temp_directory_path() / "solidaires-bench-XXXXXX").string();
  fs::path const directory = ::mkdtemp(pattern.data());
  auto const model = need(schema::ContentModel::load(share / "schema"));
  auto const places = need(geography::Gazetteer::load(share / "geography"));
  auto const node = NodeName::parse("savoie").value();
  SystemClock const clock;
  SystemRng rng;
  NoOther const others;
  auto const open = [&] {
    return need(store::Store::open(directory, {.indexer = make_indexer(), .rng = &rng}));
  };
  fill(*open(), node, *model.type("structure"), records);
  std::vector<double> opening, reading, taking;
  double snapshot_mb = 0;
  Bytes snapshot;
  for (int i = 0; i < 5; ++i) {
    auto start = Steady::now();
    auto const store = open();
    opening.push_back(seconds_since(start));
    Instance const instance{.self = node,
                            .territory = {"73"},
                            .store = *store,
                            .model = model,
                            .directory = others,
                            .clock = clock,
                            .rng = rng};
    start = Steady::now();
    auto catalogue = need(Catalogue::open(instance, places));
    reading.push_back(seconds_since(start));
    snapshot = catalogue->snapshot();
    snapshot_mb = static_cast<double>(snapshot.size()) / 1e6;
    catalogue.reset();
    start = Steady::now();
    catalogue = need(Catalogue::open(instance, places, snapshot));
    taking.push_back(seconds_since(start));
  }
  std::printf("| %zu records | s |\n|---|---|\n", static_cast<std::size_t>(records));
  std::printf("| opening the store | %.2f |\n", middle(opening));
  std::printf("| the catalogue, from the store | %.2f |\n", middle(reading));
  std::printf("| the catalogue, from a snapshot of %.0f MB | %.2f |\n", snapshot_mb,
              middle(taking));
  std::printf("| resident, all in all | %.0f MB |\n", resident_mb());
  std::error_code ignored;
  fs::remove_all(directory, ignored);
  return 0;
}

}  // namespace
}  // namespace solidaires::service

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs(
        "usage: start_bench SHARE-DIRECTORY (schema and geography, as the build stages them)\n",
        stderr);
    return 1;
  }
  return solidaires::service::run(argv[1]);
}
