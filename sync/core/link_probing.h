// The comparing of one session: which scopes are to be proved equal, what was asked, what differs
// and is being mended. Part of LinkSession, in nobody else's hands. The lower end asks by itself;
// either end answers, and asks on demand. PROTOCOL.md, "Proof of equality".
#pragma once

#include "sync/core/link_receiving.h"
#include "sync/core/link_sending.h"

namespace solidaires::sync {

class Probing {
 public:
  Probing(Sending const& sending, Receiving const& receiving)
      : sending_(sending), receiving_(receiving) {}

  // Both ends know how to; `asks`: this end begins by itself.
  void enable(ReplicaId peer, bool asks);
  [[nodiscard]] bool enabled() const noexcept { return enabled_; }

  void opened(ScopeId const& scope, Instant now);  // a stream of it has begun
  void keep_only(Entitlement const& entitlement);
  void demand(Instant now);  // every scope that is shared
  void heartbeat(Instant now);

  [[nodiscard]] Verdict probe(Probe probe, Actions& out);
  [[nodiscard]] Verdict reply(ProbeReply reply, Instant now, Actions& out);
  [[nodiscard]] Verdict digest_read(DigestRead read, Instant now, Actions& out);
  [[nodiscard]] Verdict documents_read(DocumentsRead read, Actions& out);
  void repair_received(Batch const& batch, Instant now, Actions& out);
  void repair_applied(BatchApplied const& applied, Instant now);
  [[nodiscard]] bool mends(ScopeId const& scope) const;  // a repair of it waits for its answer
  void repair_answered(ScopeId const& scope, bool taken, Instant now);

  // Begins what is due and at rest.
  void pump(Instant now, Actions& out);
  [[nodiscard]] std::optional<Instant> due_at() const;
  [[nodiscard]] std::vector<ProbeView> view() const;

 private:
  enum class Stage : std::uint8_t { idle, reading, asked, mending };
  // Where both ends were when the comparison was begun; it holds for these positions alone.
  struct Place {
    Sequence head{};
    Anchor anchor{};
    friend bool operator==(Place const&, Place const&) = default;
  };
  // What a comparison needs while it runs: most scopes rest most of the time, on thousands of
  // links.
  struct Comparison {
    std::size_t round = 0;
    Question asked{};
    Findings found{};
  };
  struct Scope {
    Stage stage = Stage::idle;
    Instant since{};  // of the stage
    bool due = false;
    Instant not_before{};
    Millis retry{0};
    // of the comparison that runs
    std::uint32_t serial = 0;
    Place place{};
    std::unique_ptr<Comparison> running{};  // while it reads and asks
    bool awaits_ack = false;
    bool awaits_documents = false;
    // of those that ended
    std::vector<DocumentId> last_found{};
    std::size_t fruitless = 0;
    std::optional<Place> checked{};  // where both ends were then
    ProbeView view{};                // but for the name of the scope
  };
  // Where this end stands in the scope; nothing: something is on its way. `head` and `cursor`: as
  // they were when the digests were read.
  [[nodiscard]] std::optional<Place> place(ScopeId const& scope, Sequence head,
                                           Sequence cursor) const;
  [[nodiscard]] std::optional<Place> place_now(ScopeId const& scope) const;
  [[nodiscard]] bool held(ScopeId const& scope) const;
  Scope* find(ScopeId const& scope, std::uint32_t serial, Stage stage);
  void enter(Scope& scope, Stage stage, Instant now);
  void make_due(ScopeId const& name, Scope& scope, Instant at);
  void try_again(ScopeId const& name, Scope& scope, Instant now);
  void settle(Scope& scope, Agreement agreement, Instant now);
  void ask(ScopeId const& name, Scope& scope, Question question, Instant now, Actions& out);
  void take(ScopeId const& name, Scope& scope, Findings found, Instant now, Actions& out);
  void mend(ScopeId const& name, Scope& scope, Instant now, Actions& out);
  void mended(ScopeId const& name, Scope& scope, Instant now);
  void unreadable(DigestRead const& read, Instant now, Actions& out);
  void answer(DigestRead const& read, Answer answer, Instant now, Actions& out);
  Verdict wanted(Probe const& probe, Actions& out);

  Sending const& sending_;
  Receiving const& receiving_;
  bool enabled_ = false;
  bool asks_ = false;
  ReplicaId peer_{};
  std::uint32_t serials_ = 0;
  std::map<ScopeId, Scope> scopes_;
  std::set<ScopeId> due_;
  std::size_t running_ = 0;  // scopes that are not idle
  std::deque<Probe> asked_;  // by the peer, and not answered yet
  std::size_t reading_ = 0;  // ReadDocuments tasks without an answer
};

}  // namespace solidaires::sync
