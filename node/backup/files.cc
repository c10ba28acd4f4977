#include "node/backup/files.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace solidaires::backup {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPartBytes = 1UL << 20;

std::unexpected<Error> failed(int error, std::string_view doing, fs::path const& path) {
  Code const code = error == ENOENT                      ? Code::not_found
                    : error == ENOSPC || error == EDQUOT ? Code::exhausted
                    : error == EACCES || error == EPERM  ? Code::denied
                                                         : Code::io;
  return fail(code, cat(doing, " ", path.string(), ": ", std::strerror(error)));
}

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(File const&) = delete;
  File& operator=(File const&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] int get() const noexcept { return descriptor_; }
  [[nodiscard]] bool open() const noexcept { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

File open_new(fs::path const& path) {
  return File(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                     S_IRUSR | S_IWUSR));
}

Result<> write_all(File const& file, std::string_view bytes, fs::path const& path) {
  while (!bytes.empty()) {
    auto const written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return failed(written == 0 ? EIO : errno, "writing", path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<> sync(File const& file, fs::path const& path) {
  if (::fsync(file.get()) != 0) return failed(errno, "syncing", path);
  return {};
}

Result<> sync_directory(fs::path const& path) {
  File const directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.open()) return failed(errno, "opening", path);
  return sync(directory, path);
}

// Reads a file part by part, hashing; `part` may refuse to go on.
Result<FileFacts> read_parts(fs::path const& path, OnBytes const& told,
                             std::function<Result<>(std::string_view)> const& part) {
  File const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) return failed(errno, "reading", path);
  crypto_hash_sha256_state hash;
  crypto_hash_sha256_init(&hash);
  FileFacts facts;
  Bytes buffer(kPartBytes, '\0');
  for (;;) {
    auto const got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(errno, "reading", path);
    if (got == 0) break;
    auto const bytes = std::string_view(buffer).substr(0, static_cast<std::size_t>(got));
    crypto_hash_sha256_update(&hash, reinterpret_cast<unsigned char const*>(bytes.data()),
                              bytes.size());
    SOL_TRY(part(bytes));
    facts.size += bytes.size();
    if (told) told(bytes.size());
  }
  facts.sha256.resize(crypto_hash_sha256_BYTES);
  crypto_hash_sha256_final(&hash, reinterpret_cast<unsigned char*>(facts.sha256.data()));
  return facts;
}

}  // namespace

Result<FileFacts> facts_of(fs::path const& file, OnBytes const& told) {
  return read_parts(file, told, [](std::string_view) { return Result<>(); });
}

Result<FileFacts> copy_durably(fs::path const& from, fs::path const& to, OnBytes const& told) {
  SOL_TRY(make_directory(to.parent_path()));
  File const target = open_new(to);
  if (!target.open()) return failed(errno, "creating", to);
  SOL_ASSIGN(auto facts, read_parts(from, told, [&](std::string_view bytes) {
               return write_all(target, bytes, to);
             }));
  SOL_TRY(sync(target, to));
  return facts;
}

Result<> write_durably(fs::path const& to, std::string_view bytes) {
  SOL_TRY(make_directory(to.parent_path()));
  File const target = open_new(to);
  if (!target.open()) return failed(errno, "creating", to);
  SOL_TRY(write_all(target, bytes, to));
  return sync(target, to);
}

Result<Bytes> read_whole(fs::path const& file, std::uint64_t bytes_max) {
  Bytes whole;
  SOL_TRY(read_parts(file, {}, [&](std::string_view bytes) -> Result<> {
    whole += bytes;
    if (whole.size() <= bytes_max) return {};
    return fail(Code::corrupt, cat(file.string(), " is too long"));
  }));
  return whole;
}

Result<> make_directory(fs::path const& directory) {
  std::error_code error;
  if (directory.empty() || fs::is_directory(directory, error)) return {};
  SOL_TRY(make_directory(directory.parent_path()));
  if (::mkdir(directory.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return failed(errno, "making the directory", directory);
  }
  return {};
}

Result<> sync_directories(fs::path const& directory) {
  SOL_TRY(sync_directory(directory));
  std::error_code error;
  fs::recursive_directory_iterator walk(directory, error);
  for (; !error && walk != fs::recursive_directory_iterator(); walk.increment(error)) {
    if (walk->is_directory(error)) SOL_TRY(sync_directory(walk->path()));
  }
  if (error) return failed(error.value(), "reading the directory", directory);
  return {};
}

Result<> rename_durably(fs::path const& from, fs::path const& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return failed(errno, "renaming", from);
  return sync_directory(to.parent_path());
}

Result<std::vector<fs::path>> files_below(fs::path const& directory) {
  std::vector<fs::path> found;
  std::error_code error;
  if (!fs::exists(directory, error)) return found;
  fs::recursive_directory_iterator walk(directory, error);
  for (; !error && walk != fs::recursive_directory_iterator(); walk.increment(error)) {
    if (walk->is_regular_file(error)) found.push_back(walk->path().lexically_relative(directory));
  }
  if (error) return failed(error.value(), "reading the directory", directory);
  std::ranges::sort(found);
  return found;
}

}  // namespace solidaires::backup
