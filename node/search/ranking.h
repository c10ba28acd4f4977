// The order of what matched. Inner to node/search; reads the tables under the index's shared lock.
//
// Its constants, and those of analysis.cc, follow the judged queries of
// tests/unit/service/relevance (mean nDCG@10: 0.77 before, 0.89 after). What they taught:
//   - long lists of keywords, labels of vocabularies among them, must not cost a record its rank;
//     the length of a long text must;
//   - distance counts in kilometres that people travel, not in shares of the radius: within 150 km,
//     15 are near and 70 are far;
//   - news of three years ago with the very words in the title belong behind today's sheet;
//   - who types an expression ("économie sociale") or its acronym (ESS) means the same, and words
//     of one expression are everywhere on their own; other names of the chosen terms are keywords.
// Queries that nobody tunes by (relevance/held_out.txt) tell what all this is worth elsewhere.
#pragma once

#include <string>
#include <vector>

#include "node/search/filter.h"
#include "node/search/query.h"
#include "node/search/tables.h"

namespace solidaires::search {

struct Ranked {
  double key = 0;  // less comes first
  Slot slot = 0;
};

class Ranking {
 public:
  Ranking(Tables const& tables, Query const& query, Filter const& filter);

  // `scores` of the words, beside `slots`; empty if there were none. Answers the ranks from
  // query.offset, at most query.limit; ties by name, then by key.
  [[nodiscard]] std::vector<Ranked> page(std::vector<Slot> const& slots,
                                         std::vector<float> const& scores) const;
  // Distances from the middle of the query's circle are what counts.
  [[nodiscard]] bool by_circle() const;
  // The same as page(), of all the `total` slots in that circle.
  [[nodiscard]] std::vector<Ranked> page_of_circle(std::size_t total) const;

 private:
  // Of the slots in the circle (of `among` only, if given: `total` slots), some with all that can
  // be among the `kept` nearest.
  [[nodiscard]] std::vector<Slot> nearest(std::size_t total, std::size_t kept,
                                          std::vector<Slot> const* among) const;
  // From query.offset on.
  [[nodiscard]] std::vector<Ranked> cut(std::vector<Ranked> best, std::size_t end) const;
  [[nodiscard]] std::vector<Ranked> best_of(std::vector<Slot> const& slots,
                                            std::vector<float> const& scores,
                                            std::size_t kept) const;
  [[nodiscard]] double key(Slot slot, double score) const;
  [[nodiscard]] double relevance(Slot slot, double score) const;
  [[nodiscard]] double freshness(Slot slot) const;
  [[nodiscard]] double nearness(Slot slot) const;
  [[nodiscard]] double date_key(Slot slot) const;
  [[nodiscard]] double deadline_key(Slot slot) const;
  [[nodiscard]] bool before(Ranked const& a, Ranked const& b) const {
    return a.key != b.key ? a.key < b.key : named_before(a.slot, b.slot);
  }
  [[nodiscard]] bool named_before(Slot a, Slot b) const;
  void prefer_titles(std::vector<Ranked>& ranked) const;

  Tables const& tables_;
  Query const& query_;
  Filter const& filter_;
  Sort sort_;
  double now_min_;
  std::string folded_;  // the words as typed, for titles that are just that
};

}  // namespace solidaires::search
