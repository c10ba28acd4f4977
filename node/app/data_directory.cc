#include "node/app/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "node/backup/backup.h"

namespace solidaires::app {
namespace {

namespace fs = std::filesystem;

Result<> private_directory(fs::path const& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) {
    return fail(Code::io,
                cat("cannot make the directory ", directory.string(), ": ", error.message()));
  }
  fs::permissions(directory, fs::perms::owner_all, error);
  return {};
}

}  // namespace

Result<Config> read_config(std::string const& file, Purpose purpose) {
  if (file.empty()) return fail(Code::invalid, "say which instance: --config FILE");
  SOL_ASSIGN(auto config, load_config(file));
  SOL_TRY(private_directory(config.data.directory));
  std::error_code error;
  if (purpose == Purpose::use &&
      fs::exists(config.data.directory / backup::kRestoringDirectory, error)) {
    return fail(Code::conflict, cat("a restore into ", config.data.directory.string(),
                                    " was cut off, or is running: nothing may be served from "
                                    "there. Run 'solidaires restore' again"));
  }
  SOL_TRY(private_directory(config.data.directory / "keys"));
  return config;
}

fs::path checkpoint_of(Config const& config) {
  return config.data.directory / "checkpoint";
}

Result<BackupLock> BackupLock::take(Config const& config) {
  auto const& path = config.data.directory;
  int const descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) {
    return fail(Code::io, cat("opening ", path.string(), ": ", std::strerror(errno)));
  }
  BackupLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    return fail(Code::busy, "another backup of this instance is running: wait until it has ended");
  }
  return lock;
}

BackupLock::~BackupLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

BackupLock::BackupLock(BackupLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

bool clear_checkpoint(Config const& config) {
  auto const checkpoint = checkpoint_of(config);
  std::error_code error;
  if (!fs::exists(checkpoint, error)) return !error;
  auto const lock = BackupLock::take(config);
  if (!lock) return false;
  fs::remove_all(checkpoint, error);
  return !error;
}

}  // namespace solidaires::app
