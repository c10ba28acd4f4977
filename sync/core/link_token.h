// How a parent tells a child's true store from a restored backup or a clone (PROTOCOL.md,
// "Identity"): it hands out a new token at every session and accepts only the last one that the
// child is known to have kept, or the one after. Pure functions; part of LinkSession.
#pragma once

#include "sync/base/result.h"
#include "sync/core/document.h"

namespace solidaires::sync {

// What a parent keeps about one child's replica. Stored on disk through encode(): never renumber.
struct TokenRecord {
  ReplicaId issuer{};         // the parent's own: another incarnation begins anew
  std::uint64_t counter = 0;  // the highest of the child's that was ever seen
  Bytes confirmed;            // the child has kept this one; empty before the first session
  Bytes pending;              // handed out since, perhaps kept; empty if none
  friend bool operator==(TokenRecord const&, TokenRecord const&) = default;
};

[[nodiscard]] Bytes encode(TokenRecord const& record);
[[nodiscard]] Result<TokenRecord> decode_token_record(std::string_view bytes);

// `kept`: the record's bytes, empty at first contact: then, as after a change of incarnation at
// either end, any token is taken, for it was given by or to somebody else. Gives the record to keep
// before `fresh` is handed out. Code::denied: the child is stale; Code::corrupt: `kept` is.
[[nodiscard]] Result<TokenRecord> judge_token(std::string_view kept, ReplicaId issuer,
                                              Bytes const& shown, std::uint64_t counter,
                                              Bytes const& fresh);
// The child has kept the pending token: the one before is void.
void confirm(TokenRecord& record);

}  // namespace solidaires::sync
