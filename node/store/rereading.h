// Reading again, a little at a time, what lies on disk. Proofs of equality stand on digests that
// live in memory; a table that rots, or a mistake of this program, would be proven equal until the
// next start. So each step takes a table, some records, or some entries of a digest, computes anew
// what memory believes of them, and mends memory where it is wrong: what the disk has lost or
// changed is then found by the next comparison with a peer, which brings it back. Inside this room,
// but for Rereading, which is its caller's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sync/base/bytes.h"

namespace solidaires::store {

// How far a reading of everything has got, and what it found. Made by default it begins.
struct Rereading {
  enum class Part : std::uint8_t { beginning, tables, records, digests, done };
  Part part = Part::beginning;
  std::uint64_t tables = 0;             // files that were read whole
  std::uint64_t documents = 0;          // whose fingerprints were computed
  std::uint64_t mended = 0;             // that memory or a record had wrong
  std::vector<std::string> problems{};  // what was found, at most 100; empty: nothing

  // Where the next step goes on: the store's own.
  std::vector<std::string> tables_left{};
  Bytes after{};            // the key of the last record, or the scope whose digest is read
  std::uint64_t range = 0;  // of that digest

  void problem(std::string what);
};

}  // namespace solidaires::store
