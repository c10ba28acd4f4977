#include "node/store/blob_claims.h"

#include "node/store/transaction.h"
#include "sync/base/hash.h"

namespace solidaires::store {
namespace {

Bytes claim_key(sync::BlobClaim const& file) {
  return cat(kClaimTag, file.sha256, file.origin);
}

Result<sync::BlobClaim> parse_claim(std::string_view key) {
  if (key.size() <= 1 + kSha256Bytes) return fail(Code::corrupt, "a file of nobody");
  return sync::BlobClaim{Bytes(key.substr(1, kSha256Bytes)), Bytes(key.substr(1 + kSha256Bytes))};
}

}  // namespace

Bytes sent_file_prefix(std::string_view sha256) {
  return cat("sent_file/", hex(sha256), '/');
}

Bytes sent_file_key(std::string_view sha256, std::string_view who) {
  return cat(sent_file_prefix(sha256), who);
}

Result<bool> is_claimed(Engine const& engine, sync::BlobClaim const& file) {
  SOL_ASSIGN(auto const found, engine.get(Family::local, claim_key(file)));
  return found.has_value();
}

void write_claim(Transaction& transaction, sync::BlobClaim const& file) {
  transaction.batch().put(Family::local, claim_key(file), {});
}

void forget_claims(Transaction& transaction, std::string_view sha256) {
  Bytes const from = cat(kClaimTag, sha256);
  transaction.batch().erase_range(Family::local, from, after_prefix(from));
}

Result<> forget_sent(Transaction& transaction, std::string_view sha256) {
  auto const prefix = local_key(sent_file_prefix(sha256));
  std::vector<Bytes> keys;
  auto cursor = transaction.engine().walk(Family::local, prefix, after_prefix(prefix));
  for (cursor.seek_first(); cursor.valid(); cursor.next())
    keys.emplace_back(cursor.key().substr(1));
  SOL_TRY(cursor.status());
  for (auto const& key : keys) SOL_TRY(transaction.set_local(key, std::nullopt));
  return {};
}

Result<> each_claim(Engine const& engine, EngineSnapshot const* at,
                    std::function<Result<>(sync::BlobClaim const&)> const& visit) {
  Bytes const from(1, kClaimTag);
  auto cursor = engine.walk(Family::local, from, after_prefix(from), at);
  for (cursor.seek_first(); cursor.valid(); cursor.next()) {
    SOL_ASSIGN(auto const file, parse_claim(cursor.key()));
    SOL_TRY(visit(file));
  }
  return cursor.status();
}

Result<> check_claim_record(std::string_view key, std::string_view value) {
  SOL_TRY(parse_claim(key));
  if (!value.empty()) return fail(Code::corrupt, "the claim to a file holds a value");
  return {};
}

}  // namespace solidaires::store
