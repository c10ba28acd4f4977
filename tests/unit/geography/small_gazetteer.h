// A small invented country for the tests of geography: two departments, with the traps of the real
// one (a postal code over two departments, homonyms, former communes, a town with districts).
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include "node/geography/gazetteer.h"

namespace solidaires::geography {

inline constexpr std::string_view kSmallBase =
    "solidaires-geography\t1\tinvented 1\n"
    "R\t84\tGrandes Alpes\n"
    "D\t91\tHaut-Pays\t84\t92\n"
    "D\t92\tVal-Bleu\t84\t91\n"
    "E\t900000001\tCC Cœur de Vallon\tCC\t4000\n"
    "E\t900000002\tCA du Grand Lac Noir (CALN)\tCA\t90000\n"
    "C\t91001\tGrandville\t91\t900000002\t80000\t91000 91100\texact\t45.00000\t6.00000\n"
    "C\t91002\tSaint-Aubin\t91\t900000001\t1200\t91400\texact\t45.10000\t6.00000\n"
    "C\t91003\tL'Œuvrière-sur-Arve\t91\t900000001\t300\t91400\texact\t45.10000\t6.10000\n"
    "C\t91004\tLes Échelles-Neuves\t91\t900000001\t500\t92400\tapproximate\t45.20000\t6.10000\n"
    "C\t92001\tSaint-Aubin\t92\t\t900\t91400 92300\texact\t45.30000\t6.20000\n"
    "C\t92002\tPort-Bleu\t92\t900000001\t2500\t92400\texact\t45.40000\t6.20000\n"
    "C\t92003\tÎle Perdue\t92\t\t0\t\t-\t\t\n"
    "F\t91010\tVieuxbourg\t91001\tdelegated\t\t45.05000\t6.00000\n"
    "F\t91011\t\t91001\tmerged\t\t\t\n"
    "F\t91381\tGrandville 1er Arrondissement\t91001\tdistrict\t91000\t45.00100\t6.00100\n"
    "F\t91382\tGrandville 2e Arrondissement\t91001\tdistrict\t91100\t45.00200\t6.00200\n"
    "F\t92002\tPort-Noir\t92002\tname\t\t\t\n";

using Loaded = std::shared_ptr<Gazetteer const>;

inline Loaded small_gazetteer(std::string overlay = {}) {
  auto loaded = Gazetteer::parse(std::string(kSmallBase), std::move(overlay));
  EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().to_string());
  return loaded ? *loaded : nullptr;
}

// The overlay of this base with these rows.
inline std::string overlay_of(std::string_view rows) {
  return "solidaires-geography-overlay\t1\tinvented 1\n" + std::string(rows);
}

// What the build joined from the packages; loaded once.
Loaded const& built_gazetteer();

// A directory of this test alone, empty at first.
inline std::filesystem::path test_directory() {
  auto const* test = testing::UnitTest::GetInstance()->current_test_info();
  auto const path = std::filesystem::path(testing::TempDir()) / "solidaires-geography" /
                    std::to_string(::getpid()) / test->test_suite_name() / test->name();
  std::filesystem::remove_all(path);
  std::filesystem::create_directories(path);
  return path;
}

inline void write_text(std::filesystem::path const& path, std::string_view text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

inline std::string read_text(std::filesystem::path const& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace solidaires::geography
