// From the words of a query to the documents that have them. Inner to node/search; read-only on the
// tables, under the index's shared lock.
#pragma once

#include <string>
#include <vector>

#include "node/search/query.h"
#include "node/search/tables.h"

namespace solidaires::search {

// One typed word, and the terms any of which will do for it; none: nothing has it.
struct Wanted {
  std::string word;
  std::vector<Term> terms;
};

struct Reading {
  std::vector<Wanted> wanted;  // empty: no word was typed
  std::vector<Correction> corrections;
};

// Drops stop words unless only these were typed; takes the nearest word for one that nothing has.
[[nodiscard]] Reading read_words(Tables const& tables, Query const& query);
// For words that something has, though hardly anything: far more frequent words near them.
[[nodiscard]] std::vector<Correction> proposals(Tables const& tables,
                                                std::vector<Wanted> const& wanted);

struct Matches {
  std::vector<Slot> slots;         // ascending
  std::vector<float> scores;       // of the same slots, of their words; empty: none were typed
  std::vector<std::uint8_t> held;  // by any_word: how many of the words each has

  // Those that pass test(index).
  template <class Test>
  [[nodiscard]] Matches picked(Test const& test) const {
    Matches out;
    for (std::size_t i = 0; i < slots.size(); ++i) {
      if (!test(i)) continue;
      out.slots.push_back(slots[i]);
      if (!scores.empty()) out.scores.push_back(scores[i]);
      if (!held.empty()) out.held.push_back(held[i]);
    }
    return out;
  }
  // Those that are among `kept`, ascending and all of them here.
  [[nodiscard]] Matches picked_of(std::vector<Slot> const& kept) const {
    std::size_t at = 0;
    return picked([&](std::size_t i) {
      if (at == kept.size() || kept[at] != slots[i]) return false;
      ++at;
      return true;
    });
  }
};

// How many have the rarest of the words, at most.
[[nodiscard]] std::size_t fewest_having(Tables const& tables, std::vector<Wanted> const& wanted);
// Of the slots `only` (ascending; null: of all), those that have all of the words.
[[nodiscard]] Matches all_words(Tables const& tables, std::vector<Wanted> const& wanted,
                                std::vector<Slot> const* only);
// Of the slots `only` (ascending; null: of all), those that have any of the words.
[[nodiscard]] Matches any_word(Tables const& tables, std::vector<Wanted> const& wanted,
                               std::vector<Slot> const* only);

}  // namespace solidaires::search
