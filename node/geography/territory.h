// What the land is divided into, as plain values: points, boxes, communes and the areas that hold
// them. Every string_view and pointer here belongs to the Gazetteer that gave it and lives as long
// as it does: hold the gazetteer's shared_ptr, or copy. Any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace solidaires::geography {

// WGS 84, degrees.
struct Point {
  double latitude = 0;
  double longitude = 0;
  friend bool operator==(Point const&, Point const&) = default;
};

// On a sphere of the Earth's mean radius, as the crow flies: within 0.5 % of the ellipsoid.
[[nodiscard]] double distance_km(Point a, Point b) noexcept;

// Edges included. Never crosses the antimeridian.
struct Box {
  double south = 90;
  double west = 180;
  double north = -90;
  double east = -180;

  [[nodiscard]] bool empty() const noexcept { return south > north; }
  [[nodiscard]] bool contains(Point p) const noexcept;
  void include(Point p) noexcept;
  void include(Box const& other) noexcept;
  friend bool operator==(Box const&, Box const&) = default;
};

// Where a commune's point comes from. Say "environ" of a distance from an approximate one.
enum class Precision : std::uint8_t {
  exact,        // its own: the town hall or the middle of the town
  approximate,  // the middle of its neighbours (same postal code, else EPCI, else department)
  unknown,      // no point at all: the commune is found by name, never by distance
};

struct Commune {
  std::string_view code;        // INSEE, 5 characters: a name, not a number ("2A004", "01004")
  std::string_view name;        // with its article: "L'Abergement-Clémenciat"
  std::string_view department;  // "01", "2A", "974": never the postal code's first two digits
  std::string_view epci;        // SIREN; empty: in none
  std::span<std::string_view const>
      postal_codes;  // sorted; several for a town, none for some isles
  std::uint32_t population = 0;
  Precision precision = Precision::unknown;
  Point point;  // meaningless when unknown
};

struct Epci {
  std::string_view siren;
  std::string_view name;                      // "CA du Grand Annecy"
  std::string_view kind;                      // CC, CA, CU, METRO, MET69
  std::vector<std::string_view> departments;  // sorted; several for one in forty
  std::uint32_t population = 0;
  Box box;
};

struct Department {
  std::string_view code;
  std::string_view name;
  std::string_view region;                   // code
  std::vector<std::string_view> neighbours;  // departments that touch it; sorted
  std::uint32_t population = 0;
  Box box;
};

struct Region {
  std::string_view code;
  std::string_view name;
  std::uint32_t population = 0;
  Box box;
};

// Communes that belong together for another reason than their administration: where people of a
// basin work, or a valley. A commune may lie in several.
struct Zone {
  std::string_view code;  // "ze:8421": what it is and the code of its source
  std::string_view name;
  std::string_view kind;                      // employment, living, valley
  std::vector<std::string_view> departments;  // sorted
  std::uint32_t population = 0;
  Box box;
};

// Simplified borders, for drawing: points near a border may lie outside. Each ring is closed
// without repeating its first point; rings inside rings are holes or islands (even-odd rule).
struct Outline {
  std::vector<std::vector<Point>> rings;
  Box box;
};

enum class PlaceKind : std::uint8_t {
  commune,
  former_commune,  // merged into another: Seynod, now Annecy
  district,        // arrondissement of Paris, Lyon or Marseille
  postal_code,     // all the communes that it serves
  epci,
  department,
  region,
  zone,
};

// Something that a person can name and search around or in.
struct Place {
  PlaceKind kind = PlaceKind::commune;
  std::string_view code;             // INSEE code (its own, even if former), postal code, SIREN ...
  std::string name;                  // "Seynod"
  std::string label;                 // in French, alone enough: "Seynod (Annecy, Haute-Savoie)"
  Commune const* commune = nullptr;  // the current one; null unless a commune, former or district
  Precision precision = Precision::unknown;
  Point point;         // where distances are counted from: the town, or the middle of the area
  Box box;             // empty if no point is known
  bool exact = false;  // the text was its whole name or code, spelling apart

  // For addresses of pages and forms; Gazetteer::place() reads it. "74010", "cp:74000",
  // "200066793", "74", "reg:84", "ze:8421".
  [[nodiscard]] std::string key() const;
};

}  // namespace solidaires::geography
