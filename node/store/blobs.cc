#include "node/store/blobs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "sync/base/check.h"
#include "sync/base/limits.h"
#include "sync/base/log.h"

namespace solidaires::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kIncoming = "incoming";
constexpr std::string_view kPartial = "partial";
constexpr std::size_t kReadBytes = 256UL * 1024;
constexpr std::size_t kOriginBytes = 8;  // of the hash of an origin, in the name of a part

std::unexpected<Error> fail_errno(int error, std::string_view what) {
  Code const code = error == EACCES || error == EPERM || error == EROFS ? Code::denied
                    : error == ENOSPC || error == EDQUOT                ? Code::exhausted
                    : error == ENOENT                                   ? Code::not_found
                                                                        : Code::io;
  return fail(code, cat(what, ": ", std::generic_category().message(error)));
}

class File {
 public:
  File() = default;
  File(fs::path const& path, int flags)
      : descriptor_(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0640)) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  explicit operator bool() const noexcept { return descriptor_ >= 0; }
  [[nodiscard]] int get() const noexcept { return descriptor_; }
  [[nodiscard]] Result<std::uint64_t> size() const {
    struct stat facts{};
    if (::fstat(descriptor_, &facts) != 0) return fail_errno(errno, "a file");
    return static_cast<std::uint64_t>(facts.st_size);
  }
  Result<> write(std::string_view bytes) const {
    while (!bytes.empty()) {
      auto const written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return fail_errno(errno, "writing a file");
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }
  // Less than asked for at the end of the file.
  [[nodiscard]] Result<Bytes> read(std::uint64_t offset, std::size_t bytes_max) const {
    Bytes bytes(bytes_max, '\0');
    std::size_t have = 0;
    while (have < bytes_max) {
      auto const got = ::pread(descriptor_, bytes.data() + have, bytes_max - have,
                               static_cast<off_t>(offset + have));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return fail_errno(errno, "reading a file");
      if (got == 0) break;
      have += static_cast<std::size_t>(got);
    }
    bytes.resize(have);
    return bytes;
  }
  [[nodiscard]] Result<> sync() const {
    if (::fsync(descriptor_) != 0) return fail_errno(errno, "writing a file");
    return {};
  }

 private:
  int descriptor_ = -1;
};

Result<> sync_directory(fs::path const& path) {
  File const directory(path, O_RDONLY | O_DIRECTORY);
  if (!directory) return fail_errno(errno, path.string());
  return directory.sync();
}

// Makes a directory durably; nothing happens if it is there.
Result<> make_directory(fs::path const& path) {
  std::error_code error;
  if (!fs::create_directory(path, error) && !error) return {};
  if (error) return fail_errno(error.value(), cat("cannot make ", path.string()));
  return sync_directory(path.parent_path());
}

Result<Bytes> hash_of(File const& file) {
  Sha256 hash;
  for (std::uint64_t offset = 0;;) {
    SOL_ASSIGN(auto const bytes, file.read(offset, kReadBytes));
    if (bytes.empty()) return hash.finish();
    hash.add(bytes);
    offset += bytes.size();
  }
}

// The name that a file of ours has, or nothing: other files are left alone. A part's name goes on
// with a hyphen and 16 digits, of whose it is.
std::optional<Bytes> name_in(fs::path const& path, bool is_part) {
  auto const text = path.filename().string();
  std::string_view digits = text;
  if (is_part) {
    auto const hyphen = digits.find('-');
    if (hyphen == std::string_view::npos) return std::nullopt;
    auto const origin = from_hex(digits.substr(hyphen + 1));
    if (!origin || origin->size() != kOriginBytes) return std::nullopt;
    digits = digits.substr(0, hyphen);
  }
  auto name = from_hex(digits);
  if (!name || name->size() != kSha256Bytes) return std::nullopt;
  return *std::move(name);
}

struct Found {
  fs::path path;
  Bytes sha256;
  std::uint64_t size = 0;
};

bool holds_parts(fs::path const& folder) {
  return folder.filename() == kPartial;
}

Result<std::vector<Found>> files_in(fs::path const& folder) {
  std::vector<Found> found;
  std::error_code error;
  for (auto entry = fs::directory_iterator(folder, error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    auto name = name_in(entry->path(), holds_parts(folder));
    if (!name) continue;
    std::error_code gone;
    auto const size = entry->file_size(gone);
    if (!gone) found.push_back({entry->path(), *std::move(name), size});
  }
  if (error) return fail_errno(error.value(), folder.string());
  return found;
}

// What is no part of a file that could be gone on with.
void remove_strays(fs::path const& folder) {
  std::error_code error;
  for (auto entry = fs::directory_iterator(folder, error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    if (!name_in(entry->path(), true)) fs::remove(entry->path(), ignored);
  }
}

// The folders of whole files: two hexadecimal digits each.
Result<std::vector<fs::path>> folders_in(fs::path const& directory) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (auto entry = fs::directory_iterator(directory, error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    auto const name = entry->path().filename().string();
    if (name.size() == 2 && from_hex(name)) folders.push_back(entry->path());
  }
  if (error) return fail_errno(error.value(), directory.string());
  std::ranges::sort(folders);
  return folders;
}

}  // namespace

// ---- The directory ----

Blobs::Blobs(fs::path directory, BlobsOptions options)
    : directory_(std::move(directory)), options_(options) {}
Blobs::~Blobs() = default;

Result<std::unique_ptr<Blobs>> Blobs::open(fs::path const& directory, BlobsOptions options) {
  std::unique_ptr<Blobs> blobs(new Blobs(directory, options));
  SOL_TRY(make_directory(directory));
  std::error_code error;
  fs::remove_all(directory / kIncoming, error);
  SOL_TRY(make_directory(directory / kIncoming));
  SOL_TRY(make_directory(directory / kPartial));
  remove_strays(directory / kPartial);
  SOL_TRY(blobs->count());
  return blobs;
}

Result<> Blobs::count() {
  SOL_ASSIGN(auto const whole, list());
  for (auto const& file : whole) bytes_ += file.size;
  files_ = whole.size();
  SOL_ASSIGN(auto const parts, files_in(directory_ / kPartial));
  partial_ = parts.size();
  return {};
}

fs::path Blobs::folder_of(std::string_view sha256) const {
  SOL_CHECK(sha256.size() == kSha256Bytes);
  return directory_ / hex(sha256.substr(0, 1));
}

fs::path Blobs::path_of(std::string_view sha256) const {
  return folder_of(sha256) / hex(sha256);
}

fs::path Blobs::partial_of(sync::BlobClaim const& file) const {
  SOL_CHECK(file.sha256.size() == kSha256Bytes);
  auto const origin = sha256(file.origin).substr(0, kOriginBytes);
  return directory_ / kPartial / cat(hex(file.sha256), '-', hex(origin));
}

Result<> Blobs::check_room(std::uint64_t bytes) const {
  struct statvfs room{};
  if (::statvfs(directory_.c_str(), &room) != 0) return {};
  auto const free = static_cast<std::uint64_t>(room.f_bavail) * room.f_frsize;
  if (free >= options_.disk_reserve_bytes && free - options_.disk_reserve_bytes >= bytes) return {};
  return fail(Code::exhausted, cat("the disk of ", directory_.string(), " has only ", free >> 20U,
                                   " MB left: free some space. The file was not kept"));
}

std::optional<std::uint64_t> Blobs::size(std::string_view sha256) const {
  struct stat facts{};
  if (sha256.size() != kSha256Bytes || ::lstat(path_of(sha256).c_str(), &facts) != 0 ||
      !S_ISREG(facts.st_mode)) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(facts.st_size);
}

std::optional<fs::path> Blobs::path(std::string_view sha256) const {
  return size(sha256) ? std::optional(path_of(sha256)) : std::nullopt;
}

bool Blobs::keep(std::string_view sha256) {
  if (sha256.size() != kSha256Bytes) return false;
  std::lock_guard const lock(mutex_);
  return ::utimensat(AT_FDCWD, path_of(sha256).c_str(), nullptr, AT_SYMLINK_NOFOLLOW) == 0;
}

Result<sync::BlobPart> Blobs::read(std::string_view sha256, std::uint64_t offset,
                                   std::size_t bytes_max) const {
  if (sha256.size() != kSha256Bytes) return fail(Code::not_found, "no file has such a name");
  File const file(path_of(sha256), O_RDONLY);
  if (!file) return fail_errno(errno, "the file");
  SOL_ASSIGN(std::uint64_t const size, file.size());
  if (offset >= size) return sync::BlobPart{{}, size};
  auto const owed = std::min<std::uint64_t>(bytes_max, size - offset);
  SOL_ASSIGN(auto bytes, file.read(offset, owed));
  if (bytes.size() != owed) return fail(Code::corrupt, "the file has become shorter");
  return sync::BlobPart{std::move(bytes), size};
}

Result<> Blobs::verify(std::string_view sha256) const {
  File const file(path_of(sha256), O_RDONLY);
  if (!file) return fail_errno(errno, "the file");
  SOL_ASSIGN(auto const found, hash_of(file));
  if (found == sha256) return {};
  return fail(Code::corrupt, cat("the file ", hex(sha256), " is damaged"));
}

Result<std::vector<BlobName>> Blobs::list() const {
  std::vector<BlobName> names;
  SOL_ASSIGN(auto const folders, folders_in(directory_));
  for (auto const& folder : folders) {
    SOL_ASSIGN(auto found, files_in(folder));
    for (auto& file : found) names.push_back({std::move(file.sha256), file.size});
  }
  std::ranges::sort(names, {}, &BlobName::sha256);
  return names;
}

// The bytes are durable; now their name is. A file that is there already is replaced by its equal,
// which mends one that the disk has damaged.
Result<> Blobs::publish(fs::path const& from, std::string_view sha256, std::uint64_t size,
                        IsNeeded const& is_needed) {
  SOL_TRY(make_directory(folder_of(sha256)));
  {
    std::lock_guard const lock(mutex_);
    if (is_needed) {
      SOL_ASSIGN(bool const needed, is_needed(sha256));
      if (!needed) {
        remove_partial(from);
        return fail(Code::invalid, "no document here names the file any more");
      }
    }
    bool const is_new = !this->size(sha256);
    std::error_code error;
    fs::rename(from, path_of(sha256), error);
    if (error) return fail_errno(error.value(), "keeping a file");
    if (is_new) {
      ++files_;
      bytes_ += size;
    }
  }
  return sync_directory(folder_of(sha256));
}

BlobStats Blobs::stats() const {
  return {files_, bytes_, partial_, collected_};
}

// ---- Files that are added here ----

struct Blobs::Writer::Parts {
  Parts(Blobs& owner, fs::path at, std::uint64_t most)
      : blobs(owner),
        path(std::move(at)),
        bytes_max(most),
        file(path, O_WRONLY | O_CREAT | O_EXCL) {}
  ~Parts() {
    std::error_code ignored;
    if (!path.empty()) fs::remove(path, ignored);
  }
  Parts(Parts const&) = delete;
  Parts& operator=(Parts const&) = delete;

  Blobs& blobs;
  fs::path path;
  std::uint64_t bytes_max;
  File file;
  Sha256 hash;
  std::uint64_t size = 0;
};

Blobs::Writer::Writer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Blobs::Writer::~Writer() = default;
Blobs::Writer::Writer(Writer&&) noexcept = default;
Blobs::Writer& Blobs::Writer::operator=(Writer&&) noexcept = default;

Result<Blobs::Writer> Blobs::add(std::uint64_t bytes_max) {
  SOL_TRY(check_room(0));
  auto path = directory_ / kIncoming / std::to_string(next_++);
  auto parts = std::make_unique<Writer::Parts>(*this, std::move(path), bytes_max);
  if (!parts->file) return fail_errno(errno, "a new file");
  return Writer(std::move(parts));
}

Result<> Blobs::Writer::append(std::string_view bytes) {
  auto& parts = *parts_;
  if (bytes.size() > parts.bytes_max - parts.size) {
    return fail(Code::exhausted, cat("the file is larger than ", parts.bytes_max, " bytes"));
  }
  SOL_TRY(parts.blobs.check_room(bytes.size()));
  SOL_TRY(parts.file.write(bytes));
  parts.hash.add(bytes);
  parts.size += bytes.size();
  return {};
}

Result<BlobName> Blobs::Writer::finish() {
  auto& parts = *parts_;
  if (parts.size == 0) return fail(Code::invalid, "the file is empty");
  SOL_TRY(parts.file.sync());
  BlobName name{parts.hash.finish(), parts.size};
  SOL_TRY(parts.blobs.publish(parts.path, name.sha256, name.size, {}));
  parts.path.clear();
  return name;
}

Result<BlobName> Blobs::put(std::string_view bytes) {
  SOL_ASSIGN(auto writer, add(limits::kBlobBytes));
  SOL_TRY(writer.append(bytes));
  return writer.finish();
}

// ---- Files that come from a peer ----

// Caller holds the lock. What a crash left of the last chunk may be anything: chunks are synced
// one by one, so all before it is good. A wrong byte would be noticed at the end at the latest.
Result<std::uint64_t> Blobs::partial_size(fs::path const& path) {
  File const file(path, O_RDWR);
  if (!file && errno == ENOENT) return 0;
  if (!file) return fail_errno(errno, "a part of a file");
  SOL_ASSIGN(std::uint64_t size, file.size());
  if (!resumed_.insert(path).second) return size;
  size -= size % limits::kBlobChunkBytes;
  if (::ftruncate(file.get(), static_cast<off_t>(size)) != 0) {
    return fail_errno(errno, "a part of a file");
  }
  return size;
}

Result<sync::BlobProgress> Blobs::progress(sync::BlobClaim const& file, bool claimed) {
  if (file.sha256.size() != kSha256Bytes) return fail(Code::invalid, "no file has such a name");
  if (claimed && keep(file.sha256)) {
    if (auto const whole = size(file.sha256)) return sync::BlobProgress{*whole, true};
  }
  std::lock_guard const lock(mutex_);
  SOL_ASSIGN(std::uint64_t const held, partial_size(partial_of(file)));
  return sync::BlobProgress{held, false};
}

Result<sync::BlobProgress> Blobs::append(sync::BlobClaim const& file, std::uint64_t offset,
                                         std::uint64_t size, std::string_view bytes,
                                         IsNeeded const& is_needed) {
  if (file.sha256.size() != kSha256Bytes) return fail(Code::invalid, "no file has such a name");
  if (size > limits::kBlobBytes || offset > size || bytes.size() > size - offset) {
    return fail(Code::invalid, "more bytes than the file has");
  }
  SOL_TRY(check_room(size - offset));
  auto const path = partial_of(file);
  {
    std::lock_guard const lock(mutex_);
    SOL_ASSIGN(bool const needed, is_needed(file.sha256));
    if (!needed) {
      remove_partial(path);
      return fail(Code::invalid, "no document here names the file any more");
    }
    SOL_ASSIGN(std::uint64_t const held, partial_size(path));
    if (held != offset) {
      return fail(Code::conflict, cat("the file is here up to ", held, ", not up to ", offset));
    }
    resumed_.insert(path);
    bool const is_new = held == 0 && ::access(path.c_str(), F_OK) != 0;
    File const part(path, O_WRONLY | O_CREAT | O_APPEND);
    if (!part) return fail_errno(errno, "a part of a file");
    if (is_new) ++partial_;
    auto written = part.write(bytes);
    if (written) written = part.sync();
    if (!written) {  // what the disk took of it is taken back
      std::ignore = ::ftruncate(part.get(), static_cast<off_t>(held));
      return std::unexpected(std::move(written).error());
    }
  }
  if (offset + bytes.size() < size) return sync::BlobProgress{offset + bytes.size(), false};
  return finish_partial(file, size, is_needed);
}

Result<sync::BlobProgress> Blobs::finish_partial(sync::BlobClaim const& file, std::uint64_t size,
                                                 IsNeeded const& is_needed) {
  auto const path = partial_of(file);
  Bytes found;
  {
    File const part(path, O_RDONLY);
    if (!part) return fail_errno(errno, "a part of a file");
    SOL_ASSIGN(found, hash_of(part));
  }
  if (found != file.sha256) {
    forget_partial(file);
    return fail(Code::corrupt, "the bytes that came are not the file: all of them were removed");
  }
  SOL_TRY(publish(path, file.sha256, size, is_needed));
  std::lock_guard const lock(mutex_);
  if (resumed_.erase(path) > 0) --partial_;
  return sync::BlobProgress{size, true};
}

void Blobs::forget_partial(sync::BlobClaim const& file) {
  std::lock_guard const lock(mutex_);
  remove_partial(partial_of(file));
}

// Caller holds the lock.
void Blobs::remove_partial(fs::path const& path) {
  std::error_code ignored;
  if (fs::remove(path, ignored)) --partial_;
  resumed_.erase(path);
}

// ---- What nobody refers to ----

Result<BlobCollection> Blobs::collect(Instant now, Millis grace, IsNeeded const& is_needed) {
  BlobCollection collection;
  auto const before = now - grace;
  SOL_ASSIGN(auto const folders, folders_in(directory_));
  for (auto const& folder : folders) {
    SOL_TRY(collect_folder(folder, before, is_needed, collection));
  }
  SOL_TRY(collect_folder(directory_ / kPartial, before, is_needed, collection));
  collected_ += collection.files;
  return collection;
}

Result<> Blobs::collect_folder(fs::path const& folder, Instant before, IsNeeded const& is_needed,
                               BlobCollection& collection) {
  bool const is_part = holds_parts(folder);
  SOL_ASSIGN(auto const found, files_in(folder));
  for (auto const& file : found) {
    std::lock_guard const lock(mutex_);
    struct stat facts{};
    if (::lstat(file.path.c_str(), &facts) != 0) continue;
    auto const touched =
        from_unix_ms(facts.st_mtim.tv_sec * 1000 + facts.st_mtim.tv_nsec / 1000000);
    SOL_ASSIGN(bool const needed, is_needed(file.sha256));
    if (needed) continue;
    if (!is_part && touched > before) {
      ++collection.young;
      continue;
    }
    std::error_code error;
    if (!fs::remove(file.path, error) || error) continue;
    ++collection.files;
    collection.bytes += file.size;
    if (is_part) {
      --partial_;
      resumed_.erase(file.path);
    } else {
      --files_;
      bytes_ -= file.size;
      collection.removed.push_back(file.sha256);
    }
  }
  return {};
}

}  // namespace solidaires::store
