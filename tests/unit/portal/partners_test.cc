#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <pugixml.hpp>
#include <set>

#include "tests/unit/portal/world.h"

namespace solidaires::portal {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class PartnersTest : public PortalWorld {
 protected:
  // Open to programs of other sites.
  json::value parsed(std::string_view target) {
    EXPECT_EQ(get(target).headers.get("Access-Control-Allow-Origin"), "*") << target;
    return json_at(target);
  }
  pugi::xml_document xml(std::string_view target) {
    auto const response = get(target);
    EXPECT_EQ(response.status, 200) << target;
    pugi::xml_document document;
    auto const outcome = document.load_string(response.body.c_str(), pugi::parse_full);
    EXPECT_TRUE(outcome) << target << ": " << outcome.description();
    return document;
  }
  std::vector<std::string> names(std::string_view target) {
    std::vector<std::string> out;
    for (auto const& element : parsed(target).at("data").as_array()) {
      out.emplace_back(element.at("name").as_string());
    }
    return out;
  }
};

TEST_F(PartnersTest, feeds_are_the_filtered_list_newest_first_whatever_people_wrote) {
  published("structure", service::structure_form("Épicerie <des> « Bauges » & co"));
  clock.pass(Millis{90'000});
  published("structure", service::structure_form("Atelier du vélo"));

  auto const atom = xml("/structures.atom");
  std::vector<std::string> titles;
  for (auto const entry : atom.child("feed").children("entry")) {
    titles.emplace_back(entry.child("title").text().get());
    EXPECT_THAT(entry.child("id").text().get(), testing::StartsWith("urn:uuid:"));
    EXPECT_THAT(entry.child("link").attribute("href").value(),
                testing::StartsWith("https://essai.example/structures/"));
  }
  EXPECT_THAT(titles, ElementsAre("Atelier du vélo", "Épicerie <des> « Bauges » & co"));
  EXPECT_STREQ(atom.child("feed").child("updated").text().get(),
               atom.child("feed").child("entry").child("updated").text().get());

  auto const rss_document = xml("/structures.rss?q=velo");
  auto const rss = rss_document.child("rss").child("channel");
  EXPECT_EQ(std::distance(rss.children("item").begin(), rss.children("item").end()), 1);
  EXPECT_STREQ(rss.child("item").child("title").text().get(), "Atelier du vélo");
  EXPECT_THAT(rss.child("title").text().get(), HasSubstr("velo"));
  EXPECT_THAT(rss.child("link").text().get(), HasSubstr("/structures?q=velo"));
  auto const everything = xml("/recherche.atom?q=velo");
  EXPECT_STREQ(everything.child("feed").child("entry").child("title").text().get(),
               "Atelier du vélo");
}

TEST_F(PartnersTest, gogocarto_is_given_what_its_map_asks_for) {
  published("structure", service::structure_form("À Rumilly"));
  published("structure", service::structure_form("À Annecy", {{"address.commune", "Annecy"},
                                                              {"address.postal_code", "74000"},
                                                              {"address.commune_code", "74010"}}));
  EXPECT_EQ(names("/api/elements.json").size(), 2U);
  EXPECT_THAT(names("/api/elements.json?bounds=6.05,45.85,6.2,46.0"), ElementsAre("À Annecy"));
  EXPECT_EQ(names("/api/elements.json?bounds=absurd,1").size(), 2U) << "absurd bounds are none";
  EXPECT_EQ(names("/api/elements.json?limit=1").size(), 1U);
  EXPECT_THAT(names("/api/elements.json?categories=themes:nothing-of-the-kind"), IsEmpty());

  auto const compact = parsed("/api/elements.json?ontology=gogocompact");
  EXPECT_EQ(compact.at("ontology").as_string(), "gogocompact");
  auto const& row = compact.at("data").at(0).as_array();
  ASSERT_EQ(row.size(), 5U);
  EXPECT_TRUE(row.at(2).is_double() && row.at(3).is_double());

  std::set<std::string> known;
  for (auto const& group : parsed("/api/taxonomy.json").as_array()) {
    for (auto const& option : group.at("options").as_array()) {
      known.emplace(option.at("id").as_string());
      for (auto const& narrower : option.at("subcategories").as_array()) {
        known.emplace(narrower.at("id").as_string());
      }
    }
  }
  auto const first = parsed("/api/elements.json").at("data").at(0);
  EXPECT_THAT(std::string(first.at("createdAt").as_string()),
              testing::MatchesRegex("[0-9]{2}/[0-9]{2}/[0-9]{4}"));
  for (auto const& category : first.at("categories").as_array()) {
    EXPECT_TRUE(known.contains(std::string(category.as_string()))) << category;
  }
}

TEST_F(PartnersTest, a_hidden_address_stays_hidden_in_every_form) {
  published("structure", service::structure_form("Refuge", {{"address.lines", "12 rue Canari"},
                                                            {"address.hidden", "true"}}));
  for (auto const* target : {"/api/elements.json", "/api/data-inclusion/structures.json",
                             "/structures.atom", "/structures.rss", "/structures.geojson"}) {
    auto const body = get(target).body;
    EXPECT_THAT(body, HasSubstr("Refuge")) << target;
    EXPECT_THAT(body, Not(HasSubstr("Canari"))) << target;
  }
}

TEST_F(PartnersTest, data_inclusion_gets_ids_that_say_where_they_come_from) {
  published("structure", service::structure_form("Entraide"));
  auto const rows = parsed("/api/data-inclusion/structures.json").as_array();
  ASSERT_EQ(rows.size(), 1U);
  auto const source = std::string(rows.at(0).at("source").as_string());
  EXPECT_EQ(source, instance.self.str());
  EXPECT_THAT(std::string(rows.at(0).at("id").as_string()), testing::StartsWith(source + "--"));
  EXPECT_EQ(rows.at(0).at("nom").as_string(), "Entraide");
}

// Every "$ref" below `value` names a schema that is there.
void check_references(json::value const& value, json::object const& schemas) {
  if (auto const* const list = value.if_array()) {
    for (auto const& item : *list) check_references(item, schemas);
  } else if (auto const* const object = value.if_object()) {
    for (auto const& [name, member] : *object) {
      if (name != "$ref") {
        check_references(member, schemas);
        continue;
      }
      constexpr std::string_view kWhere = "#/components/schemas/";
      std::string_view const target = member.as_string();
      ASSERT_TRUE(target.starts_with(kWhere)) << target;
      EXPECT_TRUE(schemas.contains(target.substr(kWhere.size()))) << target;
    }
  }
}

TEST_F(PartnersTest, the_api_describes_every_kind_and_what_it_answers) {
  auto const document = parsed("/api/v1/openapi.json");
  EXPECT_EQ(document.at("openapi").as_string(), "3.1.0");
  auto const& schemas = document.at("components").at("schemas").as_object();
  check_references(document, schemas);
  published("structure", service::structure_form("Une"));
  published("event", service::event_form("Deux"));
  published("article", service::article_form("Trois"));
  for (auto const& type : instance.model.types()) {
    ASSERT_TRUE(document.at("paths").as_object().contains(cat('/', type.prefix)));
    auto const& properties = schemas.at(type.key).at("properties").as_object();
    for (auto const& item : parsed(cat("/api/v1/", type.prefix)).at("items").as_array()) {
      for (auto const& member : item.as_object()) {
        EXPECT_TRUE(properties.contains(member.key())) << type.key << ": " << member.key();
      }
    }
  }
}

TEST_F(PartnersTest, catalogue_nodeinfo_search_and_site_map_say_where_things_are) {
  published("structure", service::structure_form("Une"));
  auto const catalogue = parsed("/donnees/catalogue.jsonld");
  EXPECT_EQ(catalogue.at("dcat:dataset").as_array().size(), instance.model.types().size());
  for (auto const& set : catalogue.at("dcat:dataset").as_array()) {
    for (auto const& form : set.at("dcat:distribution").as_array()) {
      auto const url = std::string(form.at("dcat:downloadURL").at("@id").as_string());
      EXPECT_EQ(get(url.substr(std::string_view("https://essai.example").size())).status, 200)
          << url;
    }
  }
  auto const links = parsed("/.well-known/nodeinfo");
  EXPECT_THAT(std::string(links.at("links").at(0).at("href").as_string()),
              testing::EndsWith("/nodeinfo/2.1"));
  EXPECT_EQ(parsed("/nodeinfo/2.1").at("usage").at("localPosts").as_int64(), 1);
  auto const search_document = xml("/opensearch.xml");
  auto const search = search_document.child("OpenSearchDescription");
  EXPECT_LE(std::string_view(search.child("ShortName").text().get()).size(), 16U + 3U);
  EXPECT_THAT(search.child("Url").attribute("template").value(), HasSubstr("q={searchTerms}"));
  bool listed = false;
  auto const map = xml("/sitemap.xml");
  for (auto const url : map.child("urlset").children("url")) {
    bool const is_record = std::string_view(url.child("loc").text().get()).contains("/structures/");
    listed = listed || (is_record && url.child("lastmod"));
  }
  EXPECT_TRUE(listed);
}

}  // namespace
}  // namespace solidaires::portal
