// The store behind store-1.tar.gz, and what it says when it is read. Used by the writer, once, and
// by the test, for ever.
#pragma once

#include <filesystem>
#include <string>

#include "node/store/store.h"

namespace solidaires::golden {

[[nodiscard]] store::Indexer indexer();
// Fills an empty directory with a store of documents, conflicts, tombstones, received batches,
// histories, local values and a blob's record.
void write_store_1(std::filesystem::path const& directory);
// Everything that a reader can see of it, one fact a line, in a fixed order.
[[nodiscard]] Result<std::string> describe(store::Store const& store);

}  // namespace solidaires::golden
