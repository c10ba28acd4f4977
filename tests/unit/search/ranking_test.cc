// The order that a person would call right, on a small set with known answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/search/index.h"
#include "tests/unit/search/world.h"

namespace solidaires::search {
namespace {

using testing::ElementsAre;

Entry at(Entry entry, double latitude_deg, double longitude_deg) {
  entry.places = {{"", "", "", Point{latitude_deg, longitude_deg}}};
  return entry;
}

TEST(Relevance, puts_titles_over_keywords_over_texts) {
  Index index;
  std::string chatter;
  for (int i = 0; i < 40; ++i) chatter += "La ressourcerie, toujours la ressourcerie. ";
  index.put(entry(1, "Association du lac", chatter));
  auto keyword = entry(2, "Association du bois");
  keyword.keywords = "réemploi, ressourcerie";
  index.put(keyword);
  index.put(entry(3, "Ressourcerie des Aravis"));
  index.put(
      entry(4, "Maison de quartier", "Près de la ressourcerie, on vous accueille tous les jours."));
  EXPECT_THAT(numbers(index.search(words("ressourcerie"))), ElementsAre(3, 2, 1, 4));
}

TEST(Relevance, puts_what_is_named_so_first) {
  Index index;
  index.put(entry(1, "Amis de la Ressourcerie"));
  index.put(entry(2, "Ressourcerie Ressourcerie bis"));
  index.put(entry(3, "La Ressourcerie"));
  index.put(entry(4, "Ressourcerie"));
  auto scic = entry(5, "Coopérative des Aravis");
  scic.acronym = "CDA";
  index.put(scic);
  EXPECT_EQ(numbers(index.search(words("ressourcerie"))).front(), 4U);
  EXPECT_EQ(numbers(index.search(words("La Ressourcerie"))).front(), 3U);
  EXPECT_EQ(numbers(index.search(words("cda"))).front(), 5U);
}

TEST(Relevance, gives_rare_words_more_weight) {
  Index index;
  for (std::uint64_t i = 10; i < 60; ++i) index.put(entry(i, "Association locale"));
  index.put(entry(1, "Fanfare", "association"));
  index.put(entry(2, "Association", "fanfare"));
  auto const order = numbers(index.search(words("association fanfare")));
  EXPECT_THAT(order, ElementsAre(1, 2));
}

TEST(Relevance, puts_near_over_far_but_a_title_over_a_near_text) {
  Index index;
  index.put(at(entry(1, "Ressourcerie du nord"), 45.90, 6.12));
  index.put(at(entry(2, "Ressourcerie du sud"), 45.60, 6.12));
  index.put(at(entry(3, "Café", "Nous donnons à la ressourcerie."), 45.60, 6.12));
  auto query = words("ressourcerie");
  query.centre = Point{45.60, 6.12};
  EXPECT_THAT(numbers(index.search(query)), ElementsAre(2, 1, 3));
  query.centre = Point{45.90, 6.12};
  EXPECT_EQ(numbers(index.search(query)).front(), 1U);
}

TEST(Relevance, puts_fresh_over_stale_and_to_come_over_over) {
  Index index;
  auto stale = entry(1, "Atelier vélo");
  stale.updated = kNow - 900 * kDay;
  index.put(stale);
  index.put(entry(2, "Atelier vélo"));
  auto over = entry(3, "Atelier vélo");
  over.dates = {{kNow - 3 * kDay, kNow - 2 * kDay}};
  index.put(over);
  auto soon = entry(4, "Atelier vélo");
  soon.dates = {{kNow - 3 * kDay, kNow - 2 * kDay}, {kNow + kDay, kNow + 2 * kDay}};
  index.put(soon);
  auto later = entry(5, "Atelier vélo");
  later.dates = {{kNow + 100 * kDay, kNow + 101 * kDay}};
  index.put(later);
  EXPECT_THAT(numbers(index.search(words("atelier vélo"))), ElementsAre(2, 4, 5, 1, 3));
}

TEST(Relevance, is_the_same_whatever_the_order_of_arrival) {
  SeededRng rng(9);
  std::vector<Entry> entries;
  for (std::uint64_t i = 0; i < 300; ++i) entries.push_back(random_entry(i, rng));
  Index forwards;
  forwards.put(entries);
  Index backwards;
  std::ranges::reverse(entries);
  for (auto const& one : entries) backwards.put(one);
  for (std::uint64_t i = 0; i < 30; ++i) {
    auto query = words(word(i));
    query.limit = 300;
    EXPECT_EQ(numbers(forwards.search(query)), numbers(backwards.search(query)));
  }
}

}  // namespace
}  // namespace solidaires::search
