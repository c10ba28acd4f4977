#include "node/portal/filters.h"

#include <gmock/gmock.h>

#include "tests/unit/portal/world.h"

namespace solidaires::portal {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class FiltersTest : public PortalWorld {
 protected:
  Filters read(std::string_view query, std::string_view type = "structure") {
    return read_filters(*context_, instance.model.type(type), http::parse_query(query));
  }
  std::string canonical(std::string_view query) { return read(query).query(); }
};

TEST_F(FiltersTest, absurd_values_are_named_and_left_out) {
  auto const filters = read(
      "lieu=Xyzzyville&rayon=-3&dep=99&famille=licorne&du=2026-02-31&au=demain&tri=hasard&page=0");
  EXPECT_EQ(filters.ignored.size(), 8U);
  EXPECT_THAT(filters.ignored, testing::Contains(HasSubstr("Xyzzyville")));
  EXPECT_EQ(filters.query(), "");
  EXPECT_FALSE(filters.any());
  for (auto const* query : {"rayon=nan", "page=nan", "page=inf", "rayon=1e999"}) {
    EXPECT_EQ(read(query).ignored.size(), 1U) << query;
  }
}

TEST_F(FiltersTest, the_canonical_query_reads_back_as_itself) {
  for (auto const* query :
       {"?q=v%C3%A9lo&lieu=Annecy&rayon=20", "?dep=73", "?dep=tous",
        "?famille=scop&secteur=energie", "?du=2026-03-01&au=2026-04-01", "?tri=nom", "?lieu=73",
        "?lieu=74150", "?zone=5.9,45.8,6,45.9", "?lieu=45.866,5.944&rayon=3", "?vue=carte"}) {
    auto const once = canonical(std::string(query).substr(1));
    EXPECT_EQ(canonical(once.substr(std::min<std::size_t>(1, once.size()))), once) << query;
    EXPECT_FALSE(once.empty()) << query;
  }
  EXPECT_EQ(canonical("rayon=20&q=velo&lieu=annecy"), canonical("lieu=Annecy&q=velo&rayon=20"));
}

TEST_F(FiltersTest, a_homonym_chosen_by_its_key_stays_chosen) {
  std::vector<std::string> twins;
  for (auto const& commune : service::real_places()->communes()) {
    if (commune.name == "Saint-Aubin") twins.emplace_back(commune.code);
  }
  ASSERT_GT(twins.size(), 2U);
  for (auto const& commune : twins) {
    auto const key = commune;
    auto const once = read(cat("lieu=", key));
    ASSERT_TRUE(once.place) << key;
    auto const again = read(once.query().substr(1));
    ASSERT_TRUE(again.place) << once.query();
    EXPECT_EQ(again.place->commune->code, commune) << once.query();
  }
}

TEST_F(FiltersTest, each_chip_removes_itself_and_nothing_else) {
  auto const filters = read("q=velo&lieu=Annecy&rayon=20&famille=scop&famille=association&dep=73");
  auto const list = chips(*context_, instance.model.type("structure"), filters, "/structures");
  ASSERT_EQ(list.size(), 5U);
  for (auto const& chip : list) {
    auto const rest = read(chip.remove.substr(chip.remove.find('?') + 1));
    EXPECT_EQ(chips(*context_, instance.model.type("structure"), rest, "/structures").size(), 4U)
        << chip.label << ": " << chip.remove;
  }
}

TEST_F(FiltersTest, a_long_search_is_cut_between_two_letters) {
  std::string query = "q=a";
  for (int i = 0; i < 150; ++i) query += "é";
  auto const filters = read(query);
  EXPECT_EQ(filters.ignored.size(), 1U);
  EXPECT_EQ(filters.words.find("\xef\xbf\xbd"), std::string::npos);
}

TEST_F(FiltersTest, a_piece_of_the_map_is_a_filter_like_any_other) {
  published("structure", service::structure_form("À Rumilly"));
  EXPECT_THAT(get("/structures?zone=5.9,45.8,6,45.9").body, HasSubstr("À Rumilly"));
  EXPECT_THAT(get("/structures?zone=5.9,45.8,6,45.9").body,
              HasSubstr("dans cette zone de la carte"));
  EXPECT_THAT(get("/structures?zone=6.5,45.8,6.6,45.9").body, testing::Not(HasSubstr("À Rumilly")));
  for (auto const* zone : {"1,2,3", "6,46,5,47", "5,47,6,46", "5,45,6,nan", "5,45,6,91", "a,b,c,d",
                           "5,45,6,46,7", ",,,"}) {
    auto const filters = read(cat("zone=", zone));
    EXPECT_FALSE(filters.zone) << zone;
    EXPECT_EQ(filters.ignored.size(), 1U) << zone;
  }
}

TEST_F(FiltersTest, a_position_is_a_place_and_is_not_kept) {
  published("structure", service::structure_form("À Rumilly"));
  auto const filters = read("lieu=45.86631,+5.94412&rayon=5");
  ASSERT_TRUE(filters.place);
  EXPECT_EQ(filters.place->commune->name, "Rumilly");
  EXPECT_THAT(filters.query(), HasSubstr("45.866"));
  EXPECT_THAT(filters.query(), testing::Not(HasSubstr("45.8663")))
      << "nearer than a hundred metres";
  EXPECT_EQ(read(cat("lieu=", page::url_encode(filters.place_text))).place_value,
            filters.place_value)
      << "what the field shows is understood again";
  EXPECT_EQ(fit_to_keep(*context_, filters).query(), "?lieu=Rumilly&rayon=5");
  auto const page = get("/structures?lieu=45.86631,+5.94412&rayon=5").body;
  EXPECT_THAT(page, HasSubstr("de votre position"));
  EXPECT_THAT(page, HasSubstr("À Rumilly"));
  EXPECT_THAT(page, HasSubstr("/alertes?recherche=%2fstructures%3flieu%3dRumilly"));
  EXPECT_FALSE(read("lieu=0,0").place) << "at sea";
}

TEST_F(FiltersTest, the_map_shows_the_page_of_the_list_or_all_of_it) {
  for (int i = 0; i < 25; ++i)
    published("structure", service::structure_form(cat("Structure ", i)));
  auto const beside = get("/structures?page=2").body;
  EXPECT_THAT(beside, HasSubstr("Carte de cette page de résultats"));
  EXPECT_THAT(beside, HasSubstr("href=\"/structures?vue=carte\""));
  EXPECT_THAT(beside, HasSubstr("data-map=\"/structures.geojson?page=2\""));
  EXPECT_THAT(beside, HasSubstr("<title>5 fiches"));
  auto const all = get("/structures?vue=carte").body;
  EXPECT_THAT(all, HasSubstr("Carte des résultats"));
  EXPECT_THAT(all, HasSubstr("data-map=\"/structures.geojson?vue=carte\""));
  EXPECT_THAT(all, HasSubstr("<title>25 fiches"));
  EXPECT_THAT(all, HasSubstr("<a href=\"/structures?zone=")) << "a mark of many leads closer";
  EXPECT_EQ(json_at("/structures.geojson").at("features").as_array().size(), 25U);
  EXPECT_EQ(json_at("/structures.geojson?page=2").at("features").as_array().size(), 5U);
}

TEST_F(FiltersTest, a_page_beyond_the_last_leads_to_the_last) {
  for (int i = 0; i < 25; ++i)
    published("structure", service::structure_form(cat("Structure ", i)));
  auto const beyond = get("/structures?page=40");
  EXPECT_EQ(beyond.status, 303);
  EXPECT_EQ(location(beyond), "/structures?page=2");
  EXPECT_EQ(get("/structures?page=2").status, 200);
}

// A date is a condition on what has dates alone; tabs say what the other lists will show.
TEST_F(FiltersTest, a_date_hides_no_structure_and_the_tabs_count_what_their_lists_show) {
  published("structure", service::structure_form("Une structure"));
  published("article", service::article_form("Une actualité"));
  published("event", service::event_form("Un marché"));
  for (auto const* path :
       {"/agenda", "/structures", "/recherche", "/agenda?du=2026-03-01&au=2027-03-01"}) {
    auto const page = get(path).body;
    EXPECT_THAT(page, HasSubstr("structures <span class=\"quiet\">(1)")) << path;
    EXPECT_THAT(page, HasSubstr("événements <span class=\"quiet\">(1)")) << path;
    EXPECT_THAT(page, HasSubstr("actualités <span class=\"quiet\">(1)")) << path;
  }
  EXPECT_THAT(get("/structures?du=2026-03-01&au=2026-03-02").body, HasSubstr("Une structure"));
  EXPECT_THAT(get("/agenda?du=2031-03-01").body, testing::Not(HasSubstr("Un marché")));
}

}  // namespace
}  // namespace solidaires::portal
