#include "sync/core/blob_transfer.h"

#include <algorithm>
#include <utility>

#include "sync/base/limits.h"

namespace solidaires::sync {
namespace {

// A peer that was told nothing for so long will answer nothing: batches go first, so a chunk may
// wait, but then the batches come in.
constexpr Millis kPatience{120'000};
constexpr std::size_t kTransfersMax = limits::kBlobWantsInFlight;  // files at once
constexpr std::size_t kWaitingMax = 256;
constexpr std::size_t kNotHereMax = 1024;
constexpr std::size_t kWantsMax = 2 * limits::kBlobWantsInFlight;  // tolerated of the peer

BlobAnswer answer_for(Code code) {
  if (code == Code::not_found) return BlobAnswer::not_here;
  return code == Code::denied || code == Code::invalid ? BlobAnswer::denied : BlobAnswer::failed;
}

Error refusal(BlobAnswer answer) {
  switch (answer) {
    case BlobAnswer::not_here: return {Code::not_found, "the peer does not have the file yet"};
    case BlobAnswer::denied: return {Code::denied, "the peer does not give this file"};
    case BlobAnswer::bytes:
    case BlobAnswer::arrived:
    case BlobAnswer::failed: break;
  }
  return {Code::unavailable, "the peer could not read the file"};
}

BlobClaim claim_of(WantBlob const& want) {
  return sync::claim_of(want.document, want.sha256);
}

}  // namespace

Bytes blob_origin(ScopeId const& scope) {
  return Bytes(scope.kind() == ScopeKind::group ? scope.to_string() : std::string(scope.owner()));
}

// ---- Serving ----

void BlobServing::refuse(BlobWant const& want, BlobAnswer answer, Actions& out) {
  out.send.emplace_back(BlobChunk{want.request, want.sha256, answer, want.offset, 0, {}});
}

Verdict BlobServing::wanted(BlobWant want, Entitlement const& entitlement, Actions& out) {
  if (want.request == 0) {
    return Close{CloseReason::protocol, Millis{0}, "a request for a file needs a number"};
  }
  if (reading_ >= kWantsMax) {
    return Close{CloseReason::protocol, Millis{0},
                 "more requests for files than the window allows"};
  }
  if (!entitlement.may_send(want.scope)) {
    refuse(want, BlobAnswer::denied, out);
    return std::nullopt;
  }
  ++reading_;
  out.tasks.emplace_back(ReadBlob{std::move(want)});
  return std::nullopt;
}

void BlobServing::read(BlobRead read, Entitlement const& entitlement, Actions& out) {
  if (reading_ > 0) --reading_;
  auto& want = read.want;
  if (!entitlement.may_send(want.scope)) return refuse(want, BlobAnswer::denied, out);
  if (read.part) {
    not_here_.erase(want.sha256);
    out.send.emplace_back(BlobChunk{want.request, std::move(want.sha256), BlobAnswer::bytes,
                                    want.offset, read.part->size, std::move(read.part->bytes)});
    return;
  }
  auto const answer = answer_for(read.part.error().code());
  refuse(want, answer, out);
  if (answer == BlobAnswer::failed) {
    out.notices.emplace_back(Remark{cat("reading a file: ", read.part.error().to_string())});
  } else if (answer == BlobAnswer::not_here) {
    if (not_here_.size() < kNotHereMax) not_here_.insert(want.sha256);
    out.notices.emplace_back(
        BlobMissed{{std::move(want.scope), want.document}, std::move(want.sha256)});
  }
}

void BlobServing::arrived(Bytes const& sha256, Actions& out) {
  if (not_here_.erase(sha256) == 0) return;
  out.send.emplace_back(BlobChunk{0, sha256, BlobAnswer::arrived, 0, 0, {}});
}

// ---- Fetching ----

void BlobFetching::want(WantBlob want, Entitlement const& entitlement, Actions& out) {
  auto const claim = claim_of(want);
  auto const is_this = [&](WantBlob const& other) { return claim_of(other) == claim; };
  if (transfers_.contains(claim) || std::ranges::any_of(waiting_, is_this)) return;
  if (!entitlement.may_receive(want.document.scope)) {
    out.notices.emplace_back(
        BlobNotFetched{claim, {Code::denied, "this link may not carry the document's scope"}});
  } else if (waiting_.size() >= kWaitingMax) {
    out.notices.emplace_back(
        BlobNotFetched{claim, {Code::busy, "this link has many files to fetch"}});
  } else if (want.size > limits::kBlobBytes) {
    out.notices.emplace_back(BlobNotFetched{claim, {Code::denied, "the file is too large"}});
  } else {
    waiting_.push_back(std::move(want));
  }
}

void BlobFetching::begin(Actions& out) {
  while (transfers_.size() < kTransfersMax && !waiting_.empty()) {
    auto want = std::move(waiting_.front());
    waiting_.pop_front();
    auto claim = claim_of(want);
    out.tasks.emplace_back(ReadBlobProgress{claim});
    Transfer transfer{.document = std::move(want.document), .size = want.size};
    transfers_.emplace(std::move(claim), std::move(transfer));
  }
}

void BlobFetching::progress_read(BlobProgressRead const& read, Instant now, Actions& out) {
  auto const found = transfers_.find(read.file);
  if (found == transfers_.end() || found->second.started) return;
  if (!read.progress) return end(found, read.progress.error(), out);
  if (read.progress->whole) {
    out.notices.emplace_back(BlobFetched{read.file});
    transfers_.erase(found);
    return;
  }
  auto& transfer = found->second;
  transfer.started = true;
  transfer.first_request = request_ + 1;
  transfer.asked = transfer.received = read.progress->held;
  alive_at_ = now;
}

void BlobFetching::pump(Instant now, Actions& out) {
  begin(out);
  // One chunk of each file in turn, beginning after the one that had the last turn.
  for (std::size_t idle = 0; idle < transfers_.size() && in_flight_ < limits::kBlobWantsInFlight;) {
    auto turn = transfers_.upper_bound(last_turn_);
    if (turn == transfers_.end()) turn = transfers_.begin();
    last_turn_ = turn->first;
    auto& transfer = turn->second;
    // Until the peer has told the size, one request alone is on its way.
    bool const has_more =
        transfer.sized ? transfer.asked < transfer.size : transfer.asked == transfer.received;
    if (!transfer.started || !has_more) {
      ++idle;
      continue;
    }
    idle = 0;
    if (++request_ == 0) ++request_;
    if (in_flight_++ == 0) alive_at_ = now;
    asked_.emplace(request_, Asked{turn->first, transfer.asked});
    out.send.emplace_back(BlobWant{request_, transfer.document.scope, transfer.document.id,
                                   turn->first.sha256, transfer.asked});
    transfer.asked += limits::kBlobChunkBytes;
  }
}

// What an honest peer would not have answered; whatever it is, it costs the peer this file alone.
std::optional<Error> BlobFetching::objection(BlobChunk const& chunk, Transfer const& transfer) {
  if (chunk.answer != BlobAnswer::bytes) return refusal(chunk.answer);
  if (chunk.size == 0 || chunk.size > limits::kBlobBytes || chunk.offset >= chunk.size ||
      (transfer.size != 0 && chunk.size != transfer.size)) {
    return Error(Code::corrupt, cat("the peer says that the file has ", chunk.size,
                                    " bytes, where ", transfer.size, " were expected"));
  }
  auto const owed = std::min<std::uint64_t>(limits::kBlobChunkBytes, chunk.size - chunk.offset);
  if (chunk.offset != transfer.received || chunk.bytes.size() != owed) {
    return Error(Code::corrupt, "the peer sent another part of the file than was asked for");
  }
  return std::nullopt;
}

Verdict BlobFetching::chunk(BlobChunk chunk, Instant now, Actions& out) {
  if (chunk.request == 0 && chunk.answer == BlobAnswer::arrived) {
    out.notices.emplace_back(BlobArrived{std::move(chunk.sha256)});
    return std::nullopt;
  }
  auto const asked = asked_.find(chunk.request);
  if (asked == asked_.end() || asked->second.file.sha256 != chunk.sha256 ||
      asked->second.offset != chunk.offset) {
    return Close{CloseReason::protocol, Millis{0}, "a part of a file that nobody asked for"};
  }
  auto file = std::move(asked->second.file);
  asked_.erase(asked);
  alive_at_ = now;
  auto const found = transfers_.find(file);
  auto const give_back = [this] { --in_flight_; };
  if (found == transfers_.end() || !found->second.started ||
      chunk.request < found->second.first_request) {  // it ended since, or began again
    give_back();
    return std::nullopt;
  }
  if (auto why = objection(chunk, found->second)) {
    give_back();
    end(found, *std::move(why), out);
    return std::nullopt;
  }
  auto& transfer = found->second;
  transfer.size = chunk.size;
  transfer.sized = true;
  transfer.received += chunk.bytes.size();
  out.tasks.emplace_back(
      KeepBlob{std::move(file), chunk.offset, chunk.size, std::move(chunk.bytes)});
  return std::nullopt;
}

void BlobFetching::kept(BlobKept const& kept, Instant now, Actions& out) {
  if (in_flight_ > 0) --in_flight_;
  alive_at_ = now;
  auto const found = transfers_.find(kept.file);
  if (found == transfers_.end() || !found->second.started) return;
  if (!kept.progress) return end(found, kept.progress.error(), out);
  if (!kept.progress->whole) return;
  out.notices.emplace_back(BlobFetched{kept.file});
  transfers_.erase(found);
}

void BlobFetching::end(Transfers::iterator transfer, Error why, Actions& out) {
  out.notices.emplace_back(BlobNotFetched{transfer->first, std::move(why)});
  transfers_.erase(transfer);
}

void BlobFetching::keep_only(Entitlement const& entitlement, Actions& out) {
  Error const why(Code::denied, "this link may not carry the document's scope any more");
  for (auto it = transfers_.begin(); it != transfers_.end();) {
    auto const next = std::next(it);
    if (!entitlement.may_receive(it->second.document.scope)) end(it, why, out);
    it = next;
  }
  std::erase_if(waiting_, [&](WantBlob const& want) {
    if (entitlement.may_receive(want.document.scope)) return false;
    out.notices.emplace_back(BlobNotFetched{claim_of(want), why});
    return true;
  });
}

void BlobFetching::expire(Instant now, Actions& out) {
  if (in_flight_ == 0 || !alive_at_ || now < *alive_at_ + kPatience) return;
  Error const why(Code::timeout, "the peer answers no request for a file");
  while (!transfers_.empty()) end(transfers_.begin(), why, out);
  for (auto& want : std::exchange(waiting_, {})) {
    out.notices.emplace_back(BlobNotFetched{claim_of(want), why});
  }
}

}  // namespace solidaires::sync
