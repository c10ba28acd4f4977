#include <algorithm>

#include "node/backup/backup.h"
#include "sync/base/log.h"

namespace solidaires::backup {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSealedBytesMax = 64ULL << 20;
constexpr std::size_t kForgetChunk = 500;
// Top names of a backup that become directories of the same name in the data directory. The store
// comes last: where it stands, all the rest does.
constexpr std::string_view kStoreDirectory = "store";
constexpr std::string_view kKeysDirectory = "keys";
constexpr std::string_view kLostFound = "lost+found";  // a file system of its own starts with it
constexpr std::string_view kConfigurationDirectory = "configuration";

bool has_files(fs::path const& directory) {
  std::error_code error;
  for (auto const& entry : fs::directory_iterator(directory, error)) {
    if (entry.path().filename() == kLostFound) continue;
    if (!entry.is_directory(error) || has_files(entry.path())) return true;
  }
  return false;
}

// Nothing but empty directories may lie there: the program makes them when it reads its
// configuration. What a restore that was cut off had put there is its own, and goes.
Result<> prepare_data(fs::path const& data) {
  std::error_code error;
  if (fs::exists(data / kRestoringDirectory, error)) {
    for (auto const& entry : fs::directory_iterator(data, error)) {
      auto const name = entry.path().filename();
      if (name != kRestoringDirectory && name != kLostFound) fs::remove_all(entry.path(), error);
    }
    fs::remove_all(data / kRestoringDirectory, error);
    if (error) return fail(Code::io, cat("cannot clear ", data.string(), ": ", error.message()));
  }
  if (fs::exists(data, error) && has_files(data)) {
    return fail(Code::conflict, cat(data.string(),
                                    " is not empty: nothing was changed. Move it away first (and "
                                    "keep it until the restored instance serves)"));
  }
  SOL_TRY(make_directory(fs::absolute(data).lexically_normal()));
  return make_directory(data / kRestoringDirectory);
}

// Removes what this restore has put into `data`, unless it was completed.
class Undo {
 public:
  explicit Undo(fs::path data) : data_(std::move(data)) {}
  Undo(Undo const&) = delete;
  Undo& operator=(Undo const&) = delete;
  ~Undo() {
    if (completed_) return;
    std::error_code ignored;
    for (auto const& top : moved_) fs::remove_all(data_ / top, ignored);
    fs::remove_all(data_ / kRestoringDirectory, ignored);
  }
  void moved(std::string top) { moved_.push_back(std::move(top)); }
  void completed() { completed_ = true; }

 private:
  fs::path data_;
  std::vector<std::string> moved_;
  bool completed_ = false;
};

// Every file is copied, so that all that are damaged are named at once.
Result<> copy_files(fs::path const& backup, Manifest const& manifest, fs::path const& to,
                    OnProgress const& told) {
  Progress progress{.doing = "copying", .bytes_total = manifest.bytes()};
  std::string damaged;
  for (auto const& [path, expected] : manifest.files) {
    if (path == kSealedFile || path.starts_with(cat(kConfigurationDirectory, '/'))) continue;
    auto const copied = copy_durably(backup / path, to / path, [&](std::uint64_t bytes) {
      progress.bytes += bytes;
      if (told) told(progress);
    });
    if (copied && *copied == expected) continue;
    if (!copied && copied.error().code() == Code::exhausted) {
      return fail(Code::exhausted, cat(copied.error().message(),
                                       ". Nothing was restored: make room, and run it again"));
    }
    damaged += cat("\n  ", path, copied ? "" : cat(" (", copied.error().message(), ")"));
  }
  if (damaged.empty()) return {};
  return fail(Code::corrupt,
              cat("files of the backup are damaged; nothing was restored. Use another "
                  "backup:",
                  damaged));
}

Result<Secrets> open_secrets(fs::path const& backup, Manifest const& manifest,
                             std::string_view passphrase) {
  if (!manifest.has_secrets) return Secrets();
  SOL_ASSIGN(auto const sealed, read_whole(backup / kSealedFile, kSealedBytesMax));
  auto const known = manifest.files.find(kSealedFile);
  SOL_ASSIGN(auto const facts, facts_of(backup / kSealedFile, {}));
  if (known == manifest.files.end() || facts != known->second) {
    return fail(Code::corrupt, cat(kSealedFile,
                                   " of the backup is damaged; nothing was restored. "
                                   "Use another backup"));
  }
  return unseal(sealed, passphrase);
}

Result<> write_secrets(Secrets const& secrets, fs::path const& keys) {
  SOL_TRY(make_directory(keys));
  for (auto const& [name, contents] : secrets) {
    if (name.find('/') != std::string::npos || name.starts_with('.')) {
      return fail(Code::corrupt, "the sealed secrets name a file outside their directory");
    }
    SOL_TRY(write_durably(keys / name, contents));
  }
  return {};
}

Result<> forget(store::Store& store, std::string const& prefix, Instant now) {
  for (;;) {
    // As of the beginning of time nothing has expired: all of them are seen.
    SOL_ASSIGN(auto const items, store.view().local_scan(prefix, Instant{}, kForgetChunk));
    if (items.empty()) return {};
    store::Commit commit{.now = now};
    for (auto const& item : items) commit.local.push_back({.key = item.key, .value = std::nullopt});
    SOL_TRY(store.commit(commit));
  }
}

// The store becomes another incarnation here, in the directory that nothing serves from.
Result<ReplicaId> renew_store(fs::path const& directory, RestoreOptions const& options,
                              Manifest const& manifest, Instant now) {
  auto opening = options.store;
  opening.create = false;
  SOL_ASSIGN(auto const store, store::Store::open(directory, std::move(opening)));
  SOL_ASSIGN(auto const replica, store->renew_incarnation());
  for (auto const& prefix : options.forget) SOL_TRY(forget(*store, prefix, now));
  Bytes told;
  ByteWriter(told)
      .u64(static_cast<std::uint64_t>(to_unix_ms(manifest.created)))
      .u64(static_cast<std::uint64_t>(to_unix_ms(now)));
  SOL_TRY(store->commit({.now = now, .local = {{.key = Bytes(kRestoredKey), .value = told}}}));
  return replica;
}

Result<> move_into_place(fs::path const& staged, fs::path const& data, Undo& undo) {
  std::vector<std::string> tops;
  std::error_code error;
  for (auto const& entry : fs::directory_iterator(staged, error)) {
    tops.push_back(entry.path().filename().string());
  }
  std::ranges::sort(tops, {}, [](auto const& top) { return top == kStoreDirectory; });
  SOL_TRY(sync_directories(staged));
  for (auto const& top : tops) {
    fs::remove_all(data / top, error);  // an empty directory, as prepare_data() has seen
    SOL_TRY(rename_durably(staged / top, data / top));
    undo.moved(top);
  }
  return {};
}

}  // namespace

Result<Restored> restore(fs::path const& backup, fs::path const& data,
                         RestoreOptions const& options, Instant now, OnProgress const& told) {
  SOL_ASSIGN(auto manifest, read_manifest(backup));
  if (manifest.instance != options.instance) {
    return fail(Code::invalid, cat("this is a backup of ", manifest.instance.str(),
                                   ", and the configuration is that of ", options.instance.str()));
  }
  SOL_ASSIGN(auto const secrets, open_secrets(backup, manifest, options.passphrase));
  SOL_TRY(prepare_data(data));
  Undo undo(data);
  auto const staged = data / kRestoringDirectory;
  SOL_TRY(copy_files(backup, manifest, staged, told));
  SOL_TRY(write_secrets(secrets, staged / kKeysDirectory));
  SOL_ASSIGN(auto const replica, renew_store(staged / kStoreDirectory, options, manifest, now));
  SOL_TRY(move_into_place(staged, data, undo));
  undo.completed();
  std::error_code failed;
  fs::remove(staged, failed);
  if (failed) return fail(Code::io, cat("cannot remove ", staged.string(), ": ", failed.message()));
  log_info("restored", {{"instance", manifest.instance.str()}, {"replica", to_string(replica)}});
  return Restored{.manifest = std::move(manifest), .replica = replica};
}

}  // namespace solidaires::backup
