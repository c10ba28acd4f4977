#include <gmock/gmock.h>

#include "tests/unit/service/world.h"

namespace solidaires::service {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class CatalogueTest : public testing::Test, protected World {
 protected:
  CatalogueTest() { open_catalogue(); }

  std::vector<std::string> titles(ListQuery const& query) {
    std::vector<std::string> out;
    for (auto const& hit : catalogue->find(query).value().hits) out.push_back(hit.record->title);
    return out;
  }
  ListQuery words(std::string_view text) {
    ListQuery query;
    query.words = text;
    return query;
  }
  schema::Type const& structure = *instance.model.type("structure");
};

TEST_F(CatalogueTest, a_published_record_is_found_at_once_and_a_withdrawn_one_no_more) {
  auto const copy = published("structure", structure_form("L’Épicerie de Rumilly"));
  EXPECT_THAT(titles(words("epicerie rumilly")), ElementsAre("L’Épicerie de Rumilly"));
  EXPECT_EQ(catalogue->counts({"74"})["structure"], 1U);
  ASSERT_OK(editorial.withdraw(somebody("animateur", "C"), copy.key, ""));
  EXPECT_THAT(titles({}), IsEmpty());
  EXPECT_EQ(catalogue->get(copy.key.id).value(), nullptr);
}

TEST_F(CatalogueTest, a_snapshot_is_taken_at_the_next_start_if_nothing_was_written_since) {
  published("structure", structure_form("L’Épicerie de Rumilly"));
  published("call", call_form("Bientôt clos"));
  auto const whole = catalogue->snapshot();
  catalogue = Catalogue::open(instance, real_places(), whole).value();
  EXPECT_THAT(titles(words("epicerie")), ElementsAre("L’Épicerie de Rumilly"));
  EXPECT_EQ(catalogue->snapshot(), whole);  // what changes by time alone is known too
  published("structure", structure_form("Une autre épicerie"));
  EXPECT_EQ(titles(words("epicerie")).size(), 2U);

  catalogue = Catalogue::open(instance, real_places(), whole).value();  // older than the store
  EXPECT_EQ(titles(words("epicerie")).size(), 2U);
  auto const latest = catalogue->snapshot();
  for (std::size_t size = 0; size < latest.size(); size += 1 + latest.size() / 20) {
    catalogue = Catalogue::open(instance, real_places(), latest.substr(0, size)).value();
    EXPECT_EQ(titles(words("epicerie")).size(), 2U) << size;
  }
}

TEST_F(CatalogueTest, a_draft_is_never_found) {
  draft(somebody("member", "M"), "structure", structure_form("Cachée"));
  EXPECT_THAT(titles({}), IsEmpty());
}

TEST_F(CatalogueTest, finds_by_commune_radius_and_department) {
  published("structure", structure_form("À Rumilly"));
  published("structure", structure_form("À Chambéry", {{"address.postal_code", "73000"},
                                                       {"address.commune", "Chambéry"},
                                                       {"address.commune_code", "73065"}}));
  published("structure", structure_form("À Grenoble", {{"address.postal_code", "38000"},
                                                       {"address.commune", "Grenoble"},
                                                       {"address.commune_code", "38185"}}));
  ListQuery query;
  query.place.departments = {"73"};
  EXPECT_THAT(titles(query), ElementsAre("À Chambéry"));
  query.place.departments = {"73", "38"};
  EXPECT_THAT(titles(query), UnorderedElementsAre("À Chambéry", "À Grenoble"));
  query = {};
  query.place.commune = "74225";
  EXPECT_THAT(titles(query), ElementsAre("À Rumilly"));
  query.place.commune.clear();
  auto const annecy = real_places()->commune("74010")->point;
  query.place.around = schema::Point{annecy.latitude, annecy.longitude};
  query.place.radius_km = 25;
  query.place.departments = {"73"};  // a circle crosses borders
  auto const near = catalogue->find(query).value();
  ASSERT_EQ(near.hits.size(), 1U);
  EXPECT_EQ(near.hits.front().record->title, "À Rumilly");
  EXPECT_NEAR(near.hits.front().distance_km.value(), 15, 6);
  query.place.radius_km = 60;
  query.sort = Sort::distance;
  EXPECT_THAT(titles(query), ElementsAre("À Rumilly", "À Chambéry"));
  query = {};
  query.place.epci = std::string(real_places()->commune("73065")->epci);
  EXPECT_THAT(titles(query), ElementsAre("À Chambéry"));
}

TEST_F(CatalogueTest, finds_what_lies_in_or_serves_any_commune_of_a_zone) {
  published("structure", structure_form("À Rumilly"));
  published("structure", structure_form("À Grenoble", {{"address.postal_code", "38000"},
                                                       {"address.commune", "Grenoble"},
                                                       {"address.commune_code", "38185"}}));
  published("article", article_form("Pour la Savoie", {{"area", "dep:73"}}));
  ListQuery query;
  query.place.departments = {"38"};  // a zone has borders of its own
  query.place.communes = {"74225", "73065"};
  EXPECT_THAT(titles(query), UnorderedElementsAre("À Rumilly", "Pour la Savoie"));
}

TEST_F(CatalogueTest, what_has_an_area_and_no_address_stands_in_the_list_of_its_department) {
  published("article", article_form("À Chambéry", {{"area", "commune:73065"}}));
  published("article", article_form("Dans l’agglomération", {{"area", "epci:200068674"}}));
  ListQuery query;
  query.types = {"article"};
  query.place.departments = {"73"};
  EXPECT_EQ(catalogue->find(query).value().total, 2U);
  query.place.departments = {"38"};
  EXPECT_EQ(catalogue->find(query).value().total, 0U);
}

TEST_F(CatalogueTest, a_record_is_found_from_the_area_that_it_serves) {
  published("structure", structure_form("Partout en Savoie", {{"served_area", "dep:73"}}));
  ListQuery query;
  query.place.commune = "73065";
  EXPECT_THAT(titles(query), ElementsAre("Partout en Savoie"));
  query.place.commune = "38185";
  EXPECT_THAT(titles(query), IsEmpty());
}

TEST_F(CatalogueTest, what_serves_the_region_or_the_country_is_found_in_every_part_of_it) {
  published("article", article_form("Pour toute la France", {{"area", "country:FR"}}));
  published("article", article_form("Pour la région", {{"area", "region:84"}}));
  published("article", article_form("Pour la Bretagne", {{"area", "region:53"}}));
  published("article", article_form("Pour l’Isère", {{"area", "dep:38"}}));
  ListQuery query;
  query.types = {"article"};
  query.place.departments = {"73"};
  EXPECT_THAT(titles(query), UnorderedElementsAre("Pour toute la France", "Pour la région"));
  query.place.departments = {};
  query.place.epci = std::string(real_places()->commune("38185")->epci);
  EXPECT_THAT(titles(query),
              UnorderedElementsAre("Pour toute la France", "Pour la région", "Pour l’Isère"));
}

TEST_F(CatalogueTest, a_record_without_any_place_belongs_to_the_territory_of_its_node) {
  published("article", article_form("Nouvelles du réseau"));
  ListQuery query;
  query.place.departments = instance.territory;
  EXPECT_THAT(titles(query), ElementsAre("Nouvelles du réseau"));
  query.place.departments = {"38"};
  EXPECT_THAT(titles(query), IsEmpty());
}

TEST_F(CatalogueTest, facets_count_and_filter_with_the_parents_of_terms) {
  published("structure", structure_form("Coop", {{"ess_family", "scop"}}));
  published("structure", structure_form("Asso"));
  ListQuery query;
  query.facets_wanted = {"ess_family"};
  auto const all = catalogue->find(query).value();
  std::map<std::string, std::size_t> counted;
  for (auto const& one : all.facets.at("ess_family")) counted[one.code] = one.count;
  EXPECT_EQ(counted, (std::map<std::string, std::size_t>{
                         {"association", 1}, {"cooperative", 1}, {"scop", 1}}));
  query.facets["ess_family"] = {"cooperative"};
  EXPECT_THAT(titles(query), ElementsAre("Coop"));
  query.facets["ess_family"] = {"cooperative", "association"};
  EXPECT_EQ(titles(query).size(), 2U);
}

TEST_F(CatalogueTest, an_address_is_found_by_its_tail_even_with_an_old_slug) {
  auto copy = published("structure", structure_form("Ancien nom"));
  auto const old_path = catalogue->get(copy.key.id).value()->path;
  auto const moderator = somebody("animateur", "C");
  copy = edit(moderator, copy, {{"name", "Nouveau nom"}}).value();
  ASSERT_OK(editorial.publish(moderator, copy.key));
  auto const tail = old_path.substr(old_path.rfind('/') + 1);
  auto const held = catalogue->at(structure, tail).value();
  ASSERT_TRUE(std::holds_alternative<RecordPtr>(held));
  EXPECT_EQ(std::get<RecordPtr>(held)->title, "Nouveau nom");
  EXPECT_NE(std::get<RecordPtr>(held)->path, old_path);
  EXPECT_TRUE(
      std::holds_alternative<NotHere>(catalogue->at(*instance.model.type("event"), tail).value()));
  for (std::string const& bad :
       std::vector<std::string>{"", "-", "x", "00000000", "nom-", std::string(5'000, 'a')}) {
    EXPECT_TRUE(std::holds_alternative<NotHere>(catalogue->at(structure, bad).value())) << bad;
  }
  ASSERT_OK(editorial.withdraw(moderator, copy.key, ""));
  EXPECT_TRUE(std::holds_alternative<Gone>(catalogue->at(structure, tail).value()));
}

TEST_F(CatalogueTest, records_that_name_another_are_listed_what_comes_next_first) {
  auto const place = published("structure", structure_form("Le Lieu"));
  auto const id = place.key.id.to_string();
  auto const on = [&](std::string_view title, std::string_view day) {
    published("event", event_form(title, {{"venue", id},
                                          {"schedule.start_date", std::string(day)},
                                          {"schedule.end_date", std::string(day)}}));
  };
  on("Tard", "2026-05-02");
  on("Tôt", "2026-03-12");
  on("Passé", "2026-03-01");
  std::vector<std::string> found;
  for (auto const& record : catalogue->referring_to(place.key.id, "event", 8).value())
    found.push_back(record->title);
  EXPECT_THAT(found, ElementsAre("Tôt", "Tard", "Passé"));
  EXPECT_THAT(catalogue->referring_to(place.key.id, "article", 8).value(), IsEmpty());
  EXPECT_EQ(catalogue->referring_to(place.key.id, "", 2).value().size(), 2U);
}

TEST_F(CatalogueTest, what_a_structure_does_is_found_by_its_name_and_follows_a_new_one) {
  auto const place = published("structure", structure_form("La Bobine", {{"acronym", "BOB"}}));
  auto const id = place.key.id.to_string();
  published("event", event_form("Soirée", {{"organisers", id}}));
  published("job_offer", job_offer_form("Tisserand (f/h)", {{"structure", id}}));
  published("call", call_form("Coup de pouce", {{"funders", id}}));
  published("article", article_form("Portrait", {{"structures", id}}));
  auto const all = {"La Bobine", "Soirée", "Tisserand (f/h)", "Coup de pouce", "Portrait"};
  EXPECT_THAT(titles(words("bobine")), testing::UnorderedElementsAreArray(all));
  EXPECT_EQ(titles(words("bobine")).front(), "La Bobine");  // its own name weighs most
  EXPECT_EQ(titles(words("bob")).size(), all.size());

  auto const moderator = somebody("animateur", "A");
  auto const renamed = edit(moderator, place, {{"name", "Le Fuseau"}}).value();
  EXPECT_EQ(titles(words("bobine")).size(), all.size());  // not before it is public
  ASSERT_OK(editorial.publish(moderator, renamed.key));
  EXPECT_EQ(titles(words("fuseau")).size(), all.size());
  EXPECT_THAT(titles(words("bobine")), IsEmpty());
  catalogue = nullptr;
  open_catalogue();
  EXPECT_EQ(titles(words("fuseau")).size(), all.size());
  ASSERT_OK(editorial.withdraw(moderator, place.key, ""));
  EXPECT_THAT(titles(words("fuseau")), IsEmpty());
}

TEST_F(CatalogueTest, the_agenda_follows_a_series_with_its_exception_and_its_moved_date) {
  published("event", event_form("Marché", {{"schedule.start_date", "2026-03-07"},
                                           {"schedule.end_date", "2026-03-07"},
                                           {"schedule.repeat", "weekly"},
                                           {"schedule.days", "sa"},
                                           {"schedule.exceptions", "2026-03-21"},
                                           {"schedule.override.0.original", "2026-03-28T14:00"},
                                           {"schedule.override.0.status", "moved"},
                                           {"schedule.override.0.start_date", "2026-03-29"},
                                           {"schedule.override.0.start_time", "10:00"}}));
  auto const items = catalogue->agenda({}, {2026, 3, 9}, {2026, 4, 5}, 100).value();
  std::vector<std::string> starts;
  for (auto const& item : items) starts.push_back(item.occurrence.start.iso());
  EXPECT_THAT(starts, ElementsAre("2026-03-14T14:00", "2026-03-29T10:00", "2026-04-04T14:00"));
  EXPECT_EQ(items[1].occurrence.status, schema::OccurrenceStatus::moved);
  ListQuery query;
  query.from = query.until = model::CivilDate{2026, 3, 29};
  EXPECT_THAT(titles(query), ElementsAre("Marché"));
  query.from = query.until = model::CivilDate{2026, 3, 21};
  EXPECT_THAT(titles(query), IsEmpty());
}

TEST_F(CatalogueTest, what_another_node_published_arrives_and_is_found) {
  World isere("isere", {"38"});
  nodes.list.push_back({isere.instance.self, "Isère", "", {"38"}, false});
  isere.published("structure",
                  structure_form("Venue d’Isère", {{"address.postal_code", "38000"},
                                                   {"address.commune", "Grenoble"},
                                                   {"address.commune_code", "38185"}}));
  isere.published("article", article_form("Nouvelles d’Isère"));
  receive(isere, ScopeId::published(isere.instance.self));
  auto const found = catalogue->find(words("venue isere")).value();
  ASSERT_GE(found.hits.size(), 1U);
  EXPECT_EQ(found.hits.front().record->title, "Venue d’Isère");
  EXPECT_EQ(found.hits.front().record->node, isere.instance.self);
  ListQuery query;
  query.place.departments = {"38"};
  EXPECT_THAT(titles(query), UnorderedElementsAre("Venue d’Isère", "Nouvelles d’Isère"));
}

TEST_F(CatalogueTest, opening_again_finds_the_same_and_a_new_day_loses_nothing) {
  published("structure", structure_form("Durable"));
  catalogue.reset();
  open_catalogue();
  EXPECT_THAT(titles(words("durable")), ElementsAre("Durable"));
  clock.pass(std::chrono::hours(30));
  ASSERT_OK(catalogue->refresh_if_new_day());
  EXPECT_THAT(titles(words("durable")), ElementsAre("Durable"));
}

TEST_F(CatalogueTest, a_new_day_carries_series_further) {
  published("event", event_form("Quotidien", {{"schedule.repeat", "weekly"}}));
  clock.pass(std::chrono::hours(24 * 700));
  ListQuery query;
  query.from = model::CivilDate{2029, 1, 1};
  query.until = model::CivilDate{2029, 1, 31};
  EXPECT_THAT(titles(query), IsEmpty());
  ASSERT_OK(catalogue->refresh_if_new_day());
  EXPECT_THAT(titles(query), ElementsAre("Quotidien"));
}

TEST_F(CatalogueTest, a_commit_names_the_pages_that_it_touches) {
  std::vector<std::string> tags;
  auto const watching = store->subscribe(
      [&tags](store::CommitNotice const& notice) { tags = Catalogue::tags_of(notice); });
  auto const copy = draft(somebody("member", "M"), "structure", structure_form("Nom"));
  EXPECT_THAT(tags, IsEmpty());
  ASSERT_OK(editorial.publish(somebody("animateur", "C"), copy.key));
  EXPECT_THAT(tags, ElementsAre(cat("doc:", copy.key.id.to_string()), "type:structure"));
}

TEST_F(CatalogueTest, suggests_titles_by_their_beginning) {
  published("structure", structure_form("Vélorution"));
  published("structure", structure_form("Vélocité"));
  EXPECT_EQ(catalogue->suggest("velo", 10).size(), 2U);
  EXPECT_EQ(catalogue->suggest("velor", 10).size(), 1U);
}

}  // namespace
}  // namespace solidaires::service
