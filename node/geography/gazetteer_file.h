// gazetteer.tsv read into rows and written back (FORMAT.md). Internal to the room. Rows are views
// into the text that was read, which must outlive them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/geography/territory.h"
#include "sync/base/result.h"

namespace solidaires::geography {

struct CommuneRow {
  std::string_view code;
  std::string_view name;
  std::string_view department;
  std::string_view epci;
  std::uint32_t population = 0;
  std::string_view postal_codes;  // separated by spaces
  Precision precision = Precision::unknown;
  Point point{};
};

// A code or a name that leads to a commune of today. `code` may be the commune's own (an old name);
// `name` may be empty (the code alone is known).
struct FormerRow {
  std::string_view code;
  std::string_view name;
  std::string_view commune;
  std::string_view kind;  // delegated, associated, merged, district, name
  std::string_view postal_codes;
  std::optional<Point> point{};
};

struct EpciRow {
  std::string_view siren;
  std::string_view name;
  std::string_view kind;
  std::uint32_t population = 0;
};

struct DepartmentRow {
  std::string_view code;
  std::string_view name;
  std::string_view region;
  std::string_view neighbours;
};

struct RegionRow {
  std::string_view code;
  std::string_view name;
};

struct ZoneRow {
  std::string_view code;
  std::string_view name;
  std::string_view kind;
  std::string_view communes;  // codes, separated by spaces
};

struct OutlineRow {
  PlaceKind kind;
  std::string_view code;
  std::string_view rings;
};

struct GazetteerRows {
  bool overlay = false;
  std::string_view sources;  // of a base; of an overlay: those of the base that it was made for
  std::vector<RegionRow> regions;
  std::vector<DepartmentRow> departments;
  std::vector<EpciRow> epcis;
  std::vector<CommuneRow> communes;
  std::vector<FormerRow> formers;
  std::vector<ZoneRow> zones;
  std::vector<OutlineRow> outlines;
};

// Errors: corrupt, with the line; unsupported for another version.
[[nodiscard]] Result<GazetteerRows> read_rows(std::string_view text);
[[nodiscard]] std::string write_rows(GazetteerRows const& rows);

// Coordinates as written in outlines: whole hundred-thousandths of a degree, about a metre.
[[nodiscard]] std::string write_rings(std::vector<std::vector<Point>> const& rings);
[[nodiscard]] Result<Outline> read_rings(std::string_view text);

// Errors: not_found, io, exhausted (larger than `bytes_max`).
[[nodiscard]] Result<std::string> read_file(std::filesystem::path const& path,
                                            std::uintmax_t bytes_max);
// In one step and durable when it returns: the old file or the new one, whatever happens.
[[nodiscard]] Result<> replace_file(std::filesystem::path const& path, std::string_view content);

}  // namespace solidaires::geography
