#include "node/geography/gazetteer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>

#include "node/geography/gazetteer_file.h"
#include "tests/unit/geography/small_gazetteer.h"

namespace solidaires::geography {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string_view> codes(std::span<Commune const* const> communes) {
  std::vector<std::string_view> all;
  for (auto const* one : communes) all.push_back(one->code);
  return all;
}

TEST(Gazetteer, gives_the_commune_of_today_for_current_former_and_district_codes) {
  auto const g = small_gazetteer();
  for (auto const* code : {"91001", "91010", "91011", "91381", "91382"}) {
    ASSERT_NE(g->commune(code), nullptr) << code;
    EXPECT_EQ(g->commune(code)->name, "Grandville") << code;
  }
  EXPECT_EQ(g->commune("91999"), nullptr);
  EXPECT_EQ(g->commune(""), nullptr);
  EXPECT_THAT(g->former_codes("91001"), ElementsAre("91010", "91011"));
  EXPECT_THAT(g->former_codes("92002"), IsEmpty());
}

TEST(Gazetteer, takes_the_department_from_the_commune_and_not_from_the_postal_code) {
  auto const g = small_gazetteer();
  EXPECT_EQ(g->commune("91004")->department, "91");
  EXPECT_THAT(g->commune("91004")->postal_codes, ElementsAre("92400"));
  EXPECT_THAT(codes(g->communes_of(PlaceKind::postal_code, "91400")),
              ElementsAre("91002", "91003", "92001"));
}

TEST(Gazetteer, knows_the_communes_of_every_kind_of_area) {
  auto const g = small_gazetteer();
  EXPECT_THAT(codes(g->communes_of(PlaceKind::commune, "91010")), ElementsAre("91001"));
  EXPECT_THAT(codes(g->communes_of(PlaceKind::department, "92")),
              ElementsAre("92001", "92002", "92003"));
  EXPECT_THAT(codes(g->communes_of(PlaceKind::epci, "900000001")),
              ElementsAre("91002", "91003", "91004", "92002"));
  EXPECT_EQ(g->communes_of(PlaceKind::region, "84").size(), 7U);
  EXPECT_THAT(codes(g->communes_of(PlaceKind::department, "84")), IsEmpty());
  EXPECT_THAT(g->epci("900000001")->departments, ElementsAre("91", "92"));
  EXPECT_EQ(g->department("91")->population, 82000U);
  EXPECT_THAT(g->department("91")->neighbours, ElementsAre("92"));
  EXPECT_EQ(g->region("84")->name, "Grandes Alpes");
}

TEST(Gazetteer, boxes_hold_the_points_of_the_communes_that_have_one) {
  auto const g = small_gazetteer();
  EXPECT_EQ(g->department("92")->box, (Box{45.3, 6.2, 45.4, 6.2}));
  EXPECT_TRUE(Box{}.empty());
  EXPECT_FALSE(Box{}.contains({0, 0}));
}

TEST(Gazetteer, finds_communes_within_a_radius_nearest_first) {
  auto const g = small_gazetteer();
  auto const near = g->communes_within({45.0, 6.0}, 12);
  ASSERT_EQ(near.size(), 2U);
  EXPECT_EQ(near[0].commune->code, "91001");
  EXPECT_NEAR(near[0].km, 0, 1e-6);
  EXPECT_EQ(near[1].commune->code, "91002");
  EXPECT_NEAR(near[1].km, 11.12, 0.01);
  EXPECT_EQ(g->communes_within({45.0, 6.0}, 0).size(), 1U);
  EXPECT_EQ(g->communes_within({45.0, 6.0}, 1e9).size(), 6U);  // all that have a point
}

TEST(Gazetteer, answers_nothing_to_an_absurd_radius_or_centre) {
  auto const g = small_gazetteer();
  auto const nan = std::numeric_limits<double>::quiet_NaN();
  auto const infinite = std::numeric_limits<double>::infinity();
  EXPECT_THAT(g->communes_within({45, 6}, -1), IsEmpty());
  EXPECT_THAT(g->communes_within({45, 6}, nan), IsEmpty());
  EXPECT_THAT(g->communes_within({nan, 6}, 10), IsEmpty());
  EXPECT_THAT(g->communes_within({45, infinite}, 10), IsEmpty());
  EXPECT_EQ(g->nearest_commune({nan, nan}), nullptr);
}

TEST(Gazetteer, finds_the_nearest_commune_however_far) {
  auto const g = small_gazetteer();
  EXPECT_EQ(g->nearest_commune({45.11, 6.09})->code, "91003");
  EXPECT_EQ(g->nearest_commune({-40, 170})->department, "92");
}

TEST(Gazetteer, agrees_with_a_plain_search_of_all_communes_on_every_radius) {
  auto const& g = built_gazetteer();
  for (auto const& centre : {Point{45.9, 6.12}, Point{48.85, 2.35}, Point{-21.1, 55.5}}) {
    for (double const km : {1.0, 17.5, 80.0, 700.0}) {
      std::size_t count = 0;
      for (auto const& one : g->communes()) {
        if (one.precision != Precision::unknown && distance_km(one.point, centre) <= km) ++count;
      }
      EXPECT_EQ(g->communes_within(centre, km).size(), count) << km;
    }
  }
}

TEST(Distance, matches_known_distances) {
  Point const paris{48.8566, 2.3522};
  Point const lyon{45.7640, 4.8357};
  Point const annecy{45.8992, 6.1294};
  Point const chambery{45.5646, 5.9178};
  EXPECT_NEAR(distance_km(paris, lyon), 391.5, 1);
  EXPECT_NEAR(distance_km(annecy, chambery), 40.7, 0.3);
  EXPECT_EQ(distance_km(paris, paris), 0);
  EXPECT_NEAR(distance_km({0, 179.5}, {0, -179.5}), 111.2, 0.1);
  EXPECT_NEAR(distance_km({90, 0}, {-90, 0}), 20015, 1);
  EXPECT_EQ(distance_km(paris, lyon), distance_km(lyon, paris));
}

TEST(GazetteerFile, refuses_what_is_not_a_gazetteer_and_names_the_line) {
  auto const error = [](std::string text) {
    auto const loaded = Gazetteer::parse(std::move(text));
    return loaded ? std::string("accepted") : loaded.error().to_string();
  };
  EXPECT_THAT(error(""), HasSubstr("empty"));
  EXPECT_THAT(error("hello\n"), HasSubstr("not a gazetteer"));
  EXPECT_THAT(error("solidaires-geography\t2\tx\n"), HasSubstr("unsupported"));
  EXPECT_THAT(error("solidaires-geography\t1\tx\nD\t91\tHaut-Pays\t\t\nZ\t1\n"),
              HasSubstr("line 3"));
  std::string const base(kSmallBase);
  EXPECT_THAT(error(base + "C\t91001\tTwice\t91\t\t1\t\t-\t\t\n"), HasSubstr("91001"));
  EXPECT_THAT(error(base + "C\t93001\tNowhere\t93\t\t1\t\t-\t\t\n"), HasSubstr("93001"));
  EXPECT_THAT(error(base + "C\t91009\tLost\t91\t123456789\t1\t\t-\t\t\n"), HasSubstr("EPCI"));
  EXPECT_THAT(error(base + "C\t91009\tFar\t91\t\t1\t\texact\t95.0\t6.0\n"), HasSubstr("line 19"));
  EXPECT_THAT(error(base + "C\t91009\tMany\t91\t\t-1\t\t-\t\t\n"), HasSubstr("line 19"));
  EXPECT_THAT(error(base + "F\t91050\tLost\t91777\tmerged\t\t\t\n"), HasSubstr("91050"));
  EXPECT_THAT(error(base + "O\tcommune\t91001\t4500000,6x0000\n"), HasSubstr("outline"));
  EXPECT_THAT(error(overlay_of("")), HasSubstr("overlay"));
}

TEST(GazetteerFile, loads_from_a_directory_with_or_without_an_overlay) {
  auto const directory = test_directory();
  EXPECT_EQ(Gazetteer::load(directory).error().code(), Code::not_found);
  write_text(directory / "base" / kGazetteerFile, kSmallBase);
  EXPECT_TRUE(Gazetteer::load(directory / "base"));
  EXPECT_TRUE(Gazetteer::load(directory / "base", directory / "absent"));
  write_text(directory / "overlay" / kGazetteerFile,
             overlay_of("C\t91004\tLes Échelles\t91\t\t510\t92400\texact\t45.21000\t6.11000\n"));
  auto const loaded = Gazetteer::load(directory / "base", directory / "overlay");
  ASSERT_TRUE(loaded);
  EXPECT_EQ((*loaded)->commune("91004")->name, "Les Échelles");
  write_text(directory / "overlay" / kGazetteerFile, "rubbish");
  EXPECT_EQ(Gazetteer::load(directory / "base", directory / "overlay").error().code(),
            Code::corrupt);
}

TEST(GazetteerFile, writes_back_what_it_read) {
  auto const rows = read_rows(kSmallBase);
  ASSERT_TRUE(rows);
  auto const text = write_rows(*rows);
  auto const again = read_rows(text);
  ASSERT_TRUE(again);
  EXPECT_EQ(write_rows(*again), text);
  EXPECT_EQ(text.size(), kSmallBase.size());
}

TEST(Overlay, moves_points_adds_outlines_and_follows_mergers_through_the_base) {
  auto const g = small_gazetteer(
      overlay_of("C\t91004\tLes Échelles-Neuves\t91\t900000001\t500\t92400\texact\t45.21\t6.11\n"
                 "F\t91001\tGrandville\t91002\tmerged\t\t\t\n"  // the town joins Saint-Aubin
                 "O\tcommune\t91002\t4500000,600000 4510000,600000 4510000,610000\n"));
  EXPECT_FALSE(g->overlay_is_stale());
  EXPECT_EQ(g->commune("91004")->precision, Precision::exact);
  EXPECT_EQ(g->commune("91001")->code, "91002");
  EXPECT_EQ(g->commune("91010")->code, "91002");  // through Grandville
  EXPECT_EQ(g->commune("91382")->code, "91002");
  EXPECT_EQ(g->communes().size(), 6U);
  auto const* outline = g->outline(PlaceKind::commune, "91002");
  ASSERT_NE(outline, nullptr);
  EXPECT_EQ(outline->rings.at(0).size(), 3U);
  EXPECT_EQ(outline->box, (Box{45.0, 6.0, 45.1, 6.1}));
  EXPECT_EQ(g->outline(PlaceKind::department, "91"), nullptr);
}

TEST(Overlay, re_establishes_a_commune_that_the_base_had_merged) {
  auto const g = small_gazetteer(
      overlay_of("C\t91010\tVieuxbourg\t91\t900000002\t700\t91000\texact\t45.05\t6.0\n"));
  EXPECT_EQ(g->commune("91010")->name, "Vieuxbourg");
  EXPECT_THAT(g->former_codes("91001"), ElementsAre("91011"));
}

TEST(Overlay, made_for_another_base_gives_points_and_outlines_only) {
  auto const g = small_gazetteer(
      "solidaires-geography-overlay\t1\tinvented 0\n"
      "C\t91010\tVieuxbourg\t91\t\t700\t91000\texact\t45.05\t6.0\n"
      "C\t91004\tOther Name\t99\t\t500\t92400\texact\t45.21\t6.11\n"
      "F\t92002\tPort-Bleu\t92001\tmerged\t\t\t\n"
      "O\tdepartment\t91\t4500000,600000 4510000,600000 4510000,610000\n");
  EXPECT_TRUE(g->overlay_is_stale());
  EXPECT_EQ(g->commune("91010")->code, "91001");
  EXPECT_EQ(g->commune("92002")->code, "92002");
  EXPECT_EQ(g->commune("91004")->name, "Les Échelles-Neuves");
  EXPECT_EQ(g->commune("91004")->point, (Point{45.21, 6.11}));
  EXPECT_NE(g->outline(PlaceKind::department, "91"), nullptr);
}

TEST(BuiltGazetteer, holds_france_with_a_point_for_nearly_every_commune) {
  auto const& g = built_gazetteer();
  EXPECT_GT(g->communes().size(), 34'000U);
  EXPECT_GE(g->departments().size(), 101U);
  std::size_t exact = 0;
  std::size_t unknown = 0;
  for (auto const& one : g->communes()) {
    if (one.precision == Precision::exact) ++exact;
    if (one.precision == Precision::unknown && one.department.size() == 2) ++unknown;
  }
  EXPECT_GT(exact, 14'000U);
  EXPECT_EQ(unknown, 0U);
  EXPECT_THAT(g->sources(), HasSubstr("GeoNames"));
}

TEST(BuiltGazetteer, keeps_the_traps_of_the_eight_departments) {
  auto const& g = built_gazetteer();
  auto const served_in = [&](std::string_view postal_code, std::string_view department) {
    auto const served = g->communes_of(PlaceKind::postal_code, postal_code);
    return std::ranges::any_of(served, [&](auto* one) { return one->department == department; });
  };
  EXPECT_TRUE(served_in("05700", "26"));
  EXPECT_TRUE(served_in("48250", "07"));
  EXPECT_TRUE(served_in("01200", "01"));
  EXPECT_TRUE(served_in("01200", "74"));
  EXPECT_EQ(g->commune("74010")->postal_codes.size(), 5U);
  EXPECT_EQ(g->former_codes("74010").size(), 8U);
  for (auto const* code : {"74268", "74093", "74011", "74182", "74217"}) {
    EXPECT_EQ(g->commune(code), g->commune("74010")) << code;
  }
  for (int district = 69381; district <= 69389; ++district) {
    EXPECT_EQ(g->commune(std::to_string(district)), g->commune("69123"));
  }
  EXPECT_EQ(g->commune("2A004")->name, "Ajaccio");
  EXPECT_THAT(g->department("73")->neighbours, ElementsAre("01", "05", "38", "74"));
}

TEST(BuiltGazetteer, measures_towns_as_people_know_them) {
  auto const& g = built_gazetteer();
  auto const km = [&](std::string_view a, std::string_view b) {
    return distance_km(g->commune(a)->point, g->commune(b)->point);
  };
  EXPECT_NEAR(km("74010", "73065"), 40.7, 3);  // Annecy, Chambéry
  EXPECT_NEAR(km("73065", "38185"), 45, 3);    // Grenoble
  EXPECT_NEAR(km("69123", "42218"), 50, 3);    // Lyon, Saint-Étienne
  EXPECT_NEAR(km("75056", "13055"), 661, 8);   // Paris, Marseille
}

TEST(BuiltGazetteer, is_read_by_several_threads_at_once) {
  auto const& g = built_gazetteer();
  std::array<std::size_t, 4> found{};
  std::vector<std::jthread> threads;
  threads.reserve(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 5; ++n) {
        found[i] += g->find_places("saint").size() + g->communes_within({45.9, 6.1}, 20).size();
      }
    });
  }
  threads.clear();
  EXPECT_GT(found[0], 0U);
  EXPECT_THAT(found, testing::Each(found[0]));
}

}  // namespace
}  // namespace solidaires::geography
