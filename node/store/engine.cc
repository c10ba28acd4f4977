#include "node/store/engine.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <cstdarg>
#include <cstdio>

#include "node/store/engine_scrub.h"
#include "sync/base/check.h"
#include "sync/base/log.h"

namespace solidaires::store {
namespace {

using rocksdb::Slice;
using rocksdb::Status;

constexpr std::array<std::string_view, kFamilies> kFamilyNames = {
    "meta", "documents", "feeds", "cursors", "indexes", "history", "blobs", "local"};

Slice slice(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

std::string_view view(Slice bytes) {
  return {bytes.data(), bytes.size()};
}

std::size_t index(Family family) {
  return static_cast<std::size_t>(family);
}

Code code_of(Status const& status) {
  if (status.IsCorruption() || status.IsPathNotFound()) return Code::corrupt;  // a lost file
  if (status.IsNoSpace()) return Code::exhausted;
  if (status.IsBusy() || status.IsTryAgain()) return Code::busy;
  if (status.IsIOError()) return Code::io;
  if (status.IsNotSupported()) return Code::unsupported;
  return Code::internal;
}

Result<> result(Status const& status) {
  if (status.ok()) return {};
  return fail(code_of(status), status.ToString());
}

// RocksDB's warnings go to our log; its chatter, and its LOG files, go nowhere.
class Warnings final : public rocksdb::Logger {
 public:
  Warnings() : Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}
  using Logger::Logv;
  void Logv(char const* format, va_list arguments) override {
    std::array<char, 512> text{};
    int const size = std::vsnprintf(text.data(), text.size(), format, arguments);
    // A checkpoint holds deletions back twice, which RocksDB finds worth two lines each time.
    if (std::string_view(text.data()).contains("File Deletions")) return;
    if (size > 0) log_warning("store.engine", {{"message", text.data()}});
  }
};

rocksdb::ColumnFamilyOptions family_options(Family family, EngineOptions const& options,
                                            std::shared_ptr<rocksdb::Cache> const& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.block_size = 16UL << 10;
  table.format_version = 5;
  rocksdb::ColumnFamilyOptions result;
  bool const large = family == Family::documents || family == Family::history;
  result.write_buffer_size = options.write_buffer_bytes / (large ? 2 : 4);
  // What is flushed is soon rewritten a level below: compressing it twice is work for nothing.
  result.compression_per_level = {rocksdb::kNoCompression, rocksdb::kLZ4Compression};
  result.level_compaction_dynamic_level_bytes = true;
  // Feeds and indexes grow at their end: the more tables a compaction takes, the less often it
  // rewrites what lies below.
  result.level0_file_num_compaction_trigger = 8;
  result.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return result;
}

rocksdb::DBOptions engine_options(Engine::Mode mode, EngineOptions const& options) {
  rocksdb::DBOptions result;
  if (options.env != nullptr) result.env = options.env;
  result.create_if_missing = mode == Engine::Mode::create;
  result.create_missing_column_families = mode == Engine::Mode::create;
  result.paranoid_checks = true;
  // A torn last record is what a crash leaves. Damage before it would take acknowledged commits
  // with it: the store then refuses to open, rather than to forget them in silence.
  result.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  result.track_and_verify_wals_in_manifest = true;
  result.max_total_wal_size = 2 * options.write_buffer_bytes;
  result.db_write_buffer_size = options.write_buffer_bytes;
  // One leader writes at a time: the queue in front sees to it.
  result.allow_concurrent_memtable_write = false;
  result.enable_write_thread_adaptive_yield = false;
  result.max_background_jobs = 2;
  result.max_file_opening_threads = 2;  // for each family; 16 would be hundreds at every opening
  result.max_open_files = -1;  // every table is opened, hence looked at, when the store opens
  result.info_log = std::make_shared<Warnings>();
  result.keep_log_file_num = 1;
  // A manifest names the first and the last key of each table, of tables long gone too, and keys of
  // indexes hold values. So each change of the tables begins a new one, and erasure reaches it.
  result.max_manifest_file_size = 1;
  return result;
}

// The first entry is RocksDB's own "default", which it insists on; it stays empty.
std::vector<rocksdb::ColumnFamilyDescriptor> descriptors(EngineOptions const& options) {
  auto const cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> result;
  result.emplace_back(rocksdb::kDefaultColumnFamilyName,
                      family_options(Family::meta, options, cache));
  for (std::size_t i = 0; i < kFamilies; ++i) {
    result.emplace_back(std::string(kFamilyNames.at(i)),
                        family_options(static_cast<Family>(i), options, cache));
  }
  return result;
}

using Handles = std::array<rocksdb::ColumnFamilyHandle*, kFamilies>;

}  // namespace

std::string_view family_name(Family family) {
  return kFamilyNames.at(index(family));
}

struct Engine::Parts {
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> owned;
  Handles handles{};
  EngineOptions options;

  Parts() = default;
  Parts(Parts const&) = delete;
  Parts& operator=(Parts const&) = delete;
  ~Parts() {
    if (!db) return;
    for (auto* handle : owned) db->DestroyColumnFamilyHandle(handle);
    if (auto const status = db->Close(); !status.ok()) {
      log_warning("store.close", {{"error", status.ToString()}});
    }
  }
};

struct EngineBatch::Parts {
  Handles const* handles = nullptr;
  rocksdb::WriteBatch batch;
};

EngineBatch::EngineBatch(Engine const& engine) : parts_(std::make_unique<Parts>()) {
  parts_->handles = &engine.parts_->handles;
}

EngineBatch::~EngineBatch() = default;

// The status of these says only that an operation is malformed, which ours never are.
void EngineBatch::put(Family family, std::string_view key, std::string_view value) {
  auto* const handle = parts_->handles->at(index(family));
  SOL_CHECK(parts_->batch.Put(handle, slice(key), slice(value)).ok());
}

void EngineBatch::erase(Family family, std::string_view key) {
  SOL_CHECK(parts_->batch.Delete(parts_->handles->at(index(family)), slice(key)).ok());
}

void EngineBatch::erase_range(Family family, std::string_view from, std::string_view until) {
  auto* const handle = parts_->handles->at(index(family));
  SOL_CHECK(parts_->batch.DeleteRange(handle, slice(from), slice(until)).ok());
}

void EngineBatch::mark() {
  parts_->batch.SetSavePoint();
}

void EngineBatch::undo_to_mark() {
  SOL_CHECK(parts_->batch.RollbackToSavePoint().ok());
}

void EngineBatch::keep_mark() {
  SOL_CHECK(parts_->batch.PopSavePoint().ok());
}

bool EngineBatch::empty() const {
  return parts_->batch.Count() == 0;
}

std::size_t EngineBatch::bytes() const {
  return parts_->batch.GetDataSize();
}

struct EngineSnapshot::Parts {
  rocksdb::DB* db = nullptr;
  rocksdb::Snapshot const* snapshot = nullptr;
};

EngineSnapshot::EngineSnapshot(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

EngineSnapshot::~EngineSnapshot() {
  parts_->db->ReleaseSnapshot(parts_->snapshot);
}

// The bounds must stay in place while the iterator lives: RocksDB keeps pointers to them.
struct EngineCursor::Parts {
  Bytes from;
  Bytes until;
  Slice lower;
  Slice upper;
  std::unique_ptr<rocksdb::Iterator> iterator;
};

EngineCursor::EngineCursor(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
EngineCursor::~EngineCursor() = default;
EngineCursor::EngineCursor(EngineCursor&&) noexcept = default;

void EngineCursor::seek_first() {
  parts_->iterator->SeekToFirst();
}

void EngineCursor::seek_last() {
  parts_->iterator->SeekToLast();
}

void EngineCursor::seek(std::string_view key) {
  parts_->iterator->Seek(slice(key));
}

void EngineCursor::seek_before(std::string_view key) {
  parts_->iterator->SeekForPrev(slice(key));
  if (valid() && this->key() == key) previous();
}

void EngineCursor::next() {
  parts_->iterator->Next();
}

void EngineCursor::previous() {
  parts_->iterator->Prev();
}

bool EngineCursor::valid() const {
  return parts_->iterator->Valid();
}

std::string_view EngineCursor::key() const {
  return store::view(parts_->iterator->key());
}

std::string_view EngineCursor::value() const {
  return store::view(parts_->iterator->value());
}

Result<> EngineCursor::status() const {
  return result(parts_->iterator->status());
}

Engine::Engine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::open(std::filesystem::path const& directory, Mode mode,
                                             EngineOptions const& options) {
  auto parts = std::make_unique<Parts>();
  auto const families = descriptors(options);
  rocksdb::DB* db = nullptr;
  auto const opened =
      mode == Mode::look
          ? rocksdb::DB::OpenForReadOnly(engine_options(mode, options), directory.string(),
                                         families, &parts->owned, &db)
          : rocksdb::DB::Open(engine_options(mode, options), directory.string(), families,
                              &parts->owned, &db);
  parts->db.reset(db);
  SOL_TRY(result(opened));
  std::copy(parts->owned.begin() + 1, parts->owned.end(), parts->handles.begin());
  return std::unique_ptr<Engine>(new Engine(std::move(parts)));
}

Result<std::optional<Bytes>> Engine::get(Family family, std::string_view key,
                                         EngineSnapshot const* at) const {
  rocksdb::ReadOptions read;
  if (at != nullptr) read.snapshot = at->parts_->snapshot;
  Bytes value;
  auto const status = parts_->db->Get(read, parts_->handles.at(index(family)), slice(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  SOL_TRY(result(status));
  return value;
}

Result<std::vector<std::optional<Bytes>>> Engine::get_many(Family family,
                                                           std::vector<Bytes> const& keys,
                                                           EngineSnapshot const* at) const {
  rocksdb::ReadOptions read;
  if (at != nullptr) read.snapshot = at->parts_->snapshot;
  std::vector<Slice> const slices(keys.begin(), keys.end());
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<Status> statuses(keys.size());
  parts_->db->MultiGet(read, parts_->handles.at(index(family)), keys.size(), slices.data(),
                       values.data(), statuses.data());
  std::vector<std::optional<Bytes>> found(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].IsNotFound()) continue;
    SOL_TRY(result(statuses[i]));
    found[i].emplace(store::view(values[i]));
  }
  return found;
}

EngineCursor Engine::walk(Family family, std::string_view from, std::string_view until,
                          EngineSnapshot const* at) const {
  auto parts = std::make_unique<EngineCursor::Parts>();
  parts->from = from;
  parts->until = until;
  parts->lower = slice(parts->from);
  parts->upper = slice(parts->until);
  rocksdb::ReadOptions read;
  if (at != nullptr) read.snapshot = at->parts_->snapshot;
  read.iterate_lower_bound = &parts->lower;
  if (!until.empty()) read.iterate_upper_bound = &parts->upper;
  parts->iterator.reset(parts_->db->NewIterator(read, parts_->handles.at(index(family))));
  return EngineCursor(std::move(parts));
}

std::unique_ptr<EngineSnapshot> Engine::snapshot() const {
  auto parts = std::make_unique<EngineSnapshot::Parts>();
  parts->db = parts_->db.get();
  parts->snapshot = parts_->db->GetSnapshot();
  return std::unique_ptr<EngineSnapshot>(new EngineSnapshot(std::move(parts)));
}

Result<> Engine::write(EngineBatch& batch) {
  rocksdb::WriteOptions durable;
  durable.sync = true;
  return result(parts_->db->Write(durable, &batch.parts_->batch));
}

Result<> Engine::checkpoint(std::filesystem::path const& directory) const {
  rocksdb::Checkpoint* raw = nullptr;
  SOL_TRY(result(rocksdb::Checkpoint::Create(parts_->db.get(), &raw)));
  std::unique_ptr<rocksdb::Checkpoint> const maker(raw);
  // Zero: what is in memory is flushed to tables first, so that no log has to be copied.
  return result(maker->CreateCheckpoint(directory.string(), 0));
}

Result<> Engine::resume() {
  return result(parts_->db->Resume());
}

Result<> Engine::scrub(std::vector<EngineRange> const& ranges) {
  std::vector<ScrubRange> rewritten;
  for (auto const& range : ranges) {
    rewritten.push_back({parts_->handles.at(index(range.family)), range.from, range.until});
  }
  return scrub_files(*parts_->db, parts_->owned, parts_->handles.at(index(Family::meta)),
                     rewritten);
}

std::vector<std::string> Engine::tables() const {
  std::vector<rocksdb::LiveFileMetaData> live;
  parts_->db->GetLiveFilesMetaData(&live);
  std::vector<std::string> names;
  for (auto const& file : live) names.push_back(file.name);
  return names;
}

Result<> Engine::verify_table(std::string const& name) const {
  auto const path = parts_->db->GetName() + name;
  rocksdb::SstFileReader reader((rocksdb::Options()));
  auto status = reader.Open(path);
  if (status.ok()) status = reader.VerifyChecksum(rocksdb::ReadOptions());
  if (!status.ok() && parts_->db->GetEnv()->FileExists(path).IsNotFound()) {
    return fail(Code::not_found, "it was replaced");
  }
  return result(status);
}

std::uint64_t Engine::bytes(Family family) const {
  auto* const handle = parts_->handles.at(index(family));
  std::uint64_t tables = 0;
  std::uint64_t memory = 0;
  parts_->db->GetIntProperty(handle, rocksdb::DB::Properties::kTotalSstFilesSize, &tables);
  parts_->db->GetIntProperty(handle, rocksdb::DB::Properties::kCurSizeAllMemTables, &memory);
  return tables + memory;
}

}  // namespace solidaires::store
