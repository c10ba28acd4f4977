// The conditions of a query besides its words. Inner to node/search; reads the tables under the
// index's shared lock and lives no longer than the search.
#pragma once

#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "node/search/query.h"
#include "node/search/tables.h"

namespace solidaires::search {

class Filter {
 public:
  Filter(Tables const& tables, Query const& query);

  // A condition on a facet whose codes are to be counted as if it did not hold.
  struct Counted {
    FacetNumber facet;
    DocSet const* set;
  };
  [[nodiscard]] std::vector<Counted> const& counted() const noexcept { return counted_; }
  // Everything else.
  [[nodiscard]] bool passes(Slot slot) const;
  [[nodiscard]] bool trivial() const noexcept { return sets_.empty() && !where_ && !dates_; }
  // What passes(), found without words.
  [[nodiscard]] std::vector<Slot> all() const;
  // No more than this pass; found at little cost.
  [[nodiscard]] std::size_t at_most() const;
  // How many pass, if that can be told without finding them.
  [[nodiscard]] std::optional<std::size_t> count() const;

  [[nodiscard]] bool serves(Slot slot) const {
    return served_ != nullptr && served_->contains(slot);
  }
  [[nodiscard]] std::optional<Spot> const& centre() const noexcept { return centre_; }
  // The radius of the circle, if distances are from its centre; else infinity.
  [[nodiscard]] double reach_km() const noexcept;
  // To the nearest site; nullopt without a centre or a site.
  [[nodiscard]] std::optional<double> distance_km(Slot slot) const;
  // The square of the chord to it (positions.h), or infinity: the same order, at less cost.
  [[nodiscard]] double distance_chord2(Slot slot) const;

 private:
  using Codes = std::vector<std::string>;
  DocSet const* any_of(std::string_view facet, Codes const& codes);  // null: no condition
  void add_facet(std::string_view facet, Codes const& codes, Query const& query);
  void add_where(Where const& where);
  [[nodiscard]] bool in_place(Slot slot) const;
  [[nodiscard]] bool located(Slot slot) const;
  [[nodiscard]] bool on_date(Slot slot) const;
  void keep_on_date(std::vector<Slot>& slots) const;
  [[nodiscard]] std::vector<Slot> around() const;  // in the circle or rectangle, or serving it
  [[nodiscard]] bool one_area() const;
  [[nodiscard]] bool only_circle() const;
  [[nodiscard]] std::vector<Slot> in_sets() const;
  template <class Test>
  [[nodiscard]] bool any_spot(Slot slot, Test const& test) const;

  Tables const& tables_;
  std::deque<DocSet> owned_;  // unions; never move
  std::vector<DocSet const*> sets_;
  std::vector<Counted> counted_;
  bool where_ = false;
  std::vector<DocSet const*> located_in_;
  DocSet const* served_ = nullptr;
  std::optional<Spot> circle_centre_;
  double circle_km_ = -1;
  double circle_chord2_ = -1;
  std::optional<Box> box_;
  bool impossible_where_ = false;  // a circle or rectangle that is none
  std::optional<Interval> dates_;
  std::int32_t from_min_ = 0;  // of these: minutes since 1970, rounded outwards
  std::int32_t until_min_ = 0;
  bool undated_too_ = false;
  std::optional<Spot> centre_;
};

// True if `date` and [from, to) have an instant in common; an empty interval is its first instant.
[[nodiscard]] bool overlap(Interval const& date, Interval const& asked);

}  // namespace solidaires::search
