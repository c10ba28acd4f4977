// Which files a document refers to, in any version that is kept: decides what replication fetches
// and gives, and what collection leaves alone. Kept in an index of the store's own, by the same
// commit as the document. Pure functions, any thread.
#pragma once

#include <vector>

#include "schema/file_reference.h"
#include "sync/core/document.h"

namespace solidaires::store {

// The store's own index: an indexer must not use its name. Value: the 32 bytes of a hash.
inline constexpr std::string_view kFilesIndex = "_files";
// Joined to the indexer's version: indexes of a store that was written before are built anew.
inline constexpr std::string_view kFilesIndexVersion = "+files1";

// By hash, each once; of several sizes that versions tell of one hash, the greatest.
[[nodiscard]] std::vector<schema::FileReference> blob_references(sync::Document const& document);
[[nodiscard]] bool refers_to(sync::Document const& document, std::string_view sha256);

}  // namespace solidaires::store
