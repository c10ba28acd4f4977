// The one fence around RocksDB: ordered byte keys in families, batches that are durable together,
// snapshots, cursors. Inside this room only. Any thread, except that a batch, and a cursor, belong
// to one thread at a time.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sync/base/bytes.h"
#include "sync/base/result.h"

namespace rocksdb {
class Env;
}

namespace solidaires::store {

// Stored on disk by name (family_name): never rename. Never renumber: handles are in this order.
enum class Family : std::uint8_t {
  meta,
  documents,
  feeds,
  cursors,
  indexes,
  history,
  blobs,
  local,
};
inline constexpr std::size_t kFamilies = 8;
[[nodiscard]] std::string_view family_name(Family family);

class Engine;

// Must not outlive its engine.
class EngineBatch {
 public:
  explicit EngineBatch(Engine const& engine);
  ~EngineBatch();
  EngineBatch(EngineBatch const&) = delete;
  EngineBatch& operator=(EngineBatch const&) = delete;

  void put(Family family, std::string_view key, std::string_view value);
  void erase(Family family, std::string_view key);
  // Keys in [from, until).
  void erase_range(Family family, std::string_view from, std::string_view until);
  // A mark to come back to; each is either undone or kept.
  void mark();
  void undo_to_mark();
  void keep_mark();
  [[nodiscard]] bool empty() const;
  [[nodiscard]] std::size_t bytes() const;

 private:
  friend class Engine;
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// What is committed now, for as long as it lives. Must not outlive its engine.
class EngineSnapshot {
 public:
  ~EngineSnapshot();
  EngineSnapshot(EngineSnapshot const&) = delete;
  EngineSnapshot& operator=(EngineSnapshot const&) = delete;

 private:
  friend class Engine;
  struct Parts;
  explicit EngineSnapshot(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// Walks keys in [from, until) in order. After the last step, ask status(): a walk that a damaged
// block cut short looks like an end.
class EngineCursor {
 public:
  ~EngineCursor();
  EngineCursor(EngineCursor&&) noexcept;
  EngineCursor& operator=(EngineCursor&&) = delete;

  void seek_first();
  void seek_last();
  void seek(std::string_view key);         // the first key at or after it
  void seek_before(std::string_view key);  // the last key before it
  void next();
  void previous();
  [[nodiscard]] bool valid() const;
  [[nodiscard]] std::string_view key() const;  // until the next step
  [[nodiscard]] std::string_view value() const;
  [[nodiscard]] Result<> status() const;

 private:
  friend class Engine;
  struct Parts;
  explicit EngineCursor(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

struct EngineOptions {
  std::size_t block_cache_bytes = 64UL << 20;
  std::size_t write_buffer_bytes = 48UL << 20;
  rocksdb::Env* env = nullptr;  // the file system; null: the system's. Must outlive the engine
};

// Keys in [from, until); both empty: the whole family.
struct EngineRange {
  Family family{};
  Bytes from{};
  Bytes until{};
};

class Engine {
 public:
  enum class Mode { create, open, look };  // look: changes no byte of any file, and cannot write

  // create: a new engine in a directory that has none. The errors are the engine's own words.
  static Result<std::unique_ptr<Engine>> open(std::filesystem::path const& directory, Mode mode,
                                              EngineOptions const& options);
  ~Engine();
  Engine(Engine const&) = delete;
  Engine& operator=(Engine const&) = delete;

  // `at` null: the latest.
  [[nodiscard]] Result<std::optional<Bytes>> get(Family family, std::string_view key,
                                                 EngineSnapshot const* at = nullptr) const;
  [[nodiscard]] Result<std::vector<std::optional<Bytes>>> get_many(
      Family family, std::vector<Bytes> const& keys, EngineSnapshot const* at = nullptr) const;
  // `until` empty: to the end of the family.
  [[nodiscard]] EngineCursor walk(Family family, std::string_view from, std::string_view until,
                                  EngineSnapshot const* at = nullptr) const;
  [[nodiscard]] std::unique_ptr<EngineSnapshot> snapshot() const;

  // Durable when it returns. After a failure every write fails until resume() succeeds.
  Result<> write(EngineBatch& batch);
  Result<> resume();

  // What is written now, as an engine of its own in a directory that does not exist, on the same
  // disk: hard links where a file never changes. Durable when it returns.
  Result<> checkpoint(std::filesystem::path const& directory) const;

  // When it returns, no file holds a byte of what had been overwritten or erased in the ranges
  // before the call: neither tables, nor logs, nor the manifest (whose bounds of tables are keys).
  // Writes go on meanwhile. Waits a second for snapshots and cursors that still see older
  // states: Code::busy if they stay; then it is to be called again.
  Result<> scrub(std::vector<EngineRange> const& ranges);

  [[nodiscard]] std::uint64_t bytes(Family family) const;  // on disk and in memory, about

  // Names of the tables that are live now.
  [[nodiscard]] std::vector<std::string> tables() const;
  // Reads one of them whole, from the disk. Code::corrupt; Code::not_found: it was replaced.
  [[nodiscard]] Result<> verify_table(std::string const& name) const;

 private:
  friend class EngineBatch;
  struct Parts;
  explicit Engine(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace solidaires::store
