#include "node/search/counting.h"

#include <algorithm>
#include <optional>

namespace solidaires::search {

Counting::Counting(Tables const& tables, Query const& query, Filter const& filter)
    : tables_(tables), filter_(filter) {
  for (auto const& name : query.count) {
    if (!counts_.try_emplace(name).second) continue;  // asked twice
    if (auto const number = tables.attributes.find_facet(name)) facets_.push_back({&name, *number});
  }
}

std::vector<Slot> Counting::count(std::vector<Slot> const& slots, std::size_t one_by_one_max) {
  return slots.size() <= one_by_one_max ? one_by_one(slots) : by_sets(slots);
}

void Counting::fill(Facet const& facet, std::vector<Count> counts) {
  std::ranges::sort(counts, [](Count const& a, Count const& b) {
    return a.entries != b.entries ? a.entries > b.entries : a.code < b.code;
  });
  counts_[*facet.name] = std::move(counts);
}

std::vector<Slot> Counting::one_by_one(std::vector<Slot> const& slots) {
  constexpr FacetNumber kNone = std::numeric_limits<FacetNumber>::max();
  auto const& attributes = tables_.attributes;
  std::vector<std::uint32_t> tally(attributes.size());
  std::vector<bool> wanted(attributes.size());
  for (auto const& facet : facets_) {
    for (auto const value : attributes.values(facet.number)) wanted[value] = true;
  }
  std::vector<Slot> kept;
  kept.reserve(slots.size());
  constexpr std::size_t kAhead = 8;  // rows of records lie apart: fetch them before they are read
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (i + 2 * kAhead < slots.size()) {
      __builtin_prefetch(&tables_.records[slots[i + 2 * kAhead]].values);
      __builtin_prefetch(tables_.records[slots[i + kAhead]].values.data());
    }
    auto const slot = slots[i];
    // In full if it passes every condition; for one facet if it fails that facet's only.
    std::size_t failed = 0;
    FacetNumber only = kNone;
    for (auto const& counted : filter_.counted()) {
      if (counted.set->contains(slot)) continue;
      only = counted.facet;
      if (++failed > 1) break;
    }
    if (failed > 1) continue;
    if (failed == 0) kept.push_back(slot);
    for (auto const value : tables_.records[slot].values) {
      if (!wanted[value]) continue;
      if (failed == 0 || attributes.facet(value) == only) ++tally[value];
    }
  }
  for (auto const& facet : facets_) {
    std::vector<Count> counts;
    for (auto const value : attributes.values(facet.number)) {
      if (tally[value] > 0) counts.push_back({attributes.code(value), tally[value]});
    }
    fill(facet, std::move(counts));
  }
  return kept;
}

std::vector<Slot> Counting::by_sets(std::vector<Slot> const& slots) {
  bool const everything = slots.size() == tables_.live.size();
  auto const base = everything ? tables_.live.copy() : DocSet::of(slots);
  auto kept = base.copy();
  for (auto const& counted : filter_.counted()) kept.keep(*counted.set);
  for (auto const& facet : facets_) {
    std::optional<DocSet> among;  // everything but the facet's own condition, if it has one
    bool const own = std::ranges::any_of(
        filter_.counted(), [&](auto const& counted) { return counted.facet == facet.number; });
    if (own) {
      among = base.copy();
      for (auto const& counted : filter_.counted()) {
        if (counted.facet != facet.number) among->keep(*counted.set);
      }
    }
    count_in(facet, among ? *among : kept);
  }
  return filter_.counted().empty() ? slots : kept.slots();
}

void Counting::count_in(Facet const& facet, DocSet const& among) {
  std::vector<Count> counts;
  for (auto const value : tables_.attributes.values(facet.number)) {
    auto const entries = tables_.attributes.set(value).common(among);
    if (entries > 0) counts.push_back({tables_.attributes.code(value), entries});
  }
  fill(facet, std::move(counts));
}

}  // namespace solidaires::search
