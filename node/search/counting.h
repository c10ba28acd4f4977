// How many matches each code of the wanted facets has. Inner to node/search; reads the tables under
// the index's shared lock.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "node/search/filter.h"
#include "node/search/query.h"
#include "node/search/tables.h"

namespace solidaires::search {

class Counting {
 public:
  // Up to this many matches are counted one by one; more, by the sets of the codes.
  static constexpr std::size_t kOneByOne = 6000;

  Counting(Tables const& tables, Query const& query, Filter const& filter);

  // `slots` pass everything but the counted conditions. Answers those that pass these too.
  std::vector<Slot> count(std::vector<Slot> const& slots, std::size_t one_by_one_max = kOneByOne);
  [[nodiscard]] auto take() { return std::move(counts_); }

 private:
  struct Facet {
    std::string const* name;
    FacetNumber number;
  };
  std::vector<Slot> one_by_one(std::vector<Slot> const& slots);
  std::vector<Slot> by_sets(std::vector<Slot> const& slots);
  void count_in(Facet const& facet, DocSet const& among);
  void fill(Facet const& facet, std::vector<Count> counts);

  Tables const& tables_;
  Filter const& filter_;
  std::vector<Facet> facets_;
  std::map<std::string, std::vector<Count>, std::less<>> counts_;
};

}  // namespace solidaires::search
