// Lookup of places by typed text: on the real gazetteer, because only real homonyms test a ranking.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/geography/names.h"
#include "tests/unit/geography/small_gazetteer.h"

namespace solidaires::geography {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Typed {
  char const* text;
  char const* key;  // of the first place
};

void PrintTo(Typed const& typed, std::ostream* out) {
  *out << '"' << typed.text << '"';
}

class TypedText : public testing::TestWithParam<Typed> {};

// As a visitor of the portal of Savoie and Haute-Savoie types it.
TEST_P(TypedText, gives_first_the_place_that_a_person_means) {
  FindOptions const options{.limit = 5, .preferred_departments = {"73", "74"}};
  auto const places = built_gazetteer()->find_places(GetParam().text, options);
  ASSERT_FALSE(places.empty());
  EXPECT_EQ(places.front().key(), GetParam().key) << places.front().label;
}

INSTANTIATE_TEST_SUITE_P(
    Names, TypedText,
    testing::Values(
        Typed{"Annecy", "74010"}, Typed{"ANNECY", "74010"}, Typed{"  annecy  ", "74010"},
        Typed{"anecy", "74010"}, Typed{"annecyy", "74010"}, Typed{"chamberi", "73065"},
        Typed{"chambery", "73065"}, Typed{"Chambéry", "73065"}, Typed{"chambéry savoie", "73065"},
        Typed{"chambery 73", "73065"}, Typed{"chambery (73)", "73065"}, Typed{"grenobl", "38185"},
        Typed{"greonble", "38185"}, Typed{"lyon", "69123"}, Typed{"lyon 3", "69383"},
        Typed{"Lyon 3e arrondissement", "69383"}, Typed{"lyon 03", "69383"},
        Typed{"paris", "75056"}, Typed{"paris 20eme", "75120"}, Typed{"valence", "26362"},
        Typed{"val d'isère", "73304"}, Typed{"val d isere", "73304"},
        Typed{"l'abergement clemenciat", "01001"}, Typed{"abergement-clémenciat", "01001"},
        Typed{"la motte servolex", "73179"}, Typed{"motte servolex", "73179"},
        Typed{"les gets", "74134"}, Typed{"gets", "74134"}));

INSTANTIATE_TEST_SUITE_P(
    Saints, TypedText,
    testing::Values(Typed{"st jean de maurienne", "73248"}, Typed{"St. Jean de Maurienne", "73248"},
                    Typed{"saint jean maurienne", "73248"}, Typed{"saint-jean", "73248"},
                    Typed{"saint jean de maur", "73248"}, Typed{"St-Gervais", "74236"},
                    Typed{"ste foy tarentaise", "73232"}, Typed{"st julien en genevois", "74243"},
                    Typed{"saint pierre d albigny", "73270"}, Typed{"st-étienne", "42218"},
                    Typed{"bourg st maurice", "73054"}, Typed{"ND de bellecombe", "73186"}));

INSTANTIATE_TEST_SUITE_P(FormerCommunes, TypedText,
                         testing::Values(Typed{"Seynod", "74268"}, Typed{"cran gevrier", "74093"},
                                         Typed{"Annecy-le-Vieux", "74011"},
                                         Typed{"meythet", "74182"}, Typed{"74268", "74268"},
                                         Typed{"oullins", "69149"},
                                         Typed{"Seynod (Annecy, Haute-Savoie)", "74268"}));

INSTANTIATE_TEST_SUITE_P(Codes, TypedText,
                         testing::Values(Typed{"74000", "74010"}, Typed{"73000", "cp:73000"},
                                         Typed{"01200", "cp:01200"}, Typed{"1200", "cp:01200"},
                                         Typed{"74 010", "74010"}, Typed{"2a004", "2A004"},
                                         Typed{"69008", "69388"}, Typed{"73000 chambery", "73065"},
                                         Typed{"38000 Grenoble", "38185"},
                                         Typed{"Grenoble Cedex 9", "38185"}, Typed{"74", "74"},
                                         Typed{"01", "01"}, Typed{"2A", "2A"}, Typed{"974", "974"},
                                         Typed{"200066793", "200066793"}, Typed{"7430", "74081"}));

INSTANTIATE_TEST_SUITE_P(
    Areas, TypedText,
    testing::Values(Typed{"savoie", "73"}, Typed{"haute savoie", "74"}, Typed{"isere", "38"},
                    Typed{"l'ain", "01"}, Typed{"rhone alpes", "reg:84"},
                    Typed{"grand annecy", "200066793"},
                    Typed{"agglo du grand chambery", "200069110"},
                    Typed{"communauté de communes coeur de savoie", "200041010"},
                    Typed{"CC Cœur de Savoie", "200041010"}, Typed{"arlysere", "200068997"},
                    Typed{"thonon", "74281"}, Typed{"thonon agglo", "200067551"},
                    Typed{"Haute-Savoie (département)", "74"}));

TEST(FindPlaces, shows_homonyms_with_their_department) {
  FindOptions const options{.limit = 4};
  std::vector<std::string> labels;
  for (auto const& place : built_gazetteer()->find_places("Valence", options)) {
    if (place.kind == PlaceKind::commune && place.exact) labels.push_back(place.label);
  }
  EXPECT_THAT(labels,
              ElementsAre("Valence (Drôme)", "Valence (Tarn-et-Garonne)", "Valence (Charente)"));
}

TEST(FindPlaces, finds_each_commune_again_by_its_own_label) {
  auto const& g = built_gazetteer();
  FindOptions const options{.limit = 1};
  std::size_t checked = 0;
  for (auto const& commune : g->communes()) {
    if (++checked % 53 != 0) continue;
    auto const place = g->place(commune.code);
    if (!place) FAIL() << commune.code;
    auto const found = g->find_places(place->label, options);
    ASSERT_FALSE(found.empty()) << place->label;
    EXPECT_EQ(found.front().code, commune.code) << place->label << " / " << found.front().label;
    EXPECT_TRUE(found.front().exact);
  }
}

TEST(FindPlaces, reads_back_the_key_of_every_kind_of_place) {
  auto const& g = built_gazetteer();
  for (auto const* text : {"annecy", "seynod", "lyon 3", "01200", "savoie", "rhone alpes",
                           "grand annecy", "ajaccio"}) {
    auto const places = g->find_places(text, {.limit = 1});
    ASSERT_FALSE(places.empty());
    auto const again = g->place(places.front().key());
    if (!again) FAIL() << text;
    EXPECT_EQ(again->kind, places.front().kind);
    EXPECT_EQ(again->label, places.front().label);
    EXPECT_FALSE(again->box.empty()) << text;
  }
  for (auto const* key : {"", "cp:", "cp:99999", "reg:", "zz", "99999", "123456789", "74268x"}) {
    EXPECT_FALSE(g->place(key)) << key;
  }
}

TEST(FindPlaces, gives_a_former_commune_its_own_point_and_its_commune_of_today) {
  auto const seynod = built_gazetteer()->find_places("seynod", {.limit = 1}).at(0);
  EXPECT_EQ(seynod.kind, PlaceKind::former_commune);
  ASSERT_NE(seynod.commune, nullptr);
  EXPECT_EQ(seynod.commune->code, "74010");
  EXPECT_GT(distance_km(seynod.point, seynod.commune->point), 1);
}

TEST(FindPlaces, answers_nothing_to_what_is_no_place) {
  auto const& g = built_gazetteer();
  for (auto const* text :
       {"", "   ", "-", "'", "()", "\xFF\xFE", "zzzzqqq", "99999", "123456789012"}) {
    EXPECT_THAT(g->find_places(text), IsEmpty()) << text;
  }
  EXPECT_THAT(g->find_places("annecy", {.limit = 0}), IsEmpty());
}

TEST(FindPlaces, survives_long_and_odd_texts) {
  auto const& g = built_gazetteer();
  EXPECT_LE(g->find_places(std::string(100'000, 's')).size(), 10U);
  std::string spaced;
  for (int i = 0; i < 5000; ++i) spaced += "saint ";
  EXPECT_LE(g->find_places(spaced).size(), 10U);
  EXPECT_LE(g->find_places("((((,,,,))))annecy").size(), 10U);
  EXPECT_LE(g->find_places("e").size(), 10U);
  EXPECT_LE(g->find_places(std::string("an\0necy", 7)).size(), 10U);
}

TEST(FindPlaces, leaves_areas_out_when_only_communes_are_wanted) {
  for (auto const* text : {"savoie", "74", "01200", "grand", "annecy"}) {
    for (auto const& place : built_gazetteer()->find_places(text, {.areas = false})) {
      EXPECT_NE(place.commune, nullptr) << place.label;
    }
  }
}

TEST(FindPlaces, puts_the_departments_of_the_portal_first_among_homonyms) {
  auto const g = small_gazetteer();
  auto const first = [&](std::string department) {
    return g->find_places("st aubin", {.limit = 1, .preferred_departments = {department}})
        .at(0)
        .label;
  };
  EXPECT_EQ(first("91"), "Saint-Aubin (Haut-Pays)");
  EXPECT_EQ(first("92"), "Saint-Aubin (Val-Bleu)");
}

TEST(FindPlaces, knows_ligatures_articles_old_names_and_acronyms) {
  auto const g = small_gazetteer();
  auto const key = [&](std::string_view text) {
    auto const found = g->find_places(text, {.limit = 1});
    return found.empty() ? std::string() : found.front().key();
  };
  EXPECT_EQ(key("oeuvriere sur arve"), "91003");
  EXPECT_EQ(key("L’ŒUVRIÈRE s/ Arve"), "91003");
  EXPECT_EQ(key("port noir"), "92002");
  EXPECT_EQ(key("CALN"), "900000002");
  EXPECT_EQ(key("coeur de vallon"), "900000001");
  EXPECT_EQ(key("ile perdue"), "92003");
  EXPECT_EQ(g->find_places("ile perdue").at(0).precision, Precision::unknown);
  EXPECT_TRUE(g->find_places("ile perdue").at(0).box.empty());
}

TEST(FindPlaces, says_which_postal_code_serves_several_communes) {
  auto const places = small_gazetteer()->find_places("91400");
  ASSERT_EQ(places.size(), 4U);
  EXPECT_EQ(places[0].label, "91400 (code postal de 3 communes)");
  EXPECT_EQ(places[1].label, "Saint-Aubin (Haut-Pays)");
}

TEST(MatchCommune, trusts_the_code_then_the_name_then_the_postal_code) {
  auto const g = small_gazetteer();
  auto const match = [&](std::string_view code, std::string_view name, std::string_view postal) {
    return g->match_commune({code, name, postal});
  };
  auto const one = [](CommuneMatch const& found) {
    return found.communes.size() == 1 ? std::string(found.communes[0]->code) : std::string();
  };
  EXPECT_EQ(one(match("91001", "", "")), "91001");
  EXPECT_EQ(one(match("91010", "VIEUXBOURG", "91000")), "91001");
  EXPECT_FALSE(match("91010", "VIEUXBOURG", "91000").contradicted);
  EXPECT_TRUE(match("91001", "Port-Bleu", "").contradicted);
  EXPECT_EQ(one(match("91001", "Port-Bleu", "")), "91001");
  EXPECT_TRUE(match("91001", "", "92400").contradicted);
  EXPECT_EQ(one(match("", "PORT BLEU", "92400")), "92002");
  EXPECT_EQ(one(match("", "Port-Noir", "92400")), "92002");
  EXPECT_EQ(one(match("", "St Aubin", "92300")), "92001");
  EXPECT_EQ(one(match("", "Grandville Cedex 2", "91009")), "91001");
  EXPECT_EQ(one(match("", "GRANDVILLE 02", "91100")), "91001");
  EXPECT_EQ(one(match("", "Port Blue", "92400")), "92002");  // a slip, among two names
}

TEST(MatchCommune, never_chooses_between_communes_by_the_postal_code_alone) {
  auto const g = small_gazetteer();
  EXPECT_EQ(g->match_commune({.code = "", .name = "", .postal_code = "91400"}).communes.size(), 3U);
  EXPECT_EQ(
      g->match_commune({.code = "", .name = "St Aubin", .postal_code = "91400"}).communes.size(),
      2U);
  auto const unknown = g->match_commune({.code = "", .name = "Atlantis", .postal_code = "91400"});
  EXPECT_EQ(unknown.communes.size(), 3U);
  EXPECT_TRUE(unknown.contradicted);
  auto const elsewhere =
      g->match_commune({.code = "", .name = "Port-Bleu", .postal_code = "91000"});
  ASSERT_EQ(elsewhere.communes.size(), 1U);
  EXPECT_EQ(elsewhere.communes[0]->code, "92002");
  EXPECT_TRUE(elsewhere.contradicted);
  EXPECT_THAT(g->match_commune({.code = "", .name = "", .postal_code = ""}).communes, IsEmpty());
  EXPECT_THAT(g->match_commune({.code = "", .name = "Atlantis", .postal_code = ""}).communes,
              IsEmpty());
}

TEST(MatchCommune, restores_leading_zeros) {
  auto const& g = built_gazetteer();
  EXPECT_EQ(g->match_commune({.code = "1053", .name = "", .postal_code = ""}).communes.at(0)->name,
            "Bourg-en-Bresse");
  EXPECT_EQ(g->match_commune({.code = "", .name = "Bourg en Bresse", .postal_code = "1000"})
                .communes.at(0)
                ->code,
            "01053");
}

TEST(NameKey, writes_abbreviations_out_and_drops_small_words) {
  EXPECT_EQ(name_key("St-Martin d'Hères").full, "saint martin d heres");
  EXPECT_EQ(name_key("St-Martin d'Hères").loose, "saint martin heres");
  EXPECT_EQ(name_key("Chalon s/ Saône").full, "chalon sur saone");
  EXPECT_EQ(name_key("Les").loose, "les");
  EXPECT_EQ(name_key("Paris 1er Arrondissement").full, "paris 1");
  EXPECT_EQ(epci_key("CC du Val d'Arve").loose, "val arve");
  EXPECT_EQ(name_key("").full, "");
}

TEST(NameKey, knows_one_typing_error_from_two) {
  EXPECT_TRUE(within_one_edit("annecy", "annecy"));
  EXPECT_TRUE(within_one_edit("annecy", "anecy"));
  EXPECT_TRUE(within_one_edit("annecy", "annexcy"));
  EXPECT_TRUE(within_one_edit("annecy", "annexy"));
  EXPECT_TRUE(within_one_edit("annecy", "nanecy"));
  EXPECT_TRUE(within_one_edit("", "a"));
  EXPECT_FALSE(within_one_edit("annecy", "anney s"));
  EXPECT_FALSE(within_one_edit("annecy", "nancey"));
  EXPECT_FALSE(within_one_edit("annecy", "annecyan"));
}

// The index compares only names that share a beginning or an end: no error may fall through.
TEST(NameIndex, finds_a_name_with_one_error_at_any_place) {
  std::string const name = "montbrison";
  NameIndex index;
  index.add(PlaceKind::commune, 7, name_key(name));
  index.add(PlaceKind::commune, 8, name_key("villefranche"));
  index.build();
  auto const finds = [&](std::string const& text) {
    bool found = false;
    index.search(name_key(text), [&](NameEntry const& entry, double) { found |= entry.row == 7; });
    return found;
  };
  for (std::size_t i = 0; i < name.size(); ++i) {
    auto without = name;
    without.erase(i, 1);
    EXPECT_TRUE(finds(without)) << without;
    auto other = name;
    other[i] = 'x';
    EXPECT_TRUE(finds(other)) << other;
    auto more = name;
    more.insert(i, 1, 'x');
    EXPECT_TRUE(finds(more)) << more;
    auto swapped = name;
    if (i > 0) std::swap(swapped[i - 1], swapped[i]);
    EXPECT_TRUE(finds(swapped)) << swapped;
  }
  EXPECT_FALSE(finds("montbxisxn"));
}

}  // namespace
}  // namespace solidaires::geography
