// What a Gazetteer holds in memory. Internal to the room; written while it is built, then read by
// any thread. Views point into the two texts.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "node/geography/gazetteer.h"
#include "node/geography/gazetteer_file.h"
#include "node/geography/names.h"

namespace solidaires::geography {

struct Former {
  std::string_view code;
  std::string_view name;
  PlaceKind kind;  // former_commune or district
  std::uint32_t commune;
  std::span<std::string_view const> postal_codes;
  std::optional<Point> point;
};

// Direction from the middle of the Earth: the distance of two follows from their difference.
using Direction = std::array<double, 3>;

struct Located {
  double latitude;
  Direction direction;
  std::uint32_t commune;
};

struct Gazetteer::Tables {
  using Group = std::vector<Commune const*>;
  using Groups = std::unordered_map<std::string_view, Group>;
  using Rows = std::unordered_map<std::string_view, std::uint32_t>;

  std::string base_text;
  std::string overlay_text;
  std::string_view sources;
  bool stale_overlay = false;

  std::vector<std::string_view> postal_pool;  // what Commune::postal_codes are spans of
  std::vector<Commune> communes;              // by code
  std::vector<Former> formers;                // by code
  std::vector<Epci> epcis;                    // by SIREN
  std::vector<Department> departments;        // by code
  std::vector<Region> regions;                // by code
  std::vector<Zone> zones;                    // by code
  Group each;                                 // parallel to communes

  Rows commune_of_code;  // current, former and district codes
  Rows epci_of_code;
  Rows department_of_code;
  Rows region_of_code;
  Rows zone_of_code;
  Groups of_postal_code;
  Groups of_epci;
  Groups of_department;
  Groups of_region;
  Groups of_zone;
  std::unordered_map<std::string_view, std::uint32_t> district_of_postal_code;  // row in formers
  std::vector<std::string_view> postal_codes;                                   // sorted
  std::vector<std::vector<std::string_view>> former_codes;                      // of each commune

  std::vector<Located> by_latitude;
  std::unordered_map<std::string, Outline> outlines;  // by outline_key()
  NameIndex names;
};

// What people call a zone of this kind: "zone d’emploi" first.
[[nodiscard]] std::vector<std::string_view> zone_words(std::string_view kind);
[[nodiscard]] std::string outline_key(PlaceKind kind, std::string_view code);
[[nodiscard]] Direction direction_of(Point point) noexcept;

// Applies an overlay to a base; a stale one gives points and outlines only.
void merge_rows(GazetteerRows& base, GazetteerRows const& overlay);
// Fills the tables from rows that are views into the tables' own texts. Errors: corrupt.
[[nodiscard]] Result<> fill_tables(Gazetteer::Tables& tables, GazetteerRows const& rows);

}  // namespace solidaires::geography
