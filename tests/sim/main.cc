// sim --seed N --steps M [--seeds COUNT] [--plant NAME] [--trace]
// Runs COUNT worlds from seed N on. Ends with 1 at the first violation, and prints how to see it
// again; with a planted bug a violation is what one hopes for.
#include <charconv>
#include <cstdio>
#include <cstring>

#include "tests/sim/world.h"

namespace solidaires::sync::sim {
namespace {

struct Arguments {
  Options options;
  std::uint64_t seeds = 1;
  std::string plant;
};

bool number(char const* text, std::uint64_t& out) {
  auto const* const end = text + std::strlen(text);
  auto const [rest, error] = std::from_chars(text, end, out);
  return error == std::errc{} && rest == end;
}

std::optional<Arguments> parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    std::string_view const name = argv[i];
    if (name == "--trace") {
      arguments.options.trace = true;
      continue;
    }
    if (++i == argc) return std::nullopt;
    std::uint64_t value = 0;
    if (name == "--plant") {
      arguments.plant = argv[i];
      auto const plant = plant_named(arguments.plant);
      if (!plant) return std::nullopt;
      arguments.options.plant = *plant;
    } else if (!number(argv[i], value)) {
      return std::nullopt;
    } else if (name == "--seed") {
      arguments.options.seed = value;
    } else if (name == "--steps") {
      arguments.options.steps = value;
    } else if (name == "--seeds") {
      arguments.seeds = value;
    } else {
      return std::nullopt;
    }
  }
  return arguments;
}

int usage() {
  std::fputs("sim --seed N --steps M [--seeds COUNT] [--trace] [--plant NAME]\nplants:", stderr);
  for (auto const& [plant, name] : kPlants) std::fprintf(stderr, " %s", std::string(name).c_str());
  std::fputs("\n", stderr);
  return 2;
}

int simulate(Arguments arguments) {
  auto& options = arguments.options;
  Outcome total;
  for (std::uint64_t i = 0; i < arguments.seeds; ++i, ++options.seed) {
    auto const outcome = run(options);
    if (!outcome.violation.empty()) {
      auto const plant = arguments.plant.empty() ? "" : cat(" --plant ", arguments.plant);
      std::printf("seed %llu: %s\nreplay: sim --seed %llu --steps %zu%s --trace\n",
                  static_cast<unsigned long long>(options.seed), outcome.violation.c_str(),
                  static_cast<unsigned long long>(options.seed), options.steps, plant.c_str());
      return 1;
    }
    total.events += outcome.events;
    total.frames += outcome.frames;
    total.writes += outcome.writes;
    total.crashes += outcome.crashes;
    total.documents += outcome.documents;
    total.conflicts += outcome.conflicts;
    total.trace_hash ^= outcome.trace_hash;
  }
  std::printf(
      "seeds=%llu events=%zu frames=%zu writes=%zu crashes=%zu documents=%zu conflicts=%zu "
      "trace=%016llx\n",
      static_cast<unsigned long long>(arguments.seeds), total.events, total.frames, total.writes,
      total.crashes, total.documents, total.conflicts,
      static_cast<unsigned long long>(total.trace_hash));
  return 0;
}

}  // namespace
}  // namespace solidaires::sync::sim

int main(int argc, char** argv) {
  auto const arguments = solidaires::sync::sim::parse(argc, argv);
  if (!arguments) return solidaires::sync::sim::usage();
  return solidaires::sync::sim::simulate(*arguments);
}
