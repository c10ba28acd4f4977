// Official files told by their content and read into plain records, each checked for itself.
// Internal to the room; FORMAT.md lists the known shapes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "node/geography/geojson.h"
#include "node/geography/import_reference.h"
#include "node/geography/movements.h"
#include "sync/base/result.h"

namespace solidaires::geography {

// Where a record comes from, for messages: "communes.csv line 12".
struct Origin {
  std::string file;
  std::size_t line = 0;
  [[nodiscard]] std::string text() const;
};

struct CommuneRecord {
  Origin origin;
  std::string code;
  std::string name;
  std::optional<std::string> epci;  // SIREN; empty: in none; absent: the file does not say
  std::string epci_name;
  std::optional<std::uint32_t> population;
  std::optional<std::vector<std::string>> postal_codes;
  std::optional<Point> point;
  std::vector<std::string> former_codes;
};

// A part of a commune in INSEE's list: associated, delegated.
struct PartRecord {
  Origin origin;
  std::string code;
  std::string name;
  std::string commune;
  std::string kind;
};

struct PostalRecord {
  Origin origin;
  std::string commune;  // code; may be a district's
  std::string postal_code;
  std::optional<Point> point;
  bool locality = false;  // of a locality in the commune: its point is not the commune's
};

struct EpciRecord {
  Origin origin;
  std::string siren;
  std::string name;
  std::string kind;
  std::uint32_t population = 0;
};

// One commune of a zone (territory.h).
struct ZoneRecord {
  Origin origin;
  std::string zone;  // "ze:8421"
  std::string name;
  std::string kind;
  std::string commune;
};

struct AreaRecord {
  Origin origin;
  Feature feature;
};

struct Reference {
  std::vector<CommuneRecord> communes;
  std::vector<PartRecord> parts;
  std::vector<PostalRecord> postal_codes;
  std::vector<EpciRecord> epcis;
  std::vector<Movement> movements;
  std::vector<ZoneRecord> zones;
  std::vector<AreaRecord> areas;
};

// Reads the known files of a directory, not its folders, in the order of their names; `files` gets
// a line for each. Errors: invalid, io, exhausted, with the file's name.
[[nodiscard]] Result<Reference> read_reference(std::filesystem::path const& directory,
                                               std::vector<ImportedFile>& files);

}  // namespace solidaires::geography
