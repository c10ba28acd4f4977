// The incoming streams of one session: the cursor of each scope, which batches the store is busy
// with, and the refusal that is owed once it is done. Part of LinkSession, in nobody else's hands.
#pragma once

#include "sync/core/link_sending.h"

namespace solidaires::sync {

class Receiving {
 public:
  // The peer offers `scope` and may send it: asks for its cursor, unless the stream stands already.
  void open(ScopeId const& scope, ReplicaId peer, Actions& out);
  // Ends the stream: what still comes of it is refused.
  void end(ScopeId const& scope) { streams_.erase(scope); }
  // Ends the streams that are no longer allowed.
  void keep_only(Entitlement const& entitlement);

  [[nodiscard]] Verdict cursor_read(CursorRead const& read, Actions& out);
  [[nodiscard]] Verdict batch(Batch batch, ReplicaId peer, Actions& out);
  [[nodiscard]] Verdict applied(BatchApplied const& applied, Actions& out);

  // Repairs stand outside the stream (frames.h); the session has seen that the scope is probed.
  [[nodiscard]] Verdict repair(Batch batch, ReplicaId peer, Actions& out);

  [[nodiscard]] StreamRest rest(ScopeId const& scope) const;
  [[nodiscard]] std::vector<ReceivingView> view() const;

 private:
  struct Stream {
    std::uint64_t number = 0;  // as in StreamBatch
    bool subscribed = false;
    bool held = false;    // the last answer was a Nack(quarantine)
    Sequence cursor{};    // durable here
    Sequence expected{};  // once the store has done what it was given
    Sequence peer_head{};
    std::uint32_t refused = 0;   // batches up to this generation are answered already
    std::size_t applying = 0;    // batches at the store
    std::unique_ptr<Nack> owed;  // said when the store is done, with the cursor as it is then
  };

  void owe(Stream& stream, Nack nack, Actions& out);
  void settle(Stream& stream, Actions& out);
  void quarantine(Stream& stream, Batch const& batch, std::vector<std::string> reasons,
                  Actions& out);

  std::map<ScopeId, Stream> streams_;
  std::uint64_t opened_ = 0;  // streams so far
  std::size_t applying_ = 0;  // over all streams, ended ones too
};

}  // namespace solidaires::sync
