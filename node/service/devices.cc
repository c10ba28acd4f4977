#include "node/service/devices.h"

#include "node/store/store.h"
#include "sync/base/hash.h"

namespace solidaires::service {
namespace {

std::string prefix_of(DocumentId const& account) {
  return cat("device/", account.to_string(), '/');
}

}  // namespace

Result<bool> is_known_device(Instance const& instance, DocumentId const& account,
                             std::string_view token) {
  if (token.size() != kDeviceTokenBytes) return false;
  SOL_ASSIGN(auto const kept, instance.store.local(cat(prefix_of(account), hex(sha256(token))),
                                                   instance.clock.now()));
  return kept.has_value();
}

Result<bool> has_known_device(Instance const& instance, DocumentId const& account) {
  SOL_ASSIGN(auto const kept,
             instance.store.view().local_scan(prefix_of(account), instance.clock.now(), 1));
  return !kept.empty();
}

Result<> note_device(Instance const& instance, DocumentId const& account, std::string_view token) {
  auto const now = instance.clock.now();
  store::Commit commit{.now = now};
  commit.local.push_back({.key = cat(prefix_of(account), hex(sha256(token))),
                          .value = Bytes(),
                          .expires_at = now + kDeviceLife});
  SOL_TRY(instance.store.commit(commit));
  return {};
}

}  // namespace solidaires::service
