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
    Matches matches;
    if (reading.wanted.empty()) {
      matches.slots = filter_.all();
      matches = counted(std::move(matches));
    } else {
      matches = by_words(reading.wanted);
    }
    found_.total = matches.slots.size();
    fill_page(matches);
    return std::move(found_);
  }

 private:
  Matches by_words(std::vector<Wanted> const& wanted) {
    auto matches = counted(passing(all_words(tables_, wanted)));
    if (!matches.slots.empty()) return matches;
    for (auto& proposal : proposals(tables_, wanted)) {
      found_.corrections.push_back(std::move(proposal));
    }
    if (wanted.size() < 2) return matches;
    std::vector<Slot> only;
    if (!filter_.trivial()) only = filter_.all();
    auto const some = any_word(tables_, wanted, filter_.trivial() ? nullptr : &only);
    found_.some_words = !some.slots.empty();  // the counts speak of these, even if no hit is left
    auto const most = most_held(some);
    matches = counted(some.picked([&](std::size_t i) { return some.held[i] == most; }));
    return matches;
  }

  // The greatest number of words that anything which matches the rest of the query has.
  [[nodiscard]] std::uint8_t most_held(Matches const& some) const {
    std::uint8_t most = 0;
    for (std::size_t i = 0; i < some.slots.size(); ++i) {
      if (some.held[i] <= most) continue;
      bool const in_all = std::ranges::all_of(filter_.counted(), [&](auto const& counted) {
        return counted.set->contains(some.slots[i]);
      });
      if (in_all) most = some.held[i];
    }
    if (most > 0 || some.held.empty()) return most;
    return std::ranges::max(some.held);
  }

  Matches passing(Matches matches) const {
    if (filter_.trivial()) return matches;
    return matches.picked([&](std::size_t i) { return filter_.passes(matches.slots[i]); });
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

  void fill_page(Matches const& matches) {
    Ranking const ranking(tables_, query_, filter_);
    for (auto const& ranked : ranking.page(matches.slots, matches.scores)) {
      auto& hit = found_.hits.emplace_back();
      hit.key = tables_.records[ranked.slot].key;
      hit.score = query_.sort == Sort::relevance ? -ranked.key : 0;
      hit.distance_km = filter_.distance_km(ranked.slot);
      hit.serves = filter_.serves(ranked.slot);
    }
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
