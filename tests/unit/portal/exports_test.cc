#include <gmock/gmock.h>
#include <libical/ical.h>

#include <boost/json.hpp>
#include <fstream>
#include <ranges>

#include "node/service/import.h"
#include "tests/unit/portal/world.h"

namespace solidaires::portal {
namespace {

namespace json = boost::json;
using testing::HasSubstr;
using testing::Not;

class ExportsTest : public PortalWorld {};

TEST_F(ExportsTest, lists_and_records_are_valid_json_whatever_people_wrote) {
  published("structure", service::structure_form("Guillemet \" et \\ et </script>"));
  published("event", service::event_form("Événement"));
  published("article", service::article_form("Article"));
  published("job_offer", service::job_offer_form("Menuisière ou menuisier (f/h)"));
  published("job_request", service::job_request_form("Cuisinière, dix ans de métier"));
  published("call", service::call_form("Initiatives \"solidaires\""));
  published("resource", service::resource_form("Un guide"));
  for (auto const& type : instance.model.types()) {
    for (auto const& path : {cat('/', type.prefix, ".json"), cat("/api/v1/", type.prefix)}) {
      auto const list = json_at(path);
      EXPECT_EQ(list.at("total").as_int64(), 1) << path;
      EXPECT_EQ(list.at("items").as_array().size(), 1U) << path;
    }
    auto const url = std::string(
        json_at(cat('/', type.prefix, ".json")).at("items").at(0).at("url").as_string().c_str());
    EXPECT_THAT(url, testing::StartsWith("https://essai.example/"));
    auto const one = json_at(cat(url.substr(21), ".json"));
    EXPECT_EQ(one.at("type").as_string(), type.key.c_str());
  }
  EXPECT_EQ(json_at("/structures.json?q=introuvable&lieu=Annecy").at("total").as_int64(), 0);
  EXPECT_GE(json_at("/structures.json?lieu=Rumilly&rayon=5")
                .at("items")
                .at(0)
                .at("distance_km")
                .to_number<double>(),
            0.0);
  auto const geo = json_at("/structures.geojson");
  EXPECT_EQ(geo.at("type").as_string(), "FeatureCollection");
  EXPECT_EQ(geo.at("features").as_array().size(), 1U);
  (void)json_at("/territoire.geojson");
  (void)json_at("/recherche.json?q=evenement");
}

TEST_F(ExportsTest, a_request_for_work_shows_nobody) {
  published("job_request", service::job_request_form("Cuisinière, dix ans de métier"));
  published("job_offer", service::job_offer_form("Menuisière ou menuisier (f/h)"));
  for (std::string const list : {"/emploi/demandes", "/emploi/offres"}) {
    auto const url = std::string(json_at(list + ".json").at("items").at(0).at("url").as_string());
    auto const path = url.substr(21);
    for (auto const& page :
         {list, list + ".json", list + ".csv", list + ".atom", path, path + ".json",
          std::string("/recherche?q=canari"), cat("/api/v1", path)}) {
      auto const body = get(page).body;
      EXPECT_THAT(body, Not(testing::HasSubstr("canari@"))) << page;
      EXPECT_THAT(body, Not(testing::HasSubstr("Nom Canari"))) << page;
      EXPECT_THAT(body, Not(testing::HasSubstr("479000099"))) << page;
      EXPECT_THAT(body, Not(testing::HasSubstr("79 00 00 99"))) << page;
    }
  }
}

TEST_F(ExportsTest, a_spreadsheet_runs_no_formula_from_a_csv_file) {
  published("structure", service::structure_form("=HYPERLINK(\"http://x\";\"y\")",
                                                 {{"summary", "@SUM(A1)"}, {"acronym", "+1"}}));
  auto const csv = get("/structures.csv").body;
  EXPECT_TRUE(csv.starts_with("\xef\xbb\xbf"));
  EXPECT_THAT(csv, HasSubstr("\"'=HYPERLINK(\"\"http://x\"\";\"\"y\"\")\""));
  EXPECT_THAT(csv, HasSubstr("\"'@SUM(A1)\""));
  EXPECT_THAT(csv, HasSubstr("\"'+1\""));
  EXPECT_THAT(csv, Not(HasSubstr("\"=")));
}

TEST_F(ExportsTest, what_was_exported_can_be_imported_again) {
  published("structure", service::structure_form("Aller-retour", {{"acronym", "AR"}}));
  auto const csv = get("/structures.csv").body;
  World other("isere", {"38"});
  other.open_catalogue();
  service::ImportOptions how;
  how.node = other.instance.self;
  how.source = "essai";
  auto const report = service::Importer(other.instance, service::real_places()).run(csv, how);
  ASSERT_OK(report);
  EXPECT_EQ(report->counts.at(service::RowOutcome::created), 1U);
  service::ListQuery query;
  query.words = "aller-retour";
  auto const there = other.catalogue->find(query).value();
  ASSERT_EQ(there.hits.size(), 1U);
  query.words = "aller-retour";
  auto const here = catalogue->find(query).value();
  EXPECT_EQ(there.hits.front().record->record, here.hits.front().record->record);
}

TEST_F(ExportsTest, a_calendar_is_read_back_with_its_series_exceptions_and_changes) {
  published("event", service::event_form("Marché, d’hiver; suite",
                                         {{"schedule.start_date", "2026-03-14"},
                                          {"schedule.repeat", "weekly"},
                                          {"schedule.days", "sa"},
                                          {"schedule.exceptions", "2026-03-21"},
                                          {"schedule.override.0.original", "2026-03-28T14:00"},
                                          {"schedule.override.0.status", "cancelled"}}));
  published("event", service::event_form("Journée", {{"schedule.all_day", "true"},
                                                     {"schedule.start_time", ""},
                                                     {"schedule.end_time", ""}}));
  auto const body = get("/agenda.ics").body;
  std::unique_ptr<icalcomponent, decltype(&icalcomponent_free)> const calendar(
      icalparser_parse_string(body.c_str()), &icalcomponent_free);
  ASSERT_NE(calendar, nullptr);
  EXPECT_EQ(icalcomponent_count_errors(calendar.get()), 0) << body;
  EXPECT_NE(icalrestriction_check(calendar.get()), 0) << body;
  EXPECT_EQ(icalcomponent_count_components(calendar.get(), ICAL_VEVENT_COMPONENT), 3) << body;
  EXPECT_THAT(body, HasSubstr("RRULE:FREQ=WEEKLY"));
  EXPECT_THAT(body, HasSubstr("EXDATE;TZID=Europe/Paris:20260321T140000"));
  EXPECT_THAT(body, HasSubstr("RECURRENCE-ID;TZID=Europe/Paris:20260328T140000"));
  EXPECT_THAT(body, HasSubstr("STATUS:CANCELLED"));
  EXPECT_THAT(body, HasSubstr("TZID:Europe/Paris"));
  EXPECT_THAT(body, HasSubstr("DTSTART;VALUE=DATE:20260314"));
  EXPECT_THAT(body, HasSubstr("DTEND;VALUE=DATE:20260315"));
  for (auto const line : std::views::split(body, '\n')) EXPECT_LE(std::ranges::distance(line), 76);
}

TEST_F(ExportsTest, references_are_taken_over_by_programs_for_bibliographies) {
  published("resource", service::resource_form("Habiter à plusieurs & durer",
                                               {{"kind", "livre"},
                                                {"subtitle", "50 % d’usages"},
                                                {"authors", "J. Exemple, La Grande Cordée"},
                                                {"year", "2021"},
                                                {"publisher", "Éditions de l’Alpage"},
                                                {"doi", "10.1234/abc_5"},
                                                {"url", "https://exemple.example/a_b?c=%20"},
                                                {"themes", "velo"}}));
  auto const list = get("/ressources.bib");
  EXPECT_EQ(list.status, 200);
  EXPECT_THAT(list.headers.get("Content-Type"), HasSubstr("application/x-bibtex"));
  EXPECT_THAT(list.body, testing::StartsWith("@book{exemple2021-"));
  EXPECT_THAT(list.body, HasSubstr("author = {J. Exemple and {La Grande Cordée}}"));
  EXPECT_THAT(list.body, HasSubstr("title = {Habiter à plusieurs \\& durer : 50 \\% d’usages}"));
  EXPECT_THAT(list.body, HasSubstr("publisher = {Éditions de l’Alpage}"));
  EXPECT_THAT(list.body, HasSubstr("doi = {10.1234/abc_5}"));
  EXPECT_THAT(list.body, HasSubstr("url = {https://exemple.example/a_b?c=%20}"));
  EXPECT_TRUE(list.body.ends_with("\n}\n"));
  auto const ris = get("/ressources.ris").body;
  EXPECT_THAT(ris, testing::StartsWith("TY  - BOOK\r\n"));
  EXPECT_THAT(ris, HasSubstr("AU  - J. Exemple\r\nAU  - La Grande Cordée\r\nPY  - 2021\r\n"));
  EXPECT_TRUE(ris.ends_with("ER  - \r\n\r\n"));

  service::ListQuery query;
  auto const path = catalogue->find(query).value().hits.at(0).record->path;
  EXPECT_EQ(get(cat(path, ".bib")).body, list.body);
  EXPECT_EQ(get(cat(path, ".ris")).body, ris);
  EXPECT_THAT(get("/ressources?theme=velo").body, HasSubstr("/ressources.bib?theme=velo"));
  EXPECT_EQ(get("/structures.bib").status, 404);
}

constexpr std::string_view kAdded = R"(
extend {
  type: "structure"
  group {
    key: "activity"
    field {
      key: "waste_saved" kind: decimal label { fr: "Déchets évités" en: "Waste avoided" }
      audience: public json: "wasteSaved" column { header: "dechets_evites" }
    }
  }
}
vocabulary {
  key: "ad_kinds"
  label { fr: "Genre d’offre" en: "Kind of offer" }
  term { code: "cdi" label { fr: "CDI" en: "Permanent" } }
}
type {
  key: "small_ad" prefix: "annonces" rank: 15
  singular { fr: "petite annonce" en: "small ad" } plural { fr: "petites annonces" en: "small ads" }
  gender: feminine schema_org: "JobPosting"
  group {
    key: "offer" label { fr: "L’offre" en: "The offer" }
    field {
      key: "title" kind: text label { fr: "Intitulé" en: "Title" }
      required: draft audience: public card: title schema_org: "title" search_weight: 10
      column { header: "intitule" }
    }
    field {
      key: "kind" kind: choice vocabulary: "ad_kinds" label { fr: "Genre" en: "Kind" }
      audience: public facet { parameter: "genre" } column { header: "genre" }
    }
    field {
      key: "pay_note" kind: text label { fr: "Salaire" en: "Pay" } audience: office
      column { header: "salaire" }
    }
  }
}
)";

schema::ContentModel const& longer_model() {
  static auto const kModel = [] {
    std::map<std::string, std::string> files;
    namespace fs = std::filesystem;
    for (auto const& entry : fs::recursive_directory_iterator(SCHEMA_DIRECTORY)) {
      if (entry.path().extension() != ".txtpb") continue;
      std::ifstream file(entry.path());
      files[fs::relative(entry.path(), SCHEMA_DIRECTORY).string()] = {
          std::istreambuf_iterator<char>(file), {}};
    }
    files["zz_added.txtpb"] = kAdded;
    return schema::ContentModel::parse(files).value();
  }();
  return kModel;
}

class ExtendedPortal : public PortalWorld {
 protected:
  ExtendedPortal() : PortalWorld(longer_model()) {}
};

TEST_F(ExtendedPortal, a_field_and_a_type_added_by_data_alone_are_everywhere) {
  service::ImportOptions how;
  how.node = instance.self;
  how.source = "essai";
  how.type = "structure";
  service::Importer const importer(instance, service::real_places());
  ASSERT_OK(importer.run("nom;commune;dechets_evites\nRecyclerie;Rumilly;12,5\n", how));
  how.type = "small_ad";
  ASSERT_OK(importer.run("intitule;genre;salaire\nMenuiserie (f/h);CDI;CANARI\n", how));

  EXPECT_THAT(get("/structures.json").body, HasSubstr("\"wasteSaved\":"));
  EXPECT_THAT(get("/structures.csv").body, HasSubstr("\"12.5\""));
  service::ListQuery query;
  query.words = "recyclerie";
  auto const path = catalogue->find(query).value().hits.at(0).record->path;
  EXPECT_THAT(get(path).body, HasSubstr("Déchets évités"));

  auto const list = get("/annonces?genre=cdi");
  EXPECT_EQ(list.status, 200);
  EXPECT_THAT(list.body, HasSubstr("Menuiserie (f/h)"));
  EXPECT_THAT(faults_of(list.body), testing::IsEmpty());
  EXPECT_THAT(get("/annonces.json").body, HasSubstr("Menuiserie"));
  EXPECT_THAT(get("/annonces.csv").body, HasSubstr("Menuiserie"));
  EXPECT_THAT(get("/").body, HasSubstr("petite annonce"));
  EXPECT_THAT(get("/recherche?q=menuiserie").body, HasSubstr("Menuiserie"));
  for (auto const* page : {"/annonces", "/annonces.json", "/annonces.csv"}) {
    EXPECT_THAT(get(page).body, Not(HasSubstr("CANARI"))) << page;
  }
}

}  // namespace
}  // namespace solidaires::portal
