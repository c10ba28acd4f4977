#include <gmock/gmock.h>

#include "tests/unit/portal/world.h"

namespace solidaires::portal {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Embedding : public PortalWorld {
 protected:
  Embedding() {
    published("structure", service::structure_form("Atelier Vélo"));
    published("structure", service::structure_form("Épicerie <Ronde>"));
  }
};

TEST_F(Embedding, frames_may_be_framed_and_nothing_else_may) {
  for (auto const* const path : {"/integre/structures", "/integre/structures?vue=carte",
                                 "/integre/recherche?q=velo", "/integre/emploi/offres"}) {
    auto const page = get(path);
    EXPECT_EQ(page.status, 200) << path;
    EXPECT_TRUE(page.frameable) << path;
    EXPECT_THAT(faults_of(page.body), IsEmpty()) << path;
    EXPECT_THAT(page.body, AllOf(HasSubstr("<base target=\"_top\">"),
                                 HasSubstr("Tout voir sur Essai Solidaires"),
                                 HasSubstr("name=\"robots\" content=\"noindex\"")))
        << path;
    EXPECT_FALSE(page.headers.has("Set-Cookie")) << path;
  }
  for (auto const& route : router_.routes()) {
    if (route->method != http::Method::get || route->pattern.contains('{') ||
        route->pattern.starts_with("/integre/") || route->pattern.starts_with("/en/embedded/"))
      continue;
    EXPECT_FALSE(get(route->pattern).frameable) << route->pattern;
  }
}

TEST_F(Embedding, a_frame_shows_what_its_filters_say_and_leads_to_the_whole_list) {
  auto const page = get("/integre/structures?q=velo&nombre=1").body;
  EXPECT_THAT(page, AllOf(HasSubstr("Atelier Vélo"), Not(HasSubstr("Ronde")),
                          HasSubstr("<a href=\"/structures?q=velo\">")));
  auto const map = get("/integre/structures?vue=carte").body;
  EXPECT_THAT(map, AllOf(HasSubstr("data-map=\"/structures.geojson?vue=carte\""), HasSubstr("<svg"),
                         HasSubstr("&lt;Ronde&gt;")));
  EXPECT_EQ(json_at("/structures.geojson").at("features").as_array().size(), 2U);
}

TEST_F(Embedding, the_builder_gives_code_that_survives_its_own_words) {
  auto const empty = get("/integrer").body;
  EXPECT_THAT(faults_of(empty), IsEmpty());
  EXPECT_THAT(empty, Not(HasSubstr("&lt;iframe")));
  auto const page =
      get("/integrer?rubrique=structures&vue=carte&lieu=Annecy&rayon=10&q=%22%3E%3Cb%3E&nombre=20")
          .body;
  EXPECT_THAT(faults_of(page), IsEmpty());
  EXPECT_THAT(page, HasSubstr("https://essai.example/integre/structures?"));
  EXPECT_THAT(page, HasSubstr("title=&quot;Structures « &amp;quot;&amp;gt;&amp;lt;b&amp;gt; »"));
  EXPECT_THAT(page, AllOf(HasSubstr("lieu=Annecy"), HasSubstr("rayon=10"), HasSubstr("nombre=20"),
                          HasSubstr("vue=carte")));
  auto const kept = get("/integrer?rubrique=structures&theme=alimentation-durable").body;
  EXPECT_THAT(kept,
              AllOf(HasSubstr("type=\"hidden\" name=\"theme\" value=\"alimentation-durable\""),
                    HasSubstr("Ce qui est montré : Alimentation durable")));
  EXPECT_THAT(get("/structures?theme=alimentation-durable").body,
              HasSubstr("href=\"/integrer?rubrique=structures&amp;theme=alimentation-durable\""));
}

TEST_F(Embedding, nothing_that_is_asked_for_breaks_it) {
  for (auto const* const query :
       {"?rubrique=&nombre=-1", "?rubrique=rien&lieu=Nulle-Part", "?nombre=999999999999999999999",
        "?rubrique=structures&rayon=x&q=%00%ff", "?vue=mois&page=900"}) {
    EXPECT_EQ(get(cat("/integrer", query)).status, 200) << query;
    EXPECT_EQ(get(cat("/integre/structures", query)).status, 200) << query;
  }
}

}  // namespace
}  // namespace solidaires::portal
