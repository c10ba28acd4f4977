// The data directory of an instance before anything is opened in it: made, protected, and refused
// while it holds half of something. Blocks on the disk; any thread.
#pragma once

#include <filesystem>
#include <string>

#include "node/app/config.h"

namespace solidaires::app {

enum class Purpose : std::uint8_t {
  use,
  restore,  // may find what a restore that was cut off has left
};

// Reads the configuration and makes its data directory, for this account alone. Code::conflict: a
// restore was cut off there.
[[nodiscard]] Result<Config> read_config(std::string const& file, Purpose purpose = Purpose::use);

// The one checkpoint of the store that a backup copies from; made anew for each, on the same disk.
[[nodiscard]] std::filesystem::path checkpoint_of(Config const& config);

// Held while a backup runs: of two at once, one is refused; and what a killed one left is known to
// be nobody's.
class BackupLock {
 public:
  // Code::busy: another backup of this instance runs.
  static Result<BackupLock> take(Config const& config);
  ~BackupLock();
  BackupLock(BackupLock&& other) noexcept;
  BackupLock& operator=(BackupLock&&) = delete;

 private:
  explicit BackupLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

// Removes the checkpoint that a killed backup left, unless one runs. True: there is none (any
// more).
bool clear_checkpoint(Config const& config);

}  // namespace solidaires::app
