#include "sync/core/link_receiving.h"

#include <algorithm>
#include <utility>

#include "sync/base/limits.h"

namespace solidaires::sync {
namespace {

// A sender that rewinds forgets what it had in flight, while the store here may still be busy with
// it; beyond twice the window it does not keep to the window at all.
constexpr std::size_t kApplyingMax = 2 * limits::kBatchesInFlight;
constexpr std::size_t kReasonsMax = 20;

// Why documents of the batch cannot be taken; empty if all can.
std::vector<std::string> objections(Batch const& batch) {
  auto reasons = batch.unreadable;
  for (auto const& document : batch.documents) {
    auto const valid = validate(document);
    if (!valid) reasons.push_back(cat(document.key.id.to_string(), ": ", valid.error().message()));
  }
  if (reasons.size() > kReasonsMax) reasons.resize(kReasonsMax);
  return reasons;
}

// Failures that are the documents' own, and would be the same tomorrow. Code::corrupt is not: it
// speaks of what this store holds.
bool blames_documents(Code code) {
  return code == Code::invalid || code == Code::denied || code == Code::unsupported;
}

}  // namespace

void Receiving::open(ScopeId const& scope, ReplicaId peer, Actions& out) {
  auto const [entry, fresh] = streams_.try_emplace(scope);
  if (!fresh) return;
  entry->second.number = ++opened_;
  out.tasks.emplace_back(ReadCursor{peer, scope});
}

void Receiving::keep_only(Entitlement const& entitlement) {
  std::erase_if(streams_, [&](auto const& entry) { return !entitlement.may_receive(entry.first); });
}

Verdict Receiving::cursor_read(CursorRead const& read, Actions& out) {
  auto const found = streams_.find(read.scope);
  if (found == streams_.end() || found->second.subscribed) return std::nullopt;
  if (!read.cursor) {
    return Close{CloseReason::storage, limits::kReconnectMax, read.cursor.error().to_string()};
  }
  auto& stream = found->second;
  stream.subscribed = true;
  stream.cursor = *read.cursor;
  stream.expected = *read.cursor;
  out.send.emplace_back(Subscribe{read.scope, stream.cursor});
  return std::nullopt;
}

Verdict Receiving::batch(Batch batch, ReplicaId peer, Actions& out) {
  auto const found = streams_.find(batch.scope);
  if (found == streams_.end() || !found->second.subscribed) {
    out.send.emplace_back(Nack{batch.scope, batch.generation, Sequence{0}, NackReason::entitlement,
                               "this scope was not subscribed to"});
    return std::nullopt;
  }
  auto& stream = found->second;
  if (batch.last <= batch.previous) {
    return Close{CloseReason::protocol, Millis{0}, "a batch whose cursor does not advance"};
  }
  if (batch.generation <= stream.refused) return std::nullopt;
  stream.peer_head = std::max({stream.peer_head, batch.head, batch.last});
  if (batch.previous != stream.expected) {
    owe(stream,
        Nack{batch.scope, batch.generation, Sequence{0}, NackReason::gap,
             cat("expected a batch after ", static_cast<std::uint64_t>(stream.expected))},
        out);
    return std::nullopt;
  }
  if (auto reasons = objections(batch); !reasons.empty()) {
    quarantine(stream, batch, std::move(reasons), out);
    return std::nullopt;
  }
  if (applying_ >= kApplyingMax) {
    return Close{CloseReason::protocol, Millis{0}, "more batches in flight than the window allows"};
  }
  ++applying_;
  ++stream.applying;
  stream.expected = batch.last;
  stream.held = false;
  out.tasks.emplace_back(
      ApplyBatch{RemoteBatch{peer, std::move(batch.scope), batch.previous, batch.last,
                             std::move(batch.documents), std::move(batch.encoded)},
                 {stream.number, batch.generation}});
  return std::nullopt;
}

Verdict Receiving::repair(Batch batch, ReplicaId peer, Actions& out) {
  auto const found = streams_.find(batch.scope);
  bool const known = found != streams_.end() && found->second.subscribed;
  Nack refusal{batch.scope, 0, Sequence{0}, NackReason::entitlement, "not subscribed to"};
  if (known) refusal.cursor = found->second.cursor;
  auto reasons = known ? objections(batch) : std::vector<std::string>();
  if (!known || !reasons.empty()) {
    if (known) {
      refusal.reason = NackReason::quarantine;
      refusal.detail = reasons.front();
      out.notices.emplace_back(Quarantined{batch.scope, refusal.cursor, std::move(reasons)});
    }
    out.send.emplace_back(std::move(refusal));
    return std::nullopt;
  }
  if (applying_ >= kApplyingMax) {
    return Close{CloseReason::protocol, Millis{0}, "more batches in flight than the window allows"};
  }
  auto& stream = found->second;
  ++applying_;
  ++stream.applying;
  out.tasks.emplace_back(
      ApplyBatch{RemoteBatch{peer, std::move(batch.scope), stream.expected, stream.expected,
                             std::move(batch.documents), std::move(batch.encoded)},
                 {.stream = stream.number}});
  return std::nullopt;
}

StreamRest Receiving::rest(ScopeId const& scope) const {
  auto const found = streams_.find(scope);
  if (found == streams_.end()) return {};
  auto const& stream = found->second;
  if (stream.held) return {StreamRest::State::held};
  if (!stream.subscribed || stream.applying > 0 || stream.owed) {
    return {StreamRest::State::moving};
  }
  return {StreamRest::State::resting, stream.cursor, stream.cursor};
}

void Receiving::quarantine(Stream& stream, Batch const& batch, std::vector<std::string> reasons,
                           Actions& out) {
  stream.held = true;
  auto detail = reasons.front();
  out.notices.emplace_back(Quarantined{batch.scope, batch.previous, std::move(reasons)});
  owe(stream,
      Nack{batch.scope, batch.generation, Sequence{0}, NackReason::quarantine, std::move(detail)},
      out);
}

// The Nack names the durable cursor: it waits until the store has finished what it was given.
void Receiving::owe(Stream& stream, Nack nack, Actions& out) {
  stream.refused = std::max(stream.refused, nack.generation);
  if (!stream.owed) stream.owed = std::make_unique<Nack>(std::move(nack));
  settle(stream, out);
}

void Receiving::settle(Stream& stream, Actions& out) {
  if (!stream.owed || stream.applying > 0) return;
  stream.expected = stream.cursor;
  stream.owed->cursor = stream.cursor;
  out.send.emplace_back(std::move(*stream.owed));
  stream.owed.reset();
}

Verdict Receiving::applied(BatchApplied const& applied, Actions& out) {
  if (applying_ > 0) --applying_;
  auto const found = streams_.find(applied.scope);
  if (found == streams_.end() || found->second.number != applied.of.stream) return std::nullopt;
  auto& stream = found->second;
  auto const generation = applied.of.generation;
  if (stream.applying == 0) return std::nullopt;
  --stream.applying;
  if (applied.outcome) {
    stream.cursor = applied.last;
    out.send.emplace_back(Ack{applied.scope, generation, applied.last});
    settle(stream, out);
    return std::nullopt;
  }
  auto const& error = applied.outcome.error();
  if (applied.disowned) {
    return Close{CloseReason::rolled_back, limits::kReconnectMax, error.message()};
  }
  if (!applied.cursor || (error.code() != Code::conflict && !blames_documents(error.code()))) {
    return Close{CloseReason::storage, limits::kReconnectMax, error.to_string()};
  }
  stream.cursor = *applied.cursor;
  Nack nack{applied.scope, generation, Sequence{0}, NackReason::gap, error.message()};
  if (error.code() != Code::conflict) {
    nack.reason = NackReason::quarantine;
    stream.held = !applied.of.repair();  // a repair stands outside the stream
    out.notices.emplace_back(Quarantined{applied.scope, stream.cursor, {error.to_string()}});
  }
  owe(stream, std::move(nack), out);
  return std::nullopt;
}

std::vector<ReceivingView> Receiving::view() const {
  std::vector<ReceivingView> views;
  views.reserve(streams_.size());
  for (auto const& [scope, stream] : streams_) {
    views.push_back({scope, stream.held, stream.cursor, stream.peer_head});
  }
  return views;
}

}  // namespace solidaires::sync
