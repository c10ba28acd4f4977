// How a store opens: looks at what lies there without touching it, creates, migrates, reads the
// positions, rebuilds the indexes if the indexer is another. Inside this room only.
#pragma once

#include <span>

#include "node/store/directory.h"
#include "node/store/migration.h"
#include "node/store/transaction.h"

namespace solidaires::store {

struct Opened {
  Directory directory;
  std::unique_ptr<Engine> engine;
  Positions positions;
  std::unique_ptr<Blobs> files;
};

// `format` and `steps` are this program's own; tests give others.
Result<Opened> open_directory(std::filesystem::path const& path, Options const& options, Rng& rng,
                              std::uint32_t format, std::span<MigrationStep const> steps);

}  // namespace solidaires::store
