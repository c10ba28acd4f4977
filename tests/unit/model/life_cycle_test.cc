#include "node/model/life_cycle.h"

#include <gtest/gtest.h>

#include "schema/form.h"
#include "schema/model.h"

namespace solidaires::model {
namespace {

schema::ContentModel const& real_model() {
  static auto const kModel = schema::ContentModel::load(SCHEMA_DIRECTORY).value();
  return kModel;
}

Instant at(std::string_view civil) {
  return to_instant(CivilTime::parse(civil).value());
}

LifeState state_of(std::string_view type, schema::FormFields const& typed, std::string_view now) {
  auto const& of = *real_model().type(type);
  return life_of(of, schema::parse_form(of, typed).record, at(now));
}

std::string_view phase_of(std::string_view type, schema::FormFields const& typed,
                          std::string_view now) {
  return phase_name(state_of(type, typed, now).phase);
}

struct Case {
  std::string_view type;
  schema::FormFields typed;
  std::string_view now, phase;
};

TEST(LifeCycle, follows_from_the_dates_and_from_what_its_people_say) {
  schema::FormFields const call{{"opens_on", "2026-03-10"}, {"deadline", "2026-05-30T14:00"}};
  auto const with = [](schema::FormFields fields, std::string_view key, std::string_view value) {
    fields.emplace(std::string(key), std::string(value));
    return fields;
  };
  schema::FormFields const offer{{"published_on", "2026-03-01"}};
  schema::FormFields const dated = with(offer, "deadline", "2026-03-20T12:00");
  schema::FormFields const ongoing{{"ongoing", "true"}};
  for (auto const& [type, typed, now, phase] : std::vector<Case>{
           {"call", call, "2026-03-09T23:59", "upcoming"},
           {"call", call, "2026-03-10T00:00", "open"},
           {"call", call, "2026-04-29T23:59", "open"},
           {"call", call, "2026-04-30T00:00", "closing"},
           {"call", call, "2026-05-30T13:59", "closing"},
           {"call", call, "2026-05-30T14:00", "closed"},
           {"call", with(call, "outcome", "exhausted"), "2026-04-01T10:00", "exhausted"},
           {"call", with(call, "outcome", "suspended"), "2026-04-01T10:00", "to-confirm"},
           {"call", with(call, "outcome", "suspended"), "2026-06-01T10:00", "closed"},
           {"call", with(call, "outcome", "results"), "2026-06-01T10:00", "results"},
           {"call", with(call, "outcome", "withdrawn"), "2026-03-01T10:00", "withdrawn"},
           {"call", ongoing, "2040-01-01T10:00", "open"},
           {"call", with(ongoing, "deadline", "2026-01-01T10:00"), "2040-01-01T10:00", "open"},
           {"job_offer", offer, "2026-03-05T10:00", "open"},
           {"job_offer", offer, "2026-04-30T23:59", "open"},
           {"job_offer", offer, "2026-05-01T00:00", "expired"},
           {"job_offer", with(offer, "display_until", "2026-03-08"), "2026-03-08T23:59", "open"},
           {"job_offer", with(offer, "display_until", "2026-03-08"), "2026-03-09T00:00", "expired"},
           {"job_offer", dated, "2026-03-12T23:59", "open"},
           {"job_offer", dated, "2026-03-13T00:00", "closing"},
           {"job_offer", dated, "2026-03-20T12:00", "closed"},
           {"job_offer", with(dated, "outcome", "filled"), "2026-03-05T10:00", "filled"},
           {"job_request", offer, "2026-05-01T00:00", "expired"},
           {"job_request", with(offer, "outcome", "filled"), "2026-03-02T00:00", "filled"},
           {"article", {}, "2026-03-02T00:00", "timeless"},
           {"article", {{"display_until", "2026-03-01"}}, "2026-03-02T00:00", "expired"},
           {"structure", {}, "2026-03-02T00:00", "timeless"},
           {"resource", {}, "2026-03-02T00:00", "timeless"}}) {
    EXPECT_EQ(phase_of(type, typed, now), phase) << type << " at " << now;
  }
}

TEST(LifeCycle, says_when_time_alone_will_change_it) {
  schema::FormFields const call{{"opens_on", "2026-03-10"}, {"deadline", "2026-05-30T14:00"}};
  EXPECT_EQ(state_of("call", call, "2026-03-01T10:00").next, at("2026-03-10T00:00"));
  EXPECT_EQ(state_of("call", call, "2026-03-10T10:00").next, at("2026-04-30T00:00"));
  EXPECT_EQ(state_of("call", call, "2026-05-30T13:59").next, at("2026-05-30T14:00"));
  EXPECT_EQ(state_of("call", call, "2026-05-30T14:00").next, std::nullopt);
  EXPECT_EQ(state_of("call", {{"ongoing", "true"}}, "2026-03-01T10:00").next, std::nullopt);
}

TEST(LifeCycle, every_announced_change_is_one_and_none_comes_before_it) {
  schema::FormFields const offer{{"published_on", "2026-03-01"}, {"deadline", "2026-03-29T02:30"}};
  auto const& type = *real_model().type("job_offer");  // through the change of clocks
  auto const record = schema::parse_form(type, offer).record;
  auto state = life_of(type, record, at("2026-03-01T00:00"));
  std::vector<Phase> seen{state.phase};
  while (state.next) {
    EXPECT_EQ(life_of(type, record, *state.next - Millis(1)).phase, state.phase);
    state = life_of(type, record, *state.next);
    ASSERT_NE(state.phase, seen.back());
    seen.push_back(state.phase);
  }
  EXPECT_EQ(seen, (std::vector{Phase::open, Phase::closing, Phase::closed}));
}

TEST(LifeCycle, what_is_over_says_since_when) {
  auto const closed = state_of("call", {{"deadline", "2026-05-30T14:00"}}, "2026-06-03T10:00");
  EXPECT_TRUE(closed.over());
  EXPECT_EQ(closed.at->iso(), "2026-05-30T14:00");
  auto const filled = state_of("job_offer", {{"outcome", "filled"}, {"outcome_on", "2026-03-04"}},
                               "2026-06-03T10:00");
  EXPECT_EQ(filled.at->date.iso(), "2026-03-04");
  EXPECT_EQ(state_of("job_offer", {{"outcome", "filled"}}, "2026-06-03T10:00").at, std::nullopt);
}

}  // namespace
}  // namespace solidaires::model
