// What a backup says of itself: the file MANIFEST, written last, so that a backup without it was
// cut off. It lists every other file with size and SHA-256 and ends with a hash of itself. Text,
// one fact a line (FORMAT.md, "A backup"). Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "node/backup/files.h"
#include "sync/base/clock.h"
#include "sync/base/ids.h"

namespace solidaires::backup {

inline constexpr std::string_view kManifestFile = "MANIFEST";
inline constexpr std::string_view kSealedFile = "secrets.sealed";

struct Manifest {
  NodeName instance{};
  std::string program{};  // version of the program that wrote it
  Instant created{};      // what was acknowledged before is in it
  bool has_secrets = false;
  std::map<std::string, FileFacts, std::less<>> files{};  // by path within the backup

  [[nodiscard]] std::uint64_t bytes() const;
  [[nodiscard]] std::string to_text() const;
  // Code::corrupt: cut off or altered, and where; Code::unsupported: of a newer program. Every path
  // that it gives stays inside the backup.
  static Result<Manifest> parse(std::string_view text);
  friend bool operator==(Manifest const&, Manifest const&) = default;
};

}  // namespace solidaires::backup
