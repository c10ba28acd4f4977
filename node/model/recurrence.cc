#include "node/model/recurrence.h"

#include <libical/ical.h>

#include <algorithm>
#include <memory>
#include <set>

namespace solidaires::model {
namespace {

constexpr int kHorizonYears = 5;
constexpr std::size_t kRuleStepsMax =
    20'000;  // of a rule that finds nothing: a daily one for 54 years

icaltimetype to_ical(CivilTime const& at, bool all_day) {
  auto time = icaltime_null_time();
  time.year = at.date.year;
  time.month = static_cast<int>(at.date.month);
  time.day = static_cast<int>(at.date.day);
  time.hour = static_cast<int>(at.hour);
  time.minute = static_cast<int>(at.minute);
  time.is_date = all_day ? 1 : 0;
  return time;
}

CivilTime from_ical(icaltimetype const& time) {
  return {{time.year, static_cast<unsigned>(time.month), static_cast<unsigned>(time.day)},
          static_cast<unsigned>(time.hour),
          static_cast<unsigned>(time.minute)};
}

std::int64_t minutes_of(CivilTime const& at) {
  return at.date.days() * 1'440 + at.hour * 60 + at.minute;
}

CivilTime from_minutes(std::int64_t minutes) {
  auto const day = minutes >= 0 ? minutes / 1'440 : (minutes - 1'439) / 1'440;
  auto const rest = static_cast<unsigned>(minutes - day * 1'440);
  return {CivilDate::from_days(day), rest / 60, rest % 60};
}

std::optional<icalrecurrencetype> parse_rule(std::string_view rule) {
  if (rule.empty() || rule.size() > 500) return std::nullopt;
  icalerror_clear_errno();
  auto parsed = icalrecurrencetype_from_string(std::string(rule).c_str());
  if (parsed.freq == ICAL_NO_RECURRENCE || icalerrno != ICAL_NO_ERROR) {
    icalrecurrencetype_clear(&parsed);
    return std::nullopt;
  }
  // A civil schedule repeats by days or more: anything quicker is not an event of this world.
  if (parsed.freq == ICAL_SECONDLY_RECURRENCE || parsed.freq == ICAL_MINUTELY_RECURRENCE ||
      parsed.freq == ICAL_HOURLY_RECURRENCE) {
    return std::nullopt;
  }
  return parsed;
}

// Every start that the schedule gives up to `until`, exceptions taken away and additions added.
std::set<CivilTime> starts(schema::Schedule const& schedule, CivilDate until) {
  std::set<CivilTime> found;
  CivilTime const first = civil(schedule.start);
  found.insert(first);
  if (auto const rule = parse_rule(schedule.rule); rule) {
    found.clear();  // RFC 5545: with a rule, the first start counts only if the rule gives it
    std::unique_ptr<icalrecur_iterator, decltype(&icalrecur_iterator_free)> const iterator(
        icalrecur_iterator_new(*rule, to_ical(first, schedule.all_day)), &icalrecur_iterator_free);
    for (std::size_t step = 0; iterator && step < kRuleStepsMax; ++step) {
      auto const next = icalrecur_iterator_next(iterator.get());
      if (icaltime_is_null_time(next) != 0) break;
      auto at = from_ical(next);
      if (at.date > until) break;
      found.insert(at);
    }
  }
  for (auto const& exception : schedule.exceptions) found.erase(civil(exception));
  for (auto const& addition : schedule.additions) found.insert(civil(addition));
  return found;
}

Occurrence make_occurrence(schema::Schedule const& schedule, CivilTime const& original) {
  Occurrence one;
  one.original = original;
  one.start = original;
  one.all_day = schedule.all_day;
  std::optional<std::int64_t> length;
  if (schedule.end) length = minutes_of(civil(*schedule.end)) - minutes_of(civil(schedule.start));
  auto const changed =
      std::ranges::find_if(schedule.overrides, [&original](schema::Override const& candidate) {
        return civil(candidate.original) == original;
      });
  if (changed != schedule.overrides.end()) {
    one.status = changed->status;
    one.note = changed->note;
    if (changed->start) one.start = civil(*changed->start);
    if (changed->end) one.end = civil(*changed->end);
  }
  if (!one.end && length && *length >= 0) one.end = from_minutes(minutes_of(one.start) + *length);
  return one;
}

}  // namespace

CivilTime civil(schema::LocalDateTime const& at) {
  return {{static_cast<int>(at.date.year()), static_cast<unsigned>(at.date.month()),
           static_cast<unsigned>(at.date.day())},
          at.minute / 60U,
          at.minute % 60U};
}

schema::LocalDateTime local(CivilTime const& at) {
  return {schema::Date{std::chrono::year{at.date.year}, std::chrono::month{at.date.month},
                       std::chrono::day{at.date.day}},
          static_cast<std::uint16_t>(at.hour * 60 + at.minute)};
}

std::vector<Occurrence> occurrences(schema::Schedule const& schedule, CivilDate from,
                                    CivilDate until, std::size_t limit) {
  std::vector<Occurrence> found;
  for (auto const& start : starts(schedule, until)) {
    auto one = make_occurrence(schedule, start);
    if (one.last_day() < from || one.start.date > until) continue;
    found.push_back(std::move(one));
  }
  // A moved occurrence may have changed places with its neighbours, or come in from after `until`.
  for (auto const& changed : schedule.overrides) {
    if (civil(changed.original).date <= until || !changed.start) continue;
    auto one = make_occurrence(schedule, civil(changed.original));
    if (one.start.date <= until && one.last_day() >= from) found.push_back(std::move(one));
  }
  std::ranges::sort(found, {}, &Occurrence::start);
  if (found.size() > limit) found.resize(limit);
  return found;
}

std::optional<Occurrence> next_occurrence(schema::Schedule const& schedule, CivilDate day) {
  // Most series have one soon: look near before looking far.
  for (int const years : {1, kHorizonYears}) {
    CivilDate const until = CivilDate::from_days(day.days() + 366LL * years);
    for (auto const& one : occurrences(schedule, day, until, kRuleStepsMax)) {
      if (one.status != schema::OccurrenceStatus::cancelled) return one;
    }
  }
  return std::nullopt;
}

bool is_rule(std::string_view rule) {
  return parse_rule(rule).has_value();
}

}  // namespace solidaires::model
