// Under whose right files are here (sync/core/blob_store.h, BlobClaim), in the family `local`
// (FORMAT.md). A file is shown and given for documents of an origin only if somebody of that origin
// brought its bytes: by an upload here, or over a link. Inside this room, but for the key of what
// was sent.
#pragma once

#include <vector>

#include "sync/core/blob_store.h"

namespace solidaires::store {

// A local value under this key keeps a file that no document names yet, for a form may come back:
// until it expires, or until a document that named the file is erased. `who`: an account.
[[nodiscard]] Bytes sent_file_key(std::string_view sha256, std::string_view who);

// ---- Inside this room only ----

class Engine;
class EngineSnapshot;
class Transaction;

inline constexpr char kClaimTag = '\x07';

[[nodiscard]] Bytes sent_file_prefix(std::string_view sha256);
[[nodiscard]] Result<bool> is_claimed(Engine const& engine, sync::BlobClaim const& file);
void write_claim(Transaction& transaction, sync::BlobClaim const& file);
// Of a file that is gone.
void forget_claims(Transaction& transaction, std::string_view sha256);
// What was sent of a file that a document named, which is being erased, keeps it no more.
Result<> forget_sent(Transaction& transaction, std::string_view sha256);
Result<> each_claim(Engine const& engine, EngineSnapshot const* at,
                    std::function<Result<>(sync::BlobClaim const&)> const& visit);
// Code::corrupt unless such a record is well formed.
Result<> check_claim_record(std::string_view key, std::string_view value);

}  // namespace solidaires::store
