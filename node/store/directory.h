// The directory of a store: who has it, which format it says it is, how much room its disk has.
// Owned by the Store; one thread opens it. It looks before it touches: a refusal changes nothing.
#pragma once

#include <cstdint>
#include <filesystem>

#include "sync/base/result.h"

namespace solidaires::store {

class Directory {
 public:
  enum class State {
    absent,    // nothing there yet, or an empty directory
    creating,  // a creation was cut short: it never held data
    ready,
  };

  // Takes the lock for as long as it lives. Refuses (see Store::open) what is in use, what holds
  // something else, what is newer than `format_max`, what cannot be written; with !create, what is
  // not a store yet.
  static Result<Directory> claim(std::filesystem::path const& path, bool create,
                                 std::uint32_t format_max);
  ~Directory();
  Directory(Directory&& other) noexcept;
  Directory& operator=(Directory&&) = delete;

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] std::uint32_t format() const noexcept { return format_; }  // 0 if absent
  [[nodiscard]] std::filesystem::path const& path() const noexcept { return path_; }
  [[nodiscard]] std::filesystem::path engine_path() const { return path_ / "db"; }

  // Each is durable when it returns.
  Result<> begin_creation(std::uint32_t format);  // what a cut-short creation left is removed
  Result<> set_format(std::uint32_t format);

  // Makes `other` say of itself what this directory does: for a checkpoint. Durable.
  [[nodiscard]] Result<> copy_format_to(std::filesystem::path const& other) const;

  // What this process may still write, in bytes; the largest number if the system cannot tell.
  [[nodiscard]] std::uint64_t free_bytes() const noexcept;

 private:
  Directory(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}
  Result<> look(std::uint32_t format_max);
  Result<> write_format_file(std::uint32_t format, bool creating);

  std::filesystem::path path_;
  int lock_ = -1;  // the directory itself, opened and locked
  State state_ = State::absent;
  std::uint32_t format_ = 0;
};

}  // namespace solidaires::store
