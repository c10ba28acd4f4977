// What is asked of the index, and what it answers. Plain values.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "node/search/entry.h"

namespace solidaires::search {

struct Circle {
  Point centre;
  double radius_km = 0;
};

// Sides included. A west side east of the east side crosses the 180th meridian.
struct Rectangle {
  Point south_west;
  Point north_east;
};

// Where: every kind of condition that is given must hold, any code of its list will do. An entry
// that serves one of `served` is found too, wherever it is.
struct Where {
  std::optional<Circle> circle;
  std::optional<Rectangle> rectangle;
  std::vector<std::string> communes;
  std::vector<std::string> departments;
  std::vector<std::string> epcis;
  std::vector<std::string> served;
};

enum class Sort {
  relevance,  // words in titles over words in texts, near over far, fresh over stale, over last
  distance,   // entries without a point last
  date,       // the next date from dates.from (else from now) first, then past, then undated ones
  deadline,   // the next to come first, then those without one, newest first, then past ones
  newest,     // by `updated`
  name,
};

struct Query {
  std::string words;               // as typed; at most kWords of them count
  bool complete_last = false;      // the last word may be the beginning of one (as you type)
  std::vector<std::string> types;  // any of these; empty: all
  std::vector<ScopeId> scopes;     // any of these; empty: all
  Where where;
  std::optional<Point> centre;  // distances are from here; default: the circle's centre
  Facets facets;                // every facet must hold, any code of it will do
  std::optional<Interval> dates;
  bool undated_too = false;  // entries without dates meet `dates`; else they never do
  Sort sort = Sort::relevance;
  std::size_t offset = 0;
  std::size_t limit = 20;
  std::size_t nearly_limit = 0;    // see Found::nearly
  std::vector<std::string> count;  // names of facets to count, kTypeFacet and the like included
  Instant now{};                   // for freshness and what is over

  static constexpr std::size_t kWords = 24;
};

struct Hit {
  sync::DocumentKey key;
  double score = 0;                   // of relevance; no meaning across queries
  std::optional<double> distance_km;  // from the centre, if there is one, to the nearest site
  bool serves = false;                // serves the place that was asked for
};

struct Count {
  std::string code;
  std::size_t entries = 0;
};

// A typed word that nothing contains, and the word nearest to it that something does.
struct Correction {
  std::string typed;      // folded
  std::string corrected;  // folded
  bool used = false;      // searched for instead of the typed one; else only proposed
};

struct Found {
  std::size_t total = 0;
  std::vector<Hit> hits;  // from `offset`, at most `limit`
  // For each name in Query::count, codes with at least one entry, most first. An entry is counted
  // if it matches everything but the filter of that very facet.
  std::map<std::string, std::vector<Count>, std::less<>> counts;
  std::vector<Correction> corrections;
  std::vector<std::string> words;  // folded, as searched: for highlight()
  bool some_words = false;         // nothing has all the words: these have as many as any
  // If fewer than Query::limit have all the words: the best of those that lack a single one, by
  // relevance, at most Query::nearly_limit. Neither in `total` nor in `counts`.
  std::vector<Hit> nearly;
};

struct Suggestion {
  sync::DocumentKey key;
  std::string title;
};

}  // namespace solidaires::search
