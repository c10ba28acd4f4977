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

// The name that a file of ours has, or nothing: other files are left alone.
std::optional<Bytes> name_in(fs::path const& path) {
  auto name = from_hex(path.filename().string());
  if (!name || name->size() != kSha256Bytes) return std::nullopt;
  return *std::move(name);
}

struct Found {
  Bytes sha256;
  std::uint64_t size = 0;
};

Result<std::vector<Found>> files_in(fs::path const& folder) {
  std::vector<Found> found;
  std::error_code error;
  for (auto entry = fs::directory_iterator(folder, error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    auto name = name_in(entry->path());
    if (!name) continue;
    std::error_code gone;
    auto const size = entry->file_size(gone);
    if (!gone) found.push_back({*std::move(name), size});
  }
  if (error) return fail_errno(error.value(), folder.string());
  return found;
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

fs::path Blobs::partial_of(std::string_view sha256) const {
  SOL_CHECK(sha256.size() == kSha256Bytes);
  return directory_ / kPartial / hex(sha256);
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
Result<> Blobs::publish(fs::path const& from, std::string_view sha256, std::uint64_t size) {
  SOL_TRY(make_directory(folder_of(sha256)));
  {
    std::lock_guard const lock(mutex_);
    bool const is_new = !this->size(sha256);
    std::error_code error;
    fs::rename(from, path_of(sha256), error);
    if (error) return fail_errno(error.value(), "keeping a file");
    if (is_new) {
      ++files_;
      bytes_ += size;
    }
  }
  SOL_TRY(sync_directory(folder_of(sha256)));
  std::lock_guard const lock(arrival_mutex_);
  if (on_arrival_) on_arrival_(Bytes(sha256));
  return {};
}

void Blobs::on_arrival(std::function<void(Bytes const&)> callback) {
  std::lock_guard const lock(arrival_mutex_);
  on_arrival_ = std::move(callback);
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
  SOL_TRY(parts.blobs.publish(parts.path, name.sha256, name.size));
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
Result<std::uint64_t> Blobs::partial_size(std::string_view sha256) {
  File const file(partial_of(sha256), O_RDWR);
  if (!file && errno == ENOENT) return 0;
  if (!file) return fail_errno(errno, "a part of a file");
  SOL_ASSIGN(std::uint64_t size, file.size());
  if (!resumed_.insert(Bytes(sha256)).second) return size;
  size -= size % limits::kBlobChunkBytes;
  if (::ftruncate(file.get(), static_cast<off_t>(size)) != 0) {
    return fail_errno(errno, "a part of a file");
  }
  return size;
}

Result<sync::BlobProgress> Blobs::progress(std::string_view sha256) {
  if (sha256.size() != kSha256Bytes) return fail(Code::invalid, "no file has such a name");
  if (keep(sha256)) return sync::BlobProgress{*size(sha256), true};
  std::lock_guard const lock(mutex_);
  SOL_ASSIGN(std::uint64_t const held, partial_size(sha256));
  return sync::BlobProgress{held, false};
}

Result<sync::BlobProgress> Blobs::append(std::string_view sha256, std::uint64_t offset,
                                         std::uint64_t size, std::string_view bytes) {
  if (sha256.size() != kSha256Bytes) return fail(Code::invalid, "no file has such a name");
  if (size > limits::kBlobBytes || offset > size || bytes.size() > size - offset) {
    return fail(Code::invalid, "more bytes than the file has");
  }
  if (keep(sha256)) return sync::BlobProgress{*this->size(sha256), true};
  SOL_TRY(check_room(size - offset));
  {
    std::lock_guard const lock(mutex_);
    SOL_ASSIGN(std::uint64_t const held, partial_size(sha256));
    if (held != offset) {
      return fail(Code::conflict, cat("the file is here up to ", held, ", not up to ", offset));
    }
    resumed_.insert(Bytes(sha256));
    bool const is_new = held == 0 && ::access(partial_of(sha256).c_str(), F_OK) != 0;
    File const file(partial_of(sha256), O_WRONLY | O_CREAT | O_APPEND);
    if (!file) return fail_errno(errno, "a part of a file");
    if (is_new) ++partial_;
    auto written = file.write(bytes);
    if (written) written = file.sync();
    if (!written) {  // what the disk took of it is taken back
      std::ignore = ::ftruncate(file.get(), static_cast<off_t>(held));
      return std::unexpected(std::move(written).error());
    }
  }
  if (offset + bytes.size() < size) return sync::BlobProgress{offset + bytes.size(), false};
  return finish_partial(sha256, size);
}

Result<sync::BlobProgress> Blobs::finish_partial(std::string_view sha256, std::uint64_t size) {
  auto const path = partial_of(sha256);
  Bytes found;
  {
    File const file(path, O_RDONLY);
    if (!file) return fail_errno(errno, "a part of a file");
    SOL_ASSIGN(found, hash_of(file));
  }
  if (found != sha256) {
    forget_partial(sha256);
    return fail(Code::corrupt, "the bytes that came are not the file: all of them were removed");
  }
  SOL_TRY(publish(path, sha256, size));
  std::lock_guard const lock(mutex_);
  if (resumed_.erase(Bytes(sha256)) > 0) --partial_;
  return sync::BlobProgress{size, true};
}

void Blobs::forget_partial(std::string_view sha256) {
  std::lock_guard const lock(mutex_);
  std::error_code ignored;
  if (fs::remove(partial_of(sha256), ignored)) --partial_;
  resumed_.erase(Bytes(sha256));
}

// ---- What nobody refers to ----

Result<BlobCollection> Blobs::collect(
    Instant now, Millis grace, std::function<Result<bool>(std::string_view)> const& is_referenced) {
  BlobCollection collection;
  auto const before = now - grace;
  SOL_ASSIGN(auto const folders, folders_in(directory_));
  for (auto const& folder : folders) {
    SOL_TRY(collect_folder(folder, before, is_referenced, collection));
  }
  auto const whole = collection.files;
  SOL_TRY(collect_folder(directory_ / kPartial, before, is_referenced, collection));
  partial_ -= collection.files - whole;
  files_ -= whole;
  collected_ += collection.files;
  return collection;
}

Result<> Blobs::collect_folder(fs::path const& folder, Instant before,
                               std::function<Result<bool>(std::string_view)> const& is_referenced,
                               BlobCollection& collection) {
  SOL_ASSIGN(auto const found, files_in(folder));
  for (auto const& file : found) {
    auto const path = folder / hex(file.sha256);
    std::lock_guard const lock(mutex_);
    struct stat facts{};
    if (::lstat(path.c_str(), &facts) != 0) continue;
    auto const touched =
        from_unix_ms(facts.st_mtim.tv_sec * 1000 + facts.st_mtim.tv_nsec / 1000000);
    SOL_ASSIGN(bool const wanted, is_referenced(file.sha256));
    if (wanted) continue;
    if (touched > before) {
      collection.young += folder.filename() != kPartial ? 1 : 0;
      continue;
    }
    std::error_code error;
    if (!fs::remove(path, error) || error) continue;
    ++collection.files;
    collection.bytes += file.size;
    if (folder.filename() != kPartial) bytes_ -= file.size;
    resumed_.erase(file.sha256);
  }
  return {};
}

}  // namespace solidaires::store
