#include "sync/core/link_sending.h"

#include <algorithm>
#include <utility>

#include "sync/base/check.h"
#include "sync/base/limits.h"

namespace solidaires::sync {
namespace {

constexpr std::size_t kFruitlessMax = 8;

std::string number(Sequence sequence) {
  return std::to_string(static_cast<std::uint64_t>(sequence));
}

}  // namespace

std::vector<ScopeId> Sending::allow(std::vector<ScopeId> const& scopes) {
  for (auto it = streams_.begin(); it != streams_.end();) {
    if (std::ranges::binary_search(scopes, it->first)) {
      ++it;
    } else {
      in_flight_ -= it->second.in_flight.size();
      ended_[it->first] = it->second.generation;
      it = streams_.erase(it);
    }
  }
  std::vector<ScopeId> fresh;
  for (auto const& scope : scopes) {
    auto const [at, added] = streams_.try_emplace(scope);
    if (!added) continue;
    at->second.documents_max = limits::kBatchDocuments;
    if (auto const before = ended_.find(scope); before != ended_.end()) {
      at->second.generation = before->second;
    }
    fresh.push_back(scope);
  }
  return fresh;
}

Verdict Sending::subscribed(Subscribe const& subscribe, Instant now, Actions& out) {
  auto const found = streams_.find(subscribe.scope);
  if (found == streams_.end()) {
    out.send.emplace_back(Nack{subscribe.scope, 0, subscribe.cursor, NackReason::entitlement,
                               "this scope is not offered to you"});
    return std::nullopt;
  }
  auto& stream = found->second;
  // An end whose entitlement came and went may ask again; one that does nothing else may not.
  if (stream.subscribed && ++stream.fruitless > kFruitlessMax) {
    return Close{CloseReason::protocol, Millis{0},
                 cat("subscribing to ", subscribe.scope.to_string(), " again and again")};
  }
  stream.subscribed = true;
  stream.acknowledged = subscribe.cursor;
  rewind(stream, subscribe.cursor);
  want(subscribe.scope, stream);
  note_lag(stream, now);
  return std::nullopt;
}

Verdict Sending::acknowledged(Ack const& ack, Instant now) {
  auto const found = streams_.find(ack.scope);
  // Of a stream that ended, or was rewound since: the peer will say it again.
  if (found == streams_.end() || found->second.generation != ack.generation) return std::nullopt;
  auto& stream = found->second;
  if (ack.cursor > stream.sent) {
    return Close{CloseReason::protocol, Millis{0},
                 cat("an Ack of ", number(ack.cursor), " for ", ack.scope.to_string(),
                     ", but only ", number(stream.sent), " was sent")};
  }
  if (ack.cursor <= stream.acknowledged) return std::nullopt;
  stream.acknowledged = ack.cursor;
  stream.fruitless = 0;
  progress_at_ = now;
  while (!stream.in_flight.empty() && stream.in_flight.front().last <= ack.cursor) {
    pace(stream.in_flight.front(), now);
    stream.in_flight.erase(stream.in_flight.begin());
    --in_flight_;
  }
  if (stream.in_flight.empty()) stream.in_flight.shrink_to_fit();  // most streams rest
  if (stream.acknowledged >= stream.careful_until) stream.documents_max = limits::kBatchDocuments;
  note_lag(stream, now);
  return std::nullopt;
}

Verdict Sending::refused(Nack const& nack, Instant now, Actions& out) {
  auto const found = streams_.find(nack.scope);
  if (found == streams_.end() || found->second.generation != nack.generation) return std::nullopt;
  auto& stream = found->second;
  if (nack.cursor > stream.sent) {
    return Close{CloseReason::protocol, Millis{0},
                 cat("a Nack at ", number(nack.cursor), " for ", nack.scope.to_string(),
                     ", but only ", number(stream.sent), " was sent")};
  }
  out.notices.emplace_back(Refused{nack});
  progress_at_ = now;
  if (++stream.fruitless > kFruitlessMax) {
    return Close{CloseReason::protocol, Millis{0},
                 cat("rewinding ", nack.scope.to_string(), " does not help")};
  }
  switch (nack.reason) {
    case NackReason::gap: break;
    case NackReason::limit:
    case NackReason::quarantine: single_out(stream, nack); break;
    case NackReason::entitlement:
    case NackReason::other: stream.hold = Hold::for_good; break;
  }
  auto const hold = stream.hold;
  stream.acknowledged = nack.cursor;
  rewind(stream, nack.cursor);
  stream.hold = hold;
  want(nack.scope, stream);
  note_lag(stream, now);
  return std::nullopt;
}

// Halves the batches until the refused document stands alone, so that those before it get through.
// Alone, it holds the stream until a commit: a newer state of the document stands later in the
// feed.
void Sending::single_out(Stream& stream, Nack const& nack) {
  auto const bad = std::ranges::find(stream.in_flight, nack.cursor, &InFlight::previous);
  if (bad != stream.in_flight.end() && bad->documents > 1) {
    stream.documents_max = bad->documents / 2;
    stream.careful_until = std::max(stream.careful_until, bad->last);
    stream.fruitless = 0;  // it gets smaller each time: this ends
  } else {
    stream.hold = Hold::until_commit;
  }
}

void Sending::rewind(Stream& stream, Sequence to) {
  in_flight_ -= stream.in_flight.size();
  stream.in_flight.clear();
  ++stream.generation;
  stream.sent = to;
  stream.read = to;
  stream.head_known = false;
  stream.hold = Hold::none;
}

void Sending::committed(ScopeCommitted const& commit, Instant now) {
  auto const found = streams_.find(commit.scope);
  if (found == streams_.end()) return;
  auto& stream = found->second;
  stream.head = std::max(stream.head, commit.head);
  if (stream.hold == Hold::until_commit) {
    stream.fruitless = 0;
    rewind(stream, stream.acknowledged);
  }
  want(commit.scope, stream);
  note_lag(stream, now);
}

Verdict Sending::page_read(FeedRead read, ReplicaId peer, Instant now, Actions& out) {
  if (reads_ > 0) --reads_;
  auto const found = streams_.find(read.scope);
  if (found == streams_.end()) return std::nullopt;
  auto& stream = found->second;
  bool const expected = std::exchange(stream.reading, false);
  if (!read.page) {
    return Close{CloseReason::storage, limits::kReconnectMax, read.page.error().to_string()};
  }
  if (!expected || read.after != stream.read || stream.hold != Hold::none) {
    want(read.scope, stream);  // rewound since it was asked for
    return std::nullopt;
  }
  if (read.page->head < stream.read) {
    return Close{CloseReason::rolled_back, limits::kReconnectMax,
                 cat("the peer holds ", read.scope.to_string(), " up to ", number(stream.read),
                     ", but this feed ends at ", number(read.page->head))};
  }
  stream.head = std::max(stream.head, read.page->head);
  stream.head_known = true;
  // An empty page says that nothing stands up to the head.
  auto& entries = read.page->entries;
  stream.read = entries.empty() ? read.page->head : entries.back().sequence;
  Load load;
  for (auto& entry : entries) {
    if (entry.origin == peer) continue;
    if (!entry.encoded.empty()) load.encoded.push_back(std::move(entry.encoded));
    load.documents.push_back(std::move(entry.document));
  }
  // A store gives the wire form of every entry, or of none.
  SOL_CHECK(load.encoded.empty() || load.encoded.size() == load.documents.size());
  if (load.size() > 0) ship(read.scope, stream, std::move(load), now, out);
  want(read.scope, stream);
  note_lag(stream, now);
  return std::nullopt;
}

void Sending::ship(ScopeId const& scope, Stream& stream, Load load, Instant now, Actions& out) {
  if (in_flight_ == 0) progress_at_ = now;
  stream.in_flight.push_back(
      {stream.sent, stream.read, load.size(), now, stream.read < stream.head});
  ++in_flight_;
  out.send.emplace_back(Batch{scope,
                              stream.generation,
                              stream.sent,
                              stream.read,
                              std::max(stream.head, stream.read),
                              std::move(load.documents),
                              {},
                              false,
                              std::move(load.encoded)});
  stream.sent = stream.read;
}

// A batch that the line takes long for holds up whatever is urgent behind it: batches follow the
// time from shipping to the acknowledgement. Only full ones prove that the line bears more.
void Sending::pace(InFlight const& acknowledged, Instant now) {
  auto const took = now - acknowledged.shipped_at;
  if (took > limits::kBatchSlow) {
    batch_bytes_ = std::max(batch_bytes_ / 2, limits::kBatchBytesAtFirst);
  } else if (took < limits::kBatchQuick && acknowledged.is_full) {
    batch_bytes_ = std::min(batch_bytes_ * 2, limits::kBatchBytes);
  }
}

std::size_t Sending::window() const noexcept {
  return batch_bytes_ <= limits::kBatchBytesSlow ? limits::kBatchesInFlightSlow
                                                 : limits::kBatchesInFlight;
}

void Sending::want(ScopeId const& scope, Stream& stream) {
  bool const unread = !stream.head_known || stream.read < stream.head;
  if (!stream.subscribed || stream.hold != Hold::none || stream.reading || stream.queued ||
      !unread) {
    return;
  }
  stream.queued = true;
  ready_.push_back(scope);
}

void Sending::pump(ReplicaId peer, Actions& out) {
  while (!ready_.empty() && in_flight_ + reads_ < window()) {
    auto const scope = std::move(ready_.front());
    ready_.pop_front();
    auto const found = streams_.find(scope);
    if (found == streams_.end() || !found->second.queued) continue;
    auto& stream = found->second;
    stream.queued = false;
    if (stream.hold != Hold::none || stream.reading) continue;
    stream.reading = true;
    ++reads_;
    out.tasks.emplace_back(ReadFeed{scope, stream.read, stream.documents_max, batch_bytes_, peer});
  }
}

void Sending::flush_idle(Instant now, Actions& out) {
  for (auto& [scope, stream] : streams_) {
    bool const idle = stream.subscribed && stream.hold == Hold::none && !stream.reading &&
                      stream.in_flight.empty() && stream.sent < stream.read;
    if (idle && in_flight_ + reads_ < limits::kBatchesInFlight) ship(scope, stream, {}, now, out);
  }
}

std::optional<Instant> Sending::waiting_since() const {
  return in_flight_ > 0 ? progress_at_ : std::nullopt;
}

// Echoes that were skipped are no lag: with nothing in flight, what was read is settled.
void Sending::note_lag(Stream& stream, Instant now) {
  auto const settled = stream.in_flight.empty() ? stream.read : stream.acknowledged;
  if (settled >= stream.head) {
    stream.behind_since.reset();
  } else if (!stream.behind_since) {
    stream.behind_since = now;
  }
}

StreamRest Sending::rest(ScopeId const& scope) const {
  auto const found = streams_.find(scope);
  if (found == streams_.end()) return {};
  auto const& stream = found->second;
  if (stream.hold != Hold::none) return {StreamRest::State::held};
  bool const moves = !stream.subscribed || stream.reading || !stream.in_flight.empty() ||
                     !stream.head_known || stream.read < stream.head;
  if (moves) return {StreamRest::State::moving};
  return {StreamRest::State::resting, stream.read, stream.acknowledged};
}

std::vector<SendingView> Sending::view() const {
  std::vector<SendingView> views;
  views.reserve(streams_.size());
  for (auto const& [scope, stream] : streams_) {
    views.push_back({scope, stream.subscribed, stream.hold != Hold::none, stream.head,
                     stream.in_flight.empty() ? stream.read : stream.acknowledged,
                     stream.behind_since});
  }
  return views;
}

}  // namespace solidaires::sync
