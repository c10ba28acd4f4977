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

// A file under the right of one origin: who wrote the documents that name it. Bytes that are here
// for one origin are not here for another, which has to bring them itself: else whoever knows a
// hash could name it and be given the file (PROTOCOL.md, "Files").
struct BlobClaim {
  Bytes sha256{};
  Bytes origin{};  // blob_origin() of the documents' scope
  friend auto operator<=>(BlobClaim const&, BlobClaim const&) = default;
};
// The owner of an office, public or network scope, who writes all three; a group is one of its own.
[[nodiscard]] Bytes blob_origin(ScopeId const& scope);
[[nodiscard]] inline BlobClaim claim_of(DocumentKey const& document, Bytes sha256) {
  return {std::move(sha256), blob_origin(document.scope)};
}

class BlobStore {
 public:
  virtual ~BlobStore() = default;

  // min(bytes_max, size - offset) bytes of a whole file, none behind its end. Code::denied: the
  // document is not here, or refers to the file in no version that is kept; not_found: it does, but
  // the file is not here (whole), or not under the right of the document's origin.
  [[nodiscard]] virtual Result<BlobPart> read_blob(DocumentKey const& document, Bytes const& sha256,
                                                   std::uint64_t offset,
                                                   std::size_t bytes_max) const = 0;
  [[nodiscard]] virtual Result<BlobProgress> blob_progress(BlobClaim const& file) = 0;
  // Adds bytes at `offset`, durable when it returns. With the last byte the whole is verified and
  // published under this claim. Code::conflict: another number of bytes is held by now; corrupt:
  // the whole is not what its name says, all of it was removed; invalid: no document here names it
  // (any more); exhausted, io: the disk.
  virtual Result<BlobProgress> append_blob(BlobClaim const& file, std::uint64_t offset,
                                           std::uint64_t size, std::string_view bytes) = 0;
};

}  // namespace solidaires::sync
