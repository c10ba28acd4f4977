// A file system below RocksDB that fails at the n-th call which changes anything, and at all after
// it; and that forgets, as a loss of power does, what was written and not synced.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>

#include "tests/contract/nth_call.h"

namespace solidaires::store {

class FailingDisk final : public rocksdb::FileSystemWrapper {
 public:
  using Kind = sync::nth_call::Kind;
  FailingDisk() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}

  [[nodiscard]] char const* Name() const override { return "FailingDisk"; }
  void fail(std::size_t n, Kind kind) {
    std::scoped_lock const lock(mutex_);
    calls_ = 0;
    failing_ = n;
    kind_ = kind;
  }
  [[nodiscard]] bool failed() {
    std::scoped_lock const lock(mutex_);
    return failing_ > 0 && calls_ >= failing_;
  }
  // Files as they were synced; of what came after, nothing, or a part if `kind` was `half`.
  void lose_power() {
    std::scoped_lock const lock(mutex_);
    for (auto const& [path, file] : files_) {
      std::error_code error;
      auto const size = std::filesystem::file_size(path, error);
      if (error || size <= file.synced) continue;
      auto const torn = kind_ == Kind::half ? (size - file.synced) / 2 : 0;
      std::filesystem::resize_file(path, file.synced + torn, error);
    }
    failing_ = 0;
    files_.clear();
  }

  rocksdb::IOStatus NewWritableFile(std::string const& path, rocksdb::FileOptions const& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) override {
    if (next() != Fate::done) return broken();
    auto status = target()->NewWritableFile(path, options, result, debug);
    if (status.ok()) follow(path, *result, false);
    return status;
  }
  rocksdb::IOStatus ReopenWritableFile(std::string const& path, rocksdb::FileOptions const& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* result,
                                       rocksdb::IODebugContext* debug) override {
    if (next() != Fate::done) return broken();
    auto status = target()->ReopenWritableFile(path, options, result, debug);
    if (status.ok()) follow(path, *result, true);
    return status;
  }
  rocksdb::IOStatus NewDirectory(std::string const&, rocksdb::IOOptions const&,
                                 std::unique_ptr<rocksdb::FSDirectory>* result,
                                 rocksdb::IODebugContext*) override {
    *result = std::make_unique<Directory>(*this);
    return rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus RenameFile(std::string const& from, std::string const& to,
                               rocksdb::IOOptions const& options,
                               rocksdb::IODebugContext* debug) override {
    auto const fate = next();
    if (fate == Fate::refused) return broken();
    auto const status = target()->RenameFile(from, to, options, debug);
    std::scoped_lock const lock(mutex_);
    if (auto node = files_.extract(from); !node.empty()) {
      node.key() = to;
      files_.erase(to);
      files_.insert(std::move(node));
    }
    return fate == Fate::done ? status : broken();
  }
  rocksdb::IOStatus DeleteFile(std::string const& path, rocksdb::IOOptions const& options,
                               rocksdb::IODebugContext* debug) override {
    if (next() != Fate::done) return broken();
    std::scoped_lock const lock(mutex_);
    files_.erase(path);
    return target()->DeleteFile(path, options, debug);
  }

 private:
  enum class Fate : std::uint8_t { done, refused, half };
  struct FileState {
    std::uint64_t written = 0;
    std::uint64_t synced = 0;
  };

  // Names are durable at once here: what a lost name does is not this disk's to show.
  class Directory final : public rocksdb::FSDirectory {
   public:
    explicit Directory(FailingDisk& disk) : disk_(&disk) {}
    rocksdb::IOStatus Fsync(rocksdb::IOOptions const&, rocksdb::IODebugContext*) override {
      return disk_->next() == Fate::done ? rocksdb::IOStatus::OK() : broken();
    }

   private:
    FailingDisk* disk_;
  };

  class File final : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    File(std::unique_ptr<rocksdb::FSWritableFile> file, FailingDisk& disk, std::string path)
        : FSWritableFileOwnerWrapper(std::move(file)), disk_(&disk), path_(std::move(path)) {}

    rocksdb::IOStatus Append(rocksdb::Slice const& bytes, rocksdb::IOOptions const& options,
                             rocksdb::IODebugContext* debug) override {
      auto const fate = disk_->next();
      if (fate == Fate::refused) return broken();
      auto const part = fate == Fate::half ? rocksdb::Slice(bytes.data(), bytes.size() / 2) : bytes;
      auto const status = target()->Append(part, options, debug);
      return fate == Fate::done ? status : broken();
    }
    rocksdb::IOStatus Append(rocksdb::Slice const& bytes, rocksdb::IOOptions const& options,
                             rocksdb::DataVerificationInfo const&,
                             rocksdb::IODebugContext* debug) override {
      return Append(bytes, options, debug);
    }
    rocksdb::IOStatus Sync(rocksdb::IOOptions const& options,
                           rocksdb::IODebugContext* debug) override {
      return synced(options, debug);
    }
    rocksdb::IOStatus Fsync(rocksdb::IOOptions const& options,
                            rocksdb::IODebugContext* debug) override {
      return synced(options, debug);
    }

   private:
    rocksdb::IOStatus synced(rocksdb::IOOptions const& options, rocksdb::IODebugContext* debug) {
      auto const fate = disk_->next();
      if (fate == Fate::refused) return broken();
      auto const status = target()->Flush(options, debug);
      if (!status.ok()) return status;
      disk_->note_synced(path_, target());
      return fate == Fate::done ? status : broken();
    }
    FailingDisk* disk_;
    std::string path_;
  };

  static rocksdb::IOStatus broken() { return rocksdb::IOStatus::IOError("the disk has failed"); }

  Fate next() {
    std::scoped_lock const lock(mutex_);
    if (failing_ == 0 || ++calls_ < failing_) return Fate::done;
    return calls_ == failing_ && kind_ == Kind::half ? Fate::half : Fate::refused;
  }
  void follow(std::string const& path, std::unique_ptr<rocksdb::FSWritableFile>& file, bool keeps) {
    std::error_code error;
    auto const there = keeps ? std::filesystem::file_size(path, error) : 0;
    {
      std::scoped_lock const lock(mutex_);
      files_[path] = {there, there};
    }
    file = std::make_unique<File>(std::move(file), *this, path);
  }
  void note_synced(std::string const& path, rocksdb::FSWritableFile* file) {
    auto const size = file->GetFileSize(rocksdb::IOOptions(), nullptr);
    std::scoped_lock const lock(mutex_);
    auto const found = files_.find(path);
    if (found != files_.end()) found->second.synced = size;
  }

  std::mutex mutex_;
  std::size_t calls_ = 0;
  std::size_t failing_ = 0;  // 0: never
  Kind kind_ = Kind::refused;
  std::map<std::string, FileState> files_;
};

}  // namespace solidaires::store
