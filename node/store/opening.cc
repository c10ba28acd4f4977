#include "node/store/opening.h"

#include "node/store/blob_references.h"
#include "sync/base/log.h"

namespace solidaires::store {
namespace {

constexpr std::size_t kRebuildBytes = 4UL << 20;  // of one batch

// Of the indexer, and of the store's own index.
std::string index_version(Indexer const& indexer) {
  return cat(indexer.version, kFilesIndexVersion);
}

EngineOptions engine_options(Options const& options) {
  return {options.block_cache_bytes, options.write_buffer_bytes, options.env};
}

Result<std::unique_ptr<Engine>> create(Directory& directory, Options const& options, Rng& rng,
                                       std::uint32_t format) {
  SOL_TRY(directory.begin_creation(format));
  SOL_ASSIGN(auto engine,
             Engine::open(directory.engine_path(), Engine::Mode::create, engine_options(options)));
  EngineBatch batch(*engine);
  batch.put(Family::meta, meta_key::kFormat, number(format));
  batch.put(Family::meta, meta_key::kReplica, number(rng.next()));
  batch.put(Family::meta, meta_key::kCounter, number(0));
  batch.put(Family::meta, meta_key::kIndexer, index_version(options.indexer));
  SOL_TRY(engine->write(batch));
  SOL_TRY(directory.set_format(format));
  return engine;
}

std::unexpected<Error> damaged(Directory const& directory, std::string_view why) {
  return fail(Code::corrupt, cat("the store in ", directory.path().string(), " is damaged (", why,
                                 "). Nothing was changed; restore the latest backup, or give this "
                                 "node an empty directory and let it fill from its peers"));
}

Result<std::uint64_t> meta_number(Engine const& engine, std::string_view key) {
  SOL_ASSIGN(auto const bytes, engine.get(Family::meta, key));
  if (!bytes) return fail(Code::corrupt, cat("it has no ", key));
  return parse_number(*bytes);
}

// Opens for reading alone, so that what is damaged or newer is refused before a byte changes.
Result<std::uint32_t> look(Directory const& directory, Options const& options,
                           std::uint32_t format) {
  auto const engine =
      Engine::open(directory.engine_path(), Engine::Mode::look, engine_options(options));
  if (!engine) {
    auto const code = engine.error().code();
    if (code == Code::io || code == Code::exhausted || code == Code::busy) {
      return std::unexpected(Error(engine.error()).in("opening the store"));
    }
    return damaged(directory, engine.error().message());
  }
  auto const found = meta_number(**engine, meta_key::kFormat);
  if (!found) return damaged(directory, found.error().message());
  if (*found > format) {
    return fail(Code::unsupported, cat("the store in ", directory.path().string(), " has format ",
                                       *found, ", and this program knows formats up to ", format,
                                       ": run the version of the program that wrote it, or a "
                                       "later one"));
  }
  return static_cast<std::uint32_t>(*found);
}

Result<Positions> read_positions(Engine const& engine) {
  Positions positions;
  SOL_ASSIGN(std::uint64_t const replica, meta_number(engine, meta_key::kReplica));
  positions.replica = ReplicaId{replica};
  SOL_ASSIGN(positions.counter, meta_number(engine, meta_key::kCounter));
  auto cursor = engine.walk(Family::meta, meta_key::kHead, after_prefix(meta_key::kHead));
  for (cursor.seek_first(); cursor.valid(); cursor.next()) {
    SOL_ASSIGN(auto scope, ScopeId::parse(cursor.key().substr(meta_key::kHead.size())));
    SOL_ASSIGN(positions.heads[std::move(scope)], parse_number(cursor.value()));
  }
  SOL_TRY(cursor.status());
  return positions;
}

Result<> index_document(EngineBatch& batch, Indexer const& indexer,
                        sync::Document const& document) {
  bool const alive = sync::is_alive(document);
  batch.put(Family::indexes, type_key(document.type, document.key),
            alive ? kAliveMark : kDeletedMark);
  SOL_ASSIGN(auto const entries, entries_of(indexer, &document));
  for (auto const& entry : entries) {
    batch.put(Family::indexes, index_key(entry, document.key), {});
  }
  return {};
}

// The indexer's version leaves with the first batch and comes back with the last: whoever opens
// the store after a crash in between starts again.
Result<> rebuild_indexes(Engine& engine, Indexer const& indexer) {
  log_info("store.reindex", {{"indexer", indexer.version}});
  auto batch = std::make_unique<EngineBatch>(engine);
  batch->erase(Family::meta, meta_key::kIndexer);
  batch->erase_range(Family::indexes, Bytes(1, '\0'), Bytes(1, '\xff'));
  auto cursor = engine.walk(Family::documents, {}, {});
  std::uint64_t documents = 0;
  for (cursor.seek_first(); cursor.valid(); cursor.next(), ++documents) {
    SOL_ASSIGN(auto const key, parse_document_key(cursor.key()));
    SOL_ASSIGN(auto const stored, parse_record(key, cursor.value()));
    SOL_TRY(index_document(*batch, indexer, stored.document));
    if (batch->bytes() < kRebuildBytes) continue;
    SOL_TRY(engine.write(*batch));
    batch = std::make_unique<EngineBatch>(engine);
  }
  SOL_TRY(cursor.status());
  batch->put(Family::meta, meta_key::kIndexer, index_version(indexer));
  SOL_TRY(engine.write(*batch));
  log_info("store.reindexed", {{"documents", documents}});
  return {};
}

Result<> check_room(Directory const& directory, Options const& options) {
  auto const free = directory.free_bytes();
  if (free >= options.disk_reserve_bytes) return {};
  return fail(Code::exhausted,
              cat("the disk of ", directory.path().string(), " has only ", free >> 20U,
                  " MB left, and the store needs ", options.disk_reserve_bytes >> 20U,
                  " MB to open safely: free some space"));
}

Result<std::unique_ptr<Engine>> open_existing(Directory& directory, Options const& options,
                                              std::uint32_t format,
                                              std::span<MigrationStep const> steps) {
  SOL_ASSIGN(std::uint32_t const found, look(directory, options, format));
  SOL_TRY(missing_step(found, format, steps));
  SOL_ASSIGN(auto engine,
             Engine::open(directory.engine_path(), Engine::Mode::open, engine_options(options)));
  SOL_TRY(migrate(*engine, found, format, steps));
  if (directory.format() != format) SOL_TRY(directory.set_format(format));
  return engine;
}

}  // namespace

Result<Opened> open_directory(std::filesystem::path const& path, Options const& options, Rng& rng,
                              std::uint32_t format, std::span<MigrationStep const> steps) {
  SOL_ASSIGN(auto directory, Directory::claim(path, options.create, format));
  SOL_TRY(check_room(directory, options));
  SOL_ASSIGN(auto engine, directory.state() == Directory::State::ready
                              ? open_existing(directory, options, format, steps)
                              : create(directory, options, rng, format));
  SOL_ASSIGN(auto positions, read_positions(*engine));
  SOL_ASSIGN(auto const indexer, engine->get(Family::meta, meta_key::kIndexer));
  if (indexer != index_version(options.indexer)) {
    SOL_TRY(rebuild_indexes(*engine, options.indexer));
  }
  SOL_ASSIGN(auto files, Blobs::open(path / "blobs", {options.disk_reserve_bytes}));
  return Opened{std::move(directory), std::move(engine), std::move(positions), std::move(files)};
}

}  // namespace solidaires::store
