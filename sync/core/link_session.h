// One session of one link, as a machine: fed with events, it answers with actions. It has no clock,
// no thread, no socket, no store; a driver owns it, on one thread, for one connection, and throws
// it away when the connection ends (the next connection is a new session). It never throws, and no
// input of a peer can trip an invariant.
//
// Driver's duties
//  1. Make the session when the transport is up and the certificate is checked; first subscribe to
//     the store's commit notices, then feed Started. From then on feed every event below.
//  2. After every step() carry out all Actions:
//     - write `send` in order. Control frames may overtake batches that still wait to be written;
//       batches keep their order among themselves, and so do control frames. Nothing in `send`
//       waits for `tasks` of the same step.
//     - files (BlobChunk) yield to both: they wait while anything else does.
//     - run `tasks` off the IO thread (carry_out() below does it against a ReplicaStore) and feed
//       the event that each answers with. ApplyBatch, KeepToken and DropScope tasks of one session
//       run one after another, in the order given; reads may run at any time. Answer BatchApplied
//       only when it is durable.
//     - arm ONE timer for `wake_at` (it replaces the earlier one; nullopt leaves it) and feed
//       TimerFired. Firing early or twice is harmless.
//     - `notices`: for logs and metrics.
//     - `disconnect`: when `send` is written (or 5 s have passed), close the transport and destroy
//       the session. Later events are ignored.
//  3. Tell ScopeCommitted for every commit of the local store, whoever caused it (a person, this
//     link, another link: that is how a hub relays), after it is durable and readable.
//  4. `now` may not go backwards: wall clock at start, moved on by a steady clock. A step back is
//     taken as no time passed.
// What the transport must be: ordered, whole frames. A lost, repeated or swapped frame is noticed
// and repaired by rewinding or closing, never by guessing.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "sync/base/clock.h"
#include "sync/base/result.h"
#include "sync/core/blob_store.h"
#include "sync/core/entitlement.h"
#include "sync/core/frames.h"
#include "sync/core/ports.h"

namespace solidaires::sync {

struct LinkConfig {
  Entitlement entitlement{};  // says also which end we are
  ReplicaId replica{};        // ReplicaStore::replica()
  std::uint64_t counter = 0;  // ReplicaStore::counter() when the session starts
  Bytes fresh_token{};  // peer_role child only: 16 bytes from a SystemRng, drawn for this session
  std::string software{};
  std::uint64_t model_version = 0;     // as in Hello: its major number may make the link read-only
  std::uint64_t features = kFeatures;  // offered; tests play older versions with fewer
  // False: greets and offers, but neither sends nor takes documents until Admitted: the driver lets
  // only so many links catch up at once.
  bool admitted = true;
};

// ---- Tasks: what the store is asked. Each is answered by exactly one event. ----

struct ReadToken {  // -> TokenRead
  ReplicaId peer{};
};
struct KeepToken {  // -> TokenKept, when durable. Opaque: the parent keeps a record in it
  ReplicaId peer{};
  Bytes token{};
  // If set: only in place of this; Code::conflict if something else is kept by now. A session that
  // a newer one has replaced must not write over what that one has promised.
  std::optional<Bytes> instead_of{};
};
struct ReadCursor {  // -> CursorRead
  ReplicaId peer{};
  ScopeId scope{};
};
struct ReadFeed {  // -> FeedRead
  ScopeId scope{};
  Sequence after{};
  std::size_t documents_max = 0;
  std::size_t bytes_max = 0;
  ReplicaId reader{};  // the peer: it needs no entry that it sent itself
};
// Whom the answer to a batch is for. A scope may have had several streams in one session, one after
// another, and the answer to a batch of an ended one is not the answer to a batch of the next.
struct StreamBatch {
  std::uint64_t stream = 0;      // counts the streams of the session, from 1
  std::uint32_t generation = 0;  // of the batch; 0: it is a repair
  [[nodiscard]] bool repair() const noexcept { return generation == 0; }
};
struct ApplyBatch {  // -> BatchApplied, when durable or failed
  RemoteBatch batch;
  StreamBatch of{};
};
struct DropScope {  // -> ScopeDropped, when durable. In the order of the writes
  ScopeId scope{};
};
struct ReadDigest {  // -> DigestRead
  struct Open {};
  struct Reply {
    Question question;
  };
  struct Compare {
    Question asked;
    Answer given;
  };
  ReplicaId peer{};
  ScopeId scope{};
  std::uint32_t serial = 0;
  std::variant<Open, Reply, Compare> work{};
};
struct ReadDocuments {  // -> DocumentsRead
  ScopeId scope{};
  std::vector<DocumentId> ids{};
};
struct ReadBlob {  // -> BlobRead: for the peer
  BlobWant want;
};
struct ReadBlobProgress {  // -> BlobProgressRead
  BlobClaim file{};
};
struct KeepBlob {  // -> BlobKept, when durable or failed. In the order given
  BlobClaim file{};
  std::uint64_t offset = 0;
  std::uint64_t size = 0;  // of the whole file
  Bytes bytes{};
};
using StoreTask = std::variant<ReadToken, KeepToken, ReadCursor, ReadFeed, ApplyBatch, ReadBlob,
                               ReadBlobProgress, KeepBlob, ReadDigest, ReadDocuments, DropScope>;
// Of the files: one after another, in the order given; they need not wait for the others.
[[nodiscard]] inline bool is_blob_task(StoreTask const& task) noexcept {
  return std::holds_alternative<ReadBlob>(task) || std::holds_alternative<ReadBlobProgress>(task) ||
         std::holds_alternative<KeepBlob>(task);
}

// ---- Events ----

struct Started {};
struct FrameReceived {
  Frame frame;
};
struct FrameUnreadable {  // the codec refused the bytes: the session closes the link
  Error error;
};
// Bytes moved though no frame was completed; at most once a second is enough. Keeps a slow line
// from being taken for a stalled one.
struct TransportProgress {
  bool sent = true;      // the peer's side took bytes of our frames
  bool received = true;  // bytes of a frame that is still incomplete came in
};
struct TimerFired {};
struct TokenRead {
  Result<Bytes> token;
};
struct TokenKept {
  Result<> outcome;
};
struct CursorRead {
  ScopeId scope{};
  Result<Sequence> cursor;
};
struct FeedRead {
  ScopeId scope{};
  Sequence after{};  // as asked
  Result<FeedPage> page;
};
struct BatchApplied {
  ScopeId scope{};
  Sequence last{};  // of the batch
  Result<> outcome;
  Result<Sequence> cursor;  // read from the store afterwards
  bool disowned = false;    // a document claims writes of this replica that it never made
  StreamBatch of{};         // as in the task
};
struct DigestRead {
  ScopeId scope{};
  std::uint32_t serial = 0;
  Sequence head{};     // of the scope's feed when the digests were read
  Sequence cursor{};   // into the peer's feed, at that moment too
  bool moved = false;  // the cursor moved meanwhile: the outcome says nothing
  Result<std::variant<Question, Answer, Findings>> outcome;  // to Open, Reply, Compare
};
struct DocumentsRead {
  ScopeId scope{};
  Result<std::vector<Document>> documents;
};
struct ScopeDropped {
  ScopeId scope{};
  Result<> outcome;
};
struct ScopeCommitted {
  ScopeId scope{};
  Sequence head{};
};
struct EntitlementChanged {   // e.g. a node joined: its public/ scope can now be offered
  Entitlement entitlement{};  // same self, peer and role
};
struct Admitted {};        // it is this link's turn to catch up
struct ProbeRequested {};  // somebody wants to know now whether both ends hold the same
struct StatusDue {         // the driver's facts, sent to the peer; about every kHeartbeat
  std::uint64_t disk_free_bytes = 0;
  std::uint64_t open_conflicts = 0;
  std::uint64_t quarantined = 0;
};
// A file is lacking here, and the peer may have it. Answered by one notice, BlobFetched or
// BlobNotFetched, if the session lives long enough; never, if the file is being fetched already.
struct WantBlob {
  DocumentKey document{};  // that refers to it
  Bytes sha256{};
  std::uint64_t size = 0;  // as the document says; 0: it does not
};
struct BlobCame {  // to the local store, whichever way
  Bytes sha256{};
};
struct BlobRead {
  BlobWant want;
  Result<BlobPart> part;
};
struct BlobProgressRead {
  BlobClaim file{};
  Result<BlobProgress> progress;
};
struct BlobKept {
  BlobClaim file{};
  Result<BlobProgress> progress;
};
struct StopRequested {
  CloseReason reason = CloseReason::going_away;
  Millis retry_after{0};
  std::string detail{};
};
using Event =
    std::variant<Started, FrameReceived, FrameUnreadable, TransportProgress, TimerFired, TokenRead,
                 TokenKept, CursorRead, FeedRead, BatchApplied, ScopeCommitted, EntitlementChanged,
                 StatusDue, WantBlob, BlobCame, BlobRead, BlobProgressRead, BlobKept, StopRequested,
                 DigestRead, DocumentsRead, ProbeRequested, Admitted, ScopeDropped>;

// ---- Actions ----

struct LinkUp {  // both Hellos are accepted; documents may flow
  Hello peer{};
};
struct Quarantined {  // documents of the peer that cannot be taken: show them, the cursor is held
  ScopeId scope{};
  Sequence cursor{};
  std::vector<std::string> reasons{};
};
struct Refused {  // the peer answered Nack: our stream of this scope is rewound or held
  Nack nack;
};
struct PeerStatus {
  Status status{};
};
struct RoundTrip {
  Millis time{0};
};
// The two ends do not hold the same, though nothing is on its way. In a healthy network this never
// happens: an alarm. What can be repaired is being repaired.
struct Difference {
  ScopeId scope{};
  std::size_t only_here = 0;
  std::size_t only_there = 0;
  std::size_t different = 0;       // held by both, in different states
  bool repairable = true;          // false: what is left may not travel the way it would have to
  std::vector<DocumentId> some{};  // for the log
};
struct Remark {  // something odd that was ignored: worth a line in the log
  std::string text{};
};
struct BlobFetched {  // is here, whole and verified
  BlobClaim file{};
};
struct BlobNotFetched {
  BlobClaim file{};
  Error why;  // not_found: the peer does not have it yet (BlobArrived may follow); denied: it will
              // not give it; corrupt: it told lies; invalid: nobody needs it any more; timeout;
              // exhausted, io: this disk
};
struct BlobArrived {  // the peer has now what it did not have when it was asked
  Bytes sha256{};
};
struct BlobMissed {  // the peer asked for a file that is not here, through a document that refers
                     // to it
  DocumentKey document{};
  Bytes sha256{};
};
struct ScopesWithdrawn {  // parent: the child has removed what it held of these, as it was told
  std::vector<ScopeId> scopes{};
};
using Notice =
    std::variant<LinkUp, Quarantined, Refused, PeerStatus, RoundTrip, Remark, BlobFetched,
                 BlobNotFetched, BlobArrived, BlobMissed, Difference, ScopesWithdrawn>;

struct Disconnect {
  CloseReason reason = CloseReason::other;
  bool by_peer = false;  // it sent Close; else we did (the Close is the last of `send`)
  // This store needs a new replica id before it dials or accepts again (PROTOCOL.md, "Identity").
  bool new_incarnation_needed = false;
  Millis retry_after{0};
  std::string detail{};
};

struct Actions {
  std::vector<Frame> send{};
  std::vector<StoreTask> tasks{};
  std::vector<Notice> notices{};
  std::optional<Instant> wake_at{};
  std::optional<Disconnect> disconnect{};
};

// ---- What can be seen from outside, for metrics and the console ----

struct SendingView {
  ScopeId scope{};
  bool subscribed = false;
  bool held = false;  // the peer keeps its cursor: quarantine or a refusal
  Sequence head{};
  Sequence acknowledged{};
  std::optional<Instant> behind_since{};  // head is ahead of acknowledged since then
};
struct ReceivingView {
  ScopeId scope{};
  bool held = false;
  Sequence cursor{};  // durable here
  Sequence peer_head{};
};
enum class Agreement : std::uint8_t {
  unknown,  // not compared yet in this session
  equal,    // at the last comparison
  differs,  // found, and not yet found equal since
};
struct ProbeView {
  ScopeId scope{};
  Agreement agreement = Agreement::unknown;
  bool proven = false;          // equal, and nothing has changed here or come in since: up to date
  bool due = false;             // a comparison is on its way or waits for the scope to come to rest
  Instant checked_at{};         // when the last comparison ended; epoch: none yet
  std::uint64_t documents = 0;  // of the scope, deleted ones too, at the last comparison
  std::uint64_t differences = 0;  // documents found to differ in this session
  std::uint64_t repaired = 0;     // documents sent or received to mend that
  std::uint64_t comparisons = 0;  // that ended, in this session
};
enum class LinkState : std::uint8_t { starting, greeting, checking, up, closed };
// Content models whose major numbers differ (PROTOCOL.md, "Versions"): the older end reads on, and
// sends nothing until it is upgraded.
enum class ModelSkew : std::uint8_t { none, we_are_older, peer_is_older };
struct LinkView {
  LinkState state = LinkState::starting;
  ModelSkew model_skew = ModelSkew::none;
  std::optional<Hello> peer{};
  std::vector<SendingView> sending{};
  std::vector<ReceivingView> receiving{};
  std::size_t batches_in_flight = 0;
  bool admitted = true;   // false: it waits for its turn
  bool compares = false;  // both ends know how to probe
  std::vector<ProbeView> probes{};
};

// The link is up, and comparisons say of every scope that it carries that both ends hold the same,
// now. Before the first comparison nothing is proven.
[[nodiscard]] bool proven_equal(LinkView const& view);

// What people are told of it, in one sentence; empty for none.
[[nodiscard]] std::string_view describe(ModelSkew skew) noexcept;

class LinkSession {
 public:
  explicit LinkSession(LinkConfig config);
  ~LinkSession();
  LinkSession(LinkSession&&) noexcept;
  LinkSession& operator=(LinkSession&&) noexcept;

  [[nodiscard]] Actions step(Event event, Instant now);
  [[nodiscard]] LinkView view() const;
  [[nodiscard]] LinkState state() const noexcept;
  // The session is up, and both ends offer the feature (frames.h).
  [[nodiscard]] bool speaks(std::uint64_t feature) const noexcept;

 private:
  class Machine;
  std::unique_ptr<Machine> machine_;
};

// Does one task against a store, blocking, and gives the event that answers it.
[[nodiscard]] Event carry_out(StoreTask task, ReplicaStore& store);
// Several that follow each other, and their answers in the same order: one write may do for all.
[[nodiscard]] std::vector<Event> carry_out(std::vector<ApplyBatch> tasks, ReplicaStore& store);

}  // namespace solidaires::sync
