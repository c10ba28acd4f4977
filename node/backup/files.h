// Files as a backup handles them: copied once, hashed on the way, on the disk before anybody says
// so. Inside this room only. Any thread; blocks on the disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "sync/base/bytes.h"
#include "sync/base/result.h"

namespace solidaires::backup {

// Told after every part of a file: how many bytes more.
using OnBytes = std::function<void(std::uint64_t)>;

struct FileFacts {
  std::uint64_t size = 0;
  Bytes sha256;  // 32 bytes
  friend bool operator==(FileFacts const&, FileFacts const&) = default;
};

// Reads a file once. Code::not_found: it is gone.
[[nodiscard]] Result<FileFacts> facts_of(std::filesystem::path const& file, OnBytes const& told);
// Copies to a file that does not exist yet, mode 0600, synced; gives what was copied.
[[nodiscard]] Result<FileFacts> copy_durably(std::filesystem::path const& from,
                                             std::filesystem::path const& to, OnBytes const& told);
// Writes a new file, mode 0600, synced.
[[nodiscard]] Result<> write_durably(std::filesystem::path const& to, std::string_view bytes);
// A whole file of at most `bytes_max`.
[[nodiscard]] Result<Bytes> read_whole(std::filesystem::path const& file, std::uint64_t bytes_max);

// Makes a directory with those above it, mode 0700.
[[nodiscard]] Result<> make_directory(std::filesystem::path const& directory);
// Makes the names in every directory at and below `directory` durable.
[[nodiscard]] Result<> sync_directories(std::filesystem::path const& directory);
[[nodiscard]] Result<> rename_durably(std::filesystem::path const& from,
                                      std::filesystem::path const& to);

// The regular files below `directory`, relative to it, in order; empty if it does not exist.
[[nodiscard]] Result<std::vector<std::filesystem::path>> files_below(
    std::filesystem::path const& directory);

}  // namespace solidaires::backup
