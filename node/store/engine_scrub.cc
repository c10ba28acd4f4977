#include "node/store/engine_scrub.h"

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/transaction_log.h>

#include <charconv>
#include <functional>
#include <set>
#include <thread>

#include "node/store/keys.h"

namespace solidaires::store {
namespace {

constexpr Millis kPatience{1'000};  // for readers of older states
constexpr Millis kStep{10};
constexpr std::string_view kManifest = "MANIFEST-";

Result<> result(rocksdb::Status const& status) {
  if (status.ok()) return {};
  Code const code = status.IsNoSpace()                         ? Code::exhausted
                    : status.IsCorruption()                    ? Code::corrupt
                    : status.IsIOError()                       ? Code::io
                    : status.IsBusy() || status.IsIncomplete() ? Code::busy
                                                               : Code::internal;
  return fail(code, cat("rewriting the files of the store: ", status.ToString()));
}

std::unexpected<Error> still_read(std::string_view what) {
  return fail(Code::busy, cat(what, " is still read by somebody: trying again later"));
}

// Nobody tells when a snapshot or an iterator goes: they are asked for, a few hundred times at
// most.
bool comes_true(std::function<bool()> const& condition) {
  for (Millis waited{0}; waited < kPatience; waited += kStep) {
    if (condition()) return true;
    std::this_thread::sleep_for(kStep);
  }
  return condition();
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// The files of the store that may hold keys or values, by their numbers.
struct Files {
  std::set<std::uint64_t> tables, logs, manifests;

  static Files of(rocksdb::DB& db) {
    Files files;
    std::vector<std::string> names;
    if (!db.GetEnv()->GetChildren(db.GetName(), &names).ok()) return files;
    for (std::string_view const name : names) {
      if (name.ends_with(".sst")) {
        if (auto const n = number_of(name.substr(0, name.size() - 4))) files.tables.insert(*n);
      } else if (name.ends_with(".log")) {
        // One that is empty holds nothing; opening a restored store leaves such, for hours.
        std::uint64_t bytes = 1;
        std::ignore = db.GetEnv()->GetFileSize(cat(db.GetName(), '/', name), &bytes);
        auto const n = number_of(name.substr(0, name.size() - 4));
        if (n && bytes > 0) files.logs.insert(*n);
      } else if (name.starts_with(kManifest)) {
        if (auto const n = number_of(name.substr(kManifest.size()))) files.manifests.insert(*n);
      }
    }
    return files;
  }
};

bool only_live_tables_are_left(rocksdb::DB& db) {
  std::vector<rocksdb::LiveFileMetaData> live;
  db.GetLiveFilesMetaData(&live);
  std::set<std::uint64_t> numbers;
  for (auto const& file : live) numbers.insert(file.file_number);
  auto const files = Files::of(db);
  return std::ranges::includes(numbers, files.tables);
}

Result<> wait_for_snapshots(rocksdb::DB& db, std::uint64_t erased_at) {
  bool const gone = comes_true([&] {
    std::uint64_t oldest = 0;
    return !db.GetIntProperty(rocksdb::DB::Properties::kOldestSnapshotSequence, &oldest) ||
           oldest == 0 || oldest >= erased_at;
  });
  return gone ? Result<>() : still_read("an older state of the store");
}

Result<> compact(rocksdb::DB& db, std::span<ScrubRange const> ranges) {
  rocksdb::CompactRangeOptions options;
  // Also waits for compactions that began before, which may carry what was erased to a new table.
  options.exclusive_manual_compaction = true;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  for (auto const& range : ranges) {
    rocksdb::Slice const from(range.from);
    rocksdb::Slice const until(range.until);
    SOL_TRY(result(db.CompactRange(options, range.family, range.from.empty() ? nullptr : &from,
                                   range.until.empty() ? nullptr : &until)));
  }
  return {};
}

// With the log that was written to when `logs_until` was read, and every one before it.
Result<> wait_for_files(rocksdb::DB& db, std::uint64_t logs_until, std::uint64_t manifests_until) {
  bool const gone = comes_true([&] {
    auto const files = Files::of(db);
    bool const logs_gone = files.logs.empty() || *files.logs.begin() > logs_until;
    bool const manifests_gone =
        files.manifests.size() == 1 && *files.manifests.begin() > manifests_until;
    return logs_gone && manifests_gone && only_live_tables_are_left(db);
  });
  return gone ? Result<>() : still_read("a replaced file of the store");
}

}  // namespace

Result<> scrub_files(rocksdb::DB& db, std::span<rocksdb::ColumnFamilyHandle* const> families,
                     rocksdb::ColumnFamilyHandle* meta, std::span<ScrubRange const> ranges) {
  SOL_TRY(wait_for_snapshots(db, db.GetLatestSequenceNumber()));
  std::unique_ptr<rocksdb::LogFile> log;
  SOL_TRY(result(db.GetCurrentWalFile(&log)));
  std::uint64_t const logs_until = log->LogNumber();
  rocksdb::FlushOptions flush;
  for (auto* const family : families) SOL_TRY(result(db.Flush(flush, family)));
  SOL_TRY(compact(db, ranges));
  // A manifest begins with the tables as they were before the change that began it: one change
  // more, and those that went are not in it.
  auto const manifests = Files::of(db).manifests;
  std::uint64_t const manifests_until = manifests.empty() ? 0 : *manifests.rbegin();
  rocksdb::WriteOptions durable;
  durable.sync = true;
  SOL_TRY(result(db.Put(durable, meta, std::string(meta_key::kScrubbed), number(manifests_until))));
  for (auto* const family : families) SOL_TRY(result(db.Flush(flush, family)));
  return wait_for_files(db, logs_until, manifests_until);
}

}  // namespace solidaires::store
