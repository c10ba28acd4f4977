// A backup: everything of one instance that cannot be made again, as plain files in a directory
// (FORMAT.md, "A backup"), and an instance made of it again. No state of its own; whoever calls
// owns the files. Every function blocks on the disk for as long as the bytes need: never on an IO
// thread. It knows no configuration and no sockets: the program's wiring names the files.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "node/backup/manifest.h"
#include "node/backup/seal.h"
#include "node/store/store.h"
#include "sync/base/clock.h"

namespace solidaires::backup {

// Where a file lies and where it goes in the backup ("configuration/isere.toml").
struct SourceFile {
  std::filesystem::path from{};
  std::string to{};
};

// A directory and its top name in the backup ("blobs"); `without`: parts of it, by their names.
struct SourceDirectory {
  std::filesystem::path from{};
  std::string to{};
  std::set<std::string> without{};
};

// What is backed up. Directories hold files that are never written in place (a checkpoint of the
// store, blobs named by their content, imported geography); a file that goes meanwhile is left out.
struct Sources {
  NodeName instance{};
  std::string program{};
  std::filesystem::path checkpoint{};  // made by Store::checkpoint: becomes store/
  std::vector<SourceDirectory> directories{};
  std::vector<SourceFile> files{};
  std::optional<std::filesystem::path> keys{};  // directory of secret files; nullopt: none go
};

struct Progress {
  std::string_view doing;  // "copying", "reading"
  std::uint64_t bytes = 0;
  std::uint64_t bytes_total = 0;
};
using OnProgress = std::function<void(Progress const&)>;

// Writes a backup into a directory that is missing or empty. Its MANIFEST comes last, when all else
// is durable. Files that an earlier backup (`since`) holds with the same bytes become hard links to
// it where the disk allows. Code::conflict: the destination holds something; the message says what.
[[nodiscard]] Result<Manifest> write_backup(Sources const& sources,
                                            std::filesystem::path const& destination,
                                            std::optional<std::filesystem::path> const& since,
                                            std::string_view passphrase, Instant now,
                                            OnProgress const& told);

// Code::not_found: no backup there; corrupt: cut off or damaged, in words for people.
[[nodiscard]] Result<Manifest> read_manifest(std::filesystem::path const& backup);
// Reads every file of a backup. Code::corrupt names those that are not what the manifest says.
[[nodiscard]] Result<> verify_backup(std::filesystem::path const& backup, Manifest const& manifest,
                                     OnProgress const& told);

// Local values of a store that must not come back with it: sessions and unused tokens.
using ForgottenPrefixes = std::vector<std::string>;

// A local value of a restored store: u64 when the backup was made, u64 when it was restored (Unix
// milliseconds). Stored on disk: never rename.
inline constexpr std::string_view kRestoredKey = "restored";
// Below the data directory while a restore is not complete: nothing may serve from there.
inline constexpr std::string_view kRestoringDirectory = "restoring";

struct RestoreOptions {
  NodeName instance{};  // what the configuration says it is
  std::string passphrase{};
  store::Options store{};
  ForgottenPrefixes forget{};
};

struct Restored {
  Manifest manifest{};
  ReplicaId replica{};  // the new one
};

// Makes a data directory of a backup: `data` must be missing or hold nothing but empty directories
// (or what a restore that was cut off left). Everything is verified on the way, and the store gets
// a new replica id, before any of it stands where a program would serve it from; the store comes
// last. After an error nothing is left in `data`. Code::corrupt names every damaged file.
[[nodiscard]] Result<Restored> restore(std::filesystem::path const& backup,
                                       std::filesystem::path const& data,
                                       RestoreOptions const& options, Instant now,
                                       OnProgress const& told);

}  // namespace solidaires::backup
