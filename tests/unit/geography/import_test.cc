// Import of official files: the shapes are those of INSEE, La Poste and Etalab, the rows invented.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/geography/csv_table.h"
#include "node/geography/geojson.h"
#include "node/geography/import_reference.h"
#include "tests/unit/geography/small_gazetteer.h"

namespace solidaires::geography {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kCommunesHeader =
    "insee,nom,departement,epci_siren,epci_nom,population,codes_postaux,lat,lon,point_source,"
    "anciens_codes\n";
constexpr std::string_view kMovementsHeader =
    "MOD,DATE_EFF,TYPECOM_AV,COM_AV,TNCC_AV,NCC_AV,NCCENR_AV,LIBELLE_AV,TYPECOM_AP,COM_AP,TNCC_AP,"
    "NCC_AP,NCCENR_AP,LIBELLE_AP\n";

class Import : public testing::Test {
 protected:
  void SetUp() override {
    root_ = test_directory();
    write_text(root_ / "base" / kGazetteerFile, kSmallBase);
    std::filesystem::create_directories(root_ / "in");
  }
  void file(std::string const& name, std::string_view content) {
    write_text(root_ / "in" / name, content);
  }
  Result<ImportReport> run() { return import_reference(root_ / "base", root_ / "in", target()); }
  ImportReport good() {
    auto report = run();
    EXPECT_TRUE(report) << (report ? "" : report.error().to_string());
    return report ? *report : ImportReport{};
  }
  std::string error() {
    auto const report = run();
    return report ? "imported" : report.error().to_string();
  }
  Loaded loaded() { return Gazetteer::load(root_ / "base", target()).value_or(nullptr); }
  std::filesystem::path target() { return root_ / "data" / "geography"; }

  std::filesystem::path root_;
};

TEST_F(Import, makes_points_exact_and_adds_names_codes_and_epci) {
  file("communes.csv", std::string(kCommunesHeader) +
                           "91004,Les Échelles-Neuves,91,900000003,CC du Nouveau Pays,550,"
                           "92400 92410,45.21234,6.11111,laposte,91070 91071\n"
                           "92002,Port-Bleu,92,,,2600,92400,45.41,6.21,laposte,\n");
  auto const report = good();
  EXPECT_TRUE(report.changed);
  EXPECT_EQ(report.communes, 2U);
  EXPECT_EQ(report.exact_points, 2U);
  EXPECT_EQ(report.former_codes, 2U);
  EXPECT_EQ(report.warnings_total, 0U);
  auto const g = loaded();
  EXPECT_EQ(g->commune("91071")->code, "91004");
  EXPECT_EQ(g->commune("91004")->precision, Precision::exact);
  EXPECT_EQ(g->commune("91004")->population, 550U);
  EXPECT_THAT(g->commune("91004")->postal_codes, ElementsAre("92400", "92410"));
  EXPECT_EQ(g->epci("900000003")->name, "CC du Nouveau Pays");
  EXPECT_EQ(g->commune("92002")->epci, "");
  EXPECT_EQ(g->commune("91001")->name, "Grandville");  // untouched
}

TEST_F(Import, takes_employment_areas_and_valleys_as_places) {
  file("ze.csv",
       "CODGEO;LIBGEO;ZE2020;LIBZE2020\n91001;Grandville;8401;Grandville\n"
       "91011;Merged since;8401;Grandville\n91002;Saint-Aubin;8401;Grandville\n"
       "92002;Port-Bleu;8402;Le Lac\n99999;Nowhere;8402;Le Lac\n");
  file("valleys.csv", "insee,vallee\n91002,Val d’Arve\n91003,Val d’Arve\n");
  auto const report = good();
  EXPECT_EQ(report.zones, 3U);
  EXPECT_THAT(report.warnings, ElementsAre(HasSubstr("99999")));
  auto const g = loaded();
  auto const codes = [&](std::string_view zone) {
    std::vector<std::string_view> out;
    for (auto const* one : g->communes_of(PlaceKind::zone, zone)) out.push_back(one->code);
    return out;
  };
  EXPECT_THAT(codes("ze:8401"), ElementsAre("91001", "91002"));
  EXPECT_THAT(codes("val:val-d-arve"), ElementsAre("91002", "91003"));
  EXPECT_EQ(g->zone("ze:8401")->population, 81'200U);
  auto const place = g->place("ze:8401").value();
  EXPECT_EQ(place.label, "Grandville (zone d’emploi)");
  EXPECT_EQ(place.key(), "ze:8401");
  EXPECT_FALSE(place.box.empty());
  EXPECT_FALSE(g->place("ze:9999"));
  // The town before what is around it, unless that is said.
  EXPECT_EQ(g->find_places("grandville").front().key(), "91001");
  for (auto const* typed : {"zone d'emploi de Grandville", "bassin d’emploi grandville"}) {
    auto const found = g->find_places(typed);
    ASSERT_FALSE(found.empty()) << typed;
    EXPECT_EQ(found.front().key(), "ze:8401") << typed;
    EXPECT_TRUE(found.front().exact) << typed;
  }
  EXPECT_EQ(g->find_places("val d'arve").front().key(), "val:val-d-arve");
  EXPECT_FALSE(good().changed);
}

TEST_F(Import, writes_nothing_the_second_time) {
  file("communes.csv",
       std::string(kCommunesHeader) + "92002,Port-Bleu,92,,,2600,92400,45.41,6.21,laposte,\n");
  EXPECT_TRUE(good().changed);
  auto const path = target() / kGazetteerFile;
  auto const written = std::filesystem::last_write_time(path);
  auto const text = read_text(path);
  EXPECT_FALSE(good().changed);
  EXPECT_EQ(std::filesystem::last_write_time(path), written);
  EXPECT_EQ(read_text(path), text);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(target()), {}), 1);
}

TEST_F(Import, follows_chains_of_changes_to_the_commune_of_today) {
  file("mouvements.csv",
       std::string(kMovementsHeader) +
           "32,2017-01-01,COM,91080,0,X,X,Tournay,COM,91001,0,G,G,Grandville\n"
           "32,2017-01-01,COM,91001,0,G,G,Grandville,COM,91001,0,G,G,Grandville\n"
           "32,2017-01-01,COM,91080,0,X,X,Tournay,COMD,91080,0,X,X,Tournay\n"
           "33,1973-01-01,COM,91081,0,Y,Y,Le Petit-Tournay,COM,91080,0,X,X,Tournay\n"
           "33,1973-01-01,COM,91080,0,X,X,Vieux-Tournay,COM,91080,0,X,X,Tournay\n"
           "10,1960-01-01,COM,92002,0,P,P,Port-Gris,COM,92002,0,P,P,Port-Bleu\n"
           "31,1950-01-01,COM,93001,0,Z,Z,Ailleurs,COM,93002,0,Z,Z,Plus-Loin\n");
  auto const report = good();
  EXPECT_EQ(report.former_codes, 2U);
  EXPECT_THAT(report.warnings, ElementsAre(HasSubstr("93001")));
  auto const g = loaded();
  EXPECT_EQ(g->commune("91081")->code, "91001");
  EXPECT_EQ(g->commune("93001"), nullptr);
  auto const label = [&](std::string_view text) { return g->find_places(text).at(0).label; };
  EXPECT_EQ(label("petit tournay"), "Le Petit-Tournay (Grandville, Haut-Pays)");
  EXPECT_EQ(label("vieux tournay"), "Vieux-Tournay (Grandville, Haut-Pays)");
  EXPECT_EQ(label("port gris"), "Port-Gris (Port-Bleu, Val-Bleu)");
}

TEST_F(Import, removes_a_commune_that_the_changes_have_merged) {
  file("mouvements.csv", std::string(kMovementsHeader) +
                             "32,2027-01-01,COM,92002,0,P,P,Port-Bleu,COM,92001,0,S,S,St-Aubin\n"
                             "32,2027-01-01,COM,92001,0,S,S,St-Aubin,COM,92001,0,S,S,St-Aubin\n");
  good();
  auto const g = loaded();
  EXPECT_EQ(g->commune("92002")->code, "92001");
  EXPECT_EQ(g->communes().size(), 6U);
}

TEST_F(Import, reads_the_official_list_and_the_postal_codes_in_latin_letters) {
  file("v_commune.csv",
       "TYPECOM,COM,REG,DEP,CTCD,ARR,TNCC,NCC,NCCENR,LIBELLE,CAN,COMPARENT\n"
       "COM,92002,84,92,92D,921,0,PORT BLEU,Port-Bleu,Port-Bleu-les-Bains,9201,\n"
       "COM,91010,84,91,91D,911,0,VIEUXBOURG,Vieuxbourg,Vieuxbourg,9101,\n"
       "COMD,91090,84,91,91D,911,0,HAMEAU,Hameau,Le Hameau,,91001\n"
       "ARM,91381,84,91,91D,911,0,G,G,Grandville 1er Arrondissement,,91001\n");
  file("laposte.csv",
       "#Code_commune_INSEE;Nom_de_la_commune;Code_postal;Libell\xE9;Ligne_5;_geopoint\r\n"
       "92002;PORT BLEU;92400;PORT BLEU;LE PR\xC9;45.49, 6.29\r\n"
       "92002;PORT BLEU;92410;PORT BLEU;;45.41, 6.21\r\n"
       "91381;GRANDVILLE 01;91000;GRANDVILLE;;45.0, 6.0\r\n"
       "91382;GRANDVILLE 02;91100;GRANDVILLE;;45.02, 6.02\r\n"
       "99138;MONACO;98000;MONACO;;43.7, 7.4\r\n");
  auto const report = good();
  EXPECT_THAT(report.warnings, ElementsAre(HasSubstr("91010"), HasSubstr("99138")));
  auto const g = loaded();
  EXPECT_EQ(g->commune("92002")->name, "Port-Bleu-les-Bains");
  EXPECT_THAT(g->commune("92002")->postal_codes, ElementsAre("92400", "92410"));
  EXPECT_EQ(g->commune("92002")->point, (Point{45.41, 6.21}));
  EXPECT_EQ(g->commune("91001")->point, (Point{45.01, 6.01}));  // the middle of its districts
  EXPECT_EQ(g->commune("91010")->code, "91001");                // merged since that list
  EXPECT_EQ(g->find_places("le hameau").at(0).label, "Le Hameau (Grandville, Haut-Pays)");
}

TEST_F(Import, re_establishes_a_commune_that_both_list_and_changes_name) {
  file("v_commune.csv", "TYPECOM,COM,REG,DEP,LIBELLE,COMPARENT\nCOM,91010,84,91,Vieuxbourg,\n");
  file("v_mvt.csv", std::string(kMovementsHeader) +
                        "21,2027-01-01,COM,91001,0,G,G,Grandville,COM,91010,0,V,V,Vieuxbourg\n"
                        "21,2027-01-01,COM,91001,0,G,G,Grandville,COM,91001,0,G,G,Grandville\n");
  EXPECT_EQ(good().warnings_total, 0U);
  EXPECT_EQ(loaded()->commune("91010")->name, "Vieuxbourg");
}

TEST_F(Import, joins_the_outlines_of_communes_merged_since) {
  file("communes.geojson",
       R"({"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"code":"91001","nom":"Grandville"},"geometry":{"type":"Polygon",
 "coordinates":[[[6,45],[6.1,45],[6.1,45.1],[6,45.1],[6,45]]]}},
{"type":"Feature","properties":{"code":"91010","nom":"Vieuxbourg"},"geometry":{"type":"Polygon",
 "coordinates":[[[6.1,45],[6.2,45],[6.2,45.1],[6.1,45.1],[6.1,45]]]}},
{"type":"Feature","properties":{"code":"92001"},"geometry":{"type":"MultiPolygon",
 "coordinates":[[[[7,45],[7.1,45],[7.1,45.1],[7,45]]],[[[8,45],[8.1,45],[8.1,45.1],[8,45]]]]}},
{"type":"Feature","properties":{"code":"99999"},
 "geometry":{"type":"Polygon","coordinates":[]}}]})");
  file("departements.geojson",
       R"({"features":[{"properties":{"code":"91","nom":"Haut-Pays","region":"84"},"geometry":
{"type":"Polygon","coordinates":[[[6,45],[6.2,45],[6.2,45.1],[6,45.1],[6,45]]]}}]})");
  auto const report = good();
  EXPECT_EQ(report.outlines_of_communes, 2U);
  EXPECT_EQ(report.outlines_of_areas, 1U);
  EXPECT_THAT(report.warnings, ElementsAre(HasSubstr("99999")));
  auto const g = loaded();
  auto const* town = g->outline(PlaceKind::commune, "91001");
  ASSERT_NE(town, nullptr);
  ASSERT_EQ(town->rings.size(), 1U);  // the border between the two parts is gone
  EXPECT_EQ(town->rings[0].size(), 6U);
  EXPECT_EQ(town->box, (Box{45, 6, 45.1, 6.2}));
  EXPECT_EQ(g->outline(PlaceKind::commune, "92001")->rings.size(), 2U);
  EXPECT_EQ(g->department("91")->box.east, 6.2);
}

TEST_F(Import, leaves_the_parts_out_where_the_whole_is_drawn) {
  file("communes.geojson",
       R"({"features":[
{"properties":{"code":"91001"},"geometry":{"type":"Polygon",
 "coordinates":[[[6,45],[6.2,45],[6.2,45.1],[6,45.1],[6,45]]]}},
{"properties":{"code":"91381"},"geometry":{"type":"Polygon",
 "coordinates":[[[6,45],[6.1,45],[6.1,45.1],[6,45.1],[6,45]]]}}]})");
  good();
  EXPECT_EQ(loaded()->outline(PlaceKind::commune, "91001")->box, (Box{45, 6, 45.1, 6.2}));
}

TEST_F(Import, keeps_a_point_outside_its_own_simplified_outline) {
  file("communes.csv",
       std::string(kCommunesHeader) + "92002,Port-Bleu,92,,,2600,92400,45.41,6.21,laposte,\n");
  file("communes.geojson",
       R"({"features":[{"properties":{"code":"92002"},"geometry":{"type":"Polygon",
"coordinates":[[[6.3,45.4],[6.4,45.4],[6.4,45.5],[6.3,45.4]]]}}]})");
  EXPECT_EQ(good().warnings_total, 0U);
  EXPECT_EQ(loaded()->commune("92002")->point, (Point{45.41, 6.21}));
}

TEST_F(Import, names_file_and_line_of_what_is_wrong_and_keeps_the_old_overlay) {
  file("communes.csv",
       std::string(kCommunesHeader) + "92002,Port-Bleu,92,,,2600,92400,45.41,6.21,laposte,\n");
  good();
  auto const before = read_text(target() / kGazetteerFile);
  struct Wrong {
    std::string_view row;
    std::string_view says;
  };
  Wrong const rows[] = {
      {"9200,Port-Bleu,92,,,1,92400,45.4,6.2,,\n", "not an INSEE code"},
      {"92002,,92,,,1,92400,45.4,6.2,,\n", "name is missing"},
      {"92002,Port-Bleu,91,,,1,92400,45.4,6.2,,\n", "does not lie in department 91"},
      {"92002,Port-Bleu,92,12,,1,92400,45.4,6.2,,\n", "not a SIREN"},
      {"92002,Port-Bleu,92,900000009,,1,92400,45.4,6.2,,\n", "no file describes EPCI"},
      {"92002,Port-Bleu,92,,,many,92400,45.4,6.2,,\n", "\"many\" is not a number"},
      {"92002,Port-Bleu,92,,,1,9240,45.4,6.2,,\n", "not a postal code"},
      {"92002,Port-Bleu,92,,,1,92400,\"45,4\",6.2,,\n", "not a latitude"},
      {"92002,Port-Bleu,92,,,1,92400,145.4,6.2,,\n", "not a latitude"},
      {"92002,Port-Bleu,92,,,1,92400,6.2,45.4,,\n", "swapped"},
      {"92002,Port-Bleu,92,,,1,92400,48.8,2.3,,\n", "far from department 92"},
      {"95002,Port-Bleu,95,,,1,92400,45.4,6.2,,\n", "no known department"},
      {"92002,Port-Bleu,92,,,1,92400,45.4,6.2,,x\n", "not an INSEE code"},
      {"92002,Port-Bleu,92\n", "not 11 fields"},
      {"92002,\"Port-Bleu,92,,,1,92400,45.4,6.2,,\n", "quotation mark"},
      {"92001,Saint-Aubin,92,,,1,92300,45.3,6.2,,\n92001,Saint-Aubin,92,,,1,92300,45.3,6.2,,\n",
       "a second time"},
  };
  for (auto const& wrong : rows) {
    file("communes.csv", std::string(kCommunesHeader) +
                             "91001,Grandville,91,900000002,,80000,91000,45.0,6.0,,\n" +
                             std::string(wrong.row));
    EXPECT_THAT(error(), AllOf(HasSubstr("invalid: communes.csv"), HasSubstr(wrong.says)));
    EXPECT_EQ(read_text(target() / kGazetteerFile), before) << wrong.row;
  }
  file("communes.csv", std::string(kCommunesHeader) + "\n92002,P,92,,,x,92400,45.4,6.2,,\n");
  EXPECT_THAT(error(), HasSubstr("line 3"));
}

TEST_F(Import, refuses_outlines_that_are_none) {
  struct Wrong {
    std::string_view text;
    std::string_view says;
  };
  Wrong const files[] = {
      {"{\"features\":[\n{\"properties\":", "line 2"},
      {"{}", "not a GeoJSON"},
      {R"({"features":[{"properties":{}}]})", "feature 1 has no property"},
      {R"({"features":[{"properties":{"code":"91001"},"geometry":null}]})", "feature 1 (91001)"},
      {R"({"features":[{"properties":{"code":"91001"},"geometry":{"type":"Point",
"coordinates":[6,45]}}]})",
       "feature 1 (91001)"},
      {R"({"features":[{"properties":{"code":"91001"},"geometry":{"type":"Polygon",
"coordinates":[[[6,"45"]]]}}]})",
       "feature 1 (91001)"},
      {R"({"features":[{"properties":{"code":"77","nom":"Nulle Part"},"geometry":{"type":"Polygon",
"coordinates":[]}}]})",
       "no area has code \"77\""},
  };
  for (auto const& wrong : files) {
    file("areas.geojson", wrong.text);
    EXPECT_THAT(error(), AllOf(HasSubstr("areas.geojson"), HasSubstr(wrong.says))) << wrong.text;
  }
  file("areas.geojson", std::string(100'000, '['));
  EXPECT_THAT(error(), HasSubstr("areas.geojson"));
  EXPECT_FALSE(std::filesystem::exists(target()));
}

TEST_F(Import, lists_what_it_does_not_know_and_wants_at_least_one_known_file) {
  file("README.md", "Communes, departments: a text.\n");
  file("budget.csv", "a,b\n1,2\n");
  file("empty.csv", "");
  file("picture.csv", std::string_view("\x89PNG\r\n\0\0,\0", 10));
  EXPECT_THAT(error(), HasSubstr("holds no known file"));
  EXPECT_THAT(import_reference(root_ / "base", root_ / "absent", target()).error().message(),
              HasSubstr("absent"));
  file("communes.csv",
       std::string(kCommunesHeader) + "92002,Port-Bleu,92,,,2600,92400,45.41,6.21,laposte,\n");
  auto const report = good();
  ASSERT_EQ(report.files.size(), 5U);
  EXPECT_EQ(report.files[0].name, "README.md");
  EXPECT_EQ(report.files[0].kind, "");
  EXPECT_EQ(report.files[2].kind, "communes");
  EXPECT_EQ(report.files[2].rows, 1U);
}

TEST_F(Import, bounds_the_warnings_it_keeps) {
  std::string rows(kMovementsHeader);
  for (int i = 100; i < 300; ++i) {
    auto const code = "93" + std::to_string(i);
    rows += "31,1950-01-01,COM," + code + ",0,Z,Z,Ailleurs,COM,95001,0,Z,Z,Loin\n";
  }
  file("mouvements.csv", rows);
  auto const report = good();
  EXPECT_EQ(report.warnings.size(), kWarningsMax);
  EXPECT_EQ(report.warnings_total, 200U);
}

TEST(Csv, detects_separator_encoding_and_counts_lines) {
  auto const table =
      read_csv("\xEF\xBB\xBFNom;Code postal\r\n\"Port\r\nBleu\";92400\r\n\r\n;\r\nX;1");
  ASSERT_TRUE(table);
  EXPECT_THAT(table->header, ElementsAre("nom", "code postal"));
  ASSERT_EQ(table->rows.size(), 2U);
  EXPECT_EQ(table->rows[0].line, 2U);
  EXPECT_EQ(table->rows[1].line, 6U);
  auto const latin = read_csv("nom\tlieu\nPr\xE9\tA\n");
  ASSERT_TRUE(latin);
  EXPECT_EQ(latin->rows.at(0).fields.at(0), "Pré");
  EXPECT_TRUE(read_csv(""));
  EXPECT_FALSE(read_csv("a,b\n1,2,3\n"));
}

TEST(JoinAreas, keeps_holes_and_separate_parts) {
  Rings const square{{{0, 0}, {0, 1}, {1, 1}, {1, 0}}};
  EXPECT_EQ(join_areas(square).size(), 1U);
  EXPECT_THAT(join_areas({}), IsEmpty());
  // Eight cells around an empty one: an outer border and a hole.
  Rings cells;
  for (int y = 0; y < 3; ++y) {
    for (int x = 0; x < 3; ++x) {
      if (x == 1 && y == 1) continue;
      Point const low{static_cast<double>(y), static_cast<double>(x)};
      cells.push_back({low,
                       {low.latitude, low.longitude + 1},
                       {low.latitude + 1, low.longitude + 1},
                       {low.latitude + 1, low.longitude}});
    }
  }
  auto const joined = join_areas(cells);
  ASSERT_EQ(joined.size(), 2U);
  EXPECT_TRUE(is_inside(joined, {0.5, 0.5}));
  EXPECT_FALSE(is_inside(joined, {1.5, 1.5}));
  EXPECT_FALSE(is_inside(joined, {4, 4}));
  auto const centre = centre_of(square);
  EXPECT_DOUBLE_EQ(centre.latitude, 0.5);
  EXPECT_DOUBLE_EQ(centre.longitude, 0.5);
}

}  // namespace
}  // namespace solidaires::geography
