#include "node/search/evaluation.h"

#include <algorithm>

#include "node/search/counting.h"
#include "node/search/filter.h"
#include "node/search/matching.h"
#include "node/search/ranking.h"

namespace solidaires::search {

namespace {

class Evaluation {
 public:
  Evaluation(Tables const& tables, Query const& query)
      : tables_(tables), query_(query), filter_(tables, query) {}

  Found run() {
    auto reading = read_words(tables_, query_);
    for (auto const& wanted : reading.wanted) found_.words.push_back(wanted.word);
    found_.corrections = std::move(reading.corrections);
    if (reading.wanted.empty() && nearest_only()) return std::move(found_);
    Matches matches;
    if (reading.wanted.empty()) {
      matches.slots = filter_.all();
      matches = counted(std::move(matches));
    } else {
      matches = by_words(reading.wanted);
    }
    found_.total = matches.slots.size();
    found_.hits = page_of(query_, matches);
    return std::move(found_);
  }

 private:
  // What lies in a circle, by distance: the few that are shown, and how many there are in all.
  bool nearest_only() {
    if (!filter_.counted().empty() || !query_.count.empty()) return false;
    Ranking const ranking(tables_, query_, filter_);
    auto const total = ranking.by_circle() ? filter_.count() : std::nullopt;
    if (!total) return false;
    found_.total = *total;
    found_.hits = hits(query_, ranking.page_of_circle(*total));
    return true;
  }

  Matches by_words(std::vector<Wanted> const& wanted) {
    auto matches = counted(with_all(wanted));
    if (!matches.slots.empty()) {
      if (matches.slots.size() < query_.limit && wanted.size() > 1) find_nearly(wanted);
      return matches;
    }
    for (auto& proposal : proposals(tables_, wanted)) {
      found_.corrections.push_back(std::move(proposal));
    }
    if (wanted.size() < 2) return matches;
    auto const some = some_words(wanted);
    found_.some_words = !some.slots.empty();  // the counts speak of these, even if no hit is left
    auto const most = most_held(some);
    matches = counted(some.picked([&](std::size_t i) { return some.held[i] == most; }));
    return matches;
  }

  [[nodiscard]] Matches some_words(std::vector<Wanted> const& wanted) const {
    if (filter_.trivial()) return any_word(tables_, wanted, nullptr);
    auto const only = filter_.all();
    return any_word(tables_, wanted, &only);
  }

  void find_nearly(std::vector<Wanted> const& wanted) {
    if (query_.nearly_limit == 0) return;
    auto const some = some_words(wanted);
    auto const nearly = some.picked([&](std::size_t i) {
      return some.held[i] + 1U == wanted.size() && passes_counted(some.slots[i]);
    });
    Query best = query_;
    best.sort = Sort::relevance;
    best.offset = 0;
    best.limit = query_.nearly_limit;
    found_.nearly = page_of(best, nearly);
  }

  [[nodiscard]] bool passes_counted(Slot slot) const {
    return std::ranges::all_of(filter_.counted(),
                               [&](auto const& counted) { return counted.set->contains(slot); });
  }

  // The greatest number of words that anything which matches the rest of the query has.
  [[nodiscard]] std::uint8_t most_held(Matches const& some) const {
    std::uint8_t most = 0;
    for (std::size_t i = 0; i < some.slots.size(); ++i) {
      if (some.held[i] <= most) continue;
      if (passes_counted(some.slots[i])) most = some.held[i];
    }
    if (most > 0 || some.held.empty()) return most;
    return std::ranges::max(some.held);
  }

  // Of words that are everywhere, only what passes the filter anyway is looked at.
  [[nodiscard]] Matches with_all(std::vector<Wanted> const& wanted) const {
    constexpr std::size_t kMany = 512;
    constexpr std::size_t kTimes = 2;  // what finding a slot costs, beside testing one
    if (filter_.trivial()) return all_words(tables_, wanted, nullptr);
    auto const fewest = fewest_having(tables_, wanted);
    if (fewest > kMany && filter_.at_most() < fewest / kTimes) {
      auto const only = filter_.all();
      return all_words(tables_, wanted, &only);
    }
    constexpr std::size_t kAhead = 8;  // briefs lie apart: fetch them before they are read
    auto const matches = all_words(tables_, wanted, nullptr);
    auto const& slots = matches.slots;
    return matches.picked([&](std::size_t i) {
      if (i + kAhead < slots.size()) __builtin_prefetch(&tables_.briefs[slots[i + kAhead]]);
      return filter_.passes(slots[i]);
    });
  }

  // Counts facets among the matches, and keeps those that pass the counted conditions too.
  Matches counted(Matches matches) {
    if (filter_.counted().empty() && query_.count.empty()) return matches;
    Counting counting(tables_, query_, filter_);
    auto const kept = counting.count(matches.slots);
    found_.counts = counting.take();
    if (kept.size() == matches.slots.size()) return matches;
    return matches.picked_of(kept);
  }

  [[nodiscard]] std::vector<Hit> page_of(Query const& query, Matches const& matches) const {
    Ranking const ranking(tables_, query, filter_);
    return hits(query, ranking.page(matches.slots, matches.scores));
  }

  [[nodiscard]] std::vector<Hit> hits(Query const& query, std::vector<Ranked> const& page) const {
    std::vector<Hit> out;
    out.reserve(page.size());
    for (auto const& ranked : page) __builtin_prefetch(&tables_.records[ranked.slot]);
    for (auto const& ranked : page) {
      auto& hit = out.emplace_back();
      hit.key = tables_.records[ranked.slot].key;
      hit.score = query.sort == Sort::relevance ? -ranked.key : 0;
      hit.distance_km = filter_.distance_km(ranked.slot);
      hit.serves = filter_.serves(ranked.slot);
    }
    return out;
  }

  Tables const& tables_;
  Query const& query_;
  Filter filter_;
  Found found_;
};

}  // namespace

Found evaluate(Tables const& tables, Query const& query) {
  return Evaluation(tables, query).run();
}

}  // namespace solidaires::search
