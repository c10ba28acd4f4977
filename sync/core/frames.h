// What two ends of a link say to each other, as plain values: sync/wire turns them into bytes and
// back, the session (link_session.h) decides them. One frame is one message of the transport.
// Meaning and limits: sync/PROTOCOL.md, "Frames". Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sync/base/clock.h"
#include "sync/base/ids.h"
#include "sync/core/document.h"
#include "sync/core/ports.h"
#include "sync/core/reconciliation.h"

namespace solidaires::sync {

inline constexpr std::uint32_t kProtocolMin = 1;
inline constexpr std::uint32_t kProtocolMax = 1;

// Bits of Hello::features: what both ends offer is in force. On the wire: never reuse a bit.
namespace feature {
inline constexpr std::uint64_t kCompression = 1U << 0U;  // batches may come compressed
inline constexpr std::uint64_t kProbe = 1U << 1U;        // Probe, ProbeReply, repairs
inline constexpr std::uint64_t kBlobs = 1U << 2U;        // BlobWant, BlobChunk
inline constexpr std::uint64_t kWithdraw = 1U << 3U;     // Withdraw, Withdrawn
}  // namespace feature
// What every instance of this version offers; kBlobs besides, if its store keeps files.
inline constexpr std::uint64_t kFeatures =
    feature::kCompression | feature::kProbe | feature::kWithdraw;

// The first frame of either end: the parent's opens the session, the child's answers it.
struct Hello {
  std::uint32_t protocol_min = kProtocolMin;
  std::uint32_t protocol_max = kProtocolMax;
  std::uint64_t features = 0;  // bits (above); what both offer is in force
  NodeName node{};
  ReplicaId replica{};
  std::uint64_t counter = 0;        // the highest committed by `replica`
  Bytes link_token{};               // child: the last one this parent's replica gave; parent: empty
  std::string software{};           // "solidaires 0.1.0"; for people
  std::uint64_t model_version = 0;  // content model: major << 32 | minor; 0: not said
  std::int64_t wall_clock_ms = 0;   // Unix; shown when clocks differ, decides nothing
  friend bool operator==(Hello const&, Hello const&) = default;
};

[[nodiscard]] constexpr std::uint64_t make_model_version(std::uint32_t major, std::uint32_t minor) {
  return (std::uint64_t{major} << 32U) | minor;
}
[[nodiscard]] constexpr std::uint32_t model_major(std::uint64_t version) {
  return static_cast<std::uint32_t>(version >> 32U);
}

// Parent to child: accepted. The child keeps the token durably before it sends anything else.
struct Welcome {
  Bytes link_token{};
  friend bool operator==(Welcome const&, Welcome const&) = default;
};

// "I can send you these scopes": at the start of a session, and again for scopes that appear later.
// The child's first Offer, even an empty one, says that the link token is kept.
struct Offer {
  std::vector<ScopeId> scopes{};
  friend bool operator==(Offer const&, Offer const&) = default;
};

// "Send me this scope's feed from after `cursor`."
struct Subscribe {
  ScopeId scope{};
  Sequence cursor{};
  friend bool operator==(Subscribe const&, Subscribe const&) = default;
};

struct Batch {
  ScopeId scope{};
  std::uint32_t generation = 0;       // of the sender's stream; a rewind starts the next
  Sequence previous{};                // must equal the receiver's cursor
  Sequence last{};                    // the cursor once this batch is durable; > previous
  Sequence head{};                    // the last of the sender's feed: how much is still to come
  std::vector<Document> documents{};  // may be empty: only the cursor moves (echoes were skipped)
  // Decoding only: why a document could not be read. Not empty: the batch goes to quarantine.
  std::vector<std::string> unreadable{};
  // Outside the feed: documents that a probe found to differ. It has generation 0, its positions
  // are 0, and it moves no cursor; it is answered by an Ack or a Nack of generation 0.
  bool repair = false;
  // The wire forms of all `documents`, in their order, or none. Sending: each of `documents` is
  // then a mere key. Receiving: as they came; none if one is unreadable.
  std::vector<Bytes> encoded{};
  friend bool operator==(Batch const&, Batch const&) = default;
};

// "Everything up to `cursor` is durable here."
struct Ack {
  ScopeId scope{};
  std::uint32_t generation = 0;
  Sequence cursor{};
  friend bool operator==(Ack const&, Ack const&) = default;
};

// On the wire: never renumber.
enum class NackReason : std::uint8_t {
  other = 0,        // a reason of a later version
  gap = 1,          // `previous` is not the receiver's cursor: the sender rewinds to `cursor`
  entitlement = 2,  // the scope may not travel this way, or was not subscribed to
  limit = 3,        // larger than PROTOCOL.md allows
  quarantine = 4,   // a document cannot be taken: the cursor is held
};

struct Nack {
  ScopeId scope{};
  std::uint32_t generation = 0;
  Sequence cursor{};  // durable at the receiver
  NackReason reason = NackReason::other;
  std::string detail{};  // for people
  friend bool operator==(Nack const&, Nack const&) = default;
};

struct ScopeStatus {
  ScopeId scope{};
  Sequence head{};          // of the sender of this frame
  Sequence acknowledged{};  // how far the other end has said it is durable there
  friend bool operator==(ScopeStatus const&, ScopeStatus const&) = default;
};

// How the sender of it is doing; for consoles and metrics, decides nothing.
struct Status {
  std::vector<ScopeStatus> scopes{};
  std::int64_t oldest_unacknowledged_ms = 0;  // age
  std::uint64_t disk_free_bytes = 0;
  std::uint64_t open_conflicts = 0;
  std::uint64_t quarantined = 0;
  friend bool operator==(Status const&, Status const&) = default;
};

struct Ping {
  std::uint64_t nonce = 0;
  friend bool operator==(Ping const&, Ping const&) = default;
};

struct Pong {
  std::uint64_t nonce = 0;
  friend bool operator==(Pong const&, Pong const&) = default;
};

// Where the asking end stands in a scope. Both ends compare sets only while nothing is on its way.
struct Anchor {
  Sequence sent{};      // of its own feed: acknowledged by the other end; 0 if it sends none
  Sequence received{};  // of the other end's feed: durable at the asking end; 0 if it takes none
  friend bool operator==(Anchor const&, Anchor const&) = default;
};

// "Do we hold the same?" Either a question, or documents that are wanted.
struct Probe {
  ScopeId scope{};
  std::uint32_t serial = 0;  // the reply repeats it
  Anchor anchor{};
  Question question{};
  std::vector<DocumentId> wants{};
  friend bool operator==(Probe const&, Probe const&) = default;
};

// On the wire: never renumber.
enum class ProbeOutcome : std::uint8_t {
  other = 0,    // an outcome of a later version
  equal = 1,    // to the whole
  differs = 2,  // the answer tells where
  moved = 3,    // something is on its way, or the anchor is not mine: ask again later
  refused = 4,  // this scope is not shared on this link, or its stream is held
};

struct ProbeReply {
  ScopeId scope{};
  std::uint32_t serial = 0;
  ProbeOutcome outcome = ProbeOutcome::other;
  Answer answer{};
  friend bool operator==(ProbeReply const&, ProbeReply const&) = default;
};

// On the wire: never renumber.
enum class CloseReason : std::uint8_t {
  other = 0,
  going_away = 1,     // orderly shutdown, or a newer link of the same node took over
  protocol = 2,       // the peer broke the protocol
  version = 3,        // no protocol version in common
  identity = 4,       // Hello names another node than the certificate
  stale_replica = 5,  // you are a restored backup or a clone: draw a new incarnation first
  busy = 6,           // admission: come back after `retry_after`
  stalled = 7,        // an owed answer did not come in time
  silent = 8,         // nothing at all was received for too long
  storage = 9,        // the store could not read or commit (disk full, IO error)
  suspended = 10,     // the administrator of the network suspended this node
  rolled_back = 11,   // I am a restored backup: you hold more of my feed than I do
};
[[nodiscard]] std::string_view close_reason_name(CloseReason reason) noexcept;
[[nodiscard]] std::string_view nack_reason_name(NackReason reason) noexcept;

struct Close {
  CloseReason reason = CloseReason::other;
  Millis retry_after{0};  // 0: as the dialling side sees fit
  std::string detail{};   // for people
  friend bool operator==(Close const&, Close const&) = default;
};

// Parent to child: these scopes are not yours any more; remove what you hold of them, and say so.
struct Withdraw {
  std::vector<ScopeId> scopes{};
  friend bool operator==(Withdraw const&, Withdraw const&) = default;
};

// Child to parent: nothing of these is held here any more, durably.
struct Withdrawn {
  std::vector<ScopeId> scopes{};
  friend bool operator==(Withdrawn const&, Withdrawn const&) = default;
};

// A kind that this version does not know: a sign of life, otherwise ignored.
struct UnknownFrame {
  std::uint32_t number = 0;
  friend bool operator==(UnknownFrame const&, UnknownFrame const&) = default;
};

// "Send me the bytes of this file from `offset` on", at most kBlobChunkBytes. The document is one
// that the asker holds and that refers to the file: a hash alone gives nothing. Each is answered by
// exactly one BlobChunk, in order.
struct BlobWant {
  std::uint32_t request = 0;  // chosen by the asker, above 0; repeated in the answer
  ScopeId scope{};            // of the document
  DocumentId document{};
  Bytes sha256{};  // 32 bytes
  std::uint64_t offset = 0;
  friend bool operator==(BlobWant const&, BlobWant const&) = default;
};

// On the wire: never renumber.
enum class BlobAnswer : std::uint8_t {
  bytes = 0,
  not_here = 1,  // the document refers to it, but the file has not come here yet
  denied = 2,    // no such document for this peer, or it does not refer to this file
  failed = 3,    // the disk said no; or a reason of a later version
  arrived = 4,   // request 0: what was not_here earlier in this session is here now
};
[[nodiscard]] std::string_view blob_answer_name(BlobAnswer answer) noexcept;

struct BlobChunk {
  std::uint32_t request = 0;
  Bytes sha256{};
  BlobAnswer answer = BlobAnswer::bytes;
  std::uint64_t offset = 0;  // as asked
  std::uint64_t size = 0;    // of the whole file
  Bytes bytes{};             // min(kBlobChunkBytes, size - offset) of them
  friend bool operator==(BlobChunk const&, BlobChunk const&) = default;
};

using Frame =
    std::variant<Hello, Welcome, Offer, Subscribe, Batch, Ack, Nack, Status, Ping, Pong, Close,
                 BlobWant, BlobChunk, Probe, ProbeReply, Withdraw, Withdrawn, UnknownFrame>;

[[nodiscard]] std::string_view frame_name(Frame const& frame) noexcept;  // "batch"; for logs
// The bytes of files: a driver sends them when nothing else waits.
[[nodiscard]] inline bool is_blob(Frame const& frame) noexcept {
  return std::holds_alternative<BlobChunk>(frame);
}
// Everything but batches and files is control: a driver may send it before those that still wait.
[[nodiscard]] inline bool is_control(Frame const& frame) noexcept {
  return !std::holds_alternative<Batch>(frame) && !is_blob(frame);
}

}  // namespace solidaires::sync
