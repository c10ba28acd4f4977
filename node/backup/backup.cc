#include "node/backup/backup.h"

#include <algorithm>

namespace solidaires::backup {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kManifestBytesMax = 256ULL << 20;  // about a million files
constexpr std::uint64_t kSecretBytesMax = 1ULL << 20;
constexpr std::size_t kDamagedNamed = 20;
constexpr std::string_view kStoreDirectory = "store";

struct Planned {
  fs::path from;
  std::string to;
  bool may_vanish = false;
  std::uint64_t size = 0;
};

Result<> plan_directory(std::vector<Planned>& plan, SourceDirectory const& source,
                        bool may_vanish) {
  auto const& [directory, top, without] = source;
  SOL_ASSIGN(auto const files, files_below(directory));
  for (auto const& file : files) {
    if (without.contains(file.begin()->string())) continue;
    std::error_code gone;
    auto const size = fs::file_size(directory / file, gone);
    plan.push_back({.from = directory / file,
                    .to = cat(top, '/', file.generic_string()),
                    .may_vanish = may_vanish,
                    .size = gone ? 0 : size});
  }
  return {};
}

Result<std::vector<Planned>> plan_of(Sources const& sources) {
  std::vector<Planned> plan;
  // The checkpoint was taken before: a blob that its documents name is there, or lawfully gone.
  SOL_TRY(plan_directory(plan, {sources.checkpoint, std::string(kStoreDirectory), {}}, false));
  if (plan.empty()) {
    return fail(Code::not_found, cat("there is no store in ", sources.checkpoint.string()));
  }
  for (auto const& directory : sources.directories) {
    SOL_TRY(plan_directory(plan, directory, true));
  }
  for (auto const& file : sources.files) {
    std::error_code gone;
    auto const size = fs::file_size(file.from, gone);
    plan.push_back({.from = file.from, .to = file.to, .size = gone ? 0 : size});
  }
  return plan;
}

Result<> check_destination(fs::path const& destination) {
  std::error_code error;
  if (!fs::exists(destination, error)) return {};
  if (!fs::is_directory(destination, error)) {
    return fail(Code::conflict, cat(destination.string(), " is not a directory"));
  }
  if (fs::is_empty(destination, error)) return {};
  if (fs::exists(destination / kManifestFile, error)) {
    return fail(Code::conflict, cat(destination.string(),
                                    " holds a backup already, which is kept: name another "
                                    "directory (--since that one copies only what is new)"));
  }
  return fail(Code::conflict, cat(destination.string(),
                                  " is not empty: it holds a backup that was cut off, or other "
                                  "things. Remove it, or name another directory"));
}

// One writing of a backup, file by file.
class Writer {
 public:
  Writer(fs::path destination, OnProgress const& told)
      : destination_(std::move(destination)), told_(told) {}

  Result<> take_earlier(fs::path const& earlier) {
    SOL_ASSIGN(earlier_manifest_, read_manifest(earlier));
    earlier_ = earlier;
    return {};
  }

  Result<> run(std::vector<Planned> const& plan) {
    for (auto const& planned : plan) progress_.bytes_total += planned.size;
    for (auto const& planned : plan) {
      auto facts = take(planned);
      if (facts) {
        manifest_.files.emplace(planned.to, *std::move(facts));
      } else if (facts.error().code() != Code::not_found || !planned.may_vanish) {
        return std::unexpected(std::move(facts).error());
      }
    }
    return {};
  }

  Result<> seal_keys(fs::path const& keys, std::string_view passphrase) {
    SOL_ASSIGN(auto const files, files_below(keys));
    Secrets secrets;
    for (auto const& file : files) {
      if (file.extension() == ".new") continue;  // left by a crash: it was never in use
      SOL_ASSIGN(secrets[file.generic_string()], read_whole(keys / file, kSecretBytesMax));
    }
    SOL_ASSIGN(auto const sealed, seal(secrets, passphrase));
    auto const to = destination_ / kSealedFile;
    SOL_TRY(write_durably(to, sealed));
    SOL_ASSIGN(manifest_.files[std::string(kSealedFile)], facts_of(to, {}));
    manifest_.has_secrets = true;
    return {};
  }

  // Everything else is durable before the manifest has its name.
  Result<Manifest> finish(Manifest head) {
    manifest_.instance = std::move(head.instance);
    manifest_.program = std::move(head.program);
    manifest_.created = head.created;
    SOL_TRY(sync_directories(destination_));
    auto const unnamed = destination_ / cat(kManifestFile, ".new");
    SOL_TRY(write_durably(unnamed, manifest_.to_text()));
    SOL_TRY(rename_durably(unnamed, destination_ / kManifestFile));
    return std::move(manifest_);
  }

 private:
  Result<FileFacts> take(Planned const& planned) {
    auto const to = destination_ / planned.to;
    auto const told = [this](std::uint64_t bytes) {
      progress_.bytes += bytes;
      progress_.bytes_total = std::max(progress_.bytes_total, progress_.bytes);
      if (told_) told_(progress_);
    };
    auto const known = earlier_manifest_.files.find(planned.to);
    if (known != earlier_manifest_.files.end() && known->second.size == planned.size) {
      SOL_ASSIGN(auto facts, facts_of(planned.from, {}));
      if (facts == known->second && link_earlier(planned.to)) {
        told(facts.size);
        return facts;
      }
    }
    return copy_durably(planned.from, to, told);
  }

  // What the earlier backup holds is read again: a link to damaged bytes would be no backup.
  bool link_earlier(std::string const& path) {
    auto const sound = facts_of(earlier_ / path, {});
    if (!sound || *sound != earlier_manifest_.files.find(path)->second) return false;
    auto const to = destination_ / path;
    if (!make_directory(to.parent_path())) return false;
    std::error_code error;
    fs::create_hard_link(earlier_ / path, to, error);
    return !error;
  }

  fs::path destination_;
  OnProgress const& told_;
  Progress progress_{.doing = "copying"};
  Manifest manifest_;
  fs::path earlier_;
  Manifest earlier_manifest_;
};

Result<Manifest> write_into(Writer& writer, Sources const& sources,
                            std::vector<Planned> const& plan, std::string_view passphrase,
                            Instant now) {
  // First, so that a passphrase that is too short costs no copying.
  if (sources.keys) SOL_TRY(writer.seal_keys(*sources.keys, passphrase));
  SOL_TRY(writer.run(plan));
  return writer.finish({.instance = sources.instance, .program = sources.program, .created = now});
}

}  // namespace

Result<Manifest> write_backup(Sources const& sources, fs::path const& destination,
                              std::optional<fs::path> const& since, std::string_view passphrase,
                              Instant now, OnProgress const& told) {
  SOL_TRY(check_destination(destination));
  SOL_ASSIGN(auto const plan, plan_of(sources));
  SOL_TRY(make_directory(fs::absolute(destination).lexically_normal()));
  Writer writer(destination, told);
  if (since) SOL_TRY(writer.take_earlier(*since));
  auto written = write_into(writer, sources, plan, passphrase, now);
  if (!written && written.error().code() == Code::exhausted) {
    return fail(Code::exhausted,
                cat(written.error().message(), ". What stands in ", destination.string(),
                    " is no backup: remove it, and make room or name another disk. The instance "
                    "itself is as it was"));
  }
  return written;
}

Result<Manifest> read_manifest(fs::path const& backup) {
  std::error_code error;
  if (!fs::is_directory(backup, error)) {
    return fail(Code::not_found, cat(backup.string(), " is not a directory with a backup"));
  }
  auto const text = read_whole(backup / kManifestFile, kManifestBytesMax);
  if (!text && text.error().code() == Code::not_found) {
    return fail(Code::corrupt, cat(backup.string(),
                                   " has no MANIFEST: the backup was cut off, or "
                                   "this is none. Use another backup"));
  }
  if (!text) return std::unexpected(text.error());
  auto manifest = Manifest::parse(*text);
  if (!manifest) return std::unexpected(std::move(manifest).error().in(backup.string()));
  return manifest;
}

Result<> verify_backup(fs::path const& backup, Manifest const& manifest, OnProgress const& told) {
  Progress progress{.doing = "reading", .bytes_total = manifest.bytes()};
  std::vector<std::string> damaged;
  for (auto const& [path, expected] : manifest.files) {
    auto const found = facts_of(backup / path, [&](std::uint64_t bytes) {
      progress.bytes += bytes;
      if (told) told(progress);
    });
    if (found && *found == expected) continue;
    damaged.push_back(
        cat(path, found ? found->size == expected.size ? " (other bytes)" : " (another size)"
                        : " (cannot be read)"));
  }
  if (damaged.empty()) return {};
  std::string list;
  for (std::size_t i = 0; i < damaged.size() && i < kDamagedNamed; ++i) {
    list += cat("\n  ", damaged[i]);
  }
  if (damaged.size() > kDamagedNamed) list += cat("\n  and ", damaged.size() - kDamagedNamed);
  return fail(Code::corrupt, cat("of ", manifest.files.size(), " files of ", backup.string(), ", ",
                                 damaged.size(), " are damaged; use another backup:", list));
}

}  // namespace solidaires::backup
