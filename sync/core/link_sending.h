// The outgoing streams of one session: which scope the peer has how far, what is in flight, and
// which feed to read next. Part of LinkSession, in nobody else's hands. The store is the queue: a
// stream is a few numbers, whatever waits behind it.
#pragma once

#include "sync/base/limits.h"
#include "sync/core/link_session.h"

namespace solidaires::sync {

// Why the session must end; nothing: go on.
using Verdict = std::optional<Close>;

// Whether a stream moves. At rest, its positions say how far both ends are.
struct StreamRest {
  enum class State : std::uint8_t { none, moving, held, resting };
  State state = State::none;
  Sequence here{};   // sending: how far the feed is settled; receiving: the durable cursor
  Sequence there{};  // sending: how far the peer has it durable
};

class Sending {
 public:
  // Scopes that the peer may subscribe to from now on; one that stands already keeps its stream.
  // Gives those that are new, and drops the streams of all others.
  std::vector<ScopeId> allow(std::vector<ScopeId> const& scopes);

  [[nodiscard]] Verdict subscribed(Subscribe const& subscribe, Instant now, Actions& out);
  [[nodiscard]] Verdict acknowledged(Ack const& ack, Instant now);
  [[nodiscard]] Verdict refused(Nack const& nack, Instant now, Actions& out);
  void committed(ScopeCommitted const& commit, Instant now);
  [[nodiscard]] Verdict page_read(FeedRead read, ReplicaId peer, Instant now, Actions& out);

  // Asks for feed pages while the window has room, scope after scope in turn.
  void pump(ReplicaId peer, Actions& out);
  // Tells the peer of positions that moved over echoes alone, so that it need not meet them again.
  void flush_idle(Instant now, Actions& out);

  void transport_progress(Instant now) { progress_at_ = now; }
  // Since when an answer has been owed without any progress.
  [[nodiscard]] std::optional<Instant> waiting_since() const;
  [[nodiscard]] std::size_t batches_in_flight() const noexcept { return in_flight_; }
  [[nodiscard]] StreamRest rest(ScopeId const& scope) const;
  [[nodiscard]] std::vector<SendingView> view() const;

 private:
  struct InFlight {
    Sequence previous{};
    Sequence last{};
    std::size_t documents = 0;
    Instant shipped_at{};
    bool is_full = false;  // the feed went on behind it
  };
  // What one batch takes along, as the store gave it.
  struct Load {
    std::vector<Document> documents;
    std::vector<Bytes> encoded;
    [[nodiscard]] std::size_t size() const { return documents.size(); }
  };
  enum class Hold : std::uint8_t { none, until_commit, for_good };
  struct Stream {
    bool subscribed = false;
    bool reading = false;  // a ReadFeed waits for its answer
    bool queued = false;   // stands in ready_
    Hold hold = Hold::none;
    std::uint32_t generation = 0;
    Sequence acknowledged{};
    Sequence sent{};  // the peer was told: <= read
    Sequence read{};  // the feed was read: the next page starts after it
    Sequence head{};  // of the feed, as far as known
    bool head_known = false;
    std::vector<InFlight> in_flight;  // a deque would be half a KiB for each stream of each link
    std::size_t documents_max = 0;    // smaller while a document is being singled out
    Sequence careful_until{};         // until then
    std::size_t fruitless = 0;        // rewinds since the last acknowledgement that moved
    std::optional<Instant> behind_since;
  };

  void rewind(Stream& stream, Sequence to);
  void single_out(Stream& stream, Nack const& nack);
  void ship(ScopeId const& scope, Stream& stream, Load load, Instant now, Actions& out);
  void pace(InFlight const& acknowledged, Instant now);
  [[nodiscard]] std::size_t window() const noexcept;
  void want(ScopeId const& scope, Stream& stream);  // into ready_, if there is something to read
  static void note_lag(Stream& stream, Instant now);

  std::map<ScopeId, Stream> streams_;
  // The last generation of streams that ended in this session: late answers to them may still come.
  std::map<ScopeId, std::uint32_t> ended_;
  std::deque<ScopeId> ready_;
  std::size_t in_flight_ = 0;                             // batches, over all streams
  std::size_t reads_ = 0;                                 // ReadFeed tasks without an answer
  std::size_t batch_bytes_ = limits::kBatchBytesAtFirst;  // what the line bears; see pace()
  std::optional<Instant> progress_at_;
};

}  // namespace solidaires::sync
