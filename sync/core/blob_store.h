// What a link needs of the files that documents refer to: content-addressed by SHA-256, whole or
// partly here. Joined to a directory by node/store, to memory by tests. Synchronous, may block on
// the disk; any thread.
#pragma once

#include "sync/core/document.h"

namespace solidaires::sync {

struct BlobPart {
  Bytes bytes;
  std::uint64_t size = 0;  // of the whole file
};

struct BlobProgress {
  std::uint64_t held = 0;  // bytes from the start that are durable here
  bool whole = false;      // all of it, verified
};

class BlobStore {
 public:
  virtual ~BlobStore() = default;

  // min(bytes_max, size - offset) bytes of a whole file, none behind its end. Code::denied: the
  // document is not here, or refers to the file in no version that is kept; not_found: it does, but
  // the file is not here (whole).
  [[nodiscard]] virtual Result<BlobPart> read_blob(DocumentKey const& document, Bytes const& sha256,
                                                   std::uint64_t offset,
                                                   std::size_t bytes_max) const = 0;
  [[nodiscard]] virtual Result<BlobProgress> blob_progress(Bytes const& sha256) = 0;
  // Adds bytes at `offset`, durable when it returns. With the last byte the whole is verified and
  // published. Code::conflict: another number of bytes is held by now; corrupt: the whole is not
  // what its name says, all of it was removed; exhausted, io: the disk.
  virtual Result<BlobProgress> append_blob(Bytes const& sha256, std::uint64_t offset,
                                           std::uint64_t size, std::string_view bytes) = 0;
};

}  // namespace solidaires::sync
