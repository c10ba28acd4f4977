#include "node/search/filter.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace solidaires::search {

bool overlap(Interval const& date, Interval const& asked) {
  auto const end = [](Interval const& interval) {
    return std::max(interval.to, interval.from + Millis(1));
  };
  return date.from < end(asked) && asked.from < end(date);
}

Filter::Filter(Tables const& tables, Query const& query) : tables_(tables) {
  add_facet(kTypeFacet, query.types, query);
  Codes scopes;
  for (auto const& scope : query.scopes) scopes.push_back(scope.to_string());
  add_facet(kScopeFacet, scopes, query);
  for (auto const& [facet, codes] : query.facets) add_facet(facet, codes, query);
  add_where(query.where);
  if (query.dates && query.dates->from <= query.dates->to) {
    dates_ = query.dates;
    from_min_ = minutes(dates_->from) - 1;
    until_min_ = minutes(std::max(dates_->to, dates_->from + Millis(1)) + Millis(59'999));
    undated_too_ = query.undated_too;
    if (!undated_too_) sets_.push_back(&tables_.dated);
  }
  auto const centre = query.centre || !query.where.circle
                          ? query.centre
                          : std::optional(query.where.circle->centre);
  if (centre) centre_ = spot_of(*centre);
}

DocSet const* Filter::any_of(std::string_view facet, Codes const& codes) {
  if (codes.empty()) return nullptr;
  std::vector<DocSet const*> sets;
  for (auto const& code : codes) {
    if (auto const value = tables_.attributes.find(facet, code)) {
      sets.push_back(&tables_.attributes.set(*value));
    }
  }
  if (sets.size() == 1) return sets.front();
  return &owned_.emplace_back(DocSet::any_of(sets));
}

void Filter::add_facet(std::string_view facet, Codes const& codes, Query const& query) {
  auto const* const set = any_of(facet, codes);
  if (set == nullptr) return;
  auto const number = tables_.attributes.find_facet(facet);
  bool const wanted = std::ranges::find(query.count, facet) != query.count.end();
  if (wanted && number) {
    counted_.push_back({*number, set});
  } else {
    sets_.push_back(set);
  }
}

void Filter::add_where(Where const& where) {
  for (auto const* const set :
       {any_of(kCommuneFacet, where.communes), any_of(kDepartmentFacet, where.departments),
        any_of(kEpciFacet, where.epcis)}) {
    if (set != nullptr) located_in_.push_back(set);
  }
  served_ = any_of(kServedFacet, where.served);
  if (where.circle) {
    circle_centre_ = spot_of(where.circle->centre);
    circle_km_ = where.circle->radius_km;
    circle_chord2_ = chord2_of_km(circle_km_);
    impossible_where_ = !circle_centre_ || circle_chord2_ < 0;
  }
  if (where.rectangle) {
    box_ = Box::of(*where.rectangle);
    impossible_where_ = impossible_where_ || !box_;
  }
  where_ = !located_in_.empty() || served_ != nullptr || where.circle || where.rectangle;
}

bool Filter::passes(Slot slot) const {
  for (auto const* set : sets_) {
    if (!set->contains(slot)) return false;
  }
  return in_place(slot) && on_date(slot);
}

bool Filter::in_place(Slot slot) const {
  return !where_ || serves(slot) || located(slot);
}

// The slots of around() may pass without another look at where they are.
bool Filter::one_area() const {
  return located_in_.empty() && circle_centre_.has_value() != box_.has_value();
}

template <class Test>
bool Filter::any_spot(Slot slot, Test const& test) const {
  auto const& brief = tables_.briefs[slot];
  if (!brief.has_spot) return false;
  if (!brief.more_spots) return test(brief.spot);
  return std::ranges::any_of(tables_.records[slot].spots, test);
}

bool Filter::located(Slot slot) const {
  bool const anywhere = !circle_centre_ && !box_ && located_in_.empty();
  if (impossible_where_ || anywhere) return false;  // only what serves the place was asked for
  for (auto const* set : located_in_) {
    if (!set->contains(slot)) return false;
  }
  auto const in_circle = [&](Spot const& spot) {
    return chord2(spot, *circle_centre_) <= circle_chord2_;
  };
  if (circle_centre_ && !any_spot(slot, in_circle)) return false;
  return !box_ || any_spot(slot, [&](Spot const& spot) { return box_->contains(spot); });
}

bool Filter::on_date(Slot slot) const {
  if (!dates_) return true;
  auto const& brief = tables_.briefs[slot];
  if (!brief.dated) return undated_too_;
  // Most are turned away by the minute, without a look at the record.
  bool const apart = brief.first_min > until_min_ || brief.first_end_min < from_min_;
  if (apart && !brief.more_dates) return false;
  return std::ranges::any_of(tables_.records[slot].dates,
                             [&](Interval const& date) { return overlap(date, *dates_); });
}

double Filter::reach_km() const noexcept {
  bool const same = centre_ && circle_centre_ &&
                    centre_->latitude_e7 == circle_centre_->latitude_e7 &&
                    centre_->longitude_e7 == circle_centre_->longitude_e7;
  return same ? circle_km_ : std::numeric_limits<double>::infinity();
}

double Filter::distance_chord2(Slot slot) const {
  auto const& brief = tables_.briefs[slot];
  if (!centre_ || !brief.has_spot) return std::numeric_limits<double>::infinity();
  auto least = chord2(brief.spot, *centre_);
  if (brief.more_spots) {
    for (auto const& spot : tables_.records[slot].spots) {
      least = std::min(least, chord2(spot, *centre_));
    }
  }
  return least;
}

std::optional<double> Filter::distance_km(Slot slot) const {
  auto const square = distance_chord2(slot);
  if (std::isinf(square)) return std::nullopt;
  return km_of_chord2(square);
}

bool Filter::only_circle() const {
  return circle_centre_ && !impossible_where_ && served_ == nullptr && one_area();
}

std::size_t Filter::at_most() const {
  auto out = tables_.by_key.size();
  for (auto const* set : sets_) out = std::min(out, set->size());
  if (only_circle()) out = std::min(out, tables_.positions.count(*circle_centre_, circle_km_));
  return out;
}

std::optional<std::size_t> Filter::count() const {
  if (trivial()) return tables_.by_key.size();
  if (!only_circle() || !sets_.empty() || dates_) return std::nullopt;
  return tables_.positions.count(*circle_centre_, circle_km_);
}

std::vector<Slot> Filter::around() const {
  std::vector<Slot> out;
  if (!impossible_where_) {
    out = circle_centre_ ? tables_.positions.within(*circle_centre_, circle_km_)
                         : tables_.positions.within(*box_);
  }
  if (served_ == nullptr) return out;
  std::vector<Slot> both;
  std::ranges::set_union(out, served_->slots(), std::back_inserter(both));
  return both;
}

std::vector<Slot> Filter::in_sets() const {
  std::optional<DocSet> out;
  auto const keep = [&out](DocSet const& set) {
    if (out) {
      out->keep(set);
    } else {
      out = set.copy();
    }
  };
  if (where_ && !located_in_.empty()) {
    for (auto const* set : located_in_) keep(*set);
    if (served_ != nullptr) out->join(*served_);
  } else if (where_) {
    keep(*served_);
  }
  for (auto const* set : sets_) keep(*set);
  return out ? out->slots() : tables_.live.slots();
}

void Filter::keep_on_date(std::vector<Slot>& slots) const {
  constexpr std::size_t kAhead = 8;  // briefs lie apart: fetch them before they are read
  std::size_t kept = 0;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (i + kAhead < slots.size()) __builtin_prefetch(&tables_.briefs[slots[i + kAhead]]);
    if (on_date(slots[i])) slots[kept++] = slots[i];
  }
  slots.resize(kept);
}

std::vector<Slot> Filter::all() const {
  bool const by_area = circle_centre_ || box_ || impossible_where_;
  auto out = by_area ? around() : in_sets();
  if (by_area && !sets_.empty()) {
    auto both = DocSet::of(out);
    for (auto const* set : sets_) both.keep(*set);
    out = both.slots();
  }
  if (by_area && !one_area()) std::erase_if(out, [this](Slot slot) { return !in_place(slot); });
  if (dates_) keep_on_date(out);
  return out;
}

}  // namespace solidaires::search
