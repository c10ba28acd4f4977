#include <gmock/gmock.h>

#include "tests/unit/portal/world.h"

namespace solidaires::portal {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class Counting : public PortalWorld {
 protected:
  std::vector<std::string> of(std::string_view target) { return get(target).counted_as; }
};

TEST_F(Counting, pages_count_by_their_kind) {
  auto const copy = published("structure", service::structure_form("Atelier Vélo"));
  auto const path =
      service::public_path(*instance.model.type("structure"), copy.key.id, "Atelier Vélo");
  EXPECT_THAT(of("/"), ElementsAre("page/home"));
  EXPECT_THAT(of("/aide"), ElementsAre("page/information"));
  EXPECT_THAT(of("/structures"), ElementsAre("page/list:structure"));
  EXPECT_THAT(of(path), ElementsAre("page/record:structure"));
  EXPECT_THAT(of("/agenda/2026-03"), ElementsAre("page/month:event"));
  EXPECT_THAT(of("/structures/inconnue-00000000"), IsEmpty());
  EXPECT_THAT(of("/structures.atom"), ElementsAre("feed/atom"));
  EXPECT_THAT(of("/structures.json"), IsEmpty());
  EXPECT_THAT(of(cat("/f/", copy.key.id.short_id())), ElementsAre("sheet"));
  EXPECT_THAT(of("/f/zzzzzzzz"), IsEmpty());
}

TEST_F(Counting, searches_count_and_of_those_without_a_result_place_and_theme_but_no_word) {
  EXPECT_THAT(of("/recherche?q=Dupont+Claude&lieu=Annecy&dep=38"),
              UnorderedElementsAre("page/search", "search/all", "empty/all", "empty_place/74010",
                                   "empty_place/38"));
  EXPECT_THAT(of("/structures?q=Dupont&theme=alimentation-durable"),
              UnorderedElementsAre("page/list:structure", "search/structure", "empty/structure",
                                   "empty_theme/alimentation-durable"));
  EXPECT_THAT(of("/structures?theme=%3Cscript%3E&lieu=Nulle-Part-Ailleurs"),
              ElementsAre("page/list:structure"))
      << "only what the program knows by name";
  published("structure", service::structure_form("Atelier Vélo"));
  EXPECT_THAT(of("/structures?q=velo"),
              UnorderedElementsAre("page/list:structure", "search/structure"));
  EXPECT_THAT(of("/structures?q=velo&page=1"), Contains("search/structure"));
}

TEST_F(Counting, a_report_counts_and_a_machine_in_its_trap_does_not) {
  EXPECT_THAT(post("/signaler", {{"quoi", "Un mot manque."}}).counted_as, ElementsAre("report"));
  EXPECT_THAT(post("/signaler", {{"quoi", "Achetez"}, {"site_internet", "x"}}).counted_as,
              IsEmpty());
  EXPECT_THAT(post("/signaler", {{"quoi", ""}}).counted_as, IsEmpty());
}

TEST_F(Counting, visitors_are_told) {
  EXPECT_THAT(get("/confidentialite").body, HasSubstr("Ce que nous comptons"));
}

}  // namespace
}  // namespace solidaires::portal
