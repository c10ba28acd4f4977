#include "sync/core/link_token.h"

#include <algorithm>
#include <utility>

namespace solidaires::sync {
namespace {

constexpr std::uint8_t kRecordFormat = 1;

}  // namespace

Bytes encode(TokenRecord const& record) {
  Bytes bytes;
  ByteWriter(bytes)
      .u8(kRecordFormat)
      .u64(static_cast<std::uint64_t>(record.issuer))
      .u64(record.counter)
      .sized(record.confirmed)
      .sized(record.pending);
  return bytes;
}

Result<TokenRecord> decode_token_record(std::string_view bytes) {
  if (bytes.empty()) return TokenRecord{};
  ByteReader reader(bytes);
  SOL_ASSIGN(auto const format, reader.u8());
  if (format != kRecordFormat) return fail(Code::corrupt, "a link token record of unknown format");
  TokenRecord record;
  SOL_ASSIGN(auto const issuer, reader.u64());
  record.issuer = static_cast<ReplicaId>(issuer);
  SOL_ASSIGN(record.counter, reader.u64());
  SOL_ASSIGN(record.confirmed, reader.sized());
  SOL_ASSIGN(record.pending, reader.sized());
  return record;
}

Result<TokenRecord> judge_token(std::string_view kept, ReplicaId issuer, Bytes const& shown,
                                std::uint64_t counter, Bytes const& fresh) {
  SOL_ASSIGN(auto record, decode_token_record(kept));
  bool const known = kept.empty() || record.issuer != issuer || shown == record.confirmed ||
                     (!record.pending.empty() && shown == record.pending);
  if (!known) {
    return fail(Code::denied,
                "the link token is not the last one given: a restored backup or a clone");
  }
  if (counter < record.counter) {
    return fail(Code::denied, cat("the counter went back from ", record.counter, " to ", counter,
                                  ": a restored backup or a clone"));
  }
  return TokenRecord{issuer, counter, shown, fresh};
}

void confirm(TokenRecord& record) {
  record.confirmed = std::exchange(record.pending, {});
}

}  // namespace solidaires::sync
