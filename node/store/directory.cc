#include "node/store/directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <fstream>
#include <limits>
#include <system_error>

#include "sync/base/bytes.h"

namespace solidaires::store {
namespace {

constexpr std::string_view kFormatFile = "FORMAT";
constexpr std::string_view kFormatFileNew = "FORMAT.new";
constexpr std::string_view kMagic = "solidaires-store ";
constexpr std::string_view kCreating = " creating";

std::unexpected<Error> fail_errno(int error, std::string const& what) {
  Code const code = error == EACCES || error == EPERM || error == EROFS ? Code::denied
                    : error == ENOSPC || error == EDQUOT                ? Code::exhausted
                                                                        : Code::io;
  std::string advice;
  if (code == Code::denied) advice = ": give the user of this program the right to write there";
  if (code == Code::exhausted) advice = ": free some space on this disk";
  return fail(code, cat(what, ": ", std::generic_category().message(error), advice));
}

Result<bool> has_entries(std::filesystem::path const& path) {
  std::error_code error;
  std::filesystem::directory_iterator const first(path, error);
  if (error) return fail_errno(error.value(), cat("cannot read the directory ", path.string()));
  for (auto const& entry : std::filesystem::directory_iterator(path, error)) {
    // A file system of its own starts with one; what a creation was about to write is nothing yet.
    if (entry.path().filename() == "lost+found") continue;
    if (entry.path().filename() == kFormatFileNew) continue;
    return true;
  }
  return false;
}

Result<> write_durably(std::filesystem::path const& path, std::string_view text) {
  int const file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (file < 0) return fail_errno(errno, cat("cannot write ", path.string()));
  bool const written = ::write(file, text.data(), text.size()) == std::ssize(text);
  int const error = written && ::fsync(file) == 0 ? 0 : errno;
  ::close(file);
  if (error != 0) return fail_errno(error, cat("cannot write ", path.string()));
  return {};
}

}  // namespace

Directory::Directory(Directory&& other) noexcept
    : path_(std::move(other.path_)),
      lock_(std::exchange(other.lock_, -1)),
      state_(other.state_),
      format_(other.format_) {}

Directory::~Directory() {
  if (lock_ >= 0) ::close(lock_);  // and with it the lock
}

Result<Directory> Directory::claim(std::filesystem::path const& path, bool create,
                                   std::uint32_t format_max) {
  std::error_code error;
  if (create) {
    std::filesystem::create_directories(path, error);
    if (error) return fail_errno(error.value(), cat("cannot make ", path.string()));
  }
  int const lock = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock < 0 && errno == ENOENT) {
    return fail(Code::not_found, cat("there is no store in ", path.string()));
  }
  if (lock < 0 && errno == ENOTDIR) {
    return fail(Code::invalid, cat(path.string(), " is not a directory: name another place"));
  }
  if (lock < 0) return fail_errno(errno, cat("cannot open ", path.string()));
  Directory directory(path, lock);
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    return fail(Code::busy, cat("the store in ", path.string(),
                                " is in use by another process: stop that one first"));
  }
  SOL_TRY(directory.look(format_max));
  if (directory.state_ != State::ready && !create) {
    return fail(Code::not_found, cat("there is no store in ", path.string()));
  }
  if (::faccessat(AT_FDCWD, path.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
    return fail_errno(errno, cat("cannot write in ", path.string()));
  }
  return directory;
}

Result<> Directory::look(std::uint32_t format_max) {
  std::ifstream file(path_ / kFormatFile);
  if (!file.is_open() && errno != ENOENT) {
    return fail_errno(errno, cat("cannot read the store in ", path_.string()));
  }
  if (!file.is_open()) {
    SOL_ASSIGN(bool const occupied, has_entries(path_));
    if (!occupied) return {};
    return fail(Code::invalid, cat(path_.string(),
                                   " holds other files and is not a store: name an empty "
                                   "directory, or one that is not there yet"));
  }
  std::string line;
  std::getline(file, line);
  std::string_view text = line;
  auto const damaged = [this] {
    return fail(Code::corrupt, cat("the store in ", path_.string(),
                                   " is damaged: its file FORMAT is unreadable. Nothing was "
                                   "changed; restore the latest backup"));
  };
  if (!text.starts_with(kMagic)) return damaged();
  text.remove_prefix(kMagic.size());
  bool const creating = text.ends_with(kCreating);
  if (creating) text.remove_suffix(kCreating.size());
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), format_);
  if (error != std::errc{} || end != text.data() + text.size()) return damaged();
  if (format_ > format_max) {
    return fail(Code::unsupported,
                cat("the store in ", path_.string(), " has format ", format_,
                    ", and this program knows formats up to ", format_max,
                    ": run the version of the program that wrote it, or a later one"));
  }
  state_ = creating ? State::creating : State::ready;
  return {};
}

Result<> Directory::begin_creation(std::uint32_t format) {
  SOL_TRY(write_format_file(format, true));
  std::error_code error;
  std::filesystem::remove_all(engine_path(), error);
  if (!error) std::filesystem::create_directory(engine_path(), error);
  if (error) return fail_errno(error.value(), cat("cannot make ", engine_path().string()));
  return {};
}

Result<> Directory::set_format(std::uint32_t format) {
  return write_format_file(format, false);
}

Result<> Directory::write_format_file(std::uint32_t format, bool creating) {
  auto const fresh = path_ / kFormatFileNew;
  SOL_TRY(write_durably(fresh, cat(kMagic, format, creating ? kCreating : "", '\n')));
  std::error_code error;
  std::filesystem::rename(fresh, path_ / kFormatFile, error);
  if (error) return fail_errno(error.value(), cat("cannot write in ", path_.string()));
  if (::fsync(lock_) != 0) return fail_errno(errno, cat("cannot write in ", path_.string()));
  format_ = format;
  state_ = creating ? State::creating : State::ready;
  return {};
}

Result<> Directory::copy_format_to(std::filesystem::path const& other) const {
  SOL_TRY(write_durably(other / kFormatFile, cat(kMagic, format_, '\n')));
  int const directory = ::open(other.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int const error = directory >= 0 && ::fsync(directory) == 0 ? 0 : errno;
  if (directory >= 0) ::close(directory);
  if (error != 0) return fail_errno(error, cat("cannot write in ", other.string()));
  return {};
}

std::uint64_t Directory::free_bytes() const noexcept {
  struct statvfs room{};
  if (::fstatvfs(lock_, &room) != 0) return std::numeric_limits<std::uint64_t>::max();
  return static_cast<std::uint64_t>(room.f_bavail) * room.f_frsize;
}

}  // namespace solidaires::store
