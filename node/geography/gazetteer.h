// The places of France, loaded once and never changed: communes with their former codes and names,
// postal codes, EPCI, departments, regions, their points and, once imported, their outlines. Built
// from packages (FORMAT.md), made exact by an overlay (import_reference.h). Any thread, no lock;
// whoever wants newer data loads another one and swaps the shared_ptr.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/geography/territory.h"
#include "sync/base/result.h"

namespace solidaires::geography {

inline constexpr std::string_view kGazetteerFile = "gazetteer.tsv";

struct FindOptions {
  std::size_t limit = 10;
  std::vector<std::string> preferred_departments{};  // of this portal: they come first, others stay
  bool areas = true;  // false: communes (current, former) and districts only
};

struct Nearby {
  Commune const* commune;
  double km;
};

// A commune as a file names it: any of these may be empty, none is trusted alone.
struct CommuneHint {
  std::string_view code{};  // INSEE; may be former, may have lost its leading zero
  std::string_view name{};
  std::string_view postal_code{};  // may have lost its leading zero, may be a CEDEX
};

struct CommuneMatch {
  std::vector<Commune const*> communes;  // one: found; several: to choose from; none: unknown
  bool contradicted = false;             // the hints name different communes; the first above won
};

class Gazetteer {
 public:
  // `base_dir` holds gazetteer.tsv, as built. `overlay_dir` may be empty, absent, or without that
  // file: then there is no overlay. Errors: not_found, io, corrupt (with the line).
  static Result<std::shared_ptr<Gazetteer const>> load(
      std::filesystem::path const& base_dir, std::filesystem::path const& overlay_dir = {});
  // The same from the texts of the files.
  static Result<std::shared_ptr<Gazetteer const>> parse(std::string base, std::string overlay = {});
  ~Gazetteer();
  Gazetteer(Gazetteer const&) = delete;
  Gazetteer& operator=(Gazetteer const&) = delete;

  // What the base was built from, one line: names and versions of its sources.
  [[nodiscard]] std::string_view sources() const;
  // The overlay in use was made for another base: it gives points and outlines only, and importing
  // again is advised.
  [[nodiscard]] bool overlay_is_stale() const;

  // The commune of today that has this INSEE code, or had it once (74268 gives Annecy), or has it
  // for a district (69383 gives Lyon). Null: no such code.
  [[nodiscard]] Commune const* commune(std::string_view code) const;
  [[nodiscard]] Epci const* epci(std::string_view siren) const;
  [[nodiscard]] Department const* department(std::string_view code) const;
  [[nodiscard]] Region const* region(std::string_view code) const;
  [[nodiscard]] Zone const* zone(std::string_view code) const;
  [[nodiscard]] std::span<Commune const> communes() const;  // by code
  [[nodiscard]] std::span<Department const> departments() const;

  // The communes of an area, by code; of a commune (former or not): the one. Empty: no such area.
  [[nodiscard]] std::span<Commune const* const> communes_of(PlaceKind kind,
                                                            std::string_view code) const;
  // Codes that a commune had or has absorbed, its own left out; by code.
  [[nodiscard]] std::vector<std::string_view> former_codes(std::string_view code) const;
  // Null if none was imported. For commune, epci, department and region.
  [[nodiscard]] Outline const* outline(PlaceKind kind, std::string_view code) const;

  // Communes whose point is at most `km` away, nearest first; approximate points count.
  [[nodiscard]] std::vector<Nearby> communes_within(Point centre, double km) const;
  // The commune whose point is nearest; near a border it may be the neighbour. Null only for a
  // gazetteer without points.
  [[nodiscard]] Commune const* nearest_commune(Point point) const;

  // What a person may mean by a text, best first: accents, case, hyphens, articles, "st", elisions,
  // former names, the beginning of a name, postal and INSEE codes, "chambery 73", one typing error.
  [[nodiscard]] std::vector<Place> find_places(std::string_view text,
                                               FindOptions const& options = {}) const;
  // The place of a Place::key(), or of a bare code that people write in addresses ("38", "2A004").
  [[nodiscard]] std::optional<Place> place(std::string_view key) const;
  // The commune that a row of a file means: strict, for imports. The code wins over the name, and
  // the name over the postal code, which is never enough to choose between communes.
  [[nodiscard]] CommuneMatch match_commune(CommuneHint const& hint) const;

  struct Tables;  // of the .cc files

 private:
  explicit Gazetteer(std::unique_ptr<Tables const> tables);
  std::unique_ptr<Tables const> tables_;
};

}  // namespace solidaires::geography
