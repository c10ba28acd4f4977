#include "sync/core/frames.h"

#include <array>

namespace solidaires::sync {

std::string_view close_reason_name(CloseReason reason) noexcept {
  switch (reason) {
    case CloseReason::other: return "other";
    case CloseReason::going_away: return "going_away";
    case CloseReason::protocol: return "protocol";
    case CloseReason::version: return "version";
    case CloseReason::identity: return "identity";
    case CloseReason::stale_replica: return "stale_replica";
    case CloseReason::busy: return "busy";
    case CloseReason::stalled: return "stalled";
    case CloseReason::silent: return "silent";
    case CloseReason::storage: return "storage";
    case CloseReason::suspended: return "suspended";
    case CloseReason::rolled_back: return "rolled_back";
  }
  return "other";
}

std::string_view nack_reason_name(NackReason reason) noexcept {
  switch (reason) {
    case NackReason::other: return "other";
    case NackReason::gap: return "gap";
    case NackReason::entitlement: return "entitlement";
    case NackReason::limit: return "limit";
    case NackReason::quarantine: return "quarantine";
  }
  return "other";
}

std::string_view blob_answer_name(BlobAnswer answer) noexcept {
  switch (answer) {
    case BlobAnswer::bytes: return "bytes";
    case BlobAnswer::not_here: return "not_here";
    case BlobAnswer::denied: return "denied";
    case BlobAnswer::failed: return "failed";
    case BlobAnswer::arrived: return "arrived";
  }
  return "failed";
}

std::string_view frame_name(Frame const& frame) noexcept {
  static constexpr std::array<std::string_view, std::variant_size_v<Frame>> kNames{
      "hello",      "welcome", "offer",       "subscribe", "batch",     "ack",
      "nack",       "status",  "ping",        "pong",      "close",     "blob_want",
      "blob_chunk", "probe",   "probe_reply", "withdraw",  "withdrawn", "unknown"};
  return kNames[frame.index()];
}

}  // namespace solidaires::sync
