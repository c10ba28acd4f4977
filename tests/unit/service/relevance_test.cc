// Is the order of results one that a person would call right? Queries that people judged
// (relevance/queries.txt; held_out.txt, by which nothing is tuned) against the demonstration
// contents of every node, as the hub's visitors find them. Figure of merit: nDCG@10, the gain of
// the first ten results (2^grade - 1, divided by log2 of the rank + 1) as a share of the best
// order's (Järvelin and Kekäläinen, 2002).
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>

#include "node/service/demonstration.h"
#include "tests/unit/service/world.h"

namespace solidaires::service {
namespace {

constexpr std::size_t kDepth = 10;
constexpr double kFloor = 0.89;  // of the mean; raise it when the ranking has become better
constexpr double kHeldOutFloor = 0.8;

struct Judged {
  std::string words;
  std::string commune;  // empty: no place was chosen
  double radius_km = 0;
  std::map<std::string, int, std::less<>> grades;  // by ref
};

std::string file_text(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<Judged> judged_queries(std::string const& name) {
  std::ifstream file(cat(RELEVANCE_DIRECTORY "/", name));
  std::vector<Judged> out;
  bool in_block = false;
  for (std::string line; std::getline(file, line);) {
    constexpr std::string_view kAround = "autour de: ";
    if (line.starts_with('#')) continue;
    if (line.empty()) {
      in_block = false;
    } else if (!in_block) {
      in_block = true;
      out.emplace_back().words = line;
    } else if (line.starts_with(kAround)) {
      auto const comma = line.find(',');
      out.back().commune = line.substr(kAround.size(), comma - kAround.size());
      out.back().radius_km = std::stod(line.substr(comma + 1));
    } else {
      EXPECT_TRUE(line[0] >= '1' && line[0] <= '3' && line[1] == ' ') << line;
      out.back().grades[line.substr(2)] = line[0] - '0';
    }
  }
  return out;
}

double gain(int grade, std::size_t rank) {
  return (std::exp2(grade) - 1) / std::log2(static_cast<double>(rank) + 2);
}

class JudgedQueries : public testing::Test {
 protected:
  JudgedQueries() {
    load(ain, RELEVANCE_DIRECTORY "/older.json");
    for (auto* const world : {&savoie, &isere, &hub}) world->clock.pass(Millis(kThreeYearsMs));
    for (auto* const world : {&savoie, &isere, &hub})
      load(*world, cat(DEMONSTRATION_DIRECTORY "/", world->instance.self.str(), ".json"));
    for (auto* const world : {&ain, &savoie, &isere}) {
      hub.receive(*world, ScopeId::published(world->instance.self));
      hub.nodes.list.push_back(world->nodes.list.front());
    }
    hub.open_catalogue();
  }

  void load(World& world, std::string const& path) {
    auto const text = file_text(path);
    ASSERT_OK(load_demonstration(world.instance, text, {}));
    for (auto const& item : boost::json::parse(text).as_array()) {
      auto const& fields = item.at("fields").as_object();
      auto const* const title = fields.if_contains("title");
      refs[std::string((title ? *title : fields.at("name")).as_string())] =
          std::string(item.at("ref").as_string());
    }
  }

  std::vector<std::string> found(Judged const& judged) {
    ListQuery query;
    query.words = judged.words;
    query.limit = kDepth;
    query.nearly_limit = 5;
    query.from = model::to_civil(hub.clock.now()).date;  // as the portal's lists ask
    if (!judged.commune.empty()) {
      auto const places = real_places()->find_places(judged.commune, {});
      EXPECT_FALSE(places.empty()) << judged.commune;
      if (places.empty()) return {};
      auto const& point = places.front().point;
      query.place.around = schema::Point{point.latitude, point.longitude};
      query.place.radius_km = judged.radius_km;
    }
    std::vector<std::string> out;
    auto const result = hub.catalogue->find(query).value();
    for (auto const& hits : {result.hits, result.nearly}) {
      for (auto const& hit : hits) {
        if (out.size() < kDepth) out.push_back(refs.at(hit.record->title));
      }
    }
    return out;
  }

  static constexpr std::int64_t kThreeYearsMs = 3LL * 365 * 24 * 3600 * 1000;
  World ain{"ain", {"01"}};
  World savoie{"savoie-mont-blanc", {"73", "74"}};
  World isere{"isere", {"38"}};
  World hub{"rhone-alpes", {}, true};
  std::map<std::string, std::string, std::less<>> refs;  // by title
};

double ndcg(std::vector<std::string> const& found, Judged const& judged) {
  double reached = 0;
  for (std::size_t rank = 0; rank < found.size(); ++rank) {
    auto const grade = judged.grades.find(found[rank]);
    if (grade != judged.grades.end()) reached += gain(grade->second, rank);
  }
  std::vector<int> best;
  for (auto const& [ref, grade] : judged.grades) best.push_back(grade);
  std::ranges::sort(best, std::greater());
  double most = 0;
  for (std::size_t rank = 0; rank < std::min(best.size(), kDepth); ++rank)
    most += gain(best[rank], rank);
  return reached / most;
}

TEST_F(JudgedQueries, are_answered_in_an_order_that_people_call_right) {
  auto const queries = judged_queries("queries.txt");
  ASSERT_GE(queries.size(), 40U);
  double sum = 0;
  for (auto const& judged : queries) {
    auto const results = found(judged);
    auto const merit = ndcg(results, judged);
    sum += merit;
    std::string line;
    for (auto const& ref : results) {
      auto const grade = judged.grades.find(ref);
      line +=
          cat(' ', grade == judged.grades.end() ? "-" : std::to_string(grade->second), ':', ref);
    }
    std::printf("%.2f  %s%s%s |%s\n", merit, judged.words.c_str(),
                judged.commune.empty() ? "" : " @ ", judged.commune.c_str(), line.c_str());
    EXPECT_GT(merit, 0) << judged.words << ": nothing that was looked for";
  }
  auto const mean = sum / static_cast<double>(queries.size());
  std::printf("%.3f  mean nDCG@10 of %zu queries\n", mean, queries.size());
  EXPECT_GE(mean, kFloor);
}

// Their mean alone is told: whoever saw the rest would tune by it.
TEST_F(JudgedQueries, that_nothing_was_tuned_by_are_answered_well_too) {
  auto const queries = judged_queries("held_out.txt");
  ASSERT_GE(queries.size(), 40U);
  double sum = 0;
  for (auto const& judged : queries) sum += ndcg(found(judged), judged);
  auto const mean = sum / static_cast<double>(queries.size());
  std::printf("%.3f  mean nDCG@10 of %zu queries that were held out\n", mean, queries.size());
  EXPECT_GE(mean, kHeldOutFloor);
}

TEST_F(JudgedQueries, name_records_that_exist) {
  std::set<std::string, std::less<>> known;
  for (auto const& [title, ref] : refs) known.insert(ref);
  for (auto const& file : {"queries.txt", "held_out.txt"}) {
    for (auto const& judged : judged_queries(file)) {
      EXPECT_FALSE(judged.grades.empty()) << judged.words;
      for (auto const& [ref, grade] : judged.grades)
        EXPECT_TRUE(known.contains(ref)) << judged.words << ": " << ref;
    }
  }
}

}  // namespace
}  // namespace solidaires::service
