// Verifies every invariant of FORMAT.md on one snapshot. Inside this room only; reads everything,
// changes nothing.
#pragma once

#include "node/store/counts.h"
#include "node/store/digests.h"
#include "node/store/transaction.h"

namespace solidaires::store {

// `counts`: what memory holds for the same moment.
Result<CheckReport> check_store(Engine const& engine, EngineSnapshot const& at,
                                Indexer const& indexer, Counts::Table const& counts,
                                Digests::Contents const& digests, Store::OnChecked const& told);
// Reads every file whole, and counts those that documents name and that are not here.
Result<> check_files(Engine const& engine, EngineSnapshot const& at, Blobs const& files,
                     CheckReport& report, Store::OnChecked const& told);

}  // namespace solidaires::store
