// What the index is told about one record. Plain values; the caller (a service) maps documents and
// the content model to them. Texts may be any bytes: what is not UTF-8 is skipped.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sync/base/clock.h"
#include "sync/core/document.h"

namespace solidaires::search {

struct Point {
  double latitude_deg = 0;
  double longitude_deg = 0;
};

// One site of a record. Codes are compared whole; empty: not known. A point that is no place on
// Earth counts as none. Points are kept to 1e-7 degree (a centimetre).
struct Place {
  std::string commune;     // INSEE code, current
  std::string department;  // "73"
  std::string epci;        // SIREN
  std::optional<Point> point;
};

// [from, to); one that ends where it begins lasts an instant.
struct Interval {
  Instant from{};
  Instant to{};
};

// Names that facets cannot have: they are counted and filtered under these names already.
inline constexpr char const* kTypeFacet = "type";
inline constexpr char const* kScopeFacet = "scope";
inline constexpr char const* kCommuneFacet = "commune";
inline constexpr char const* kDepartmentFacet = "department";
inline constexpr char const* kEpciFacet = "epci";
inline constexpr char const* kServedFacet = "served";

// Facet name -> codes.
using Facets = std::map<std::string, std::vector<std::string>, std::less<>>;

struct Entry {
  sync::DocumentKey key;  // entries are one per key; adding replaces
  std::string type;

  // Texts, from the weightiest to the lightest.
  std::string title;
  std::string acronym;
  std::string keywords;     // keywords, labels of vocabulary values, former names
  std::string place_names;  // communes and areas, in words
  std::string summary;
  std::string body;

  std::vector<Place> places;
  // Areas it serves, besides where it is; opaque here, so spell their kind: "commune:73303",
  // "epci:200068997", "department:73". A query names the same codes (Where::served).
  std::vector<std::string> served;
  Facets facets;  // of a hierarchy, give the parents too
  // When it takes place, or is open: the dates of an event (at least those to come), one each.
  std::vector<Interval> dates;
  std::optional<Instant> closes;  // its deadline, if it has one
  Instant updated{};
  std::string sort_name;  // empty: the title
};

}  // namespace solidaires::search
