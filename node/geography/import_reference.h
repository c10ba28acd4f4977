// Import of official files into an overlay of the gazetteer: exact points, outlines, changes of
// communes. Runs in a command of the administrator, never in a server; touches no network. What a
// file is, is told by its content, not its name.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sync/base/result.h"

namespace solidaires::geography {

struct ImportedFile {
  std::string name;
  std::string kind;  // "communes", "movements", "postal codes" ...; empty: not recognised, left out
  std::size_t rows = 0;
};

struct ImportReport {
  std::vector<ImportedFile> files;
  std::size_t communes = 0;      // described by the overlay
  std::size_t exact_points = 0;  // of these
  std::size_t former_codes = 0;  // that lead to a commune of today
  std::size_t former_names = 0;
  std::size_t zones = 0;  // employment areas, living areas, valleys
  std::size_t outlines_of_communes = 0;
  std::size_t outlines_of_areas = 0;
  std::vector<std::string> warnings;  // English, with file and line; at most kWarningsMax
  std::size_t warnings_total = 0;
  bool changed = false;  // false: the overlay was already exactly this
};

inline constexpr std::size_t kWarningsMax = 50;

// Reads every file of `source_dir` (FORMAT.md: which are known) against the built gazetteer of
// `base_dir` and replaces target_dir/gazetteer.tsv in one step, durably; `target_dir` is made if it
// is missing. All or nothing: on an error the old overlay stays. Errors: invalid (a file breaks its
// format: names the file and the line; no known file at all), io, exhausted (too large).
[[nodiscard]] Result<ImportReport> import_reference(std::filesystem::path const& base_dir,
                                                    std::filesystem::path const& source_dir,
                                                    std::filesystem::path const& target_dir);

}  // namespace solidaires::geography
