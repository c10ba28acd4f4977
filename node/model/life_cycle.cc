#include "node/model/life_cycle.h"

#include <algorithm>
#include <array>
#include <utility>

namespace solidaires::model {
namespace {

struct Moment {
  CivilTime at;
  bool whole_day = true;

  // The first instant at which a beginning has begun.
  [[nodiscard]] Instant begin() const { return to_instant(at); }
  // The first instant at which an end has passed: a day ends with itself, an hour at once.
  [[nodiscard]] Instant end() const {
    return whole_day ? to_instant({CivilDate::from_days(at.date.days() + 1), 0, 0})
                     : to_instant(at);
  }
};

CivilDate civil_date(schema::Date const& date) {
  return {static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day())};
}

std::optional<Moment> moment_of(schema::Record const& record, std::string_view key) {
  if (key.empty()) return std::nullopt;
  if (auto const* const date = schema::get<schema::Date>(record, key); date != nullptr)
    return Moment{{civil_date(*date), 0, 0}, true};
  if (auto const* const at = schema::get<schema::LocalDateTime>(record, key); at != nullptr)
    return Moment{{civil_date(at->date), at->minute / 60U, at->minute % 60U}, false};
  return std::nullopt;
}

std::optional<Phase> phase_of_outcome(std::string_view code) {
  static constexpr std::array<std::pair<std::string_view, Phase>, 5> kOutcomes = {
      {{"filled", Phase::filled},
       {"exhausted", Phase::exhausted},
       {"withdrawn", Phase::withdrawn},
       {"results", Phase::results},
       {"suspended", Phase::to_confirm}}};
  auto const found = std::ranges::find(kOutcomes, code, &std::pair<std::string_view, Phase>::first);
  if (found == kOutcomes.end()) return std::nullopt;
  return found->second;
}

// Until when it is shown: as said, else so many days after its own date.
std::optional<Moment> shown_until(schema::Type const& type, schema::Record const& record) {
  auto const& life = type.life;
  if (type.expiry_field != life.closes) {
    if (auto said = moment_of(record, type.expiry_field); said) return said;
  }
  auto const dated = moment_of(record, life.dated);
  if (life.displayed_days == 0 || !dated) return std::nullopt;
  return Moment{{CivilDate::from_days(dated->at.date.days() + life.displayed_days), 0, 0}, true};
}

LifeState over(Phase phase, Moment const& since) {
  LifeState state;
  state.phase = phase;
  state.at = since.at;
  state.whole_day = since.whole_day;
  return state;
}

void not_later(std::optional<Instant>& next, Instant at) {
  next = next ? std::min(*next, at) : at;
}

}  // namespace

LifeState life_of(schema::Type const& type, schema::Record const& record, Instant now) {
  auto const& life = type.life;
  auto const said = phase_of_outcome(schema::text_of(record, life.outcome));
  auto const until = shown_until(type, record);
  if (said && *said != Phase::to_confirm) {
    auto const since = moment_of(record, life.outcome_on);
    if (since) return over(*said, *since);
    LifeState state;
    state.phase = *said;
    return state;
  }
  auto const* const forever = schema::get<bool>(record, life.ongoing);
  bool const ongoing = forever != nullptr && *forever;
  auto const closes = ongoing ? std::nullopt : moment_of(record, life.closes);
  if (closes && closes->end() <= now) return over(Phase::closed, *closes);
  if (until && until->end() <= now) return over(Phase::expired, *until);

  LifeState state;
  if (closes) not_later(state.next, closes->end());
  if (until) not_later(state.next, until->end());
  if (said) {
    state.phase = *said;
    return state;
  }
  auto const opens = moment_of(record, life.opens);
  if (opens && opens->begin() > now) {
    state.phase = Phase::upcoming;
    state.at = opens->at;
    state.whole_day = opens->whole_day;
    not_later(state.next, opens->begin());
    return state;
  }
  if (!type.has_life()) return state;
  state.phase = Phase::open;
  state.ongoing = ongoing;
  if (!closes) return state;
  state.at = closes->at;
  state.whole_day = closes->whole_day;
  // From the morning of the day on which so many days are left.
  auto const near =
      to_instant({CivilDate::from_days(closes->at.date.days() - life.closing_days), 0, 0});
  if (near <= now) {
    state.phase = Phase::closing;
  } else {
    not_later(state.next, near);
  }
  return state;
}

std::string_view phase_name(Phase phase) {
  static constexpr std::array<std::string_view, 11> kNames = {
      "timeless", "upcoming", "open",      "closing",   "to-confirm", "closed",
      "expired",  "filled",   "exhausted", "withdrawn", "results"};
  return kNames.at(static_cast<std::size_t>(phase));
}

}  // namespace solidaires::model
