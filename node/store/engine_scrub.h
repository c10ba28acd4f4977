// Rewriting RocksDB's files until they hold nothing that was superseded. Inside this room only, by
// engine.cc.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "node/store/engine.h"

namespace rocksdb {
class DB;
class ColumnFamilyHandle;
}  // namespace rocksdb

namespace solidaires::store {

struct ScrubRange {
  rocksdb::ColumnFamilyHandle* family = nullptr;
  Bytes from, until;  // both empty: the whole family
};

// `meta`: the family in which a key of no meaning is written, so that the last manifest begins
// after everything else. Blocks for as long as the compactions take.
Result<> scrub_files(rocksdb::DB& db, std::span<rocksdb::ColumnFamilyHandle* const> families,
                     rocksdb::ColumnFamilyHandle* meta, std::span<ScrubRange const> ranges);

}  // namespace solidaires::store
