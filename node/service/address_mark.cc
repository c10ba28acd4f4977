#include "node/service/address_mark.h"

#include <algorithm>

#include "node/store/store.h"
#include "sync/base/hash.h"

namespace solidaires::service {
namespace {

Result<Bytes> secret_at(Instance const& instance, std::string_view key) {
  auto const now = instance.clock.now();
  SOL_ASSIGN(auto known, instance.store.local(key, now));
  if (known) return *std::move(known);
  auto made = instance.rng.bytes(kSha256Bytes);
  auto const kept = instance.store.commit(
      {.now = now,
       .local = {{.key = Bytes(key), .value = made, .expect = store::LocalEdit::Expect::absent}}});
  // Somebody else was first.
  if (!kept && kept.error().code() == Code::conflict) return secret_at(instance, key);
  SOL_TRY(kept);
  return made;
}

}  // namespace

Result<Bytes> address_mark(Instance const& instance, std::string_view secret,
                           std::string_view address) {
  SOL_ASSIGN(auto const key, secret_at(instance, secret));
  std::string folded(address);
  std::ranges::transform(folded, folded.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return hmac_sha256(key, folded).substr(0, kAddressMarkBytes);
}

}  // namespace solidaires::service
