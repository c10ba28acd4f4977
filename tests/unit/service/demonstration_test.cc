// The demonstration contents of deploy/demo, loaded into real stores with the real content model.
#include "node/service/demonstration.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <set>

#include "node/geography/gazetteer.h"
#include "node/model/recurrence.h"
#include "node/service/actor.h"
#include "node/service/indexes.h"
#include "node/service/instance.h"
#include "node/store/store.h"
#include "schema/model.h"
#include "schema/value.h"

namespace solidaires::service {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

schema::ContentModel const& real_model() {
  static auto const kModel = schema::ContentModel::load(SCHEMA_DIRECTORY).value();
  return kModel;
}

geography::Gazetteer const& real_places() {
  static auto const kPlaces = geography::Gazetteer::load(SOLIDAIRES_GEOGRAPHY_DIR).value();
  return *kPlaces;
}

std::string file_text(std::string_view node) {
  std::ifstream file(fs::path(DEMONSTRATION_DIRECTORY) / cat(node, ".json"), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class DayClock final : public Clock {
 public:
  explicit DayClock(std::string_view day)
      : at_(model::to_instant({model::CivilDate::parse(day).value(), 10, 0})) {}
  [[nodiscard]] Instant now() const override { return at_; }

 private:
  Instant at_;
};

class NoOther final : public NodeDirectory {
 public:
  [[nodiscard]] std::vector<NodeDescription> nodes() const override { return {}; }
};

// An instance on `day`, whose store is removed with it.
class Site {
 public:
  explicit Site(std::string_view name, std::string_view day = "2026-03-10") : clock_(day) {
    auto pattern = (fs::path(testing::TempDir()) / "demonstration-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
    store_ = store::Store::open(path_, {.indexer = make_indexer(), .rng = &rng_}).value();
    instance_.reset(new Instance{.self = NodeName::parse(name).value(),
                                 .territory = {},
                                 .store = *store_,
                                 .model = real_model(),
                                 .directory = nodes_,
                                 .clock = clock_,
                                 .rng = rng_});
  }
  ~Site() {
    store_.reset();
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }

  Result<DemonstrationReport> load(std::string_view text) {
    return load_demonstration(*instance_, text, {.account = {}, .name = "test", .node = self()});
  }
  [[nodiscard]] store::Store& store() { return *store_; }
  [[nodiscard]] NodeName const& self() const { return instance_->self; }
  [[nodiscard]] model::CivilDate today() const { return model::to_civil(clock_.now()).date; }

  // The values of a field in the published copies of a type.
  std::vector<schema::Value> published(std::string_view type, std::string_view field) {
    std::vector<schema::Value> out;
    auto const seen = [&](store::StoredDocument const& stored) {
      auto const shown = sync::shown_value(stored.document, field);
      if (stored.document.type == type && shown) out.push_back(schema::decode(*shown));
      return true;
    };
    auto const read = store_->view().each_document(ScopeId::published(self()), {}, seen);
    EXPECT_TRUE(read);
    return out;
  }

 private:
  DayClock clock_;
  SeededRng rng_{7};
  NoOther nodes_;
  fs::path path_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Instance> instance_;
};

// Calls `visit(ref, input, text)` for every text of the file.
template <class Visit>
void each_text(json::value const& document, Visit const& visit) {
  for (auto const& item : document.as_array()) {
    std::string const ref(item.at("ref").as_string());
    for (auto const& [name, value] : item.at("fields").as_object()) {
      if (auto const* const text = value.if_string())
        visit(ref, std::string(name), std::string(*text));
      else
        for (auto const& one : value.as_array())
          visit(ref, std::string(name), std::string(one.as_string()));
    }
  }
}

class DemonstrationContent : public testing::TestWithParam<char const*> {
 protected:
  std::string const text_ = file_text(GetParam());
};

TEST_P(DemonstrationContent, is_published_entirely_and_only_once) {
  Site site(GetParam());
  auto const loaded = site.load(text_);
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  EXPECT_FALSE(loaded->loaded_before);
  EXPECT_EQ(loaded->published + loaded->submitted, json::parse(text_).as_array().size());
  std::size_t seen = site.published("structure", "name").size();
  for (auto const& type : real_model().types()) seen += site.published(type.key, "title").size();
  EXPECT_EQ(seen, loaded->published);

  auto const version = site.store().version();
  auto const again = site.load(text_);
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_TRUE(again->loaded_before);
  EXPECT_EQ(site.store().version(), version);
}

TEST_P(DemonstrationContent, fills_the_agenda_whatever_the_day) {
  for (auto const* const day : {"2026-03-10", "2026-12-31", "2027-02-27", "2028-02-29"}) {
    Site site(GetParam(), day);
    auto const loaded = site.load(text_);
    ASSERT_TRUE(loaded) << day << ": " << loaded.error().to_string();
    auto const schedules = site.published("event", "schedule");
    EXPECT_EQ(schedules.size(), site.published("event", "title").size());
    for (auto const& value : schedules) {
      auto const& schedule = std::get<schema::Schedule>(value);
      auto const next = model::next_occurrence(schedule, site.today());
      ASSERT_TRUE(next) << day;
      EXPECT_LE(next->start.date.days(), site.today().days() + 75) << day;
      // An exception or an override of a day on which nothing happens would show nothing.
      auto const from = site.today();
      auto const all =
          model::occurrences(schedule, from, model::CivilDate::from_days(from.days() + 150), 1000);
      for (auto const& change : schedule.overrides)
        EXPECT_TRUE(std::ranges::any_of(all, [&](auto const& one) {
          return one.original == model::civil(change.original);
        })) << day;
    }
  }
}

TEST_P(DemonstrationContent, names_places_that_exist) {
  auto const document = json::parse(text_);
  each_text(document, [&](auto const& ref, auto const& input, auto const& text) {
    if (input == "served_area" || input == "area")
      EXPECT_TRUE(real_places().place(text.substr(text.find(':') + 1))) << ref << ": " << text;
    if (!input.ends_with(".commune_code")) return;
    auto const* const commune = real_places().commune(text);
    ASSERT_NE(commune, nullptr) << ref << ": " << text;
    EXPECT_EQ(commune->code, text) << ref;
    auto const& fields = std::ranges::find_if(document.as_array(), [&](auto const& item) {
                           return item.at("ref").as_string() == ref;
                         })->at("fields");
    auto const part = [&](std::string_view name) {
      auto const key = cat(input.substr(0, input.rfind('.')), '.', name);
      return std::string(fields.at(key).as_string());
    };
    EXPECT_NE(std::ranges::find(commune->postal_codes, part("postal_code")),
              commune->postal_codes.end())
        << ref << ": " << part("postal_code");
    auto const near = real_places().communes_within(
        {std::stod(part("latitude")), std::stod(part("longitude"))}, 8);
    EXPECT_TRUE(std::ranges::any_of(near, [&](auto const& one) { return one.commune == commune; }))
        << ref << ": far from " << commune->name;
  });
}

TEST_P(DemonstrationContent, refers_only_to_its_own_records) {
  auto const document = json::parse(text_);
  std::map<std::string, bool> submitted;
  for (auto const& item : document.as_array())
    EXPECT_TRUE(
        submitted
            .emplace(item.at("ref").as_string(), item.as_object().if_contains("state") != nullptr)
            .second)
        << item.at("ref");
  each_text(document, [&](auto const& ref, auto const& input, auto const& text) {
    auto const start = text.find("{ref:");
    if (start == std::string::npos) return;
    auto const found = submitted.find(text.substr(5, text.size() - 6));
    ASSERT_NE(found, submitted.end()) << ref << ", " << input << ": " << text;
    EXPECT_FALSE(found->second && !submitted.at(ref)) << ref << " leads to no page: " << text;
  });
}

TEST_P(DemonstrationContent, concerns_nobody_real) {
  each_text(json::parse(text_), [&](auto const& ref, auto const& input, auto const& text) {
    if (input.ends_with("email")) EXPECT_TRUE(text.ends_with(".example")) << ref << ": " << text;
    if (input.find("phone") != std::string::npos) {
      bool const fiction = text.starts_with("04 65 71 ") || text.starts_with("06 39 98 ");
      EXPECT_TRUE(fiction) << ref << ": " << text;
    }
    for (auto at = text.find("://"); at != std::string::npos; at = text.find("://", at + 1)) {
      auto const host = text.substr(at + 3, text.find_first_of("/)", at + 3) - at - 3);
      EXPECT_TRUE(host.ends_with(".example")) << ref << ": " << host;
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Nodes, DemonstrationContent,
                         testing::Values("savoie-mont-blanc", "isere", "rhone-alpes"),
                         [](auto const& node) {
                           std::string name = node.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(Demonstration, counts_days_from_today_and_finds_days_of_the_week) {
  Site site("isere", "2026-03-10");  // a Tuesday
  auto const event = [](std::string_view day) {
    return cat(R"([{"type": "event", "ref": "a", "fields": {"title": "A", "kind": "atelier",)",
               R"("summary": "S", "attendance": "online", "schedule.start_time": "10:00",)",
               R"("schedule.start_date": ")", day, R"("}}])");
  };
  auto const date_of = [&](std::string_view day) {
    Site fresh("isere", "2026-03-10");
    auto const loaded = fresh.load(event(day));
    EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().to_string());
    auto const read = fresh.published("event", "schedule");
    return read.empty() ? "" : model::civil(std::get<schema::Schedule>(read[0]).start).date.iso();
  };
  EXPECT_EQ(date_of("@+12"), "2026-03-22");
  EXPECT_EQ(date_of("@-10"), "2026-02-28");
  EXPECT_EQ(date_of("@+0tu"), "2026-03-10");
  EXPECT_EQ(date_of("@+1tu"), "2026-03-17");
  EXPECT_EQ(date_of("@+0sa"), "2026-03-14");
  EXPECT_EQ(date_of("@+0sa1"), "2026-04-04");
  EXPECT_EQ(date_of("@-60sa1"), "2026-02-07");
}

TEST(Demonstration, refuses_a_fault_by_its_name_and_keeps_nothing) {
  Site site("isere");
  auto const loaded = site.load(R"([{"type": "article", "ref": "sans-texte",
                                     "fields": {"title": "T", "summary": "S"}}])");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), Code::invalid);
  EXPECT_NE(loaded.error().message().find("sans-texte"), std::string::npos);
  EXPECT_NE(loaded.error().message().find("body"), std::string::npos);
  EXPECT_EQ(site.store().count("article"), 0U);
  EXPECT_FALSE(site.load("{"));
  EXPECT_FALSE(site.load("{}"));
  EXPECT_TRUE(site.load("[]"));
}

}  // namespace
}  // namespace solidaires::service
