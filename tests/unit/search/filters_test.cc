// Every filter, count and order against a plain loop over the entries.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <set>
#include <sstream>

#include "node/search/counting.h"
#include "node/search/index.h"
#include "tests/unit/search/world.h"

namespace solidaires::search {
namespace {

double haversine_km(Point a, Point b) {
  auto const radians = [](double degrees) { return degrees * std::numbers::pi / 180; };
  auto const dlat = radians(b.latitude_deg - a.latitude_deg);
  auto const dlon = radians(b.longitude_deg - a.longitude_deg);
  auto const h = std::pow(std::sin(dlat / 2), 2) + std::cos(radians(a.latitude_deg)) *
                                                       std::cos(radians(b.latitude_deg)) *
                                                       std::pow(std::sin(dlon / 2), 2);
  return 2 * 6371.0088 * std::asin(std::sqrt(h));
}

bool has(std::vector<std::string> const& list, std::string const& item) {
  return std::ranges::find(list, item) != list.end();
}

bool any_in(std::vector<std::string> const& asked, std::vector<std::string> const& held) {
  return asked.empty() ||
         std::ranges::any_of(asked, [&](auto const& code) { return has(held, code); });
}

std::vector<std::string> codes_of(Entry const& entry, std::string const& facet) {
  std::vector<std::string> out;
  if (facet == kTypeFacet) return {entry.type};
  if (facet == kServedFacet) return entry.served;
  for (auto const& place : entry.places) {
    if (facet == kCommuneFacet) out.push_back(place.commune);
    if (facet == kDepartmentFacet) out.push_back(place.department);
    if (facet == kEpciFacet) out.push_back(place.epci);
  }
  if (auto const found = entry.facets.find(facet); found != entry.facets.end()) out = found->second;
  return out;
}

bool located(Entry const& entry, Where const& where) {
  auto const any_point = [&](auto const& test) {
    return std::ranges::any_of(
        entry.places, [&](Place const& place) { return place.point && test(*place.point); });
  };
  if (!any_in(where.communes, codes_of(entry, kCommuneFacet))) return false;
  if (!any_in(where.departments, codes_of(entry, kDepartmentFacet))) return false;
  if (!any_in(where.epcis, codes_of(entry, kEpciFacet))) return false;
  if (where.circle && !any_point([&](Point point) {
        return haversine_km(point, where.circle->centre) <= where.circle->radius_km;
      })) {
    return false;
  }
  return !where.rectangle || any_point([&](Point point) {
    auto const& [sw, ne] = *where.rectangle;
    return point.latitude_deg >= sw.latitude_deg && point.latitude_deg <= ne.latitude_deg &&
           point.longitude_deg >= sw.longitude_deg && point.longitude_deg <= ne.longitude_deg;
  });
}

bool in_place(Entry const& entry, Where const& where) {
  bool const position = where.circle || where.rectangle || !where.communes.empty() ||
                        !where.departments.empty() || !where.epcis.empty();
  bool const serves = !where.served.empty() && any_in(where.served, entry.served);
  if (!position && where.served.empty()) return true;
  return serves || (position && located(entry, where));
}

bool has_words(Entry const& entry, std::string const& typed) {
  auto const text = " " + entry.title + " " + entry.body;
  std::istringstream query(typed);
  for (std::string word; query >> word;) {
    if (!text.contains(" " + word + " ")) return false;  // invented words share no stems
  }
  return true;
}

// `without`: the facet whose own filter is left out.
bool matches(Entry const& entry, Query const& query, std::string const& without = {}) {
  if (!has_words(entry, query.words) || !in_place(entry, query.where)) return false;
  if (without != kTypeFacet && !any_in(query.types, {entry.type})) return false;
  for (auto const& [facet, codes] : query.facets) {
    if (facet != without && !any_in(codes, codes_of(entry, facet))) return false;
  }
  auto const none = [](Interval const& date) { return date.to < date.from; };
  if (!query.dates || (query.undated_too && std::ranges::all_of(entry.dates, none))) return true;
  return std::ranges::any_of(entry.dates, [&](Interval const& date) {
    auto const end = std::max(date.to, date.from + Millis(1));
    return date.from < query.dates->to && query.dates->from < end;
  });
}

Query random_query(Rng& rng) {
  Query query;
  query.now = kNow;
  query.limit = 5000;
  auto const point = [&] {
    return Point{45.0 + static_cast<double>(rng.below(1500)) / 1000,
                 5.6 + static_cast<double>(rng.below(1600)) / 1000};
  };
  if (rng.below(2) == 0) query.words = word(rng.below(rng.below(300) + 1));
  if (rng.below(6) == 0) query.words += " " + word(rng.below(20));
  if (rng.below(3) == 0) query.types = {"event"};
  if (rng.below(9) == 0) query.types = {"structure", "article", "unheard-of"};
  if (rng.below(3) == 0) query.facets["theme"] = {"t" + std::to_string(rng.below(13)), "t3"};
  if (rng.below(4) == 0) query.facets["public"] = {"p" + std::to_string(rng.below(5))};
  auto& where = query.where;
  if (rng.below(3) == 0) where.circle = Circle{point(), static_cast<double>(rng.below(60)) + 0.5};
  if (rng.below(5) == 0) {
    auto const corner = point();
    where.rectangle = Rectangle{corner, {corner.latitude_deg + 0.4, corner.longitude_deg + 0.5}};
  }
  if (rng.below(6) == 0) {
    for (int i = 0; i < 8; ++i) where.communes.push_back(std::to_string(73000 + rng.below(60)));
  }
  if (rng.below(5) == 0) where.departments = {"73"};
  if (rng.below(6) == 0) where.epcis = {"20001", "20004"};
  if (rng.below(5) == 0) where.served = {"commune:" + std::to_string(73000 + rng.below(60))};
  if (rng.below(4) == 0) {
    auto const from = kNow + kDay * (static_cast<std::int64_t>(rng.below(100)) - 50);
    query.dates = Interval{from, from + kDay * static_cast<std::int64_t>(rng.below(20))};
    if (query.dates->from == query.dates->to) query.dates->to += kDay;
    query.undated_too = rng.below(2) == 0;
  }
  query.count = {"theme", "public", kTypeFacet, kDepartmentFacet, "unheard-of"};
  if (rng.below(3) == 0) query.count.clear();
  return query;
}

class Filters : public testing::Test {
 protected:
  void fill(std::size_t size, std::uint64_t seed) {
    SeededRng rng(seed);
    for (std::uint64_t i = 0; i < size; ++i) entries_.emplace(i, random_entry(i, rng));
    std::vector<Entry> batch;
    for (auto const& [number, entry] : entries_) batch.push_back(entry);
    index_.put(batch);
    // Slots are used again, lists change in the middle.
    for (std::size_t i = 0; i < size / 5; ++i) {
      auto const number = rng.below(size);
      index_.remove(key_of(number));
      entries_.erase(number);
    }
    for (std::size_t i = 0; i < size / 5; ++i) {
      auto const number = rng.below(size);
      entries_.insert_or_assign(number, random_entry(number, rng));
      index_.put(entries_.at(number));
    }
  }

  void compare(Query const& query) const {
    auto const found = index_.search(query);
    std::set<std::uint64_t> expected;
    for (auto const& [number, entry] : entries_) {
      if (matches(entry, query)) expected.insert(number);
    }
    if (found.some_words || !found.corrections.empty()) {
      EXPECT_TRUE(expected.empty());
      return;
    }
    auto const got = numbers(found);
    EXPECT_EQ(std::set(got.begin(), got.end()), expected);
    EXPECT_EQ(found.total, expected.size());
    compare_counts(query, found);
    compare_distances(query, found);
  }

  void compare_counts(Query const& query, Found const& found) const {
    EXPECT_EQ(found.counts.size(), query.count.size());
    for (auto const& facet : query.count) {
      std::map<std::string, std::size_t> expected;
      for (auto const& [number, entry] : entries_) {
        if (!matches(entry, query, facet)) continue;
        auto const codes = codes_of(entry, facet);
        for (auto const& code : std::set(codes.begin(), codes.end())) ++expected[code];
      }
      std::map<std::string, std::size_t> got;
      for (auto const& count : found.counts.at(facet)) got[count.code] = count.entries;
      EXPECT_EQ(got, expected) << facet;
    }
  }

  void compare_distances(Query const& query, Found const& found) const {
    for (auto const& hit : found.hits) {
      auto const& entry = entries_.at(number_of(hit.key));
      std::optional<double> expected;
      for (auto const& place : entry.places) {
        if (!query.where.circle || !place.point) continue;
        auto const km = haversine_km(*place.point, query.where.circle->centre);
        expected = std::min(expected.value_or(km), km);
      }
      ASSERT_EQ(hit.distance_km.has_value(), expected.has_value());
      if (expected) EXPECT_NEAR(*hit.distance_km, *expected, 1e-4);
    }
  }

  std::map<std::uint64_t, Entry> entries_;
  Index index_;
};

TEST_F(Filters, agree_with_a_plain_loop) {
  fill(1500, 42);
  SeededRng rng(43);
  for (int round = 0; round < 250 && !HasFailure(); ++round) compare(random_query(rng));
}

TEST_F(Filters, agree_with_a_plain_loop_among_many) {
  fill(Counting::kOneByOne * 3, 44);  // enough to count by sets
  SeededRng rng(45);
  for (int round = 0; round < 6 && !HasFailure(); ++round) {
    auto query = random_query(rng);
    query.words.clear();
    query.where = {};
    query.count = {"theme", "public", kTypeFacet, kCommuneFacet};
    query.limit = 50'000;
    compare(query);
  }
}

TEST_F(Filters, find_words_that_are_everywhere_in_a_small_circle) {
  fill(Counting::kOneByOne, 51);
  SeededRng rng(52);
  for (int round = 0; round < 20 && !HasFailure(); ++round) {
    auto query = random_query(rng);
    query.words = word(rng.below(2));
    query.where = {};
    query.where.circle =
        Circle{{45.0 + static_cast<double>(rng.below(1500)) / 1000, 6.4}, 1.0 + round};
    query.count.clear();
    compare(query);
  }
}

// Points everywhere on Earth, many of them the same, with documents that have several.
TEST_F(Filters, find_and_count_what_is_nearest_as_a_plain_loop_does) {
  SeededRng rng(53);
  auto const angle = [&](double span) {
    return (static_cast<double>(rng.below(2001)) / 1000 - 1) * span;
  };
  std::vector<Point> centres{{45.6, 6.4}, {90, 0}, {-90, 17}, {0, 180}, {0, -180}, {0, 0}};
  for (std::uint64_t i = 0; i < 3000; ++i) {
    auto one = entry(i, word(i));
    auto const& centre = centres[rng.below(centres.size())];
    for (auto places = rng.below(3) + 1; places > 0; --places) {
      Point at{centre.latitude_deg + angle(0.5), centre.longitude_deg + angle(1)};
      if (rng.below(3) == 0) at = centre;
      if (rng.below(9) == 0) at = {angle(90), angle(180)};
      bool const on_earth = std::abs(at.latitude_deg) <= 90 && std::abs(at.longitude_deg) <= 180;
      if (on_earth) one.places.push_back({"", "", "", at});
    }
    entries_.emplace(i, one);
    index_.put(one);
  }
  for (std::uint64_t i = 0; i < 3000; i += 7) {
    index_.remove(key_of(i));
    entries_.erase(i);
  }
  for (int round = 0; round < 200 && !HasFailure(); ++round) {
    Query query;
    query.now = kNow;
    query.sort = Sort::distance;
    auto const& centre = centres[rng.below(centres.size())];
    auto const steps = static_cast<double>(rng.below(80));
    query.where.circle = Circle{centre, steps * steps * steps / 20};  // to beyond the antipodes
    std::vector<double> expected;
    for (auto const& [number, entry] : entries_) {
      std::optional<double> nearest;
      for (auto const& place : entry.places) {
        auto const km = haversine_km(*place.point, centre);
        nearest = std::min(nearest.value_or(km), km);
      }
      if (nearest && *nearest <= query.where.circle->radius_km) expected.push_back(*nearest);
    }
    std::ranges::sort(expected);
    auto const found = index_.search(query);
    EXPECT_EQ(found.total, expected.size()) << query.where.circle->radius_km;
    ASSERT_EQ(found.hits.size(), std::min(query.limit, expected.size()));
    for (std::size_t i = 0; i < found.hits.size(); ++i)
      EXPECT_NEAR(found.hits[i].distance_km.value(), expected[i], 1e-3);
  }
}

TEST_F(Filters, order_as_asked) {
  fill(1000, 46);
  Query query;
  query.now = kNow;
  query.limit = 2000;
  query.centre = Point{45.6, 6.4};

  query.sort = Sort::distance;
  double last = 0;
  for (auto const& hit : index_.search(query).hits) {
    auto const km = hit.distance_km.value_or(1e9);
    EXPECT_LE(last, km);
    last = km;
  }
  query.sort = Sort::deadline;
  auto const rank = [&](std::uint64_t number) {
    auto const& closes = entries_.at(number).closes;
    if (!closes) return std::pair(1, Millis(kNow - entries_.at(number).updated));
    return *closes > kNow ? std::pair(0, Millis(*closes - kNow))
                          : std::pair(2, Millis(kNow - *closes));
  };
  auto order = std::pair(0, Millis(0));
  for (auto const number : numbers(index_.search(query))) {
    EXPECT_LE(order, rank(number));
    order = rank(number);
  }
  query.sort = Sort::name;
  std::string name;
  for (auto const number : numbers(index_.search(query))) {
    EXPECT_LE(name, entries_.at(number).title);
    name = entries_.at(number).title;
  }
  query.sort = Sort::newest;
  auto updated = kNow + kDay;
  for (auto const number : numbers(index_.search(query))) {
    EXPECT_GE(updated, entries_.at(number).updated);
    updated = entries_.at(number).updated;
  }
}

TEST_F(Filters, cut_pages_that_join_without_seam) {
  fill(700, 47);
  for (auto const sort : {Sort::relevance, Sort::distance, Sort::date, Sort::newest, Sort::name}) {
    Query query;
    query.now = kNow;
    query.words = word(3);
    query.centre = Point{45.6, 6.4};
    query.sort = sort;
    query.limit = 100'000;
    auto const whole = numbers(index_.search(query));
    ASSERT_GT(whole.size(), 15U);
    std::vector<std::uint64_t> joined;
    query.limit = 7;
    for (query.offset = 0; query.offset < whole.size() + 14; query.offset += 7) {
      for (auto const number : numbers(index_.search(query))) joined.push_back(number);
    }
    EXPECT_EQ(joined, whole);
    query.limit = 0;
    query.offset = 0;
    EXPECT_EQ(index_.search(query).total, whole.size());
    query.offset = std::numeric_limits<std::size_t>::max();
    query.limit = std::numeric_limits<std::size_t>::max();
    EXPECT_TRUE(index_.search(query).hits.empty());
  }
}

TEST(Dates, sort_the_next_first_then_the_past_then_the_undated) {
  Index index;
  auto const on = [&](std::uint64_t number, std::vector<int> days) {
    auto out = entry(number, "Repair café");
    for (auto const day : days)
      out.dates.push_back({kNow + kDay * day, kNow + kDay * day + Millis(7'200'000)});
    index.put(out);
  };
  on(1, {9});
  on(2, {-30, 2, 40});  // a series: its next date counts
  on(3, {-1});
  on(4, {-10});
  on(5, {});
  Query query;
  query.now = kNow;
  query.sort = Sort::date;
  EXPECT_THAT(numbers(index.search(query)), testing::ElementsAre(2, 1, 3, 4, 5));
  query.dates = Interval{kNow + kDay * 3, kNow + kDay * 60};
  EXPECT_THAT(numbers(index.search(query)), testing::ElementsAre(1, 2));
  query.dates =
      Interval{kNow + kDay * 9 + Millis(7'200'000), kNow + kDay * 10};  // begins as it ends
  EXPECT_THAT(numbers(index.search(query)), testing::IsEmpty());
}

TEST(Areas, served_are_found_from_where_they_are_served) {
  Index index;
  auto truck = entry(1, "Épicerie itinérante");
  truck.places = {{"73011", "73", "e1", Point{45.675, 6.392}}};
  truck.served = {"commune:73303"};
  auto shop = entry(2, "Épicerie de Faverges");
  shop.places = {{"74123", "74", "e2", Point{45.746, 6.294}}};
  index.put(truck);
  index.put(shop);
  Query query;
  query.now = kNow;
  query.where.circle = Circle{{45.751, 6.421}, 5};
  EXPECT_EQ(index.search(query).total, 0U);
  query.where.served = {"commune:73303", "department:73"};
  auto const found = index.search(query);
  ASSERT_EQ(found.total, 1U);
  EXPECT_TRUE(found.hits[0].serves);
  EXPECT_NEAR(found.hits[0].distance_km.value(), 8.7, 0.2);
  query.words = "épicerie";
  EXPECT_EQ(index.search(query).total, 1U);
  query.where.circle.reset();
  EXPECT_EQ(index.search(query).total, 1U);
}

TEST(Areas, that_are_none_match_nothing_and_break_nothing) {
  Index index;
  auto odd = entry(1, "Sans lieu");
  odd.places = {
      {"", "", "", Point{std::nan(""), 6}}, {"", "", "", Point{91, 6}}, {"73011", "73", "", {}}};
  index.put(odd);
  index.put(entry(2, "Pôle"));
  for (auto const& circle :
       {Circle{{std::nan(""), 6}, 5}, Circle{{45, 6}, -1}, Circle{{45, 6}, std::nan("")},
        Circle{{45, 600}, 5}, Circle{{45, 6}, 5}}) {
    Query query;
    query.where.circle = circle;
    EXPECT_EQ(index.search(query).total, 0U);
    query.words = "lieu";
    EXPECT_EQ(index.search(query).total, 0U);
  }
  Query upside_down;
  upside_down.where.rectangle = Rectangle{{46, 6}, {45, 7}};
  EXPECT_EQ(index.search(upside_down).total, 0U);
  Query whole_earth;
  whole_earth.where.circle = Circle{{45, 6}, 1e9};
  EXPECT_EQ(index.search(whole_earth).total, 0U);  // nothing has a point
}

TEST(Areas, may_cross_the_180th_meridian) {
  Index index;
  auto far = entry(1, "Wallis");
  far.places = {{"98613", "986", "", Point{-13.3, -176.2}}};
  index.put(far);
  Query query;
  query.where.rectangle = Rectangle{{-20, 170}, {-10, -170}};
  EXPECT_EQ(index.search(query).total, 1U);
  query.where.rectangle = Rectangle{{-20, -170}, {-10, 170}};
  EXPECT_EQ(index.search(query).total, 0U);
}

TEST(Scopes, keep_copies_of_one_document_apart) {
  Index index;
  auto copy = entry(1, "Ressourcerie");
  index.put(copy);
  copy.key = key_of(1, "isere");
  index.put(copy);
  EXPECT_EQ(index.size(), 2U);
  Query query;
  query.scopes = {scope_of("isere")};
  auto const found = index.search(query);
  ASSERT_EQ(found.total, 1U);
  EXPECT_EQ(found.hits[0].key, copy.key);
}

}  // namespace
}  // namespace solidaires::search
