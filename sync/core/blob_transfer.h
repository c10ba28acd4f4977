// The files of one session: BlobServing answers what the peer asks for, BlobFetching asks for what
// is lacking here. Parts of LinkSession, in nobody else's hands. Serving keeps no state per file
// and judges every request anew; fetching holds at most kBlobWantsInFlight chunks in memory,
// whatever the size and the number of the files.
#pragma once

#include "sync/core/link_sending.h"

namespace solidaires::sync {

class BlobServing {
 public:
  [[nodiscard]] Verdict wanted(BlobWant want, Entitlement const& entitlement, Actions& out);
  // `entitlement` as it is now: it may have changed since the question.
  void read(BlobRead read, Entitlement const& entitlement, Actions& out);
  // The file came to this store: the peer is told if it asked before.
  void arrived(Bytes const& sha256, Actions& out);

 private:
  void refuse(BlobWant const& want, BlobAnswer answer, Actions& out);

  std::size_t reading_ = 0;   // ReadBlob tasks without an answer
  std::set<Bytes> not_here_;  // told to the peer, and not here since
};

class BlobFetching {
 public:
  // Ends in exactly one notice BlobFetched or BlobNotFetched, unless the session ends before.
  void want(WantBlob want, Entitlement const& entitlement, Actions& out);
  void progress_read(BlobProgressRead const& read, Instant now, Actions& out);
  [[nodiscard]] Verdict chunk(BlobChunk chunk, Instant now, Actions& out);
  void kept(BlobKept const& kept, Instant now, Actions& out);
  // Ends what may no longer be received.
  void keep_only(Entitlement const& entitlement, Actions& out);

  // Asks for chunks while the window has room, file after file in turn.
  void pump(Instant now, Actions& out);
  // Documents, or bytes of a large message, came in: the peer is slow perhaps, but not stuck.
  void alive(Instant now) { alive_at_ = now; }
  // Gives up what has not moved for too long.
  void expire(Instant now, Actions& out);
  [[nodiscard]] std::size_t chunks_in_flight() const noexcept { return in_flight_; }

 private:
  struct Transfer {
    DocumentKey document;
    std::uint64_t size = 0;           // 0: not known yet
    bool started = false;             // what is held here is known
    std::uint32_t first_request = 0;  // earlier ones were for an attempt that ended
    bool sized = false;               // the peer has told the size
    std::uint64_t asked = 0;          // requests went out up to here
    std::uint64_t received = 0;       // chunks came in up to here
  };
  struct Asked {
    BlobClaim file;
    std::uint64_t offset = 0;
  };
  using Transfers = std::map<BlobClaim, Transfer>;

  void begin(Actions& out);
  [[nodiscard]] static std::optional<Error> objection(BlobChunk const& chunk,
                                                      Transfer const& transfer);
  void end(Transfers::iterator transfer, Error why, Actions& out);

  std::deque<WantBlob> waiting_;
  Transfers transfers_;                   // under way
  std::map<std::uint32_t, Asked> asked_;  // unanswered; of ended transfers too
  BlobClaim last_turn_;                   // whose turn it was
  std::uint32_t request_ = 0;
  std::size_t in_flight_ = 0;  // chunks that were asked for and are not durable yet
  std::optional<Instant> alive_at_;
};

}  // namespace solidaires::sync
