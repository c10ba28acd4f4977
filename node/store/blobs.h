// The files that documents refer to, by SHA-256, in a directory beside the database (FORMAT.md,
// "Files"). A file is there under its name only if it is whole, verified and durable. Owned by the
// Store; any thread, may block on the disk. It knows no document: who may read what is decided by
// those who ask. No path is ever made from anything but the 32 bytes of a hash.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "sync/base/clock.h"
#include "sync/base/hash.h"
#include "sync/core/blob_store.h"

namespace solidaires::store {

struct BlobsOptions {
  std::uint64_t disk_reserve_bytes = 0;  // below this much free space, nothing is added
};

struct BlobName {
  Bytes sha256;  // 32 bytes
  std::uint64_t size = 0;
};

struct BlobStats {
  std::uint64_t files = 0;  // whole ones
  std::uint64_t bytes = 0;
  std::uint64_t partial = 0;    // files under way
  std::uint64_t collected = 0;  // removed since the store was opened
};

struct BlobCollection {
  std::uint64_t files = 0;  // removed
  std::uint64_t bytes = 0;
  std::uint64_t young = 0;       // whole files that nobody refers to either, too young to go
  std::vector<Bytes> removed{};  // names of whole files
};

class Blobs {
 public:
  // Makes what is missing of the directory; removes what cut-short additions left.
  static Result<std::unique_ptr<Blobs>> open(std::filesystem::path const& directory,
                                             BlobsOptions options);
  ~Blobs();

  // A file that comes in parts, whose name is known at its end.
  class Writer {
   public:
    ~Writer();
    Writer(Writer&&) noexcept;
    Writer& operator=(Writer&&) noexcept;
    // Code::exhausted: larger than `bytes_max`, or the disk is full. Nothing is kept then.
    Result<> append(std::string_view bytes);
    // Durable when it returns. Code::invalid: the file is empty.
    Result<BlobName> finish();

   private:
    friend class Blobs;
    struct Parts;
    explicit Writer(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
  };
  Result<Writer> add(std::uint64_t bytes_max);
  Result<BlobName> put(std::string_view bytes);  // all at once

  // Nothing: it is not here, or not whole.
  [[nodiscard]] std::optional<std::uint64_t> size(std::string_view sha256) const;
  // Where it lies, to be read or sent; nothing: it is not here, or not whole.
  [[nodiscard]] std::optional<std::filesystem::path> path(std::string_view sha256) const;
  // True if it is here; then collect() leaves it alone for another grace period. Whoever makes a
  // document refer to a file calls this (or add) first.
  bool keep(std::string_view sha256);
  // min(bytes_max, size - offset) bytes, none behind the end. Code::not_found.
  [[nodiscard]] Result<sync::BlobPart> read(std::string_view sha256, std::uint64_t offset,
                                            std::size_t bytes_max) const;

  using IsNeeded = std::function<Result<bool>(std::string_view sha256)>;
  // As sync::BlobStore says. `claimed`: a file that is here whole is here for this claim; else its
  // bytes have to come again, and what came of them is kept apart.
  [[nodiscard]] Result<sync::BlobProgress> progress(sync::BlobClaim const& file, bool claimed);
  // `is_needed` is asked while no file can be removed: what is not needed any more is refused, and
  // what came of it goes (Code::invalid).
  Result<sync::BlobProgress> append(sync::BlobClaim const& file, std::uint64_t offset,
                                    std::uint64_t size, std::string_view bytes,
                                    IsNeeded const& is_needed);
  void forget_partial(sync::BlobClaim const& file);

  // Names of all whole files, in order; for checks and backups.
  [[nodiscard]] Result<std::vector<BlobName>> list() const;
  // Reads a whole file and compares. Code::corrupt: it is damaged.
  [[nodiscard]] Result<> verify(std::string_view sha256) const;
  // Removes files that are not needed and nobody added or kept for `grace`, and parts of files that
  // are not needed, however young. Safe beside commits: `is_needed` looks at the latest state, and
  // is asked while no file can be kept. A crash leaves a file whole or removed.
  Result<BlobCollection> collect(Instant now, Millis grace, IsNeeded const& is_needed);

  [[nodiscard]] BlobStats stats() const;
  [[nodiscard]] std::filesystem::path const& directory() const noexcept { return directory_; }

 private:
  Blobs(std::filesystem::path directory, BlobsOptions options);
  [[nodiscard]] std::filesystem::path folder_of(std::string_view sha256) const;
  [[nodiscard]] std::filesystem::path path_of(std::string_view sha256) const;
  [[nodiscard]] std::filesystem::path partial_of(sync::BlobClaim const& file) const;
  [[nodiscard]] Result<> check_room(std::uint64_t bytes) const;
  Result<> publish(std::filesystem::path const& from, std::string_view sha256, std::uint64_t size,
                   IsNeeded const& is_needed);
  Result<std::uint64_t> partial_size(std::filesystem::path const& path);
  Result<sync::BlobProgress> finish_partial(sync::BlobClaim const& file, std::uint64_t size,
                                            IsNeeded const& is_needed);
  void remove_partial(std::filesystem::path const& path);
  Result<> collect_folder(std::filesystem::path const& folder, Instant before,
                          IsNeeded const& is_needed, BlobCollection& collection);
  Result<> count();

  std::filesystem::path directory_;
  BlobsOptions options_;
  // Names come and go, and files are told to be kept, under this lock alone.
  mutable std::mutex mutex_;
  std::set<std::filesystem::path> resumed_;  // partial files whose end was looked at since opening
  std::atomic<std::uint64_t> files_ = 0;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::atomic<std::uint64_t> partial_ = 0;
  std::atomic<std::uint64_t> collected_ = 0;
  std::atomic<std::uint64_t> next_ = 0;  // names of files that are being added
};

}  // namespace solidaires::store
