#include "node/geography/import_reference.h"

#include <system_error>
#include <utility>

#include "node/geography/gazetteer.h"
#include "node/geography/gazetteer_file.h"
#include "node/geography/overlay.h"
#include "node/geography/reference_files.h"
#include "sync/base/bytes.h"

namespace solidaires::geography {

namespace {

constexpr std::uintmax_t kGazetteerBytesMax = 512UL << 20;

}  // namespace

Result<ImportReport> import_reference(std::filesystem::path const& base_dir,
                                      std::filesystem::path const& source_dir,
                                      std::filesystem::path const& target_dir) {
  SOL_ASSIGN(auto const base_text, read_file(base_dir / kGazetteerFile, kGazetteerBytesMax));
  SOL_ASSIGN(auto const base, Gazetteer::parse(base_text));
  ImportReport report;
  SOL_ASSIGN(auto const reference, read_reference(source_dir, report.files));
  SOL_ASSIGN(auto const overlay, make_overlay(*base, base_text, reference, report));
  // What cannot be loaded must not replace what can.
  if (auto const loaded = Gazetteer::parse(base_text, overlay); !loaded) {
    auto error = loaded.error();
    return std::unexpected(std::move(error).in("the files contradict each other"));
  }
  auto const target = target_dir / kGazetteerFile;
  auto const old = read_file(target, kGazetteerBytesMax);
  if (old && *old == overlay) return report;
  std::error_code error;
  std::filesystem::create_directories(target_dir, error);
  if (error) return fail(Code::io, cat("cannot make ", target_dir.string(), ": ", error.message()));
  SOL_TRY(replace_file(target, overlay));
  report.changed = true;
  return report;
}

}  // namespace solidaires::geography
